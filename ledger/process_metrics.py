"""The metrics of what one process counts about itself, as rows of the table of metrics."""

from ledger.metric_kinds import process

PROCESS_METRICS = (
    process(
        "ingest_requests_total",
        "counter",
        "requests",
        "Write requests answered.",
        labels=("route", "code"),
    ),
    process(
        "ingest_events_total",
        "counter",
        "events",
        "Events received, by outcome: accepted, duplicate, grown, conflict, ignored, spooled,"
        " rejected.",
        labels=("format", "outcome"),
    ),
    process("ingest_seconds", "histogram", "seconds", "Seconds from first byte to durable answer."),
    process("ingest_bytes_total", "counter", "bytes", "Bytes of write requests, on the wire."),
    process("spool_events", "gauge", "events", "Events that wait in this collector's spool."),
    process(
        "spool_bytes",
        "gauge",
        "bytes",
        "Bytes that wait in this collector's spool, what was refused and set aside there included.",
    ),
    process(
        "spool_drained_events_total",
        "counter",
        "events",
        "Events that left this collector's spool, by outcome: accepted, duplicate, grown, conflict,"
        " sealed, refused.",
        labels=("outcome",),
    ),
)
