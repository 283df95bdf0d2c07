"""The trace: rows that a pocket calculator confirms, and that add up to the statement's lines exactly."""

from hypothesis import given
from hypothesis import strategies as st

from advisor.months import statements, trace
from advisor.months.statements import DayUsage
from tests.advisor import priced_usage


@given(days=priced_usage.DAYS)
def test_the_rows_of_a_line_add_up_to_it_exactly(days: list[DayUsage]) -> None:
    pricing = priced_usage.pricing()
    rows, lines = trace.rows(days, pricing), statements.lines(days, pricing)
    assert {row.key for row in rows} == set(lines)
    for key, line in lines.items():
        of_line = [row for row in rows if row.key == key]
        assert sum(row.cost_femto_usd or 0 for row in of_line) == line.cost.femto_usd
        assert sum(row.list_cost_femto_usd or 0 for row in of_line) == line.list_cost_femto_usd
        assert sum(row.unpriced_tokens for row in of_line) == line.cost.unpriced_tokens
        assert sum(row.requests for row in of_line) == line.requests
        tokens = sum(meter.quantity for row in of_line for meter in row.meters)
        assert tokens == line.counts.total_tokens


@given(days=priced_usage.DAYS)
def test_every_amount_is_tokens_times_rate(days: list[DayUsage]) -> None:
    for row in trace.rows(days, priced_usage.pricing()):
        for meter in row.meters:
            assert meter.quantity > 0
            assert (meter.nano_usd_per_mtok is None) == (meter.cost_femto_usd is None)
            if meter.nano_usd_per_mtok is not None:
                assert meter.cost_femto_usd == meter.quantity * meter.nano_usd_per_mtok
        costs = [
            metered.cost_femto_usd for metered in row.meters if metered.cost_femto_usd is not None
        ]
        assert row.cost_femto_usd == (sum(costs) if costs else None)


@given(days=priced_usage.DAYS, data=st.data())
def test_the_order_of_days_changes_nothing(days: list[DayUsage], data: st.DataObject) -> None:
    pricing = priced_usage.pricing()
    assert trace.rows(data.draw(st.permutations(days)), pricing) == trace.rows(days, pricing)


@given(days=priced_usage.DAYS)
def test_a_row_lies_within_the_days_of_its_price(days: list[DayUsage]) -> None:
    for row in trace.rows(days, priced_usage.pricing()):
        assert {row.first_day, row.last_day} <= {day.day for day in days}
        assert row.first_day <= row.last_day
        if row.price is not None and row.price.effective_from is not None:
            assert row.price.backdated == (row.first_day < row.price.effective_from)


def test_a_price_change_in_mid_month_splits_a_line_in_two_rows_of_their_own_days() -> None:
    amounts, change = [1, 1_000, *[0] * 17], priced_usage.CHANGE_DAY
    days = [DayUsage(change + offset, {0: amounts}) for offset in (-2, -1, 0, 9)]
    before, after = trace.rows(days, priced_usage.pricing())
    assert (before.first_day, before.last_day) == (change - 2, change - 1)
    assert (after.first_day, after.last_day) == (change, change + 9)
    assert before.price is not None
    assert after.price is not None
    assert (before.price.source, after.price.source) == ("by hand", "contract")
    assert after.price.list_nano_usd_per_mtok == {
        "uncached_input": 10**9,
        "cached_input": 250_000_000,
        "output": 4 * 10**9,
    }


def test_requests_without_tokens_are_counted_and_cost_nothing() -> None:
    without_tokens = [1, *[0] * 18]
    days = [DayUsage(priced_usage.FIRST_DAY, {0: without_tokens})]
    (row,) = trace.rows(days, priced_usage.pricing())
    assert (row.requests, row.meters, row.cost_femto_usd, row.unpriced_tokens) == (1, (), None, 0)
