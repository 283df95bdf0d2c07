"""Readings by the hour: a cut hour is one hour to them, whatever its parts are."""

from collections import Counter

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger import clock, readings, senders, usage
from ledger.database import Database
from ledger.senders import UsageSender
from tests import ledgers
from tests.advisor import test_months_add_up
from worker import rollup

QUARTER_US = 15 * 60 * clock.SECOND_US
FIRST_US = clock.day_of(ledgers.NOON_US) * clock.DAY_US


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(quarters=st.lists(st.integers(0, 4 * 48 - 1), min_size=1, max_size=40))
def test_the_parts_of_an_hour_are_read_as_one(database: Database, quarters: list[int]) -> None:
    test_months_add_up.wipe(database)
    instants = [FIRST_US + quarter * QUARTER_US for quarter in quarters]
    ledgers.add(database, [ledgers.event(instant) for instant in instants])
    rollup.roll_up(database, 10)
    expected = Counter(map(clock.hour_of, instants))
    first_hour = clock.hour_of(FIRST_US)
    hours = range(first_hour, first_hour + 48)
    with database.snapshot() as session:
        ids = set(readings.all_series(session))
        tokens = readings.tokens_by_hour(session, hours, ids)
        assert tokens == {hour: requests * 1_100 for hour, requests in expected.items()}
        [by_hour] = senders.hourly_sums(session, hours).values()
        assert {hour: sums.requests for hour, sums in by_hour.items()} == expected
        sender = UsageSender("default", "search")
        assert senders.hours_with_events(session, sender, hours) == sorted(expected)
        day = clock.day_of(min(instants))
        assert readings.first_hour_of_day(session, day, ids) == min(expected)
        some = sorted(expected)[::2]
        [amounts] = readings.sum_hours(session, some).values()
        requests = amounts[usage.INDEX["requests"]]
        assert requests == sum(expected[hour] for hour in some)
