"""The shipped book compared with LiteLLM's price map (tests/golden/prices), rate by rate.

Different people maintain the two.
"""

import csv
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from ledger import clock
from ledger.pricing import names
from ledger.pricing.prices import Price, PriceBook, PriceKey, Rates
from tests.ledger.pricing.shipped import TODAY

FOLDER = Path(__file__).parents[2] / "golden" / "prices"
METERS = {
    "input": "uncached_input",
    "cached": "cached_input",
    "cache_write": "cache_write_input",
    "output": "output",
    "input_audio": "input_audio",
    "output_audio": "output_audio",
}
NO_PRICE = Rates()


class Table(NamedTuple):
    """A price map of LiteLLM's, and the UTC day (number since 1970-01-01) for which it is read."""

    file_name: str
    day: int


NOW = Table("litellm-1.110.2-openai.csv", TODAY)
JULY = Table("litellm-1.94.0-openai.csv", clock.day_number(date(2026, 7, 28)))


class Difference(NamedTuple):
    """One rate in USD per million tokens on which the two disagree; `-` where one has none."""

    name: str
    tier: str
    over: int
    meter: str
    ours: str
    theirs: str


def rows(table: Table) -> list[dict[str, str]]:
    """LiteLLM's rates of OpenAI's text models, by name, tier and long-context threshold."""
    with (FOLDER / table.file_name).open(newline="") as file:
        return list(csv.DictReader(file))


def differences(book: PriceBook, table: Table) -> list[Difference]:
    """LiteLLM's rates that differ from ours on the table's day, under LiteLLM's model name."""
    return [difference for row in rows(table) for difference in _of_row(book, row, table.day)]


def only_ours(book: PriceBook) -> set[PriceKey]:
    """Our keys of OpenAI that no row of LiteLLM's reaches."""
    reached = {price.key for row in rows(NOW) if (price := _ours(book, row, NOW.day))}
    return {key for key in book.prices if key.provider == "openai"} - reached


def _ours(book: PriceBook, row: dict[str, str], day: int) -> Price | None:
    model = names.canonical_model(book, "openai", row["model"])
    return book.at("openai", model, row["tier"], context_band=int(row["over"]), day=day)


def _of_row(book: PriceBook, row: dict[str, str], day: int) -> Iterator[Difference]:
    price = _ours(book, row, day)
    rates = price.rates if price and price.key.over_input_tokens == int(row["over"]) else NO_PRICE
    for meter, ours in METERS.items():
        texts = _text(getattr(rates, ours)), row[meter] or "-"
        if texts[0] != texts[1]:
            yield Difference(
                name=row["model"],
                tier=row["tier"],
                over=int(row["over"]),
                meter=meter,
                ours=texts[0],
                theirs=texts[1],
            )


def _text(nano_usd: int | None) -> str:
    return "-" if nano_usd is None else format(Decimal(nano_usd).scaleb(-9).normalize(), "f")
