"""The command `contracts commit`: costs that are not per token, how they are listed and ended."""

from typing import Annotated, cast

import typer

from advisor import refresh
from cli import app, changes, option_groups
from cli.price_options import TermOptions
from ledger import clock, money, policies
from ledger.database import Database
from ledger.errors import UsageError
from ledger.pricing import fixed_cost_store, fixed_costs, in_force, names
from ledger.pricing.fixed_costs import FixedCost, Per
from ledger.settings import Settings

commands = app.new_commands()


@commands.command(
    "commit",
    epilog=(
        "Example: switchwise contracts commit openai 5000 --since 2026-12-01"
        " --shares search=60,support=40 --source 'order 4711'"
    ),
)
@option_groups.spread
def commit(
    provider: Annotated[str, typer.Argument(help="The provider that it was agreed with.")],
    amount: Annotated[str, typer.Argument(metavar="USD", help="How much is owed, in USD.")],
    per: Annotated[str, typer.Option(help="What USD is for: each month, or the total.")] = "month",
    capacity: Annotated[
        bool, typer.Option("--capacity", help="It is capacity paid ahead, not promised spend.")
    ] = False,
    tokens_a_minute: Annotated[
        int | None, typer.Option(help="What the capacity serves, in tokens a minute.", min=1)
    ] = None,
    model: Annotated[str | None, typer.Option(help="Only this model.")] = None,
    shares: Annotated[
        str | None,
        typer.Option(help="Percent by project, such as search=60,support=40; else by usage."),
    ] = None,
    *,
    terms: TermOptions,
) -> None:
    """Enter a cost that is not per token.

    It is spread over its days to the last unit and shown beside usage, in no other amount. Traffic
    on capacity paid ahead gets no advice to move, since that would save nothing.
    """
    if per not in ("month", "total"):
        raise UsageError(f"--per: {per!r} is not a period; use month or total")
    if tokens_a_minute is not None and not capacity:
        raise UsageError("--tokens-a-minute is about capacity; add --capacity")
    with app.begin_ledger(terms.data) as (database, settings):
        name = names.provider_name(provider)
        with database.snapshot() as session:
            book = in_force.load_book(session)
        cost = FixedCost(
            kind="capacity" if capacity else "commitment",
            provider=name,
            model=names.canonical_model(book, name, model) if model else "",
            amount_nano_usd=policies.nano_usd(amount),
            per=cast(Per, per),
            effective_from=terms.first_day,
            effective_until=terms.end_day,
            source=terms.source,
            shares_ppm=fixed_costs.shares_of(shares),
            tokens_a_minute=tokens_a_minute,
        )
        with database.snapshot() as session:
            fixed_costs.check(cost, fixed_cost_store.load_all(session))
        if not terms.dry_run:
            with database.transaction() as session:
                fixed_cost_store.add(session, cost, clock.now_us())
            refresh.refresh(database, settings)
    sentence = f"{cost}, from {clock.date_of(cost.effective_from)} (id {cost.id})"
    changes.tell(sentence, _contract_body(cost), dry_run=terms.dry_run, as_json=terms.as_json)


def end(
    database: Database,
    settings: Settings,
    cost_id: str,
    day: int,
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    """End a fixed cost on a day. Raises as `fixed_cost_store.end` does."""
    with database.snapshot() as session:
        cost = next(cost for cost in fixed_cost_store.load_all(session) if cost.id == cost_id)
    if not dry_run:
        with database.transaction() as session:
            fixed_cost_store.end(session, cost_id, day)
        refresh.refresh(database, settings)
    sentence = f"{cost}: over from {clock.date_of(day)} on"
    changes.tell(sentence, _contract_body(cost), dry_run=dry_run, as_json=as_json)


def row_of(cost: FixedCost, today: int) -> tuple[str, str, str, str, str]:
    """A fixed cost as a row of `contracts list`."""
    body = body_of(cost, today)
    mark = "*" if body["in_force"] else ""
    until = str(body["effective_until"] or "")
    return mark, cost.id, str(body["effective_from"]), until, f"{cost}; {cost.source}"


def body_of(cost: FixedCost, today: int) -> dict[str, object]:
    """A fixed cost as JSON."""
    until = cost.effective_until
    return {
        "id": cost.id,
        "effective_from": clock.date_of(cost.effective_from).isoformat(),
        "effective_until": None if until is None else clock.date_of(until).isoformat(),
        "in_force": len(cost.days_in(range(today, today + 1))) > 0,
        "kind": cost.kind,
        "provider": cost.provider,
        "model": cost.model,
        "amount_usd": money.usd_text(cost.amount_nano_usd * 10**6),
        "per": cost.per,
        "shares_ppm": dict(cost.shares_ppm),
        "tokens_a_minute": cost.tokens_a_minute,
        "source": cost.source,
    }


def _contract_body(cost: FixedCost) -> dict[str, object]:
    return {"contract": body_of(cost, clock.day_of(clock.now_us()))}
