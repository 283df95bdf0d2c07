"""The commands of model names: models unmapped, map, unmap, list, retiring, tiers."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from advisor import words
from advisor.advice import retirements
from advisor.months import (
    mapping,
    pricings,
    statement_store,
    unpriced_usage,
    waste_figures,
)
from advisor.months.unpriced_usage import Unpriced
from cli import app, changes, options, price_options
from cli.text import plain, retiring_text, waste_text
from ledger import clock, months, readings
from ledger.pricing import in_force
from ledger.pricing.names import Alias

commands = app.new_commands()

Name = Annotated[
    str,
    typer.Argument(
        help="The name as it is sent; `switchwise models unmapped` lists those without a price."
    ),
]
SentTo = Annotated[
    str | None, typer.Option("--provider", help="The provider it is sent to, if several are.")
]
Namespace = Annotated[str | None, typer.Option(help="The sender, if several use the name.")]


@commands.command("unmapped", epilog="Example: switchwise models unmapped --month 2026-11")
def list_unmapped(
    month: options.Month = None, data: options.Data = None, as_json: options.AsJson = False
) -> None:
    """Names without a price in a month, and why.

    As they are sent, with the tokens at stake.
    """
    with app.open_ledger(data) as (database, settings), database.snapshot() as session:
        read_month = months.parse_or_current(month, settings.zone, clock.now_us())
        names = unpriced_usage.in_month(session, read_month, pricings.in_force(session))
    if as_json:
        app.print_json([_unmapped_body(name) for name in names])
    elif not names:
        app.console.print(f"Every token in {read_month} has a price.")
    else:
        _show_unmapped(names)


@commands.command(
    "map", epilog="Example: switchwise models map prod-chat gpt-4.1 --provider azure --dry-run"
)
def map_name(
    name: Name,
    model: Annotated[
        str, typer.Argument(help="The model that it stands for, as the price book names it.")
    ],
    provider: SentTo = None,
    to_provider: Annotated[
        str | None, typer.Option(help="Whose price holds; the one it is sent to if absent.")
    ] = None,
    namespace: Namespace = None,
    region: price_options.Region = "",
    since: Annotated[
        str | None,
        typer.Option(
            help="First UTC day, YYYY-MM-DD; if absent, all days, as for most deployments."
        ),
    ] = None,
    dry_run: options.DryRun = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Also a name that nobody has sent yet.")
    ] = False,
    data: options.Data = None,
    as_json: options.AsJson = False,
) -> None:
    """Say which model a name stands for.

    Such as the name of an Azure deployment. What moves in each month is shown.
    """
    day = options.day("--since", since) if since else 0
    with app.open_ledger(data) as (database, settings):
        with database.snapshot() as session:
            sent = (series.labels for series in readings.all_series(session).values())
            sender = mapping.find_sender(
                sent, name, provider=provider, namespace=namespace, accept_unsent=yes
            )
            alias = mapping.new_alias(
                in_force.load_book(session),
                sender,
                name,
                model,
                to_provider=to_provider,
                region=region,
                day=day,
            )
        changes.carry_out(
            database,
            settings,
            lambda overrides: overrides.with_alias(alias),
            _alias_text(alias),
            dry_run=dry_run,
            as_json=as_json,
        )


@commands.command("unmap", epilog="Example: switchwise models unmap prod-chat --since 2026-12-01")
def unmap_name(
    name: Name,
    provider: SentTo = None,
    namespace: Namespace = None,
    since: Annotated[
        str | None, typer.Option(help="First UTC day without it, YYYY-MM-DD; today if absent.")
    ] = None,
    dry_run: options.DryRun = False,
    data: options.Data = None,
    as_json: options.AsJson = False,
) -> None:
    """End what a name stands for.

    From a day on it means itself again.
    """
    day = options.day("--since", since)
    with app.open_ledger(data) as (database, settings):
        with database.snapshot() as session:
            ending = mapping.end_alias(
                in_force.load_aliases(session),
                name,
                provider=provider,
                namespace=namespace,
                day=day,
            )
        changes.carry_out(
            database,
            settings,
            lambda overrides: overrides.with_alias(ending),
            f"{name} at {ending.provider} stands for itself; {_since(ending)}",
            dry_run=dry_run,
            as_json=as_json,
        )


@commands.command("list", epilog="Example: switchwise models list")
def list_names(data: options.Data = None, as_json: options.AsJson = False) -> None:
    """What each name stands for, and since when.

    * marks those in force today.
    """
    today = clock.day_of(clock.now_us())
    with app.open_ledger(data) as (database, _), database.snapshot() as session:
        periods = list(_periods(in_force.load_aliases(session)))
    if as_json:
        app.print_json([_alias_body(alias, until, today) for alias, until in periods])
        return
    if not periods:
        app.console.print(
            "No aliases yet. Names without a price: switchwise models unmapped", soft_wrap=True
        )
        return
    grid = plain.table(("", "name as sent", "stands for", "from", "until"))
    for alias, until in periods:
        body = _alias_body(alias, until, today)
        grid.add_row(
            "*" if body["in_force"] else "",
            f"{alias.name} at {alias.provider}{_sender(alias.namespace)}",
            _model(alias),
            str(body["effective_from"] or "always"),
            str(body["effective_until"] or ""),
        )
    app.console.print(grid)


@commands.command("tiers", epilog="Example: switchwise models tiers --month 2026-11")
def list_tiers(
    month: options.Month = None, data: options.Data = None, as_json: options.AsJson = False
) -> None:
    """Requests served at another tier than asked for.

    And priced at the tier that served.
    """
    with app.open_ledger(data) as (database, settings), database.snapshot() as session:
        read_month = months.parse_or_current(month, settings.zone, clock.now_us())
        statement = statement_store.read_statement(session, read_month)
    waste = waste_figures.waste_figure(statement.waste) if statement else None
    groups = waste.other_tier.groups if waste else ()
    if as_json:
        app.print_json([asdict(group) for group in groups])
    elif not groups:
        app.console.print(
            f"Every request in {read_month} was served at the tier it asked for,"
            " as far as is known."
        )
    else:
        waste_text.show_tiers(app.console, groups, len(groups))


@commands.command("retiring", epilog="Example: switchwise models retiring --json")
def list_retiring(data: options.Data = None, as_json: options.AsJson = False) -> None:
    """Models in use that shut down, and what they cost.

    By project and key, with the requests and dollars of the last 30 days, the most dollars first.
    """
    with app.open_ledger(data) as (database, _), database.snapshot() as session:
        usages = retirements.find_usage(session, pricings.in_force(session), clock.now_us())
    if as_json:
        app.print_json([retiring_text.body(usage) for usage in usages])
    elif not usages:
        app.console.print(
            f"No model of the last {retirements.USAGE_DAYS} days has an announced shutdown."
        )
    else:
        retiring_text.show(app.console, usages)


def _show_unmapped(names: Sequence[Unpriced]) -> None:
    tokens = sum(name.unpriced_tokens for name in names)
    app.console.print(
        f"{words.counted(tokens, 'token')} have no price and are in no amount of USD."
        if tokens
        else "Every token has a price; these fees have no rate and are in no amount of USD."
    )
    app.console.print()
    grid = plain.table(("name as sent", "provider", "why", "tokens", "requests"), right=2)
    for name in names:
        grid.add_row(
            f"{name.name}{_sender(name.namespace)}",
            name.provider,
            unpriced_usage.reason_text(name.why),
            f"{name.unpriced_tokens:,}",
            f"{name.requests:,}",
        )
    app.console.print(grid)
    for name in names:
        if name.hint is not None:
            app.console.print()
            app.console.print(f"{name.name}: {name.hint}" + ("" if name.command is None else ":"))
        if name.command is not None:
            app.console.print(f"  {name.command}", soft_wrap=True)
    if any(name.why.reason != "left_out" for name in names):
        app.console.print()
        app.console.print("Say what a name stands for: switchwise models map NAME MODEL --dry-run")
        app.console.print(
            "Or give it a price: switchwise prices set NAME --provider P --input RATE",
            soft_wrap=True,
        )


def _unmapped_body(name: Unpriced) -> dict[str, object]:
    body = asdict(name)
    body.pop("why")
    return {**body, "reason": name.why.reason, "missing": ", ".join(name.why.missing) or None}


def _periods(aliases: Sequence[Alias]) -> Iterator[tuple[Alias, int | None]]:
    """Each alias and the first day without it."""
    ordered = sorted(aliases, key=lambda alias: (alias.sent, alias.effective_from))
    for alias, following in itertools.zip_longest(ordered, ordered[1:]):
        if alias.model:
            ends = following is not None and following.sent == alias.sent
            yield alias, following.effective_from if ends else None


def _alias_body(alias: Alias, until: int | None, today: int) -> dict[str, object]:
    day = {
        name: clock.date_of(at).isoformat() if at else None
        for name, at in (("from", alias.effective_from), ("until", until))
    }
    return {
        "namespace": alias.namespace,
        "provider": alias.provider,
        "name": alias.name,
        "to_provider": alias.model_provider,
        "model": alias.model,
        "region": alias.region or None,
        "effective_from": day["from"],
        "effective_until": day["until"],
        "in_force": alias.effective_from <= today and (until is None or today < until),
    }


def _alias_text(alias: Alias) -> str:
    name = f"{alias.name} at {alias.provider}{_sender(alias.namespace)}"
    return f"{name} is {_model(alias)}; {_since(alias)}"


def _model(alias: Alias) -> str:
    elsewhere = f" at {alias.model_provider}" if alias.model_provider != alias.provider else ""
    return f"{alias.model}{elsewhere}" + (f" in {alias.region}" if alias.region else "")


def _since(alias: Alias) -> str:
    return (
        f"from {clock.date_of(alias.effective_from)} on"
        if alias.effective_from
        else "from the first day on"
    )


def _sender(namespace: str) -> str:
    return "" if namespace == mapping.DEFAULT_NAMESPACE else f" (sent by {namespace})"
