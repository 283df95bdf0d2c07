"""The commands of the price book: prices list, show, set."""

from datetime import date
from typing import Annotated, get_args

import typer

from advisor import refresh, words
from deploy.cli import app, plain
from ledger import catalogue, clock, events, money, names, price_book, prices
from ledger.errors import NotFound, UsageError

commands = typer.Typer(help="The price book.", no_args_is_help=True)
app.application.add_typer(commands, name="prices")

TIERS = tuple(tier for tier in get_args(events.ServiceTier) if tier != events.UNKNOWN)

Rate = Annotated[str | None, typer.Option(help="USD per million tokens.")]


@commands.command("list", epilog="Example: switchwise prices list --provider openai")
def list_prices(
    provider: Annotated[str | None, typer.Option(help="Only this provider.")] = None,
    data: app.Data = None,
    as_json: app.AsJson = False,
) -> None:
    """Every price in force or known, in USD per million tokens."""
    _print_prices(data, as_json, None, provider)


@commands.command("show", epilog="Example: switchwise prices show gpt-4.1")
def show_prices(
    model: Annotated[str, typer.Argument(help="A model id.")],
    provider: Annotated[str | None, typer.Option(help="Only this provider.")] = None,
    data: app.Data = None,
    as_json: app.AsJson = False,
) -> None:
    """The prices of one model, with source and the day they were checked."""
    _print_prices(data, as_json, model, provider)


def _print_prices(data: app.Data, as_json: bool, model: str | None, provider: str | None) -> None:
    with app.opened(data) as (database, _), database.snapshot() as session:
        found = price_book.lines(catalogue.book(session), model, provider)
    if not found:
        reasons = price_book.reasons_left_out(model) if model else {}
        why = "".join(f"; {name}: {reason}" for name, reason in reasons.items())
        raise NotFound(f"no price for {model or provider}{why}; see: switchwise prices list")
    if as_json:
        app.print_json(found)
        return
    grid = plain.table("provider", "model", "tier", "over", "from", "input", "cached", "write", "output", right=4)
    for line in found:
        rates = line.usd_per_million_tokens
        meters = ("uncached_input", "cached_input", "cache_write_input", "output")
        over = f"{line.over_input_tokens:,}" if line.over_input_tokens else ""
        cells = (rates.get(meter, "-") for meter in meters)
        grid.add_row(line.provider, line.model, line.service_tier, over, line.effective_from or "", *cells)
    app.console.print(grid)
    if model:
        for source in sorted({f"{line.source} (checked {line.checked or 'never'})" for line in found}):
            app.console.print(f"Source: {source}", style="dim")


@commands.command(
    "set", epilog="Example: switchwise prices set house-model --provider house --input 0.50 --output 1.50"
)
def set_price(
    model: Annotated[str, typer.Argument(help="The model's name as `switchwise models unmapped` lists it.")],
    provider: Annotated[str | None, typer.Option(help="Its provider; the vendor's own if one vendor sells it.")] = None,
    input: Rate = None,  # noqa: A002  # the option's name
    cached: Rate = None,
    cache_write: Rate = None,
    output: Rate = None,
    tier: Annotated[str, typer.Option(help="standard, batch, flex, priority or scale.")] = "standard",
    since: Annotated[
        str, typer.Option(help="First UTC day, YYYY-MM-DD; earlier days take it too while it is the first.")
    ] = "",
    source: Annotated[str, typer.Option(help="Where the price is from.")] = "set by the operator",
    data: app.Data = None,
) -> None:
    """Set your own price, over the book's from a day on."""
    rates = {"uncached_input": input, "cached_input": cached, "cache_write_input": cache_write, "output": output}
    exact = {meter: money.nano_usd_per_mtok(text) for meter, text in rates.items() if text is not None}
    if tier not in TIERS:
        raise UsageError(f"{tier!r} is not a tier; use one of {', '.join(TIERS)}")
    with app.opened(data) as (database, settings):
        with database.transaction() as session:
            named = provider or names.sole_vendor(catalogue.book(session), model)
            if named is None:
                raise UsageError(f"no single vendor sells {model!r}; name its provider with --provider")
            word = names.provider_name(named)
            day = _day(since) if since else clock.day_of(clock.now_us())
            row = price_book.OperatorPrice(prices.PriceKey(word, model, tier), day, prices.Rates(**exact), source)
            catalogue.set_price(session, row, clock.now_us())
        changed = refresh.refresh(database, settings)
    app.console.print(
        f"{model} ({word}, {tier}) is priced from {clock.date_of(day)} on; computed {words.counted(changed, 'month')} again."
    )


def _day(text: str) -> int:
    try:
        return clock.day_number(date.fromisoformat(text))
    except ValueError as error:
        raise UsageError(f"--since: {text!r} is not a day; write it as YYYY-MM-DD") from error
