"""Small ledgers for tests: events with defaults, stored and rolled up like the product does."""

import itertools
from collections.abc import Iterable
from pathlib import Path

from hypothesis import strategies as st

from advisor import refresh
from advisor.months import closing
from ledger import clock, events, store
from ledger.database import Database
from ledger.events import Event, Labels
from ledger.outcomes import Outcome
from ledger.settings import Settings
from worker import rollup

NOON_US = clock.to_us(clock.EPOCH.replace(year=2026, month=11, day=20, hour=12))
SETTINGS = Settings(pairs="gpt-4.1:gpt-4.1-mini")
"""One pair, named: what facts propose has tests of its own."""
_numbers = itertools.count()


def labels(**changed: object) -> Labels:
    """The labels of an ordinary GPT-4.1 request, with changes."""
    ordinary: dict[str, object] = {
        "namespace": "default",
        "provider": "openai",
        "model": "gpt-4.1",
        "request_model": "gpt-4.1",
        "service_tier": "standard",
        "service_tier_requested": "standard",
        "context_band": 0,
        "features": 0,
        "usage_source": "provider",
        "status": "success",
        "project": "search",
        "workload": "chat",
        "key": "search-prod",
    }
    return Labels(**{**ordinary, **changed})  # type: ignore[arg-type]  # a typo fails at once


def event(
    occurred_at: int = NOON_US,
    *,
    id: str | None = None,
    label_set: Labels | None = None,
    **changed: object,
) -> Event:
    """An ordinary event of 1,000 input and 100 output tokens, with changes.

    Without an id it has one of its own.
    """
    ordinary: dict[str, object] = {
        "input_tokens": 1_000,
        "cached_input_tokens": 0,
        "output_tokens": 100,
        "reasoning_tokens": 0,
    }
    values = {
        "dedupe_key": f"test:{next(_numbers)}" if id is None else f"test:{id}",
        "occurred_at": occurred_at,
        "labels": label_set or labels(),
        **ordinary,
        **changed,
    }
    return Event(**values)  # type: ignore[arg-type]  # as above


def add(database: Database, group: Iterable[Event], settings: Settings = SETTINGS) -> list[Outcome]:
    """Store events in one transaction, as the collector does."""
    batch = list(group)
    database.prepare_days({clock.day_of(event.occurred_at) for event in batch})
    with database.transaction() as session:
        return store.add(session, batch, now_us=clock.now_us(), max_series=settings.max_series)


def create(folder: Path) -> None:
    """Make an embedded ledger without a row in a folder."""
    database = Database(f"sqlite:///{folder / 'ledger.db'}")
    database.migrate()
    database.close()


def settle(database: Database, settings: Settings = SETTINGS) -> None:
    """Roll up what is pending, then compute statements and advice, as the worker does."""
    rollup.roll_up(database, settings.max_metric_sets)
    refresh.refresh(database, settings)


def close(
    database: Database, month: str, settings: Settings = SETTINGS, *, despite_gaps: bool = False
) -> None:
    """Close a month, as `switchwise close --even-if-silent` does."""
    closing.close(database, settings, month, "ada", despite_gaps=despite_gaps, even_if_silent=True)


def any_event(hours: int = 3) -> st.SearchStrategy[Event]:
    """Any event of a parser, within a few hours, of a few label sets; ids may repeat."""
    return st.builds(
        _any_event,
        number=st.integers(0, 40),
        offset_us=st.integers(0, hours * clock.HOUR_US - 1),
        project=st.sampled_from(["search", "support"]),
        source=st.sampled_from(["provider", "estimated", "missing", "gateway_cache", "none"]),
        status=st.sampled_from(["success", "failure", "cancelled"]),
        tokens=st.tuples(*[st.integers(0, 10_000)] * 4),
        has_details=st.booleans(),
        latency_ms=st.none() | st.integers(0, 100_000),
        retry_count=st.integers(0, 2),
        sender_cost_pico_usd=st.none() | st.integers(0, 10**15),
        searches=st.integers(0, 3),
    )


def _any_event(
    number: int,
    offset_us: int,
    project: str,
    source: str,
    status: str,
    tokens: tuple[int, ...],
    has_details: bool,
    latency_ms: int | None,
    retry_count: int,
    sender_cost_pico_usd: int | None,
    searches: int,
) -> Event:
    silent = source in ("missing", "none")
    cached, cache_write, uncached, output = tokens
    features = events.FEATURE_CLIENT_RETRY if retry_count else 0
    return event(
        NOON_US + offset_us,
        id=str(number),
        label_set=labels(project=project, usage_source=source, status=status, features=features),
        input_tokens=None if silent else cached + cache_write + uncached,
        cached_input_tokens=cached if has_details and not silent else None,
        cache_write_input_tokens=cache_write if has_details and not silent else None,
        output_tokens=None if silent else output,
        reasoning_tokens=output // 2 if has_details and not silent else None,
        latency_ms=latency_ms,
        retry_count=retry_count,
        sender_cost_pico_usd=sender_cost_pico_usd,
        meters=_some_meters(searches, 0 if silent else cache_write if has_details else 0),
    )


def _some_meters(searches: int, cache_write_tokens: int) -> tuple[tuple[str, int], ...]:
    quantities = {
        "cache_write_1h_input_tokens": cache_write_tokens // 2,
        "web_searches": searches,
    }
    return tuple((name, quantity) for name, quantity in quantities.items() if quantity)
