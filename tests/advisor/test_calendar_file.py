"""The calendar of shutdowns reads back as RFC 5545 says, whatever the names are."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from advisor.report import calendar_file
from advisor.report.departure_plan import PlannedDepartureFigure

AS_OF = "2026-12-01T12:00:00Z"
ORDINARY = PlannedDepartureFigure(
    project="search",
    workload="answers",
    provider="openai",
    model="gpt-4.1",
    shutdown_day="2027-01-14",
    days_left=44,
    requests=600,
    cost_usd="16.32",
    cost_month_usd="16.55",
    owner=None,
    stage="active",
    recommendation_id="8a409b66e80aaa0a",
    trial_pairs=200,
    trial_days=2,
    trial_usd="0.09",
    last_trial_start="2027-01-12",
    destinations=(),
    sentence="gpt-4.1 shuts down on 2027-01-14.",
    source="https://example.com/deprecations",
)
NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60)


def read_events(calendar: bytes) -> list[dict[str, str]]:
    """The events of a calendar by property, unfolded and unescaped as a reader does it."""
    unfolded = calendar.decode().replace("\r\n ", "")
    events: list[dict[str, str]] = []
    for line in unfolded.split("\r\n"):
        name, _, text = line.partition(":")
        if line == "BEGIN:VEVENT":
            events.append({})
        elif events:
            plain = text.replace("\\\\", "\0").replace("\\n", "\n")
            plain = plain.replace("\\,", ",").replace("\\;", ";").replace("\0", "\\")
            events[-1].setdefault(name, plain)
    return events


def test_there_is_a_day_for_each_trial_and_one_for_each_shutdown() -> None:
    other = replace(ORDINARY, workload="ranking", last_trial_start=None)
    trial, shutdown = read_events(calendar_file.write_calendar([ORDINARY, other], AS_OF))
    assert trial["DTSTART;VALUE=DATE"] == "20270112"
    assert trial["SUMMARY"] == "Last day to start a trial: search / answers"
    assert shutdown["DTSTART;VALUE=DATE"] == "20270114"
    assert shutdown["SUMMARY"] == "gpt-4.1 at openai shuts down"
    assert shutdown["DESCRIPTION"].splitlines() == [
        "search / answers: gpt-4.1 shuts down on 2027-01-14.",
        "search / ranking: gpt-4.1 shuts down on 2027-01-14.",
    ]
    assert {trial["DTSTAMP"], shutdown["DTSTAMP"]} == {"20261201T120000Z"}


def test_an_event_keeps_its_identity_when_its_day_moves() -> None:
    moved = replace(ORDINARY, last_trial_start="2027-01-02", shutdown_day="2027-01-20")
    before, after = (
        read_events(calendar_file.write_calendar([departure], AS_OF))
        for departure in (ORDINARY, moved)
    )
    assert [event["UID"] for event in before] == [event["UID"] for event in after]
    assert len({event["UID"] for event in before}) == 2


@given(project=NAMES, workload=NAMES, sentence=NAMES)
def test_any_name_comes_back_and_no_line_is_longer_than_75_bytes(
    project: str, workload: str, sentence: str
) -> None:
    departure = replace(ORDINARY, project=project, workload=workload, sentence=sentence)
    calendar = calendar_file.write_calendar([departure], AS_OF)
    assert all(len(line) <= 75 for line in calendar.split(b"\r\n"))
    trial, _ = read_events(calendar)
    assert trial["SUMMARY"] == f"Last day to start a trial: {project} / {workload}"
    assert trial["DESCRIPTION"] == sentence
