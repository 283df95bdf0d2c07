"""How far the figures can be trusted: coverage, freshness, checks, prices, and models that end."""

from collections.abc import Iterator
from datetime import date

from sqlalchemy import func, select
from sqlmodel import Session

from advisor.publishing.metrics import sample
from advisor.publishing.metrics.places import PublishedPlaces
from advisor.publishing.metrics.sample import Labels, MetricSample
from advisor.report.figures import Report
from ledger import clock, rollups, tables, verification
from ledger.pricing.prices import PriceBook

_JOBS = tables.JOB_SLOT
_ROLLUP_JOBS = ("roll_up", "advise")
_DAY_SECONDS = clock.DAY_US // clock.SECOND_US


def samples(
    session: Session, report: Report, book: PriceBook, places: PublishedPlaces, *, now_us: int
) -> Iterator[MetricSample]:
    """The gauges of trust. What was never measured has no sample."""
    coverage = report.total.coverage
    if coverage.ratio is not None:
        yield sample.from_text("coverage_ratio", (), coverage.ratio)
    for reason, ratio in coverage.gaps.items():
        yield sample.from_text("coverage_gap_ratio", (reason,), ratio)
    yield from _retirements(report, book)
    yield from _departures(report)
    yield from _freshness(session, now_us)
    yield from _senders(report, places)
    for refused in report.refused:
        labels = (refused.namespace, refused.reason)
        yield MetricSample("month_refused_requests", labels, refused.requests)
    last_check = verification.last(session)
    if last_check is not None:
        yield MetricSample("ledger_findings", (), sum(last_check.findings.values()))
    if report.alerts is not None:
        yield MetricSample("waiting_alerts", (), report.alerts.waiting.count)
        yield MetricSample("held_alerts", (), report.alerts.held.count)
        yield MetricSample("unconfirmed_alerts", (), report.alerts.unconfirmed.count)
    yield MetricSample("price_book_info", (book.version, book.checked), 1)
    yield MetricSample("ledger_info", (_traffic(report), report.zone), 1)


def _retirements(report: Report, book: PriceBook) -> Iterator[MetricSample]:
    """Of the models in use this month, and of both sides of every advised switch."""
    models = {(usage.names["provider"], usage.names["model"]) for usage in report.models}
    for advice in report.savings.recommendations:
        models |= {(advice.provider, advice.from_model), (advice.to_provider, advice.to_model)}
    for provider, model in sorted(models):
        retirement = book.facts_of(provider, model).retirement
        if retirement is not None:
            seconds = retirement.shutdown_day * _DAY_SECONDS
            yield MetricSample("model_retirement_timestamp_seconds", (provider, model), seconds)


def _departures(report: Report) -> Iterator[MetricSample]:
    """Of the models that have to be left within 90 days."""
    for departure in report.savings.departures:
        sold = departure.provider, departure.model
        if departure.cost_month_usd is not None:
            yield sample.from_text("departure_cost_usd", sold, departure.cost_month_usd)
        if departure.last_trial_start is not None:
            day = clock.day_number(date.fromisoformat(departure.last_trial_start))
            yield MetricSample("departure_last_trial_timestamp_seconds", sold, day * _DAY_SECONDS)


def _freshness(session: Session, now_us: int) -> Iterator[MetricSample]:
    _, oldest_us = rollups.count_pending(session, now_us)
    lag_us = 0 if oldest_us is None else max(0, now_us - oldest_us)
    yield MetricSample("rollup_lag_seconds", (), lag_us / clock.SECOND_US)
    early, _ = rollups.count_early(session, now_us)
    yield MetricSample("early_events", (), early)
    # While nothing is pending the roll-up does not run, but the job that follows it every few
    # seconds does.
    finished_us = session.execute(
        select(func.max(_JOBS.c.finished_at)).where(_JOBS.c.job.in_(_ROLLUP_JOBS))
    ).scalar()
    if finished_us is not None:
        yield MetricSample("last_rollup_timestamp_seconds", (), finished_us / clock.SECOND_US)


def _senders(report: Report, places: PublishedPlaces) -> Iterator[MetricSample]:
    """The last event of each namespace and published project, and how many senders are silent."""
    last_us: dict[Labels, int] = {}
    silent: dict[Labels, int] = {}
    for sender in report.senders:
        labels: Labels = (sender.namespace, places.for_project(sender.project))
        last_us[labels] = max(last_us.get(labels, 0), clock.parse_rfc3339(sender.last_event))
        silent[labels] = silent.get(labels, 0) + sender.silent
    for labels, instant_us in last_us.items():
        seconds = instant_us / clock.SECOND_US
        yield MetricSample("last_event_timestamp_seconds", labels, seconds)
        yield MetricSample("silent_senders", labels, silent[labels])


def _traffic(report: Report) -> str:
    projects = {usage.names["project"] for usage in report.projects}
    replayed = projects & set(report.sample_projects)
    if not projects:
        return "no traffic this month"
    if not replayed:
        return "recorded traffic"
    if replayed == projects:
        return "replayed sample traffic"
    return "recorded and replayed sample traffic"
