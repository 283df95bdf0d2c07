"""The ten weeks: equal files for equal plans, every request in the ledger, a whole history."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from advisor.report import figures, report
from bench.tenweeks import __main__ as command
from bench.tenweeks import at, replay, slack_sink, traffic, workloads
from bench.tenweeks.traffic import TrafficPlan
from ledger import clock, settings
from ledger.database import Database
from ledger.errors import UsageError

UNTIL = datetime(2026, 11, 30, 19, tzinfo=UTC)
TINY = TrafficPlan(until=UNTIL, weeks=2, scale=0.01)
MEASURED = TrafficPlan(until=UNTIL, scale=0.3)
"""Enough requests of each workload to measure a share of them."""
BEFORE_SWITCH, AFTER_SWITCH = date(2026, 10, 21), date(2026, 11, 4)
"""Two Wednesdays of MEASURED."""


@dataclass(frozen=True, slots=True)
class Run:
    """A tiny plan replayed with a day a step: its files, its folder and its history."""

    days: list[Path]
    data: Path
    history: Path

    def report(self) -> figures.Report:
        """What the ledger says of November at the end."""
        loaded = settings.load(data=self.data)
        database = Database(loaded.database)
        try:
            with database.snapshot() as session:
                return report.build(session, loaded, clock.to_us(UNTIL), "2026-11")
        finally:
            database.close()

    def requests(self) -> Counter[str]:
        """The requests of November in the files, by project."""
        lines = (json.loads(line) for path in self.days for line in path.open(encoding="utf-8"))
        november = (line for line in lines if line["time"] >= "2026-11")
        return Counter(line.get("project", "unassigned") for line in november)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The tiny plan, replayed once for all tests of this file."""
    out = tmp_path_factory.mktemp("tenweeks")
    days = traffic.write(TINY, out / "days")
    replayed = replay.replay(TINY, days, out / "data", step=timedelta(days=1))
    replayed.write(out / "history.om")
    return Run(days, out / "data", out / "history.om")


def texts(plan: TrafficPlan, folder: Path) -> dict[str, bytes]:
    """The files of a plan by name."""
    traffic.write(plan, folder)
    return texts_in(folder)


def texts_in(folder: Path) -> dict[str, bytes]:
    """The files of a folder by name."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_equal_plans_give_equal_files(tmp_path: Path) -> None:
    first = texts(TINY, tmp_path / "first")
    assert first == texts(TINY, tmp_path / "second")
    assert list(first)[:1] == ["2026-11-16.jsonl"]
    assert list(first)[-1:] == ["2026-11-30.jsonl"]


@pytest.mark.parametrize(
    "plan",
    [replace(TINY, seed=42), replace(TINY, scale=0.02), replace(TINY, weeks=3)],
    ids=["seed", "scale", "weeks"],
)
def test_another_plan_gives_other_files(plan: TrafficPlan, tmp_path: Path) -> None:
    other = texts(plan, tmp_path / "other")
    assert other["2026-11-24.jsonl"] != texts(TINY, tmp_path / "tiny")["2026-11-24.jsonl"]


def test_no_event_lies_after_the_end_and_a_day_is_in_order() -> None:
    times = [str(event["time"]) for event in traffic.events(TINY, UNTIL.date())]
    assert times == sorted(times)
    assert times[-1] <= "2026-11-30T19:00:00.000Z"
    later = traffic.events(replace(TINY, until=UNTIL + timedelta(hours=4)), UNTIL.date())
    assert len(later) > len(times)


def support_answers(day: date) -> Counter[tuple[object, object]]:
    """The requests of the workload that switches, by model and workload."""
    events = traffic.events(MEASURED, day)
    return Counter(
        (event["model"], event["workload"])
        for event in events
        if event.get("project") == "support-chat" and event["workload"] != "triage"
    )


def test_support_answers_move_at_the_switch_and_leave_a_hold_out_of_8_percent() -> None:
    assert set(support_answers(BEFORE_SWITCH)) == {("gpt-4.1", "answers")}
    moved = support_answers(AFTER_SWITCH)
    assert set(moved) == {("gpt-4.1-mini", "answers"), ("gpt-4.1", "answers-control")}
    assert 0.04 < moved["gpt-4.1", "answers-control"] / moved.total() < 0.13


def test_priority_is_partly_served_at_standard() -> None:
    tiers = Counter(
        event["service_tier"]
        for event in traffic.events(MEASURED, BEFORE_SWITCH)
        if event.get("service_tier_requested") == "priority"
    )
    assert set(tiers) == {"priority", "standard"}
    assert 0.7 < tiers["priority"] / tiers.total() < 0.95


def test_more_projects_and_workloads_are_added_as_small_ones() -> None:
    every_workload = workloads.with_small_ones(projects=10, workloads=40)
    slices = {(workload.project, workload.name) for workload in every_workload}
    assert len(slices) == 40
    assert len({project for project, _ in slices if project}) == 10


def test_the_ledger_holds_every_request_of_the_files(run: Run) -> None:
    projects = {usage.names["project"]: usage.requests for usage in run.report().projects}
    assert projects == run.requests()


def test_a_lost_line_would_be_noticed(run: Run, tmp_path: Path) -> None:
    shorter = tmp_path / run.days[-1].name
    lines = run.days[-1].read_text(encoding="utf-8").splitlines(keepends=True)
    shorter.write_text("".join(lines[1:]), encoding="utf-8")
    projects = {usage.names["project"]: usage.requests for usage in run.report().projects}
    assert projects != replace(run, days=[*run.days[:-1], shorter]).requests()


def test_a_model_without_a_price_shows_as_a_gap(run: Run) -> None:
    total = run.report().total
    assert total.unpriced_tokens > 0
    assert total.coverage.provisional


def test_what_people_did_is_in_the_advice(run: Run) -> None:
    so_far = run.report().savings.so_far
    assert so_far is not None
    stages = {(move.project, move.workload, move.stage) for move in so_far.moves}
    # What was dismissed gives way to another target of the same traffic.
    assert stages >= {
        ("support-chat", "answers", "measured"),
        ("search", "answers", "claimed"),
        ("code-assistant", "completion", "dismissed"),
    }


def samples(history: Path) -> Iterator[tuple[str, float, float]]:
    """Name, timestamp and value of every sample, read as strict OpenMetrics."""
    text = history.read_text(encoding="utf-8")
    families = text_string_to_metric_families(text)  # type: ignore[no-untyped-call]  # theirs
    for family in families:
        for sample in family.samples:
            yield sample.name, float(sample.timestamp), sample.value


def test_the_history_has_every_step_and_ends_with_what_the_ledger_says(run: Run) -> None:
    forecast = [
        (timestamp, value)
        for name, timestamp, value in samples(run.history)
        if name == "switchwise_month_forecast_usd"
    ]
    timestamps = [timestamp for timestamp, _ in forecast]
    assert timestamps == sorted(set(timestamps))
    assert timestamps[-1] == UNTIL.timestamp()
    final = run.report().forecast
    assert final is not None
    assert forecast[-1][1] == pytest.approx(float(final.cost_usd))
    requests = [
        value
        for name, timestamp, value in samples(run.history)
        if name == "switchwise_requests_total" and timestamp == UNTIL.timestamp()
    ]
    assert sum(requests) == run.requests().total()


def test_a_history_that_was_cut_off_is_no_openmetrics(run: Run, tmp_path: Path) -> None:
    cut = tmp_path / "cut.om"
    cut.write_text(
        run.history.read_text(encoding="utf-8").removesuffix("# EOF\n"), encoding="utf-8"
    )
    with pytest.raises(ValueError, match="EOF"):
        list(samples(cut))


def test_a_ledger_is_never_replayed_into_twice(run: Run) -> None:
    with pytest.raises(UsageError, match="choose another folder"):
        replay.replay(TINY, run.days, run.data)


def test_a_database_server_of_the_environment_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWITCHWISE_DATABASE_URL", "postgresql://db.example/ledger")
    with pytest.raises(UsageError, match="unset it"):
        replay.replay(TINY, [], tmp_path)


def test_the_command_writes_days_ledger_and_history_and_refuses_the_same_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--out", str(tmp_path), "--until", "2026-11-02T05:00:00Z"]
    arguments += ["--weeks", "0", "--scale", "0.02"]
    assert command.main(arguments) == 0
    assert "report --data" in capsys.readouterr().out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "days", "history.om"]
    days = texts_in(tmp_path / "days")
    assert command.main([*arguments, "--seed", "7"]) == 2
    assert "holds a ledger already" in capsys.readouterr().err
    assert texts_in(tmp_path / "days") == days


def test_a_command_runs_at_another_instant(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    for instant, month in (("2026-11-30T19:00:00Z", "2026-11"), ("2026-12-03", "2026-12")):
        with pytest.raises(SystemExit) as ended:
            at.main([instant, "report", "--json", "--data", str(run.data)])
        assert ended.value.code in (0, None)
        assert json.loads(capsys.readouterr().out)["month"] == month


@pytest.fixture
def webhook(tmp_path: Path) -> Iterator[str]:
    """The address of a webhook whose folder is the test's own."""
    with slack_sink.server(tmp_path) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield slack_sink.address(server)
        server.shutdown()
        thread.join()


def test_the_slack_sink_answers_as_its_folder_says_and_stores_every_post(
    webhook: str, tmp_path: Path
) -> None:
    statuses = {}
    for name in ("ok", "rate-limited", "broken", "gone", "login-page"):
        (tmp_path / slack_sink.ANSWER).write_text(name, encoding="utf-8")
        answer = httpx.post(webhook, json={"text": name}, trust_env=False)
        statuses[name] = answer.status_code, answer.headers.get("Retry-After")
    assert statuses == {
        "ok": (200, None),
        "rate-limited": (429, "7"),
        "broken": (500, None),
        "gone": (404, None),
        "login-page": (200, None),
    }
    lines = (tmp_path / slack_sink.POSTS).read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["body"]["text"] for line in lines] == list(statuses)
