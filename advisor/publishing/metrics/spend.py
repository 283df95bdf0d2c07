"""Money spent: since the beginning, by month, and the current month's forecast. Only priced parts; unknown has no sample."""

from collections.abc import Iterable, Iterator, Mapping

from advisor.months import figures as month_figures
from advisor.publishing.metrics import waste
from advisor.publishing.metrics.months import MonthFigures
from advisor.publishing.metrics.published import Published
from advisor.publishing.metrics.sample import Sample, of_femto_usd, of_text
from advisor.report import figures as report_figures
from ledger import money
from ledger.months import Month

MONTHS = 13


def samples(
    months: Mapping[str, MonthFigures],
    current: Month,
    report: report_figures.Report,
    shown: Published,
) -> Iterator[Sample]:
    """The gauges of money spent, by canonical model."""
    yield from _since_the_beginning(months.values(), shown)
    for name in _latest(current):
        if name in months:
            yield from _of_month(name, months[name], shown)
    if report.forecast is not None:
        yield from _forecast(report.forecast)
    if report.forecast_record is not None:
        yield from _forecast_record(report.forecast_record)


def _since_the_beginning(months: Iterable[MonthFigures], shown: Published) -> list[Sample]:
    sums: dict[tuple[str, ...], int] = {}
    for month in months:
        for key, femto_usd in month.lines_femto_usd.items():
            labels = (key.provider, key.model, key.service_tier, *shown.of_line(key))
            sums[labels] = sums.get(labels, 0) + femto_usd
    return of_femto_usd("cost_usd", sums)


def _latest(current: Month) -> Iterator[str]:
    month = current
    for _ in range(MONTHS):
        yield str(month)
        month = month.previous()


def _of_month(name: str, month: MonthFigures, shown: Published) -> Iterator[Sample]:
    for usage in month.models:
        labels = (name, usage.names["provider"], usage.names["model"])
        yield Sample("month_requests", labels, usage.requests)
        if usage.cost_usd is not None:
            yield of_text("month_cost_usd", labels, usage.cost_usd)
    sums: dict[tuple[str, ...], int] = {}
    for usage in month.projects:
        if usage.cost_usd is not None:
            place = (name, shown.of_project(usage.names["project"]))
            sums[place] = sums.get(place, 0) + money.femto_usd(usage.cost_usd)
    yield from of_femto_usd("month_project_cost_usd", sums)
    yield from _adjustments(name, month.adjustments)
    if month.waste is not None:
        yield from waste.of_month(name, month.waste)


def _adjustments(name: str, booked: Iterable[month_figures.AdjustmentFigure]) -> list[Sample]:
    sums: dict[tuple[str, ...], int] = {}
    for line in (line for each in booked for line in each.lines):
        if line.cost_usd is not None:
            labels = (name, line.provider, line.model)
            sums[labels] = sums.get(labels, 0) + money.femto_usd(line.cost_usd)
    return of_femto_usd("month_adjustment_usd", sums)


def _forecast(forecast: month_figures.ForecastReport) -> Iterator[Sample]:
    ends = {
        "month_forecast_low_usd": forecast.low_usd,
        "month_forecast_usd": forecast.cost_usd,
        "month_forecast_high_usd": forecast.high_usd,
    }
    for name, text in ends.items():
        if text is not None:
            yield of_text(name, (), text)


def _forecast_record(record: month_figures.ForecastRecord) -> Iterator[Sample]:
    """A record of forecasts that had no band has no coverage."""
    for each in record.months:
        yield of_text("forecast_error_ratio", (each.month,), each.error_ratio)
    if record.coverage_ratio is not None:
        yield of_text("forecast_coverage_ratio", (), record.coverage_ratio)
