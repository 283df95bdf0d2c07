"""An event as rows: its own, and one for each of its meters. Pure."""

from collections.abc import Iterable, Iterator
from typing import Any

from ledger import events, series
from ledger.bulk import Identity, Row
from ledger.events import Event


def row_of(identity: Identity, event: Event, series_id: int) -> Row:
    """The row of an event."""
    return (
        *identity,
        series_id,
        event.occurred_at,
        event.input_tokens,
        event.cached_input_tokens,
        event.cache_write_input_tokens,
        event.output_tokens,
        event.reasoning_tokens,
        event.input_audio_tokens,
        event.output_audio_tokens,
        event.latency_ms,
        event.first_token_ms,
        event.retry_count,
        event.sender_cost_pico_usd,
        events.fingerprint_of(event),
    )


def meter_rows(
    stored: Iterable[tuple[Identity, Event]], series_ids: series.Ids
) -> Iterator[dict[str, Any]]:
    """The rows of the meters of events."""
    for (day, key), event in stored:
        for labels, quantity in events.meter_quantities(event).items():
            yield {
                "day": day,
                "key": key,
                "series_id": series_ids[labels],
                "occurred_at": event.occurred_at,
                "quantity": quantity,
            }
