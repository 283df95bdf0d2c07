"""The monthly review: a month's report as tables, in the order in which a lead reads them.

It formats no file.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from advisor.advice import retirements
from advisor.advice.retirements import Retiring
from advisor.months import fixed_cost_figures, pricings, statement_store
from advisor.publishing.exports import columns, review_rows
from advisor.publishing.exports.cells import Row
from advisor.report import departure_plan, report
from advisor.report.departure_plan import PlannedDepartureFigure
from advisor.report.figures import Report
from ledger import clock, closed_statements, months
from ledger.months import Month
from ledger.pricing import in_force
from ledger.settings import Settings


@dataclass(frozen=True, slots=True)
class Section:
    """One table of the review: its columns, whose names carry the unit, and its rows by column."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthlyReview:
    """A month's report, its tables, and the document of a closed month of all projects."""

    month: Month
    report: Report
    sections: tuple[Section, ...]
    document: bytes | None = None

    def section(self, name: str) -> Section:
        """The table of this name."""
        return next(section for section in self.sections if section.name == name)


def build(
    session: Session,
    settings: Settings,
    now_us: int,
    month_text: str,
    *,
    project: str | None = None,
) -> MonthlyReview:
    """The review of a month, of all projects or one.

    Raises UsageError for text that is no month, NotFound for a month without traffic.
    """
    month = months.parse_or_current(month_text, settings.zone, now_us)
    statement = statement_store.read_statement(session, month)
    if statement is None:
        statement_store.refuse_without_traffic(session, month)
    figures = report.build(
        session, settings, now_us, month_text, project=project, with_movements=True
    )
    models = [(model.names["provider"], model.names["model"]) for model in figures.models]
    retiring = retirements.find_announced(models, in_force.load_book(session), clock.day_of(now_us))
    leaving = departure_plan.build(session, pricings.in_force(session), now_us, project)
    return MonthlyReview(
        month=statement.month,
        report=figures,
        sections=build_sections(figures, retiring, leaving),
        document=closed_statements.load_document(session, figures.month)
        if project is None
        else None,
    )


def build_sections(
    figures: Report,
    retiring: Sequence[Retiring],
    leaving: Sequence[PlannedDepartureFigure] = (),
) -> tuple[Section, ...]:
    """A report as tables. Projects, models and showback each add up to the headline."""
    return (
        *_spend_sections(figures),
        *_waste_sections(figures),
        *_savings_sections(figures),
        _section("sender_costs", _sender_costs(figures), columns.SENDER_COSTS),
        _section("data_quality", review_rows.quality(figures)),
        _section("refused", map(review_rows.plain, figures.refused), columns.REFUSED),
        _section("senders", map(review_rows.plain, figures.senders), columns.SENDERS),
        _section(
            "retirements",
            map(review_rows.retirement, retiring),
            columns.RETIREMENTS,
        ),
        _section("departures", map(review_rows.departure, leaving), columns.DEPARTURES),
        _section("method_notes", [{"note": note} for note in figures.notes]),
    )


def _spend_sections(figures: Report) -> Iterable[Section]:
    record = figures.forecast_record
    return (
        _section("headline", [review_rows.headline(figures)]),
        *_movement_sections(figures),
        _section("projects", map(review_rows.usage, figures.projects)),
        _section("models", map(review_rows.usage, figures.models)),
        _section("showback", map(review_rows.usage, figures.slices)),
        _section("meters", review_rows.meters(figures), columns.METERS),
        _section(
            "fixed_costs",
            map(review_rows.plain, fixed_cost_figures.rows_of(figures.fixed_costs)),
            columns.FIXED_COSTS,
        ),
        _section("budgets", map(review_rows.plain, figures.budgets), columns.BUDGETS),
        _section("owners", map(review_rows.plain, figures.owners), columns.OWNERS),
        _section("adjustments", review_rows.adjustments(figures), columns.ADJUSTMENTS),
        _section("days", map(review_rows.plain, figures.days), columns.DAYS),
        _section(
            "forecast_record",
            map(review_rows.plain, record.months if record else ()),
            columns.FORECAST_RECORD,
        ),
    )


def _movement_sections(figures: Report) -> Iterable[Section]:
    """Why the month cost more or less than the one before, and its days out of line."""
    bridge = figures.movements.bridge if figures.movements else None
    anomalies = figures.movements.anomalies if figures.movements else ()
    return (
        _section("bridge", [review_rows.plain(bridge)] if bridge else [], columns.BRIDGE),
        _section("anomalies", map(review_rows.plain, anomalies), columns.ANOMALIES),
    )


def _waste_sections(figures: Report) -> Iterable[Section]:
    waste = figures.waste
    retries = waste.paid_retries.groups if waste else ()
    tiers = waste.other_tier.groups if waste else ()
    return (
        _section("paid_retries", map(review_rows.plain, retries), columns.RETRIES),
        _section("other_tier", map(review_rows.plain, tiers), columns.OTHER_TIER),
    )


def _sender_costs(figures: Report) -> Iterable[Row]:
    costs = figures.sender_costs
    return map(review_rows.plain, costs.days if costs else ())


def _savings_sections(figures: Report) -> Iterable[Section]:
    advised = figures.savings.recommendations
    moves = figures.savings.so_far.moves if figures.savings.so_far else ()
    return (
        _section("savings", map(review_rows.saving, advised), columns.SAVINGS),
        _section("opt_outs", map(review_rows.plain, figures.opt_outs), columns.OPT_OUTS),
        _section(
            "latency",
            [row for recommendation in advised for row in review_rows.latency(recommendation)],
            columns.LATENCY,
        ),
        _section(
            "evidence",
            [
                review_rows.plain(recommendation.evidence)
                for recommendation in advised
                if recommendation.evidence
            ],
            columns.EVIDENCE,
        ),
        _section(
            "evidence_runs",
            [row for recommendation in advised for row in review_rows.runs(recommendation)],
            columns.EVIDENCE_RUNS,
        ),
        _section("savings_by_stage", map(review_rows.move, moves), columns.MOVES),
        _section(
            "savings_realised",
            [row for move in moves for row in review_rows.realised_by_method(move)],
            columns.REALISED,
        ),
    )


def _section(name: str, rows: Iterable[Row], columns: Iterable[str] = ()) -> Section:
    """A table of these columns; by default of all that the first row has."""
    all_rows = tuple(rows)
    names = tuple(columns) or tuple(all_rows[0])
    return Section(name, names, tuple({name: row[name] for name in names} for row in all_rows))
