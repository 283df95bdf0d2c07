"""The commands of the price book: prices list, show, set."""

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from cli import app, changes, option_groups, options, price_options
from cli.price_options import PriceOptions
from cli.text import facts_text, plain
from ledger import clock
from ledger.errors import NotFound
from ledger.pricing import in_force, price_book
from ledger.pricing.price_book import OperatorPrice, PriceLine
from ledger.pricing.prices import PriceBook

commands = app.new_commands()

_METERS = {
    "uncached_input": "input",
    "cached_input": "cached",
    "cache_write_input": "write",
    "output": "output",
}
_AUDIO = {"input_audio": "audio in", "output_audio": "audio out"}
OnlyProvider = Annotated[str | None, typer.Option("--provider", help="Only this provider.")]


@commands.command("list", epilog="Example: switchwise prices list --provider openai")
def list_prices(
    provider: OnlyProvider = None, data: options.Data = None, as_json: options.AsJson = False
) -> None:
    """Every price, in USD per million tokens.

    After contracts; those of the past and the future are listed with those of today.
    """
    _, lines = _price_lines(data, None, provider)
    if as_json:
        app.print_json(lines)
        return
    grid = plain.table(("provider", "model", "tier", "over", "from", *_METERS.values()), right=4)
    for line in lines:
        grid.add_row(
            line.provider,
            line.model,
            *_place(line),
            line.effective_from or "",
            *_cells(line, _METERS),
        )
    app.console.print(grid)


@commands.command("show", epilog="Example: switchwise prices show gpt-4.1")
def show_prices(
    model: Annotated[str, typer.Argument(help="A model id.")],
    provider: OnlyProvider = None,
    data: options.Data = None,
    as_json: options.AsJson = False,
) -> None:
    """The prices of one model at each provider.

    It shows what is in force today, what contracts make of it, what else is known of the model,
    and the sources.
    """
    book, lines = _price_lines(data, model, provider)
    if as_json:
        app.print_json(lines)
        return
    for seller in dict.fromkeys(line.provider for line in lines):
        own_lines = [line for line in lines if line.provider == seller]
        app.console.print(
            Text(f"{model} at {seller}, USD per million tokens; * is in force today", style="bold")
        )
        app.console.print(_prices_table(own_lines))
        facts = book.facts_of(seller, model)
        if known := facts_text.describe_facts(facts):
            app.console.print(f"Facts: {known}.")
        for tier, reason in facts.without_rate.items():
            app.console.print(f"No price per token at {tier}: {reason}")
        for contract in dict.fromkeys(line.contract for line in own_lines if line.contract):
            app.console.print(f"Contract: {contract}")
        for source in sorted(
            {f"{line.source} (checked {line.checked or 'never'})" for line in own_lines}
        ):
            app.console.print(Text(f"Source: {source}", style="dim"))
        for source in facts_text.list_sources(facts):
            app.console.print(Text(f"Source of facts: {source}", style="dim"))
        app.console.print()


@commands.command(
    "set",
    epilog=(
        "Example: switchwise prices set house-model --provider house"
        " --input 0.50 --output 1.50 --dry-run"
    ),
)
@option_groups.spread
def set_price(
    model: Annotated[
        str, typer.Argument(help="The model's name as `switchwise models unmapped` lists it.")
    ],
    price: PriceOptions,
    since: Annotated[
        str | None,
        typer.Option(
            help=(
                "First UTC day, YYYY-MM-DD; today if absent."
                " The first price of a model holds for earlier days too."
            )
        ),
    ] = None,
    source: Annotated[str, typer.Option(help="Where the price is from.")] = "set by the operator",
    dry_run: options.DryRun = False,
    data: options.Data = None,
    as_json: options.AsJson = False,
) -> None:
    """Set a list price of your own.

    It holds over the book's from a day on; contracts take off from it. What moves in each month is
    shown.
    """
    rates = price.rates()
    day = options.day("--since", since)
    with app.begin_ledger(data) as (database, settings):
        with database.snapshot() as session:
            book = in_force.load_book(session)
        own_price = OperatorPrice(
            key=price.key(book, model),
            effective_from=day,
            rates=rates,
            source=source,
        )
        rates_text = price_options.rates_text(rates)
        changes.carry_out(
            database,
            settings,
            lambda overrides: overrides.with_price(own_price),
            f"{own_price.key}: {rates_text}; from {clock.date_of(day)} on",
            dry_run=dry_run,
            as_json=as_json,
        )


def _price_lines(
    data: options.Data, model: str | None, provider: str | None
) -> tuple[PriceBook, list[PriceLine]]:
    with app.open_prices(data) as (database, _), database.snapshot() as session:
        book = in_force.load_book(session)
    lines = price_book.lines(book, clock.day_of(clock.now_us()), model, provider)
    if not lines:
        reasons = price_book.reasons_left_out(model) if model else {}
        why = "".join(f"; {name}: {reason}" for name, reason in reasons.items())
        raise NotFound(f"no price for {model or provider}{why}; see: switchwise prices list")
    return book, lines


def _prices_table(lines: Sequence[PriceLine]) -> Table:
    has_audio = any(_AUDIO.keys() & line.usd_per_million_tokens.keys() for line in lines)
    meters = _METERS | (_AUDIO if has_audio else {})
    grid = plain.table(("", "tier", "over", "from", *meters.values()), right=len(meters))
    for line in lines:
        grid.add_row(
            "*" if line.in_force else "",
            *_place(line),
            line.effective_from or "",
            *_cells(line, meters),
        )
        if line.usd_per_million_tokens != line.list_usd_per_million_tokens:
            list_rates = (line.list_usd_per_million_tokens.get(meter, "-") for meter in meters)
            grid.add_row("", "", "", "list price", *list_rates)
    return grid


def _place(line: PriceLine) -> tuple[str, str]:
    tier = f"{line.service_tier} ({line.region})" if line.region else line.service_tier
    return tier, f"{line.over_input_tokens:,}" if line.over_input_tokens else ""


def _cells(line: PriceLine, meters: dict[str, str]) -> list[str]:
    return [line.usd_per_million_tokens.get(meter, "-") for meter in meters]
