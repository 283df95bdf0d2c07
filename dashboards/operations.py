"""The dashboard *Operations*: whether events arrive and are stored, how fast, and what waits."""

from dashboards import frame, panels, queries
from dashboards.panels import Head, JsonObject, NumberFormat, Query

UID = "switchwise-operations"

_IN_RANGE = "$__range"
_PER_POINT = "$__rate_interval"
_SINCE_START = "Collectors count since their own start; a restart is no drop."
_ANY = ((None, "text"), (1, "orange"))
_COUNTS = NumberFormat("locale", "none", decimals=0, color=panels.BY_NAME, min=0)
_OUTCOME_COLORS = [
    panels.by_name(outcome, color={"mode": "fixed", "fixedColor": color})
    for outcome, color in (
        ("accepted", "green"),
        ("duplicate", "text"),
        ("grown", "semi-dark-green"),
        ("ignored", "blue"),
        ("spooled", "orange"),
        ("conflict", "purple"),
        ("sealed", "purple"),
        ("rejected", "red"),
        ("refused", "red"),
    )
]
_NOTE = (
    "An answer of 200 means that the events are kept: in the database or, while that is away,"
    " in the collector's **spool** on disk (`SWITCHWISE_SPOOL_DIR`), from which they move on by"
    " themselves, each once. An empty panel? See that Prometheus scrapes every collector and an"
    " advisor."
)


def dashboard() -> JsonObject:
    """The whole dashboard, ready to be written to a file or sent to Grafana."""
    headline = [
        (4, _waiting()),
        (4, _lag()),
        (4, _silent_senders()),
        (4, _findings()),
        (4, _failures()),
        (4, _refusals()),
    ]
    note = panels.text(Head(6, "", "What an answer of 200 means, and where to look next."), _NOTE)
    return frame.dashboard(
        UID,
        title="Operations",
        description="Whether events arrive and are kept, how fast, what waits in the collectors'"
        " spools, and whether the ledger is right.",
        variables=[frame.data_source()],
        panels=frame.rows(
            [
                (4, headline),
                (2, [(24, note)]),
                (8, [(12, _received()), (12, _seconds())]),
                (8, [(8, _spooled_events()), (8, _spooled_bytes()), (8, _drained())]),
            ]
        ),
        since="now-24h",
    )


def _waiting() -> JsonObject:
    head = Head(
        1,
        "Waiting in spools",
        "Events that collectors acknowledged and that are not in the database yet. Orange: the"
        " database is, or was just, away; they move on by themselves once it is back.",
    )
    number_format = NumberFormat(
        "locale",
        "no collector has a spool",
        decimals=0,
        color=panels.BY_THRESHOLD,
        thresholds=((None, "green"), (1, "orange")),
    )
    return panels.stat(head, [Query(queries.processes("spool_events"), "waiting")], number_format)


def _lag() -> JsonObject:
    head = Head(
        2,
        "Rollup lag",
        "Age of the oldest stored events that the worker has not rolled up: figures lag by as"
        " much. Orange from 1 minute, red from 15: is the worker running? The whole ledger.",
    )
    number_format = NumberFormat(
        "s",
        "no advisor scraped",
        decimals=0,
        color=panels.BY_THRESHOLD,
        thresholds=((None, "green"), (60, "orange"), (900, "red")),
    )
    return panels.stat(head, [Query(queries.single("rollup_lag_seconds"), "lag")], number_format)


def _silent_senders() -> JsonObject:
    head = Head(
        12,
        "Silent senders",
        "Namespaces and projects that have been quiet for longer than three of their longest gaps"
        " at this time of the week, by project. `switchwise"
        " doctor` lists all with their last events. The whole ledger.",
    )
    panel_queries = [
        Query(queries.total("silent_senders", "project") + " > 0", "{{project}}"),
        Query(queries.total("silent_senders"), "in all"),
    ]
    number_format = NumberFormat(
        "locale", "no events yet", decimals=0, color=panels.BY_THRESHOLD, thresholds=_ANY
    )
    return panels.stat(head, panel_queries, number_format, names=True)


def _findings() -> JsonObject:
    head = Head(
        3,
        "Ledger findings and held alerts",
        "What the last check of the ledger's invariants found; 0 is right. Otherwise"
        " `switchwise verify` names each, and `switchwise rebuild` makes the rollups again."
        " Held alerts wait for the right address of the webhook: `switchwise alerts`.",
    )
    number_format = NumberFormat(
        "locale",
        "not checked yet",
        decimals=0,
        color=panels.BY_THRESHOLD,
        thresholds=((None, "green"), (1, "red")),
    )
    panel_queries = [
        Query(queries.single("ledger_findings"), "findings"),
        Query(queries.single("held_alerts"), "held alerts"),
    ]
    return panels.stat(head, panel_queries, number_format)


def _failures() -> JsonObject:
    head = Head(
        4,
        "Turned away in this time",
        "Write requests answered 429 or 5xx in the chosen time: senders try them again. Many"
        " mean that the database is away or slow and no spool is set, or that it is nearly"
        f" full. {_SINCE_START}",
    )
    turned_away = queries.growth("increase", _IN_RANGE, "ingest_requests_total", code="429|5..")
    number_format = NumberFormat(
        "locale", "none", decimals=0, color=panels.BY_THRESHOLD, thresholds=_ANY
    )
    return panels.stat(head, [Query(turned_away, "turned away")], number_format)


def _refusals() -> JsonObject:
    head = Head(
        5,
        "Events not kept",
        "Events rejected, in conflict with another of the same id, or not stored when they left"
        " a spool, in the chosen time. The receipt that the sender got, or the collector's log,"
        f" names each. {_SINCE_START}",
    )
    panel_queries = [
        Query(
            queries.growth(
                "increase", _IN_RANGE, "ingest_events_total", outcome="rejected|conflict"
            ),
            "on arrival",
        ),
        Query(
            queries.growth(
                "increase",
                _IN_RANGE,
                "spool_drained_events_total",
                outcome="refused|sealed|conflict",
            ),
            "from spools",
        ),
    ]
    number_format = NumberFormat(
        "locale", "none", decimals=0, color=panels.BY_THRESHOLD, thresholds=_ANY
    )
    return panels.stat(head, panel_queries, number_format, names=True)


def _received() -> JsonObject:
    head = Head(
        7,
        "Events a second, by outcome",
        "What collectors did with the events they received. Spooled: kept on disk while the"
        " database was away; duplicate: sent again and counted once; grown: a"
        " larger snapshot of a stored request, which has replaced it; ignored: no usage in it.",
    )
    query = Query(
        queries.growth("rate", _PER_POINT, "ingest_events_total", "outcome"), "{{outcome}}"
    )
    return panels.lines(
        head,
        [query],
        NumberFormat("eps", "no events", color=panels.BY_NAME, min=0),
        _OUTCOME_COLORS,
    )


def _seconds() -> JsonObject:
    head = Head(
        8,
        "Time to a durable answer",
        "Seconds from the first byte of a write request to its answer, over all collectors:"
        " half are faster than the first line, 99 of 100 faster than the last. It ends at 5 s,"
        " the highest that is measured.",
    )
    parts = (("0.5", "half", "blue"), ("0.95", "95 %", "yellow"), ("0.99", "99 %", "orange"))
    panel_queries = [
        Query(queries.quantile(share, _PER_POINT, "ingest_seconds"), name)
        for share, name, _ in parts
    ]
    colors = [
        panels.by_name(name, color={"mode": "fixed", "fixedColor": color})
        for _, name, color in parts
    ]
    return panels.lines(head, panel_queries, NumberFormat("s", "no requests", min=0), colors)


def _spooled_events() -> JsonObject:
    head = Head(
        9,
        "Events in each spool",
        "Events that wait in a collector's spool. It should fall to 0 within minutes once the"
        " database is back; one that stays belongs to a collector that does not run or cannot"
        " reach it.",
    )
    return panels.lines(
        head, [Query(queries.processes("spool_events", "instance"), "{{instance}}")], _COUNTS
    )


def _spooled_bytes() -> JsonObject:
    head = Head(
        10,
        "Size of each spool",
        "Bytes on disk, what was refused and set aside included. At nine tenths of"
        " `SWITCHWISE_SPOOL_MAX_MB` the collector is no longer ready, and when it is full it"
        " answers 503.",
    )
    query = Query(queries.processes("spool_bytes", "instance"), "{{instance}}")
    return panels.lines(
        head,
        [query],
        NumberFormat("bytes", "no collector has a spool", color=panels.BY_NAME, min=0),
    )


def _drained() -> JsonObject:
    head = Head(
        11,
        "Moved on from spools, by outcome",
        "Events that left a spool, for each point of the graph. Refused: can never be stored,"
        " so set aside in the folder and logged; sealed: so old that the raw events of their"
        " day are gone already, so not stored.",
    )
    query = Query(
        queries.growth("increase", _PER_POINT, "spool_drained_events_total", "outcome"),
        "{{outcome}}",
    )
    return panels.lines(head, [query], _COUNTS, _OUTCOME_COLORS)
