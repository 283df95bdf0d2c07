"""The trace: rows that a pocket calculator confirms, and that add up to the statement's lines exactly, whatever was used."""

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from advisor.months import statements, trace
from advisor.months.statements import DayUsage
from ledger import clock, money
from tests.advisor import priced_usage


@given(parts=priced_usage.PARTS)
def test_the_rows_of_a_line_add_up_to_it_exactly(parts: list[DayUsage]) -> None:
    pricing = priced_usage.pricing()
    rows, lines = trace.rows(parts, pricing), statements.lines(parts, pricing)
    assert {row.key for row in rows} == set(lines)
    for key, line in lines.items():
        held = [row for row in rows if row.key == key]
        assert femto_usd(row.cost_usd for row in held) == line.cost.femto_usd
        assert femto_usd(row.list_cost_usd for row in held) == line.list_cost_femto_usd
        assert sum(row.unpriced_tokens for row in held) == line.cost.unpriced_tokens
        assert sum(row.requests for row in held) == line.requests
        assert sum(meter.tokens for row in held for meter in row.meters) == line.counts.total_tokens


def femto_usd(amounts: Iterable[str | None]) -> int:
    return sum(money.femto_usd(amount) for amount in amounts if amount is not None)


@given(parts=priced_usage.PARTS)
def test_every_amount_is_tokens_times_rate(parts: list[DayUsage]) -> None:
    for row in trace.rows(parts, priced_usage.pricing()):
        for meter in row.meters:
            assert meter.tokens > 0
            assert (meter.usd_per_mtok is None) == (meter.cost_usd is None)
            if meter.cost_usd is not None:
                assert (
                    Fraction(meter.cost_usd)
                    == meter.tokens * Fraction(meter.usd_per_mtok or "") / 10**6
                )
        known = [Decimal(meter.cost_usd) for meter in row.meters if meter.cost_usd is not None]
        assert row.cost_usd == (money.text(sum(known, Decimal(0))) if known else None)


@given(parts=priced_usage.PARTS, data=st.data())
def test_the_order_of_days_changes_nothing(parts: list[DayUsage], data: st.DataObject) -> None:
    pricing = priced_usage.pricing()
    assert trace.rows(data.draw(st.permutations(parts)), pricing) == trace.rows(parts, pricing)


@given(parts=priced_usage.PARTS)
def test_a_row_lies_within_the_days_of_its_price(parts: list[DayUsage]) -> None:
    days = {clock.date_of(part.day).isoformat() for part in parts}
    for row in trace.rows(parts, priced_usage.pricing()):
        assert {row.first_day, row.last_day} <= days
        assert row.first_day <= row.last_day
        if row.price is not None and row.price.effective_from is not None:
            assert row.price.backdated == (row.first_day < row.price.effective_from)


def test_a_price_change_in_mid_month_splits_a_line_in_two_rows_of_their_own_days() -> None:
    used, change = [1, 1_000, *[0] * 17], priced_usage.CHANGE_DAY
    parts = [
        DayUsage(change - 2, {0: used}),
        DayUsage(change - 1, {0: used}),
        DayUsage(change, {0: used}),
        DayUsage(change + 9, {0: used}),
    ]
    before, after = trace.rows(parts, priced_usage.pricing())
    assert (before.first_day, before.last_day) == ("2026-10-13", "2026-10-14")
    assert (after.first_day, after.last_day) == ("2026-10-15", "2026-10-24")
    assert before.price is not None
    assert after.price is not None
    assert (before.price.source, after.price.source) == ("by hand", "contract")
    assert after.price.list_usd_per_mtok == {
        "uncached_input": "1.00",
        "cached_input": "0.25",
        "output": "4.00",
    }


def test_requests_without_tokens_are_counted_and_cost_nothing() -> None:
    silent = [1, *[0] * 18]
    (row,) = trace.rows([DayUsage(priced_usage.FIRST_DAY, {0: silent})], priced_usage.pricing())
    assert (row.requests, row.meters, row.cost_usd, row.unpriced_tokens) == (1, (), None, 0)
