"""A made-up month of two projects as samples of the metrics table: a pure function of time."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from ledger import metric_kinds, metrics

Sample = tuple[str, tuple[str, ...], float]

HOUR = 3_600
# project, workload, provider, model as sent = canonical, USD an hour, requests an hour
TRAFFIC = (
    ("support-chat", "answer", "openai", "gpt-4.1", 7.40, 2_900),
    ("support-chat", "classify", "openai", "gpt-4.1", 2.10, 5_200),
    ("support-chat", "summary", "openai", "gpt-4.1-mini", 1.15, 2_400),
    ("code-review", "review", "anthropic", "claude-sonnet-4-5", 4.30, 410),
    ("code-review", "tests", "openai", "gpt-4.1", 3.25, 640),
    ("code-review", "titles", "openai", "gpt-4.1-nano", 0.12, 1_900),
    ("unassigned", "unlabelled", "azure.ai.openai", "gpt-4.1", 0.85, 210),
)
# project, workload, provider, decision, low, expected, high and the break-even; all from GPT-4.1 to
# GPT-4.1 Mini
ADVICE = (
    ("support-chat", "answer", "openai", "pilot", 2_214.38, 3_625.10, 4_164.92, 0.637),
    ("support-chat", "classify", "openai", "switch_now", 636.22, 1_028.62, 1_149.75, 0.641),
    ("code-review", "tests", "openai", "keep", -118.40, 1_591.94, 1_855.28, 0.482),
    (
        "unassigned",
        "unlabelled",
        "azure.ai.openai",
        "not_enough_data",
        205.13,
        416.36,
        485.08,
        0.63,
    ),
)
GAPS = {
    "unpriced": 0.0031,
    "estimated": 0.0006,
    "missing": 0.0012,
    "detail_unknown": 0.0184,
    "tier_unknown": 0.0,
    "folded": 0.0,
    "late": 0.0002,
}
ADVISED_SINCE = datetime(2026, 10, 29, tzinfo=UTC)
ADOPTED_AFTER_DAYS = 16
EVENTS_PER_HOUR = 13_660
AWAY = (10, 14)
FORECAST_ERRORS = {
    "2026-06": 0.31,
    "2026-07": 0.142,
    "2026-08": 0.064,
    "2026-09": 0.081,
    "2026-10": 0.047,
}
SHUTDOWN = {
    ("openai", "gpt-4.1"): datetime(2027, 1, 14, tzinfo=UTC),
    ("openai", "gpt-4.1-nano"): datetime(2027, 1, 14, tzinfo=UTC),
    ("azure.ai.openai", "gpt-4.1"): datetime(2027, 4, 11, tzinfo=UTC),
    ("openai", "o1"): datetime(2026, 11, 1, tzinfo=UTC),
}


def samples(at: datetime) -> Iterator[Sample]:
    """Every sample of one scrape: short name, label values in the table's order, value."""
    yield from _usage(at)
    yield from _months(at)
    yield from _advice(at)
    yield from _trust(at)
    yield from _collector(at)


def history(start: datetime, end: datetime, step: timedelta) -> Iterator[str]:
    """OpenMetrics lines from `start` to `end`, the last at `end` itself.

    They are for `promtool tsdb create-blocks-from openmetrics`.
    """
    times = [start + step * index for index in range((end - start) // step)] + [end]
    by_name: dict[str, list[str]] = {}
    for at in times:
        for short_name, values, value in samples(at):
            metric = metrics.find_metric(short_name)
            by_name.setdefault(metric.name, []).append(
                f"{series(metric, values)} {value!r} {at.timestamp():.0f}"
            )
    by_name[metrics.find_metric("ingest_seconds").name] = [
        line for at in times for line in _answer_seconds(at)
    ]
    for name, lines in by_name.items():
        yield f"# TYPE {name.removesuffix('_total')} {metrics.BY_NAME[name].kind}"
        yield from lines
    yield "# EOF"


def series(metric: metric_kinds.Metric, values: tuple[str, ...]) -> str:
    """A series in exposition text, as two replicas' scrapes would name the first of them."""
    host = "collector-0:8080" if metric.scope == "process" else "advisor-0:8080"
    labels = dict(zip(metric.labels, values, strict=True)) | {"job": "switchwise", "instance": host}
    return (
        metric.name + "{" + ",".join(f'{label}="{value}"' for label, value in labels.items()) + "}"
    )


def spent(usd_per_hour: float, since: datetime, until: datetime) -> float:
    """USD between two instants at a rate that breathes with the day and the week. Never falls."""
    hours = (until - since) / timedelta(hours=1)
    if hours <= 0:
        return 0.0
    phase = until.timestamp() / HOUR
    return max(
        0.0,
        usd_per_hour
        * (
            hours
            + 3.6 * math.sin(phase * 2 * math.pi / 24)
            + 9 * math.sin(phase * 2 * math.pi / 168)
        ),
    )


def _usage(at: datetime) -> Iterator[Sample]:
    first = datetime(2025, 11, 1, tzinfo=UTC)
    for project, workload, provider, model, usd, requests in TRAFFIC:
        labels = (provider, model, "standard", project, workload)
        hours = (at - first) / timedelta(hours=1)
        yield "cost_usd", labels, spent(usd, first, at)
        yield "requests_total", (*labels, "success"), float(int(requests * hours))
        yield "tokens_total", (*labels, "uncached_input"), float(int(requests * hours) * 900)
        yield "tokens_total", (*labels, "output"), float(int(requests * hours) * 210)
        yield "model_info", (provider, model, model), 1.0


def _months(at: datetime) -> Iterator[Sample]:
    first = at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    for age in range(13):
        last_first = first
        until = at if age == 0 else last_first + timedelta(days=30)
        growth = 0.93**age
        yield from _one_month(first, until, growth)
        first = (first - timedelta(days=1)).replace(day=1)
    month_start = at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    rate = sum(row[4] for row in TRAFFIC)
    remaining = month_start + timedelta(days=30) - at
    expected = spent(rate, month_start, at) + rate * (remaining / timedelta(hours=1))
    band = 90 * math.sqrt(max(0.0, remaining / timedelta(days=1)))
    yield "month_forecast_usd", (), expected
    yield "month_forecast_low_usd", (), expected - band
    yield "month_forecast_high_usd", (), expected + band


def _one_month(first: datetime, until: datetime, growth: float) -> Iterator[Sample]:
    month = first.strftime("%Y-%m")
    by_model: dict[tuple[str, str], tuple[float, float]] = {}
    by_project: dict[str, float] = {}
    for project, _, provider, model, usd, requests in TRAFFIC:
        if model.startswith("claude") and first.year < 2026:
            continue
        amount = spent(usd * growth, first, until)
        so_far, count = by_model.get((provider, model), (0.0, 0.0))
        by_model[provider, model] = (
            so_far + amount,
            count + requests * growth * ((until - first) / timedelta(hours=1)),
        )
        by_project[project] = by_project.get(project, 0.0) + amount
    for (provider, model), (amount, count) in by_model.items():
        yield "month_cost_usd", (month, provider, model), amount
        yield "month_requests", (month, provider, model), float(int(count))
    for project, amount in by_project.items():
        yield "month_project_cost_usd", (month, project), amount


def _advice(at: datetime) -> Iterator[Sample]:
    for project, workload, provider, decision, low, expected, high, breakeven in ADVICE:
        labels = (provider, project, workload, "gpt-4.1", "gpt-4.1-mini", decision)
        yield "savings_potential_low_usd", labels, low
        yield "savings_potential_usd", labels, expected
        yield "savings_potential_high_usd", labels, high
        yield "breakeven_escalation_ratio", labels, breakeven
        yield "recommendations", (decision, "active"), 1.0
        yield "savings_end_timestamp_seconds", labels, SHUTDOWN[provider, "gpt-4.1"].timestamp()
    # One slice still runs on a model that was shut down.
    gone = ("openai", "archive", "tags", "gpt-3.5-turbo", "gpt-6-luna", "pilot")
    yield "replacement_low_usd", gone, 61.2
    yield "replacement_usd", gone, 88.4
    yield "replacement_high_usd", gone, 140.9
    counted = [row for row in ADVICE if row[3] in ("pilot", "switch_now")]
    # Advice is made anew each day; at first a third slice counted, which was adopted later.
    days = max(0, (at - ADVISED_SINCE).days)
    growth = 1 + 0.04 * math.sin(days / 3) + 0.004 * days
    before = 900.0 if days <= ADOPTED_AFTER_DAYS else 0.0
    yield "savings_total_low_usd", (), sum(row[4] for row in counted) * growth + before
    yield "savings_total_usd", (), sum(row[5] for row in counted) * growth + 1.4 * before
    yield "savings_total_high_usd", (), sum(row[6] for row in counted) * growth + 1.6 * before
    safe = [row for row in counted if row[3] == "switch_now"]
    yield "savings_safe_low_usd", (), sum(row[4] for row in safe) * growth
    yield "savings_safe_usd", (), sum(row[5] for row in safe) * growth
    yield "savings_safe_high_usd", (), sum(row[6] for row in safe) * growth
    yield "recommendations", ("pilot", "expired"), 2.0
    yield "recommendations", ("switch_now", "measured"), 1.0
    yield "savings_missed_usd", (), 41.5 * days
    adopted_days = days - ADOPTED_AFTER_DAYS
    if adopted_days > 0:
        yield "savings_realised_usd", ("hold_out",), 31.2 * adopted_days
        yield "savings_realised_usd", ("before_after",), 48.7 * adopted_days - 60
        yield "savings_realised_usd", ("repricing",), 34.4 * adopted_days
    for month, error in FORECAST_ERRORS.items():
        yield "forecast_error_ratio", (month,), error
    yield "forecast_coverage_ratio", (), 0.83


def _trust(at: datetime) -> Iterator[Sample]:
    month = at.strftime("%Y-%m")
    yield "month_sender_cost_usd", (month, "openai", "gpt-4.1"), 512.0
    yield "month_sender_difference_usd", (month, "openai", "gpt-4.1", "fees"), -14.2
    yield "month_sender_difference_usd", (month, "openai", "gpt-4.1-mini", "agrees"), 0.01
    yield "coverage_ratio", (), 1 - GAPS["unpriced"] - GAPS["missing"]
    for reason, share in GAPS.items():
        yield "coverage_gap_ratio", (reason,), share
    for (provider, model), day in SHUTDOWN.items():
        yield "model_retirement_timestamp_seconds", (provider, model), day.timestamp()
    last_start = SHUTDOWN["openai", "gpt-4.1"] - timedelta(days=9)
    yield "departure_last_trial_timestamp_seconds", ("openai", "gpt-4.1"), last_start.timestamp()
    yield "departure_cost_usd", ("openai", "gpt-4.1"), 431.5
    yield "ledger_findings", (), 0.0
    yield "waiting_alerts", (), 0.0
    yield "held_alerts", (), 0.0
    yield "unconfirmed_alerts", (), 0.0
    yield "rollup_lag_seconds", (), 0.4
    yield "early_events", (), 0.0
    yield "last_rollup_timestamp_seconds", (), at.timestamp() - 1
    for project, age_seconds in (("search", 4.0), ("support", 31.0), ("batch-jobs", 518_400.0)):
        yield "last_event_timestamp_seconds", ("default", project), at.timestamp() - age_seconds
        yield "silent_senders", ("default", project), float(age_seconds > 86_400)
    yield "month_refused_requests", ("default", "parts_exceed_total"), 3.0
    yield "price_book_info", ("2026.11.20-1", "2026-11-20"), 1.0
    yield "ledger_info", ("recorded traffic", "UTC"), 1.0


def _collector(at: datetime) -> Iterator[Sample]:
    """A collector whose database is away from ten to two on every third day.

    Events of these hours are spooled, and moved on later.
    """
    days, hour = (at - ADVISED_SINCE).days, at.hour + at.minute / 60
    is_away = days % 3 == 1 and AWAY[0] <= hour < AWAY[1]
    spooled = (hour - AWAY[0]) * EVENTS_PER_HOUR if is_away else 0.0
    outages = (days + 1) // 3 + (days % 3 == 1 and hour >= AWAY[1])
    moved = float(outages * (AWAY[1] - AWAY[0]) * EVENTS_PER_HOUR)
    hours = (at - ADVISED_SINCE) / timedelta(hours=1)
    yield "ingest_requests_total", ("/v1/litellm", "200"), float(int(140 * hours))
    yield "ingest_requests_total", ("/v1/litellm", "503"), float(3 * outages)
    for outcome, count in (
        ("accepted", EVENTS_PER_HOUR * hours - moved - spooled),
        ("spooled", moved + spooled),
        ("duplicate", 400 * hours),
        ("ignored", 110 * hours),
        ("rejected", float(int(hours / 9))),
    ):
        yield "ingest_events_total", ("litellm", outcome), float(int(count))
    yield "spool_events", (), spooled
    yield "spool_bytes", (), spooled * 310
    yield "spool_drained_events_total", ("accepted",), moved - outages
    yield "spool_drained_events_total", ("refused",), float(outages)


def _answer_seconds(at: datetime) -> Iterator[str]:
    """The histogram of the same collector's answers: nine of ten within 5 ms."""
    answered = (at - ADVISED_SINCE) / timedelta(hours=1) * 140
    metric = metrics.find_metric("ingest_seconds")
    labels = series(metric, ()).removeprefix(metric.name + "{").removesuffix("}")
    for limit, share in (
        ("0.002", 0.4),
        ("0.005", 0.9),
        ("0.02", 0.97),
        ("0.1", 0.995),
        ("0.5", 1.0),
        ("+Inf", 1.0),
    ):
        bucket = f'{metric.name}_bucket{{{labels},le="{limit}"}}'
        yield f"{bucket} {answered * share!r} {at.timestamp():.0f}"
