"""Money spent: since the beginning, by month, and the current month's forecast.

Only priced parts; unknown has no sample.
"""

from collections.abc import Iterable, Iterator, Mapping

from advisor.months.figures import AdjustmentFigure, ForecastRecord, ForecastReport
from advisor.publishing.metrics import sample, waste
from advisor.publishing.metrics.months import MonthFigures
from advisor.publishing.metrics.places import PublishedPlaces
from advisor.publishing.metrics.sample import Labels, MetricSample
from advisor.report.figures import Report
from ledger import money
from ledger.months import Month

MONTHS = 13


def samples(
    months: Mapping[str, MonthFigures], current: Month, report: Report, places: PublishedPlaces
) -> Iterator[MetricSample]:
    """The gauges of money spent, by canonical model. `report` is of the current month."""
    yield from _since_the_beginning(months.values(), places)
    for name in _latest_names(current):
        if name in months:
            yield from _month(name, months[name], places)
    if report.forecast is not None:
        yield from _forecast(report.forecast)
    if report.forecast_record is not None:
        yield from _forecast_record(report.forecast_record)


def _since_the_beginning(
    months: Iterable[MonthFigures], places: PublishedPlaces
) -> list[MetricSample]:
    sums: dict[Labels, int] = {}
    for month in months:
        for key, femto_usd in month.lines_femto_usd.items():
            labels = (key.provider, key.model, key.service_tier, *places.for_line(key))
            sums[labels] = sums.get(labels, 0) + femto_usd
    return sample.from_femto_usd("cost_usd", sums)


def _latest_names(current: Month) -> Iterator[str]:
    month = current
    for _ in range(MONTHS):
        yield str(month)
        month = month.previous()


def _month(name: str, month: MonthFigures, places: PublishedPlaces) -> Iterator[MetricSample]:
    for usage in month.models:
        labels = (name, usage.names["provider"], usage.names["model"])
        yield MetricSample("month_requests", labels, usage.requests)
        if usage.cost_usd is not None:
            yield sample.from_text("month_cost_usd", labels, usage.cost_usd)
    sums: dict[Labels, int] = {}
    for usage in month.projects:
        if usage.cost_usd is not None:
            project = (name, places.for_project(usage.names["project"]))
            sums[project] = sums.get(project, 0) + money.femto_usd(usage.cost_usd)
    yield from sample.from_femto_usd("month_project_cost_usd", sums)
    yield from _adjustments(name, month.adjustments)
    if month.waste is not None:
        yield from waste.samples(name, month.waste)


def _adjustments(name: str, adjustments: Iterable[AdjustmentFigure]) -> list[MetricSample]:
    sums: dict[Labels, int] = {}
    for line in (line for adjustment in adjustments for line in adjustment.lines):
        if line.cost_usd is not None:
            labels = (name, line.provider, line.model)
            sums[labels] = sums.get(labels, 0) + money.femto_usd(line.cost_usd)
    return sample.from_femto_usd("month_adjustment_usd", sums)


def _forecast(forecast: ForecastReport) -> Iterator[MetricSample]:
    ends = {
        "month_forecast_low_usd": forecast.low_usd,
        "month_forecast_usd": forecast.cost_usd,
        "month_forecast_high_usd": forecast.high_usd,
    }
    for name, text in ends.items():
        if text is not None:
            yield sample.from_text(name, (), text)


def _forecast_record(record: ForecastRecord) -> Iterator[MetricSample]:
    """A record of forecasts that had no band has no coverage."""
    for month in record.months:
        yield sample.from_text("forecast_error_ratio", (month.month,), month.error_ratio)
    if record.coverage_ratio is not None:
        yield sample.from_text("forecast_coverage_ratio", (), record.coverage_ratio)
