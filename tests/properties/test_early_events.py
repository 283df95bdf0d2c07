"""Events from clocks that are ahead: stored at once, in no figure before their time, and each counted once."""

from collections.abc import Sequence

import msgspec
import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger import checks, clock, events, rebuild, rollups
from ledger.database import Database
from ledger.events import Event
from ledger.outcomes import Outcome
from tests.properties import folding
from tests.worker import usage_events

START_US = folding.START_US
HOUR_SECONDS = 3_600
on_one_ledger = settings(
    max_examples=settings.default.max_examples // 4 if settings.default else 10,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    deadline=None,
)


@st.composite
def ahead(draw: st.DrawFn) -> list[Event]:
    """Events from an hour before to 24 hours after the instant at which they are sent."""
    return [
        msgspec.structs.replace(
            event,
            occurred_at=START_US
            + draw(st.integers(-HOUR_SECONDS * 10, 24 * HOUR_SECONDS * 10)) * 100_000,
        )
        for event in draw(folding.event_lists())
    ]


def at(instant_us: int) -> time_machine.travel:
    return time_machine.travel(clock.from_us(instant_us), tick=False)


def counted_at(sent: Sequence[Event], instant_us: int) -> list[Event]:
    """What must be in the figures: what was within five minutes on arrival, and what has occurred."""
    at_once = START_US + events.FUTURE_TOLERANCE_US
    return [event for event in sent if event.occurred_at <= max(at_once, instant_us)]


def findings(database: Database) -> list[str]:
    return [finding for check in checks.verify(database) for finding in check.findings]


@on_one_ledger
@given(data=st.data())
def test_at_every_second_the_figures_are_those_of_what_has_occurred(
    database: Database, data: st.DataObject
) -> None:
    folding.wipe(database)
    sent = data.draw(ahead())
    with at(START_US):
        for group in data.draw(folding.deliveries(sent)):
            usage_events.store(database, group)
            if data.draw(st.booleans()):
                folding.roll_up(database)
    seconds = data.draw(st.lists(st.integers(0, 24 * HOUR_SECONDS), max_size=4).map(sorted))
    for instant_us in (START_US, *(START_US + second * clock.SECOND_US for second in seconds)):
        with at(instant_us):
            folding.roll_up(database)
            counted = counted_at(sent, instant_us)
            assert folding.stored_hours(database) == folding.expected_hours(counted)
            with database.snapshot() as session:
                early, first_us = rollups.count_early(session, clock.now_us())
                assert rollups.count_pending(session, clock.now_us()) == (0, None)
            assert early == len(sent) - len(counted)
            assert (first_us is None) == (early == 0)
            assert findings(database) == []
            # A repair cannot tell an event within five minutes from one that counted at once.
            soon = counted_at(sent, instant_us + events.FUTURE_TOLERANCE_US)
            if len(soon) == len(counted) and data.draw(st.booleans()):
                assert rebuild.rebuild_rollups(database) == 0
                assert folding.stored_hours(database) == folding.expected_hours(counted)
    with at(START_US + clock.DAY_US):
        again = usage_events.store(database, sent)
        assert set(again) == {Outcome.DUPLICATE}
        folding.roll_up(database)
        assert folding.stored_hours(database) == folding.expected_hours(sent)
        assert findings(database) == []


def test_a_sender_that_is_more_than_a_day_ahead_is_refused() -> None:
    now_us = START_US
    event = usage_events.make_events(1)[0]
    in_a_day = msgspec.structs.replace(event, occurred_at=now_us + clock.DAY_US)
    beyond = msgspec.structs.replace(event, occurred_at=now_us + clock.DAY_US + 1)
    assert events.fault_of(in_a_day, now_us) is None
    fault = events.fault_of(beyond, now_us)
    assert fault is not None
    assert "more than 24 hours in the future" in fault.sentence


@pytest.mark.parametrize(
    ("ahead_us", "is_early"), [(0, False), (300_000_000, False), (300_000_001, True)]
)
def test_five_minutes_ahead_count_at_once(ahead_us: int, *, is_early: bool) -> None:
    event = usage_events.make_events(1)[0]
    event = msgspec.structs.replace(event, occurred_at=START_US + ahead_us)
    assert events.is_early(event, START_US) == is_early
