"""Events in every order, and their rollups as plain Python counts them, by labels."""

import itertools
from collections.abc import Iterable, Sequence

import msgspec
from hypothesis import strategies as st
from sqlalchemy import select, text

from ledger import clock, events, rollups, slots, tables, usage
from ledger.database import Database
from ledger.events import Event, Labels
from worker import rollup

MAX_METRIC_SETS = 3
START_US = 1_795_000_000 * clock.SECOND_US
LABELS = Labels(
    namespace="default",
    provider="openai",
    model="gpt-4.1",
    request_model="gpt-4.1",
    service_tier="standard",
    service_tier_requested="standard",
    context_band=0,
    features=0,
    usage_source="provider",
    status="success",
    project="search",
    workload="answers",
    key="one",
)
QUARTERS_US = [0, 15 * 60 * clock.SECOND_US, 30 * 60 * clock.SECOND_US]
ByLabels = dict[tuple[int, Labels], list[int]]
_DERIVED = (
    "event",
    "event_meter",
    "intake",
    "usage_hour",
    "usage_day",
    "usage_total",
    "distribution_day",
    "day",
    "series",
    "metric_set",
)

_labels = st.builds(
    msgspec.structs.replace,
    st.just(LABELS),
    model=st.sampled_from(["gpt-4.1", "gpt-4.1-mini", "o3"]),
    project=st.sampled_from(["search", "chat"]),
    usage_source=st.sampled_from(["provider", "estimated", "missing", "gateway_cache", "none"]),
)


@st.composite
def contents(draw: st.DrawFn, name: str) -> Event:
    """One event of this name: parts within their wholes, any of them unknown."""
    whole_in, whole_out = draw(st.integers(0, 10**9)), draw(st.integers(0, 10**9))
    return Event(
        dedupe_key=name,
        occurred_at=START_US + int(name) % 50 * clock.HOUR_US + draw(st.sampled_from(QUARTERS_US)),
        labels=draw(_labels),
        input_tokens=draw(st.none() | st.just(whole_in)),
        cached_input_tokens=None,
        output_tokens=whole_out,
        reasoning_tokens=draw(st.none() | st.integers(0, whole_out)),
        latency_ms=draw(st.none() | st.integers(0, 10**6)),
        retry_count=draw(st.integers(0, 2)),
    )


@st.composite
def event_lists(draw: st.DrawFn, max_size: int = 12) -> list[Event]:
    """Distinct events: one content for each identity."""
    return [draw(contents(str(n))) for n in range(draw(st.integers(1, max_size)))]


@st.composite
def deliveries(draw: st.DrawFn, sent: Sequence[Event]) -> list[list[Event]]:
    """The same events in any order, some of them again, cut into groups anywhere."""
    again = draw(st.lists(st.sampled_from(sent), max_size=len(sent)))
    order = draw(st.permutations([*sent, *again]))
    cuts = sorted(draw(st.sets(st.integers(1, len(order)), max_size=4)) | {0, len(order)})
    return [order[start:end] for start, end in itertools.pairwise(cuts)]


def roll_up(database: Database) -> None:
    """Roll up all that is pending."""
    rollup.roll_up(database, MAX_METRIC_SETS)


def expected_hours(group: Iterable[Event]) -> ByLabels:
    """What hours must hold, by slot and labels."""
    hours: ByLabels = {}
    for event in group:
        key, amounts = (slots.row_of(event.occurred_at), event.labels), usage.amounts_of(event)
        sums = hours.get(key, [0] * len(amounts))
        summed = [a + b for a, b in zip(sums, amounts, strict=True)]
        largest = [max(a, b) for a, b in zip(sums, amounts, strict=True)]
        hours[key] = summed[: len(usage.SUMMED)] + largest[len(usage.SUMMED) :]
    return hours


def stored_hours(database: Database) -> ByLabels:
    """What hours do hold, by slot and labels."""
    series = tables.SERIES
    names = [field.name for field in msgspec.structs.fields(Labels)]
    query = select(
        rollups.HOUR.c.slot,
        *(rollups.HOUR.c[name] for name in usage.COLUMNS),
        *(series.c[name] for name in names),
    ).join_from(rollups.HOUR, series, rollups.HOUR.c.series_id == series.c.id)
    width = len(usage.COLUMNS)
    with database.snapshot() as session:
        rows = session.execute(query).all()
    return {(row[0], Labels(*row[1 + width :])): list(row[1 : 1 + width]) for row in rows}


def wipe(database: Database) -> None:
    """Take every row away, so that the next example begins anew."""
    with database.transaction() as session:
        for table in _DERIVED:
            session.execute(text(f"DELETE FROM {table}"))


def identities(group: Iterable[Event]) -> set[bytes]:
    """The identities of events."""
    return {events.key_of(event) for event in group}
