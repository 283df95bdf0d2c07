"""The command that compares two models at round volumes: table."""

from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Annotated

import typer

from advisor import words
from advisor.switching import price_table
from cli import app, options
from cli.text import plain
from ledger import clock, money, pairs
from ledger.errors import ParameterError, PriceUnknown
from ledger.pricing import in_force, names, prices

commands = app.new_commands()


@commands.command(
    name="table",
    epilog=(
        "Example: switchwise table gpt-4.1 gpt-4.1-mini --volumes 1M,10M,100M --output-share 0.5"
    ),
)
def table_command(
    source: Annotated[
        str, typer.Argument(metavar="FROM", help="A model: [provider/]model[@tier].")
    ],
    target: Annotated[str, typer.Argument(metavar="TO", help="The model to compare with.")],
    volumes: Annotated[
        str, typer.Option(help="Tokens a month, such as 1M,10M,1.5B.")
    ] = "1M,10M,100M",
    output_share: Annotated[
        str, typer.Option(help="Share of output in all tokens, 0 to 1.")
    ] = "0.5",
    cached_share: Annotated[str, typer.Option(help="Share of cached in input, 0 to 1.")] = "0",
    data: options.Data = None,
    as_json: options.AsJson = False,
) -> None:
    """Compare two models at monthly volumes and a blend."""
    with app.open_prices(data) as (database, _), database.snapshot() as session:
        book = in_force.load_book(session)
    sides = _priced_side(book, source), _priced_side(book, target)
    shares = _share("output_share", output_share), _share("cached_share", cached_share)
    pair_table = price_table.compare(
        book,
        *sides,
        blend=price_table.Blend(*shares),
        volumes_tokens=price_table.parse_volumes(volumes),
        day=clock.day_of(clock.now_us()),
    )
    if as_json:
        app.print_json(_table_body(pair_table))
        return
    app.console.print(pair_table.heading)
    grid = plain.table(("tokens a month", sides[0].model, sides[1].model, "saving"), right=3)
    for row in pair_table.rows:
        amounts = (row.from_femto_usd, row.to_femto_usd, row.saving_femto_usd)
        grid.add_row(
            words.count(row.volume_tokens), *(words.whole_dollars(amount) for amount in amounts)
        )
    app.console.print(grid)
    if pair_table.saving_share is not None:
        app.console.print(
            f"Savings: {words.percent(pair_table.saving_share)} at every volume, as priced."
        )


def _priced_side(book: prices.PriceBook, text: str) -> prices.PriceKey:
    """The price key of a side; without a provider it is the vendor's own. Raises PriceUnknown
    naming what to do."""
    side = pairs.parse_side(text)
    provider = side.provider or names.sole_vendor(book, side.model)
    if provider is None:
        raise PriceUnknown(
            f"no price for {side.model}; name its provider (provider/{side.model}) or list:"
            " switchwise prices list"
        )
    word = names.provider_name(provider)
    return prices.PriceKey(
        word, names.canonical_model(book, word, side.model), side.service_tier or "standard"
    )


def _table_body(pair_table: price_table.PriceTable) -> dict[str, object]:
    rows = [
        {
            "volume_tokens": row.volume_tokens,
            "from_usd": money.usd_text(row.from_femto_usd),
            "to_usd": money.usd_text(row.to_femto_usd),
            "saving_usd": money.usd_text(row.saving_femto_usd),
        }
        for row in pair_table.rows
    ]
    blends = {
        "from_usd_per_mtok": money.text(pair_table.from_usd_per_mtok),
        "to_usd_per_mtok": money.text(pair_table.to_usd_per_mtok),
    }
    return {
        "heading": pair_table.heading,
        **blends,
        "saving_ratio": money.optional_ratio_text(pair_table.saving_share),
        "rows": rows,
    }


def _share(name: str, text: str) -> Fraction:
    try:
        return Fraction(Decimal(text))
    except (InvalidOperation, ValueError, OverflowError) as error:
        raise ParameterError(name, text, "write a fraction from 0 to 1") from error
