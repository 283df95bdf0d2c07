"""The report: one value of statements and recommendations that every face shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlmodel import Session

from advisor.advice import computation, departures, rendering, values
from advisor.months import (
    adjustment_store,
    adjustments,
    budget_figures,
    fixed_cost_figures,
    forecast_figures,
    movements,
    pricings,
    refused_figures,
    sender_cost_figures,
    sender_costs,
    sender_figures,
    silent_senders,
    statement_store,
    twin_figures,
    twins,
    waste,
    waste_figures,
)
from advisor.months import figures as month_figures
from advisor.months.missed_spend import MissedSpend
from advisor.months.refused_figures import RefusedFigure
from advisor.months.sender_figures import SenderFigure
from advisor.months.statement_store import MonthStatement
from advisor.months.statements import Line, LineKey
from advisor.months.twin_figures import TwinFigure
from advisor.report import figures as report_figures
from advisor.report import notes, opt_out_figures, outbox
from advisor.stages import outcomes, recommendations, summary
from advisor.trial import last_start
from ledger import clock, facts, months, policies, prose, refusals, rollups, senders
from ledger.errors import NotFound, UsageError
from ledger.months import Month
from ledger.pricing import fixed_cost_store, in_force
from ledger.settings import Settings

BACKTESTED_MONTHS = 12
"""Finished months whose forecasts a report judges."""


@dataclass(frozen=True, slots=True)
class _MonthUsage:
    """A month's statement, its lines of all projects or one, and the adjustments of them."""

    statement: MonthStatement | None
    lines: Mapping[LineKey, Line]
    adjustments: adjustments.ByNumber

    @property
    def closing(self) -> statement_store.Closing | None:
        return self.statement.closing if self.statement else None


def build(
    session: Session,
    settings: Settings,
    now_us: int,
    month_text: str | None = None,
    project: str | None = None,
    *,
    with_movements: bool = False,
) -> report_figures.Report:
    """The report of a month, by default the current one, for all projects or one.

    Days and forecast are those of all projects, and absent from the report of one. Raises
    UsageError when the text is no month or lies ahead, NotFound for a project without traffic in
    it. The movements, which read days of two months, are there only where they are asked for.
    """
    month = months.parse_or_current(month_text, settings.zone, now_us)
    book, usage = in_force.load_book(session), _read_usage(session, month, project)
    statement, lines, closing = usage.statement, usage.lines, usage.closing
    late = adjustments.late_requests(usage.adjustments) if usage.adjustments else None
    of_all = statement if project is None else None
    adjusted_lines = adjustments.apply(lines, usage.adjustments)
    missed = sender_figures.of_project(statement.missed if statement else (), project)
    sent = _senders(session, month, statement, project=project, now_us=now_us)
    refused = _refused(session, month) if project is None else ()
    held_against = _budgeted_usage(session, month, statement, now_us)
    report = report_figures.Report(
        month=str(month),
        zone=str(statement.month.zone) if statement else settings.reporting_zone,
        currency="USD",
        as_of=clock.rfc3339(statement.computed_at if statement else now_us),
        state="closed" if closing else "open",
        closed_at=clock.rfc3339(closing.closed_at) if closing else None,
        closed_by=closing.closed_by if closing else None,
        content_sha256=closing.content_sha256 if closing else None,
        revision=statement.revision if statement else 0,
        early_events=rollups.count_early(session, now_us)[0] if project is None else None,
        last_event=max((sender.last_event for sender in sent), default=None),
        price_book_version=statement.basis.price_book_version if statement else book.version,
        prices_checked=book.checked,
        total=refused_figures.with_refused(
            sender_figures.with_silence(month_figures.usage_figure(lines, late), missed), refused
        ),
        adjusted=month_figures.usage_figure(adjusted_lines, late) if closing else None,
        adjustments=month_figures.adjustment_figures(usage.adjustments),
        projects=_projects(lines, late, missed),
        models=month_figures.usage_figures(
            lines, lambda key: {"provider": key.provider, "model": key.model}, late
        ),
        slices=month_figures.usage_figures(lines, lambda key: key._asdict(), late),
        days=tuple(map(month_figures.day_figure, of_all.days)) if of_all else (),
        forecast=forecast_figures.known_forecast_figure(of_all) if of_all else None,
        forecast_record=_forecast_record(session, month) if project is None else None,
        senders=sent,
        twins=_twins(session, month, project),
        refused=refused,
        sender_costs=_sender_costs(statement, project),
        waste=_waste(statement, project),
        fixed_costs=fixed_cost_figures.fixed_costs_figure(
            fixed_cost_store.load_all(session),
            month,
            statement.lines if statement else {},
            today=clock.day_in(settings.zone, now_us),
            project=project,
        ),
        budgets=budget_figures.budget_figures(
            policies.load_budgets(session), held_against, project=project
        ),
        owners=budget_figures.owner_figures(
            policies.load_owners(session), held_against, project=project
        ),
        opt_outs=opt_out_figures.opt_out_figures(policies.load_opt_outs(session), project),
        movements=movements.build(session, statement.month, now_us, project)
        if with_movements and statement
        else None,
        savings=build_savings(session, settings, now_us, month=month, project=project),
        sample_projects=tuple(
            sample
            for sample in facts.sample_projects(session)
            if any(key.project == sample for key in lines)
        ),
        alerts=(
            outbox.load_outbox(session, settings, now_us)
            if project is None and closing is None
            else None
        ),
        notes=(),
    )
    all_notes = notes.write_notes(session, settings, report, lines, now_us=now_us)
    return replace(report, notes=tuple(all_notes))


def _budgeted_usage(
    session: Session, month: Month, statement: MonthStatement | None, now_us: int
) -> budget_figures.MonthUsage:
    """The usage of all projects that budgets and target costs are held against."""
    days = [day.day for day in statement.days] if statement else []
    as_of_us = statement.computed_at if statement else now_us
    is_over = statement is not None and statement.closing is not None
    lacks_usage = bool(refusals.list_month(session, month)) or bool(statement and statement.missed)
    return budget_figures.MonthUsage(
        month=statement.month if statement else month,
        lines=statement.lines if statement else {},
        clock=budget_figures.clock_of(
            month, min(days, default=None), month.end_us if is_over else as_of_us
        ),
        forecast=statement.forecast if statement else None,
        lacks_usage=lacks_usage,
    )


def _read_usage(session: Session, month: Month, project: str | None = None) -> _MonthUsage:
    statement = statement_store.read_statement(session, month)
    lines: Mapping[LineKey, Line] = statement.lines if statement else {}
    is_closed = statement is not None and statement.closing is not None
    by_number = adjustment_store.read_month(session, str(month)) if is_closed else {}
    if project is None:
        return _MonthUsage(statement, lines, by_number)
    of_project = {key: line for key, line in lines.items() if key.project == project}
    adjusted = adjustments.for_project(by_number, project)
    if not of_project and not adjusted:
        raise NotFound(
            f"no traffic of project {project!r} in {month}; list projects with: switchwise report"
            f" --month {month}"
        )
    return _MonthUsage(statement, of_project, adjusted)


def _senders(
    session: Session,
    month: Month,
    statement: MonthStatement | None,
    *,
    project: str | None,
    now_us: int,
) -> tuple[SenderFigure, ...]:
    """The senders of a month; a closed month's silent ones are those that it was closed with."""
    is_closed = statement is not None and statement.closing is not None
    missed = statement.missed if statement else ()
    silent = () if is_closed else silent_senders.find(session, now_us)
    figures = sender_figures.sender_figures(
        month,
        senders.last_events(session),
        silent_senders.missed_in(month, silent),
        missed,
    )
    return tuple(sender for sender in figures if project in (None, sender.project))


def _refused(session: Session, month: Month) -> tuple[RefusedFigure, ...]:
    """What was refused of a month: it names no project that could be trusted, so of all."""
    return tuple(map(refused_figures.refused_figure, refusals.list_month(session, month)))


def _twins(session: Session, month: Month, project: str | None) -> tuple[TwinFigure, ...]:
    """The reporters of the same calls in hours of a month; of one project: its own."""
    return tuple(
        twin_figures.twin_figure(pair)
        for pair in twins.load(session)
        if pair.first_hour * clock.HOUR_US < month.end_us
        and (pair.last_hour + 1) * clock.HOUR_US > month.start_us
        and project in (None, pair.first.project)
        and project in (None, pair.second.project)
    )


def _projects(
    lines: Mapping[LineKey, Line], late: Mapping[LineKey, int] | None, missed: Sequence[MissedSpend]
) -> tuple[month_figures.UsageFigure, ...]:
    usages = month_figures.usage_figures(lines, lambda key: {"project": key.project}, late)
    return tuple(
        sender_figures.with_silence(
            usage, sender_figures.of_project(missed, usage.names["project"])
        )
        for usage in usages
    )


def group_usage(
    session: Session, month: Month, names: Sequence[str], project: str | None = None
) -> tuple[bool, tuple[month_figures.UsageFigure, ...]]:
    """Whether a month is closed, and its usage by any of the names of a statement line.

    A closed month's usage is that it was closed with, with the gap of what came late, as the report
    has it. Raises UsageError on another name.
    """
    for name in names:
        if name not in LineKey._fields:
            raise UsageError(f"cannot group by {name!r}; use {prose.one_of(LineKey._fields)}")
    usage = _read_usage(session, month)
    lines, by_number = usage.lines, usage.adjustments
    if project is not None:
        lines = {key: line for key, line in lines.items() if key.project == project}
        by_number = adjustments.for_project(by_number, project)
    late = adjustments.late_requests(by_number) if by_number else None
    figures = month_figures.usage_figures(
        lines, lambda key: {name: getattr(key, name) for name in names}, late
    )
    return usage.closing is not None, figures


def _forecast_record(
    session: Session, month: Month
) -> forecast_figures.ForecastRecordFigure | None:
    """How the forecasts of the last year's months did, this one included; None without any."""
    backtests = statement_store.read_backtests(session, month, BACKTESTED_MONTHS)
    return forecast_figures.forecast_record_figure(backtests)


def _sender_costs(
    statement: MonthStatement | None, project: str | None
) -> sender_cost_figures.SenderCostsFigure | None:
    costs = statement.sender_costs if statement else ()
    if project is not None:
        costs = sender_costs.for_project(costs, project)
    return sender_cost_figures.costs_figure(costs)


def _waste(
    statement: MonthStatement | None, project: str | None
) -> waste_figures.WasteFigure | None:
    if statement is None:
        return None
    wasted = statement.waste if project is None else waste.for_project(statement.waste, project)
    return waste_figures.waste_figure(wasted)


def build_savings(
    session: Session, settings: Settings, now_us: int, *, month: Month, project: str | None = None
) -> report_figures.SavingsReport:
    """The stored advice for the current month, else advice on the closed days of the month.

    That of an earlier month is computed now, at today's prices.
    """
    if month == months.containing(now_us, settings.zone):
        advised = [row.recommendation for row in recommendations.read_current(session)]
        basis = "the last closed weeks"
    else:
        pricing = pricings.in_force(session)
        controls = outcomes.find_controls(session, clock.day_of(now_us))
        advised = computation.compute(
            session, pricing, settings, now_us, month=month, controls=controls
        )
        basis = f"the closed days of {month}"
    if project is not None:
        advised = [
            recommendation for recommendation in advised if recommendation.project == project
        ]
    total = values.total(advised)
    is_known = any(
        recommendation.decision.kind != "not_enough_data" and recommendation.has_potential
        for recommendation in advised
    )
    return report_figures.SavingsReport(
        basis=basis,
        total=rendering.total_of(total.month, is_proven=total.is_proven) if is_known else None,
        safe_now=rendering.total_of(total.safe, is_proven=total.safe_is_proven)
        if is_known
        else None,
        after_trial=rendering.total_of(total.after_trial, is_proven=total.after_trial_is_proven)
        if is_known
        else None,
        until_retirement=rendering.total_of(total.until_retirement, is_proven=total.is_proven)
        if is_known
        else None,
        recommendations=tuple(map(rendering.figure_of, advised)),
        departures=departures.find_departures(advised, last_start.find_days(advised)),
        so_far=summary.build(session, month, project),
    )
