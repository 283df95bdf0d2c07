"""`switchwise doctor`: each fault of an installation is a line with its remedy, and nothing is changed."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import text

from ledger import checks, clock, verification
from ledger.checks import Check
from tests import ledgers
from tests.cli.command import CommandLine

CASE = Path(__file__).parents[1] / "golden/cases/commontoolsinc-labs-5080/input.jsonl"


def states(line: CommandLine, status: int) -> dict[str, list[tuple[str, str]]]:
    """The state and text of each line of `doctor`, by part."""
    ended = line.run("doctor --json")
    assert ended.status == status, ended
    lines: dict[str, list[tuple[str, str]]] = {}
    for diagnosis in ended.json:
        assert (diagnosis["remedy"] is None) == (diagnosis["state"] == "ok")
        lines.setdefault(diagnosis["part"], []).append((diagnosis["state"], diagnosis["text"]))
    return lines


def test_a_sound_installation_is_well(line: CommandLine) -> None:
    ledgers.add(line.database, [ledgers.event(clock.now_us() - clock.HOUR_US)])
    ledgers.settle(line.database)
    lines = states(line, 0)
    [(state, shutdown)] = lines.pop("retirements")
    assert (state, shutdown[:38]) == ("warn", "gpt-4.1 at openai is in use and shuts ")
    assert {state for part in lines.values() for state, _ in part} == {"ok"}
    assert "search: last event " in lines["senders"][0][1]
    assert "(1 hour ago)" in lines["senders"][0][1]
    assert line.said("doctor").startswith("ok   settings")


def test_without_a_ledger_none_is_made(line: CommandLine, tmp_path: Path) -> None:
    ended = line.run(f"doctor --data {tmp_path / 'elsewhere'}")
    # The last --data counts, so the command line is run on a ledger that is taken away.
    line.database.close()
    for path in tmp_path.glob("ledger.db*"):
        path.unlink()
    lines = states(line, 1)
    assert lines["database"] == [("fail", f"there is no ledger in {tmp_path}")]
    assert not list(tmp_path.glob("ledger.db*"))
    assert ended.status == 0


def test_a_setting_that_cannot_be_used_is_named(
    line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWITCHWISE_PORT", "many")
    [(state, fault)] = states(line, 1)["settings"]
    assert state == "fail"
    assert "SWITCHWISE_PORT" in fault


def test_tables_of_another_version_are_not_changed(line: CommandLine) -> None:
    with line.database.transaction() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    [(state, fault)] = states(line, 1)["database"]
    assert state == "fail"
    assert "not those of this version" in fault
    with line.database.snapshot() as session:
        assert session.execute(text("SELECT version_num FROM alembic_version")).scalar() == "0000"


def test_a_silent_sender_is_a_warning_with_its_last_event(line: CommandLine) -> None:
    with time_machine.travel(datetime(2026, 11, 30, 18, tzinfo=UTC), tick=False):
        line.said(f"import {CASE}")
        ledgers.settle(line.database)
        lines = states(line, 0)
    assert lines["senders"] == [("warn", "search: nothing since 2026-11-24T18:00Z (6 days)")]


def test_events_that_nobody_rolls_up_are_a_fault(line: CommandLine) -> None:
    ledgers.add(line.database, [ledgers.event()])
    assert states(line, 0)["rollup"] == [("ok", "1 group of events wait")]
    with line.database.transaction() as session:
        session.execute(text("UPDATE intake SET created_at = created_at - 7200000000"))
    [(state, fault)] = states(line, 1)["rollup"]
    assert (state, fault) == ("fail", "1 group of events have waited for 2 hours")


def test_broken_sums_and_refused_alerts_are_faults(
    line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledgers.add(line.database, [ledgers.event()])
    ledgers.settle(line.database)
    monkeypatch.setenv("SWITCHWISE_SLACK_WEBHOOK_URL", "https://hooks.slack.test/services/x")
    with line.database.transaction() as session:
        verification.record(session, [Check("hours", "", ("one",))], clock.now_us())
        session.execute(
            text(
                "INSERT INTO alert_message (rule, scope, text, created_at, state, state_at, due_at,"
                " attempts, doubtful_posts, last_failure)"
                " VALUES ('savings', 'total', 'x', 1, 'held', 1, 1, 3, 0, 'HTTP 404')"
            )
        )
    lines = states(line, 1)
    assert lines["ledger"] == [("fail", "the last check found a fault in hours")]
    assert lines["webhook"] == [
        ("fail", "1 alert held since 1970-01-01T00:00:00.000001Z: HTTP 404")
    ]
    assert checks.verify(line.database)
