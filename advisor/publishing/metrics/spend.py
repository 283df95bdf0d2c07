"""Money spent: since the beginning, by month, and the current month's forecast.

Only priced parts; unknown has no sample.
"""

from collections.abc import Iterable, Iterator, Mapping

from advisor.months.forecast_figures import ForecastFigure, ForecastRecordFigure
from advisor.publishing.metrics import budgets, fixed_costs, sample, waste
from advisor.publishing.metrics.months import ModelKey, MonthSums
from advisor.publishing.metrics.places import PublishedPlaces
from advisor.publishing.metrics.sample import Labels, MetricSample
from advisor.report.figures import Report
from ledger import money
from ledger.months import Month

MONTHS = 13


def samples(
    months: Mapping[str, MonthSums], current: Month, report: Report, places: PublishedPlaces
) -> Iterator[MetricSample]:
    """The gauges of money spent, by canonical model. `report` is of the current month."""
    yield from _since_the_beginning(months.values(), places)
    for name in _latest_names(current):
        if name in months:
            yield from _month(name, months[name], places)
    yield from fixed_costs.samples(report)
    yield from budgets.samples(report)
    if report.forecast is not None:
        yield from _forecast(report.forecast)
    if report.forecast_record is not None:
        yield from _forecast_record(report.forecast_record)


def _since_the_beginning(
    months: Iterable[MonthSums], places: PublishedPlaces
) -> list[MetricSample]:
    sums: dict[Labels, int] = {}
    for month in months:
        for key, femto_usd in month.line_femto_usd.items():
            labels = (key.provider, key.model, key.service_tier, *places.for_line(key))
            sums[labels] = sums.get(labels, 0) + femto_usd
    return sample.from_femto_usd("cost_usd", sums)


def _latest_names(current: Month) -> Iterator[str]:
    month = current
    for _ in range(MONTHS):
        yield str(month)
        month = month.previous()


def _month(name: str, month: MonthSums, places: PublishedPlaces) -> Iterator[MetricSample]:
    for model, requests in month.model_requests.items():
        yield MetricSample("month_requests", (name, *model), requests)
    yield from _by_model("month_cost_usd", name, month.model_femto_usd)
    project_femto_usd: dict[Labels, int] = {}
    for project, femto_usd in month.project_femto_usd.items():
        labels = (name, places.for_project(project))
        project_femto_usd[labels] = project_femto_usd.get(labels, 0) + femto_usd
    yield from sample.from_femto_usd("month_project_cost_usd", project_femto_usd)
    yield from _by_model("month_adjustment_usd", name, month.adjustment_femto_usd)
    yield from _meters(name, month)
    yield from _sender_costs(name, month)
    if month.waste is not None:
        yield from waste.samples(name, month.waste)


def _meters(name: str, month: MonthSums) -> Iterator[MetricSample]:
    """What was used besides plain tokens: its cost, and the quantity that has no rate."""
    for model, sums in month.model_meters.items():
        for meter, total in sums:
            labels = (name, *model, meter)
            if total.unpriced_quantity < total.quantity:
                cost_usd = money.usd_text(total.femto_usd)
                yield sample.from_text("month_meter_cost_usd", labels, cost_usd)
            if total.unpriced_quantity:
                unpriced = total.unpriced_quantity
                yield MetricSample("month_meter_unpriced_units", labels, unpriced)


def _sender_costs(name: str, month: MonthSums) -> Iterator[MetricSample]:
    for cost in month.sender_costs:
        labels = (name, cost.provider, cost.model)
        told_usd = money.usd_text(cost.sender_femto_usd)
        yield sample.from_text("month_sender_cost_usd", labels, told_usd)
        if cost.difference_femto_usd is not None:
            difference_usd = money.usd_text(cost.difference_femto_usd)
            yield sample.from_text(
                "month_sender_difference_usd", (*labels, cost.cause), difference_usd
            )


def _by_model(metric: str, month: str, sums: Mapping[ModelKey, int]) -> list[MetricSample]:
    labelled: dict[Labels, int] = {(month, *model): amount for model, amount in sums.items()}
    return sample.from_femto_usd(metric, labelled)


def _forecast(forecast: ForecastFigure) -> Iterator[MetricSample]:
    ends = {
        "month_forecast_low_usd": forecast.low_usd,
        "month_forecast_usd": forecast.cost_usd,
        "month_forecast_high_usd": forecast.high_usd,
        "month_forecast_if_broken_usd": forecast.if_broken_usd,
        "month_forecast_if_ended_usd": forecast.if_ended_usd,
    }
    for name, text in ends.items():
        if text is not None:
            yield sample.from_text(name, (), text)
    yield MetricSample("month_forecast_info", (forecast.method,), 1)
    for tested in forecast.tests:
        yield sample.from_text("week_forecast_error_ratio", (tested.method,), tested.error_ratio)
        yield sample.from_text("week_forecast_bias_ratio", (tested.method,), tested.bias_ratio)


def _forecast_record(record: ForecastRecordFigure) -> Iterator[MetricSample]:
    """A record of forecasts that had no band has no coverage."""
    for month in record.months:
        yield sample.from_text("forecast_error_ratio", (month.month,), month.error_ratio)
        yield sample.from_text("forecast_bias_ratio", (month.month,), month.bias_ratio)
    if record.coverage_ratio is not None:
        yield sample.from_text("forecast_coverage_ratio", (), record.coverage_ratio)
