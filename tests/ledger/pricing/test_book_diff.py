"""What a compiled book changes against the shipped one: rows, facts and names, nothing else."""

from datetime import date

import msgspec
import pytest

from ledger.pricing import book_diff, book_file, price_book, prices
from ledger.pricing.book_file import BookFile, FactRow, PriceRow
from ledger.pricing.prices import PriceKey, Rates

KEY = PriceKey("openai", "gpt-4.1", "standard")
SHIPPED = book_file.decode(price_book.BOOK_PATH.read_bytes())


def _row(
    key: PriceKey = KEY, day: date = book_file.EVER, source: str = "a", **rates: int
) -> PriceRow:
    return book_file.price_row(
        key, day, rates=prices.from_meters(rates), source=source, checked=None
    )


def _book(*rows: PriceRow, facts: tuple[FactRow, ...] = ()) -> BookFile:
    return BookFile(
        catalogue="genai-prices 0",
        released=book_file.EVER,
        checked=book_file.EVER,
        aliases=(),
        facts=facts,
        left_out=(),
        prices=rows,
    )


def test_a_book_beside_itself_changes_nothing() -> None:
    assert book_diff.price_changes(SHIPPED, SHIPPED) == []
    assert (
        book_diff.fact_changes(SHIPPED, SHIPPED) == book_diff.name_changes(SHIPPED, SHIPPED) == []
    )


def test_rows_are_added_gone_or_changed_by_key_and_day() -> None:
    batch, later = KEY._replace(service_tier="batch"), date(2026, 12, 1)
    before = _book(_row(uncached_input=2), _row(batch, uncached_input=1))
    after = _book(_row(uncached_input=3, output=8), _row(day=later, uncached_input=2))
    assert [
        (change.kind, change.key, change.effective_from)
        for change in book_diff.price_changes(before, after)
    ] == [
        ("gone", batch, book_file.EVER),
        ("changed", KEY, book_file.EVER),
        ("added", KEY, later),
    ]
    changed = book_diff.price_changes(before, after)[1]
    assert (changed.before, changed.after) == (
        Rates(uncached_input=2),
        Rates(uncached_input=3, output=8),
    )


def test_another_source_or_day_of_a_check_is_no_change_of_price() -> None:
    assert (
        book_diff.price_changes(
            _book(_row(uncached_input=2)), _book(_row(source="b", uncached_input=2))
        )
        == []
    )


@pytest.mark.parametrize("row", SHIPPED.prices[:: len(SHIPPED.prices) // 20])
def test_one_planted_row_is_found_in_the_whole_book(row: PriceRow) -> None:
    dearer = msgspec.structs.replace(row, uncached_input=(row.uncached_input or 0) + 1)
    planted = msgspec.structs.replace(
        SHIPPED, prices=[dearer if price == row else price for price in SHIPPED.prices]
    )
    (change,) = book_diff.price_changes(SHIPPED, planted)
    assert (change.kind, change.key, change.effective_from) == (
        "changed",
        row.key,
        row.effective_from,
    )


def test_a_name_that_would_be_priced_as_another_model_shows() -> None:
    before, after = (
        msgspec.structs.replace(_book(), aliases=aliases)
        for aliases in ((("p", "x", "m"), ("p", "y", "m")), (("p", "x", "n"), ("p", "z", "m")))
    )
    changes = [
        (change.model, change.fact, change.before, change.after)
        for change in book_diff.name_changes(before, after)
    ]
    assert changes == [
        ("x", "priced_as", "m", "n"),
        ("y", "priced_as", "m", None),
        ("z", "priced_as", None, "m"),
    ]


def test_a_shutdown_that_moves_is_a_changed_fact() -> None:
    before = FactRow(
        provider="openai",
        model="gpt-4.1",
        shutdown=date(2027, 1, 14),
        successor="gpt-6-luna",
        source="a",
    )
    after = msgspec.structs.replace(
        before, shutdown=date(2027, 3, 1), source="b", modalities=("image", "text")
    )
    changes = book_diff.fact_changes(_book(facts=(before,)), _book(facts=(after,)))
    assert [(change.fact, change.before, change.after) for change in changes] == [
        ("modalities", None, "image, text"),
        ("shutdown", "2027-01-14", "2027-03-01"),
    ]
