"""The bars of a month: exact integers on a round scale."""

from hypothesis import given
from hypothesis import strategies as st

from advisor.months.statement_store import DayCost
from advisor.publishing.pages import chart
from ledger import clock, money


@given(st.integers(0, 10**30))
def test_the_scale_is_the_least_round_amount_over_every_bar(largest: int) -> None:
    top = chart.scale_top(largest)
    assert top >= max(largest, 1)
    assert top < 2 * largest or top == money.FEMTO_PER_USD // 100


def test_a_month_has_a_bar_for_each_day_and_marks_the_open_one() -> None:
    days = range(20_758, 20_788)
    name = [clock.date_of(day).isoformat() for day in days]
    costs = [
        DayCost(days[0], 60 * money.FEMTO_PER_USD, 5),
        DayCost(days[22], money.femto_usd("115.52"), 7),
        DayCost(days[3], 0, 1),
    ]
    days_chart = chart.for_days(costs, days, days[22])
    assert days_chart.scale == ("$120", "$60", "$0")
    assert [bar.day for bar in days_chart.bars] == name
    assert [bar.height for bar in days_chart.bars if bar.figure] == [500, 0, 963]
    assert [bar.day for bar in days_chart.bars if bar.open] == [name[22]]
    assert all(bar.height == 0 for bar in days_chart.bars if bar.figure is None)


def test_a_month_that_cost_nothing_has_a_scale_all_the_same() -> None:
    assert chart.for_days([], range(3), 9).scale == ("$0.01", "$0.005", "$0")
