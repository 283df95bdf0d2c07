"""The demo: 28 closed days of both traces, once, labelled as sample traffic on every face, and advised to pilot."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from advisor.report import figures as report_figures
from advisor.report import report
from deploy import demo
from ledger import clock, tables
from ledger.database import Database
from tests import ledgers
from tests.conftest import NOW

pytestmark = pytest.mark.usefixtures("frozen_now")
EVENT = tables.EVENT


@pytest.fixture
def backend() -> str:
    """The demo belongs to the embedded form: SQLite only."""
    return "sqlite"


@pytest.fixture
def few_days(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three days of the 28: enough to see the rule, ten times faster."""
    monkeypatch.setattr(demo, "DAYS", 3)


def replayed(database: Database) -> tuple[int, report_figures.Report]:
    accepted = demo.replay(database, ledgers.SETTINGS, lambda *_: None)
    ledgers.settle(database)
    with database.snapshot() as session:
        return accepted, report.build(session, ledgers.SETTINGS, clock.now_us())


@pytest.mark.usefixtures("few_days")
def test_each_closed_day_holds_the_whole_traces(database: Database) -> None:
    accepted, _ = replayed(database)
    with database.snapshot() as session:
        days = Counter(session.execute(select(EVENT.c.day)).scalars())
    today = clock.day_of(clock.now_us())
    assert days == Counter(dict.fromkeys(range(today - 3, today), 8_819 + 19_366))
    assert accepted == 3 * (8_819 + 19_366)


@pytest.mark.usefixtures("few_days")
def test_a_restart_adds_nothing_even_on_a_later_day(database: Database) -> None:
    _, before = replayed(database)
    with time_machine.travel(NOW + timedelta(days=2), tick=False):
        again, after = replayed(database)
    assert (again, after.total.requests) == (0, before.total.requests)


@pytest.mark.usefixtures("few_days")
def test_a_replay_that_was_stopped_goes_on_with_the_days_it_had_begun(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stopped(Exception):
        pass

    def stop(done: int, _whole: int) -> None:
        if done > 30_000:
            raise Stopped

    with pytest.raises(Stopped):
        demo.replay(database, ledgers.SETTINGS, stop)
    with time_machine.travel(NOW + timedelta(days=1), tick=False):
        demo.replay(database, ledgers.SETTINGS, lambda *_: None)
    with database.snapshot() as session:
        assert session.execute(select(func.count()).select_from(EVENT)).scalar_one() == 3 * (
            8_819 + 19_366
        )


@pytest.mark.usefixtures("few_days")
def test_on_the_first_of_a_month_the_report_is_that_of_the_month_before(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deploy.demo.time.sleep", lambda _: pytest.fail("it waits without end"))
    with time_machine.travel(datetime(2026, 12, 1, 2, tzinfo=UTC), tick=False):
        replayed(database)
        shown = demo.wait_for_report(database, ledgers.SETTINGS)
    assert (shown.month, shown.total.requests) == ("2026-11", 3 * (8_819 + 19_366))


def test_without_evidence_both_slices_are_to_pilot_and_every_face_says_sample(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "DAYS", 8)
    _, found = replayed(database)
    assert {
        (item.project, item.decision, item.reason) for item in found.savings.recommendations
    } == {
        ("support-chat", "pilot", "no_evidence"),
        ("code-assistant", "pilot", "no_evidence"),
    }
    assert found.sample_projects == ("support-chat", "code-assistant")
    assert any("replayed sample traffic" in note for note in found.notes)
    assert all(
        item.days_left == 52 and "source_retires" in item.notices
        for item in found.savings.recommendations
    )
