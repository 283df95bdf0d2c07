"""How far the figures can be trusted: coverage, the freshness and the checks of the ledger, prices, and models that end."""

from collections.abc import Iterator

from sqlalchemy import func, select
from sqlmodel import Session

from advisor.publishing.metrics.sample import Sample, of_text
from advisor.report import figures as report_figures
from ledger import clock, rollups, tables, verification
from ledger.pricing.prices import PriceBook

_JOBS = tables.JOB_SLOT
_ROLLUP_JOBS = ("roll_up", "advise")
_DAY_SECONDS = clock.DAY_US // clock.SECOND_US


def samples(
    session: Session, report: report_figures.Report, book: PriceBook, now_us: int
) -> Iterator[Sample]:
    """The gauges of trust. What was never measured has no sample."""
    coverage = report.total.coverage
    if coverage.ratio is not None:
        yield of_text("coverage_ratio", (), coverage.ratio)
    for reason, ratio in coverage.gaps.items():
        yield of_text("coverage_gap_ratio", (reason,), ratio)
    yield from _retirements(report, book)
    yield from _freshness(session, now_us)
    yield from _verification(session)
    yield Sample("price_book_info", (book.version, book.checked), 1)
    yield Sample("ledger_info", (_traffic(report), report.zone), 1)


def _retirements(report: report_figures.Report, book: PriceBook) -> Iterator[Sample]:
    """Of the models in use this month, and of both sides of every advised switch."""
    models = {(usage.names["provider"], usage.names["model"]) for usage in report.models}
    for each in report.savings.recommendations:
        models |= {(each.provider, each.from_model), (each.to_provider, each.to_model)}
    for provider, model in sorted(models):
        retirement = book.facts_of(provider, model).retirement
        if retirement is not None:
            seconds = retirement.shutdown_day * _DAY_SECONDS
            yield Sample("model_retirement_timestamp_seconds", (provider, model), seconds)


def _freshness(session: Session, now_us: int) -> Iterator[Sample]:
    _, oldest_us = rollups.count_pending(session)
    lag_us = 0 if oldest_us is None else max(0, now_us - oldest_us)
    yield Sample("rollup_lag_seconds", (), lag_us / clock.SECOND_US)
    # The roll-up takes no turn while nothing is pending; the job that follows it each few seconds shows that someone looked.
    finished_us = session.execute(
        select(func.max(_JOBS.c.finished_at)).where(_JOBS.c.job.in_(_ROLLUP_JOBS))
    ).scalar()
    if finished_us is not None:
        yield Sample("last_rollup_timestamp_seconds", (), finished_us / clock.SECOND_US)


def _verification(session: Session) -> Iterator[Sample]:
    """The checks count findings, not money: what they agree on is 0 USD apart, and no amount is known otherwise."""
    last = verification.last(session)
    if last is None:
        return
    yield Sample("ledger_findings", (), sum(last.findings.values()))
    if last.is_clean:
        yield Sample("ledger_drift_usd", (), 0)


def _traffic(report: report_figures.Report) -> str:
    projects = {usage.names["project"] for usage in report.projects}
    replayed = projects & set(report.sample_projects)
    if not projects:
        return "no traffic this month"
    if not replayed:
        return "recorded traffic"
    return (
        "replayed sample traffic"
        if replayed == projects
        else "recorded and replayed sample traffic"
    )
