"""The columns of the review's tables, in order; a name that ends in a unit has it.

They hold no figure.

A table that shows all of a figure takes new fields of it by itself; only the order of columns is
written here.
"""

from advisor.advice.figures import AdviceFigure
from advisor.evidence.figures import RunFigure
from advisor.months.budget_figures import BudgetFigure, OwnerFigure
from advisor.months.figures import AdjustmentFigure, AdjustmentLineFigure, DayFigure, MeterFigure
from advisor.months.fixed_cost_figures import FixedCostRowFigure
from advisor.months.forecast_figures import BacktestFigure
from advisor.months.movements import AnomalyFigure, BridgeFigure
from advisor.months.refused_figures import RefusedFigure
from advisor.months.sender_cost_figures import SenderCostFigure
from advisor.months.sender_figures import SenderFigure
from advisor.months.waste_figures import RetryFigure, TierFigure
from advisor.publishing.exports import cells
from advisor.report.departure_plan import PlannedDepartureFigure
from advisor.report.opt_out_figures import OptOutFigure
from advisor.stages.records import MoveFigure, RealisedFigure

_MOVE = "project workload provider from_model to_provider to_model to_service_tier"

ADJUSTMENTS = cells.columns(
    AdjustmentFigure,
    AdjustmentLineFigure,
    leading="number dated kind reason made_by price_book_version project workload provider model"
    " service_tier cost_usd list_cost_usd requests tokens unpriced_tokens",
)
"""The columns of a closed month's adjustments: one row for each line that an adjustment changes."""

METERS = cells.columns(MeterFigure, leading="project workload provider model")
"""The columns of what was used besides plain tokens; its cost is in the cost of usage."""

BUDGETS = cells.columns(BudgetFigure)
"""The columns of the budgets that hold in the month; they may overlap, so they do not add up."""

OWNERS = cells.columns(OwnerFigure)
"""The columns of the projects' owners and target costs."""

FIXED_COSTS = cells.columns(FixedCostRowFigure)
"""The columns of costs that are not per token: one row for each project's share of each cost."""

BRIDGE = cells.columns(BridgeFigure)
"""The columns of why a finished month cost more or less than the one before; terms add up."""

ANOMALIES = cells.columns(AnomalyFigure)
"""The columns of the days on which a project cost far more than its weekday usually does."""

OPT_OUTS = cells.columns(OptOutFigure)
"""The columns of the places that people took out of advice."""

DEPARTURES = cells.columns(
    PlannedDepartureFigure,
    leading="project workload provider model shutdown_day days_left to_provider to_model"
    " to_service_tier to_cost_month_usd to_ends_on",
)
"""The columns of the plan for models that shut down, with the first place that the work can go."""

DAYS = cells.columns(DayFigure)

SENDERS = cells.columns(SenderFigure)
"""The columns of the senders: the last event of each, and what silence leaves out."""

REFUSED = cells.columns(RefusedFigure)
"""The columns of what was refused at the door, by namespace and reason."""

FORECAST_RECORD = cells.columns(BacktestFigure)
"""The columns of how the forecasts of finished months did."""

RETRIES = cells.columns(RetryFigure)
"""The columns of requests that were sent again."""

OTHER_TIER = cells.columns(TierFigure)
"""The columns of requests at another tier than asked; only what is `compared` has a difference."""

SENDER_COSTS = cells.columns(SenderCostFigure)
"""The columns of what senders say that requests cost, by UTC day, beside our own figure."""

SAVINGS = tuple(
    dict.fromkeys(
        name.removeprefix("saving_")
        for name in cells.columns(
            AdviceFigure,
            leading=f"{_MOVE} decision reason must_move ends_on counted requests"
            " coverage_ratio cost_month_usd"
            " price_gap_ratio month_low_usd month_expected_usd month_high_usd"
            " low_name condition"
            " then_model then_service_tier then_added_low_usd then_added_expected_usd"
            " then_added_high_usd then_id"
            " until_retirement_low_usd until_retirement_expected_usd until_retirement_high_usd"
            " breakeven_escalation_ratio days_left label risk_level confidence"
            " good_answer_now_usd good_answer_instead_usd window_first_day window_last_day"
            " as_of id",
        )
    )
)
"""The columns of the savings. A month is the average one of 730 hours."""

RETIREMENTS = cells.columns(leading="provider model shutdown_date successor source")

LATENCY = cells.columns(
    leading="project workload side provider model service_tiers measured_in measure requests"
    " p50_low_ms p50_high_ms p95_low_ms p95_high_ms id"
)
"""The columns of the latency of both sides of a recommendation. The bounds are both included."""

EVIDENCE = cells.columns(
    leading="project workload from_model to_model kind rule threshold verdict doubt items pairs"
    " conversations left_out source_ratio target_ratio bound_ratio measured_on expires_on"
    " drift_ratio judge judge_labels level_ratio prompt_version source imported_by id"
)
"""The columns of the comparisons that the savings rest on."""

EVIDENCE_RUNS = cells.columns(
    RunFigure,
    leading="project workload from_model to_model",
)
"""The columns of every run of those comparisons, and of the withdrawn ones."""

MOVES = cells.columns(
    MoveFigure,
    leading=f"{_MOVE} decision stage owner since share counted frozen_low_name frozen_low_usd"
    " frozen_expected_usd frozen_high_usd due_low_usd due_expected_usd due_high_usd"
    " realised_hold_out_usd"
    " realised_before_after_usd realised_repricing_usd missed_usd missed_month_usd id",
)
"""The columns of what is open, claimed, realised against the frozen estimate, and missed.

The three methods of what is realised measure the same saving, so they do not add up.
"""

REALISED = (
    *cells.columns(
        RealisedFigure,
        leading=f"{_MOVE} method label reason first_day last_day days requests",
    ),
    "id",
)
"""The columns of each method's figures. The volume effect is no saving."""
