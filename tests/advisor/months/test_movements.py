"""What moved a month: bridges add up exactly, and only days far out of line are told."""

from collections.abc import Mapping
from datetime import UTC, datetime
from fractions import Fraction

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from advisor.months import anomalies, month_bridge
from advisor.months.month_bridge import BridgeSums, CellKey, CellSum
from advisor.report import report
from ledger import clock, money
from ledger.database import Database
from tests import ledgers

USD = money.FEMTO_PER_USD
KEYS = [
    CellKey(provider="openai", model=model, service_tier="standard", context_band=0, meter="output")
    for model in ("a", "b", "c")
]


def sums(requests: int, cells: Mapping[CellKey, CellSum], fees: int = 0) -> BridgeSums:
    """The sums of a month."""
    return BridgeSums(requests=requests, cells=cells, fees_femto_usd=fees, unpriced_tokens=0)


months = st.builds(
    sums,
    st.integers(0, 10**9),
    st.dictionaries(
        st.sampled_from(KEYS),
        st.builds(CellSum, st.integers(0, 10**12), st.integers(0, 10**20)),
    ),
    st.integers(0, 10**18),
)


@given(months, months)
def test_the_terms_add_up_to_the_change_exactly(before: BridgeSums, after: BridgeSums) -> None:
    bridge = month_bridge.build(before, after, {})
    change = after.cost_femto_usd + after.fees_femto_usd
    assert bridge.change_femto_usd == change - before.cost_femto_usd - before.fees_femto_usd
    if not before.requests or not before.tokens:
        assert (bridge.intensity_femto_usd, bridge.mix_femto_usd, bridge.price_femto_usd) == (
            0,
            0,
            0,
        )


@pytest.mark.parametrize(
    ("after", "term"),
    [
        (sums(200, {KEYS[0]: CellSum(2_000, 20 * USD)}), "volume"),
        (sums(100, {KEYS[0]: CellSum(2_000, 20 * USD)}), "intensity"),
        (sums(100, {KEYS[1]: CellSum(1_000, 20 * USD)}), "mix"),
        (sums(100, {KEYS[0]: CellSum(1_000, 20 * USD)}), "price"),
        (sums(100, {KEYS[0]: CellSum(1_000, 10 * USD)}, 10 * USD), "fees"),
    ],
)
def test_each_cause_alone_is_told_by_its_own_term(after: BridgeSums, term: str) -> None:
    before = sums(100, {KEYS[0]: CellSum(1_000, 10 * USD)})
    bridge = month_bridge.build(before, after, {})
    amounts = {
        name: getattr(bridge, f"{name}_femto_usd")
        for name in ("volume", "intensity", "mix", "price", "fees")
    }
    assert amounts == dict.fromkeys(amounts, 0) | {term: 10 * USD}


def test_a_new_cell_splits_into_mix_at_the_old_price_and_price() -> None:
    before = sums(100, {KEYS[0]: CellSum(1_000, 10 * USD)})
    after = sums(100, {KEYS[1]: CellSum(1_000, 20 * USD)})
    bridge = month_bridge.build(before, after, {KEYS[1]: Fraction(14 * USD)})
    assert (bridge.mix_femto_usd, bridge.price_femto_usd) == (4 * USD, 6 * USD)


def days(*costs_usd: int) -> dict[int, dict[tuple[str, str], int]]:
    """What the days of a project cost, from day 0 on."""
    return {day: {("chat", "m"): usd * USD} for day, usd in enumerate(costs_usd)}


def test_an_anomaly_is_far_above_its_weekday_and_by_25_dollars() -> None:
    usual = [100] * 28
    for cost, is_told in ((131, True), (130, False), (100, False), (20, False)):
        told = anomalies.find(range(28, 29), days(*usual, cost), 0)
        assert bool(told) == is_told, cost
    small = [10] * 28
    assert not anomalies.find(range(28, 29), days(*small, 34), 0)
    assert anomalies.find(range(28, 29), days(*small, 35), 0)
    # One day of history less, and nothing is said.
    assert not anomalies.find(range(28, 29), days(*usual, 999), 1)


def test_a_weekday_is_held_against_its_own_kind_and_noise_widens_the_bound() -> None:
    week = [500, 10, 10, 10, 10, 10, 10]
    assert not anomalies.find(range(28, 29), days(*week * 4, 500), 0)
    noisy = [60, 140] * 14
    # Means are 100 about 40 of scatter: s2 = 28 x 1,600 / 21, three roots are 138.6.
    assert not anomalies.find(range(28, 29), days(*noisy, 238), 0)
    assert anomalies.find(range(28, 29), days(*noisy, 239), 0)


def test_drivers_are_the_places_that_rose_most() -> None:
    costs = days(*[100] * 28)
    costs[28] = {("chat", "m"): 110 * USD, ("batch", "n"): 90 * USD}
    (anomaly,) = anomalies.find(range(28, 29), costs, 0)
    assert anomaly.usual_femto_usd == 100 * USD
    assert [(driver.workload, driver.more_femto_usd) for driver in anomaly.drivers] == [
        ("batch", 90 * USD),
        ("chat", 10 * USD),
    ]


def test_a_report_tells_the_bridge_of_a_finished_month_and_the_day_out_of_line(
    database: Database,
) -> None:
    start = clock.to_us(datetime(2026, 9, 1, tzinfo=UTC))
    events = [
        ledgers.event(
            start + day * clock.DAY_US,
            id=f"{day}",
            input_tokens=200_000_000 if day == 45 else 5_000_000,
            output_tokens=0,
            label_set=ledgers.labels(project="chat", model="gpt-4.1"),
        )
        for day in range(61)
    ]
    with time_machine.travel(datetime(2026, 11, 2, 12, tzinfo=UTC), tick=False):
        ledgers.add(database, events)
        ledgers.settle(database)
        with database.snapshot() as session:
            figures = report.build(
                session,
                ledgers.SETTINGS,
                clock.now_us(),
                "2026-10",
                with_movements=True,
            )
            current = report.build(
                session, ledgers.SETTINGS, clock.now_us(), "2026-09", with_movements=True
            )
    movements = figures.movements
    assert movements is not None
    assert movements.bridge is not None
    assert movements.bridge.after_usd == figures.total.cost_usd
    (anomaly,) = movements.anomalies
    assert (anomaly.day, anomaly.project) == ("2026-10-16", "chat")
    assert anomaly.drivers[0].model == "gpt-4.1"
    assert current.movements is not None
    assert current.movements.bridge is None
