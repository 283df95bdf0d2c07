"""The report as every face shows it: what a month came to, and what could be saved."""

from dataclasses import dataclass

from advisor.advice.departures import DepartureFigure
from advisor.advice.figures import RecommendationFigure, TotalEnds
from advisor.months.budget_figures import BudgetFigure, OwnerFigure
from advisor.months.figures import AdjustmentFigure, DayFigure, UsageFigure
from advisor.months.fixed_cost_figures import FixedCostsFigure
from advisor.months.forecast_figures import ForecastFigure, ForecastRecordFigure
from advisor.months.movements import MovementsFigure
from advisor.months.refused_figures import RefusedFigure
from advisor.months.sender_cost_figures import SenderCostsFigure
from advisor.months.sender_figures import SenderFigure
from advisor.months.twin_figures import TwinFigure
from advisor.months.waste_figures import WasteFigure
from advisor.report.opt_out_figures import OptOutFigure
from advisor.report.outbox import AlertOutbox
from advisor.stages.records import SoFar


@dataclass(frozen=True, slots=True, kw_only=True)
class SavingsReport:
    """What the moves looked at would save per average month, each slice once, and its advice.

    `total` is what can be done today (`safe_now`) and what trials may add (`after_trial`). The
    totals are None while no slice has a move that could save and data enough to decide on it:
    unknown is not 0, and neither is what cannot be.
    """

    basis: str
    total: TotalEnds | None
    safe_now: TotalEnds | None
    after_trial: TotalEnds | None
    until_retirement: TotalEnds | None
    recommendations: tuple[RecommendationFigure, ...]
    departures: tuple[DepartureFigure, ...]
    """The models that have to be left within 90 days, the first to go first."""
    so_far: SoFar | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A month as every face shows it. Projects and models each add up to the total.

    A closed month's total, projects, models, slices and days are those it was closed with;
    `adjustments` came later, and `adjusted` is the total with them. Both are empty for an open
    month, whose figures follow every change. `last_event` is the time of the last event of all
    senders that it lists. `early_events` are stored, but from clocks ahead of ours, and in no
    figure before their own time; it is None in the report of one project. `refused` is empty there:
    what was refused belongs to no project.
    """

    month: str
    zone: str
    currency: str
    as_of: str
    state: str
    closed_at: str | None
    closed_by: str | None
    content_sha256: str | None
    revision: int
    last_event: str | None
    early_events: int | None
    price_book_version: str
    prices_checked: str
    total: UsageFigure
    adjusted: UsageFigure | None
    adjustments: tuple[AdjustmentFigure, ...]
    projects: tuple[UsageFigure, ...]
    models: tuple[UsageFigure, ...]
    slices: tuple[UsageFigure, ...]
    days: tuple[DayFigure, ...]
    forecast: ForecastFigure | None
    forecast_record: ForecastRecordFigure | None
    senders: tuple[SenderFigure, ...]
    twins: tuple[TwinFigure, ...]
    refused: tuple[RefusedFigure, ...]
    sender_costs: SenderCostsFigure | None
    waste: WasteFigure | None
    fixed_costs: FixedCostsFigure | None
    """Costs that are not per token, in no amount of usage; None without any."""
    budgets: tuple[BudgetFigure, ...]
    """Those that hold in the month. They may overlap, so they do not add up."""
    owners: tuple[OwnerFigure, ...]
    opt_outs: tuple[OptOutFigure, ...]
    movements: MovementsFigure | None
    """Why the cost moved; None on faces that do not show it."""
    savings: SavingsReport
    sample_projects: tuple[str, ...]
    alerts: AlertOutbox | None
    """Alerts that have not reached Slack; None for a closed month and for one project."""
    notes: tuple[str, ...]
