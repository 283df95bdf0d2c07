"""The report: one value made of statements and recommendations, which API, CLI, page, metrics and
exports all show."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from sqlmodel import Session

from advisor.advice import computation, rendering, values
from advisor.months import (
    adjustment_store,
    adjustments,
    pricings,
    statement_store,
    statements,
    waste,
    waste_figures,
)
from advisor.months import figures as month_figures
from advisor.months.statement_store import MonthStatement
from advisor.months.statements import Line, LineKey
from advisor.report import figures as report_figures
from advisor.report import notes
from advisor.stages import recommendations, summary
from ledger import clock, facts, months, prose
from ledger.errors import NotFound, UsageError
from ledger.months import Month
from ledger.pricing import in_force
from ledger.settings import Settings

BACKTESTED_MONTHS = 12
"""Finished months whose forecasts a report judges."""


@dataclass(frozen=True, slots=True)
class _Shown:
    """What a report is made of: a month's statement, its lines of all projects or one, and the
    adjustments of them."""

    statement: MonthStatement | None
    lines: Mapping[LineKey, Line]
    booked: adjustments.ByNumber

    @property
    def closing(self) -> statement_store.Closing | None:
        return self.statement.closing if self.statement else None


def build(
    session: Session,
    settings: Settings,
    now_us: int,
    month_text: str | None = None,
    project: str | None = None,
) -> report_figures.Report:
    """The report of a month (by default the current one) for all projects or one; days and forecast
    are those of all.

    Raises UsageError when the text is no month or lies ahead, NotFound for a project without
    traffic in it.
    """
    current, month = (
        months.containing(now_us, settings.zone),
        months.parse_or_current(month_text, settings.zone, now_us),
    )
    book, shown = in_force.load_book(session), _read(session, month, project)
    statement, lines, closing = shown.statement, shown.lines, shown.closing
    late = adjustments.late_requests(shown.booked) if shown.booked else None
    whole = statement if project is None else None
    sample = facts.sample_projects(session)
    found = report_figures.Report(
        month=str(month),
        zone=str(statement.month.zone) if statement else settings.reporting_zone,
        currency="USD",
        as_of=clock.rfc3339(statement.computed_at if statement else now_us),
        state="closed" if closing else "open",
        closed_at=clock.rfc3339(closing.closed_at) if closing else None,
        closed_by=closing.closed_by if closing else None,
        content_sha256=closing.content_sha256 if closing else None,
        revision=statement.revision if statement else 0,
        price_book_version=statement.basis.price_book_version if statement else book.version,
        prices_checked=book.checked,
        total=month_figures.usage_figure(lines, late),
        adjusted=month_figures.usage_figure(adjustments.apply(lines, shown.booked), late)
        if closing
        else None,
        adjustments=month_figures.adjustment_figures(shown.booked),
        projects=month_figures.usage_figures(lines, lambda key: {"project": key.project}, late),
        models=month_figures.usage_figures(
            lines, lambda key: {"provider": key.provider, "model": key.model}, late
        ),
        slices=month_figures.usage_figures(lines, lambda key: key._asdict(), late),
        days=tuple(map(month_figures.day_figure, whole.days)) if whole else (),
        forecast=_forecast(whole) if whole else None,
        forecast_record=_forecast_record(session, month) if project is None else None,
        waste=_waste(statement, project),
        savings=_savings(session, settings, now_us, None if month == current else month, project),
        sample_projects=tuple(
            project for project in sample if any(key.project == project for key in lines)
        ),
        notes=(),
    )
    return replace(found, notes=tuple(notes.of(session, settings, found, lines)))


def _read(session: Session, month: Month, project: str | None) -> _Shown:
    statement = statement_store.read(session, month)
    if statement is None:
        shown = _Shown(None, {}, {})
    else:
        booked = adjustment_store.read(session, str(month)) if statement.closing else {}
        shown = _Shown(statement, statement.lines, booked)
    if project is None:
        return shown
    lines = {key: line for key, line in shown.lines.items() if key.project == project}
    shown = _Shown(statement, lines, adjustments.for_project(shown.booked, project))
    if not lines and not shown.booked:
        raise NotFound(
            f"no traffic of project {project!r} in {month}; list projects with: switchwise"
            f" report --month {month}"
        )
    return shown


def grouped_by(
    report_lines: Mapping[LineKey, Line], names_: Iterable[str]
) -> tuple[month_figures.UsageFigure, ...]:
    """Usage by any of the names of a statement line. Raises UsageError on another name."""
    wanted = list(names_)
    for name in wanted:
        if name not in statements.LineKey._fields:
            raise UsageError(
                f"cannot group by {name!r}; use {prose.one_of(statements.LineKey._fields)}"
            )
    return month_figures.usage_figures(
        report_lines, lambda key: {name: getattr(key, name) for name in wanted}
    )


def _forecast(statement: statement_store.MonthStatement) -> month_figures.ForecastFigure | None:
    """The stored forecast, unless nothing that it rests on is priced: it is then unknown, not 0."""
    forecast = statement.forecast
    if forecast is None:
        return None
    priced = any(line.cost.priced_tokens for line in statement.lines.values())
    if not priced and not forecast.cost_femto_usd:
        return None
    return month_figures.forecast_figure(forecast)


def _forecast_record(session: Session, month: Month) -> month_figures.ForecastRecordFigure | None:
    """How the forecasts of a year's finished months did, this one included; None while there is
    none."""
    backtests = statement_store.read_backtests(session, month, BACKTESTED_MONTHS)
    return month_figures.forecast_record_figure(backtests)


def _waste(
    statement: MonthStatement | None, project: str | None
) -> waste_figures.WasteFigure | None:
    if statement is None:
        return None
    wasted = statement.waste if project is None else waste.for_project(statement.waste, project)
    return waste_figures.waste_figure(wasted)


def _savings(
    session: Session, settings: Settings, now_us: int, month: Month | None, project: str | None
) -> report_figures.SavingsReport:
    """The stored advice for the current month; for an earlier one, advice on that month's closed
    days at today's prices."""
    if month is None:
        advised = [stored.recommendation for stored in recommendations.read(session)]
        basis = "the last closed weeks"
    else:
        pricing = pricings.in_force(session)
        advised = computation.compute(session, pricing, settings, now_us, month=month)
        basis = f"the closed days of {month}"
    advised = [each for each in advised if project in (None, each.project)]
    is_known = any(each.decision.kind != "not_enough_data" for each in advised)
    return report_figures.SavingsReport(
        basis=basis,
        total=rendering.ends_of(values.total(advised)) if is_known else None,
        until_retirement=rendering.ends_of(values.total(advised, until_retirement=True))
        if is_known
        else None,
        recommendations=tuple(map(rendering.figure_of, advised)),
        so_far=summary.build(session, month or months.containing(now_us, settings.zone), project),
    )
