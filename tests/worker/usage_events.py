"""Plain events for tests of the worker, and storing them as the collector does."""

from collections.abc import Sequence

from ledger import clock
from ledger import store as _store
from ledger.database import Database
from ledger.events import Event, Labels
from ledger.outcomes import Outcome

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


def make_events(count: int) -> list[Event]:
    """Events of three hours, one label set, different sizes."""
    return [
        Event(
            dedupe_key=f"event-{n}",
            occurred_at=START_US + n % 3 * clock.HOUR_US,
            labels=LABELS,
            input_tokens=100 + n,
            cached_input_tokens=10,
            cache_write_input_tokens=0,
            output_tokens=20 + n,
            reasoning_tokens=0,
            latency_ms=300,
        )
        for n in range(count)
    ]


def store(database: Database, events: Sequence[Event], max_series: int = 100_000) -> list[Outcome]:
    """Store a group in one commit."""
    database.prepare_days({clock.day_of(event.occurred_at) for event in events})
    with database.transaction() as session:
        return _store.add(session, events, now_us=clock.now_us(), max_series=max_series)
