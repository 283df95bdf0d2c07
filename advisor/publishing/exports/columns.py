"""The columns of the review's tables, in order; a name that ends in a unit has it. They hold no figure."""

OF_ADJUSTMENT = ("number", "dated", "kind", "reason", "made_by", "price_book_version")
ADJUSTMENTS = (
    *OF_ADJUSTMENT,
    "project",
    "workload",
    "provider",
    "model",
    "service_tier",
    "cost_usd",
    "list_cost_usd",
    "requests",
    "tokens",
    "unpriced_tokens",
)
"""The columns of a closed month's adjustments: one row for each line that an adjustment changes."""

FORECAST_RECORD = "month actual_usd forecasts error_ratio bias_ratio banded covered"
"""The columns of how the forecasts of finished months did, also where there are none."""

RETRIES = "project provider model requests tokens unpriced_tokens cost_usd"
"""The columns of requests sent again, also where there are none."""

OTHER_TIER = (
    "project provider model asked served state requests tokens unpriced_tokens cost_usd asked_cost_usd difference_usd"
    " meaning"
)
"""The columns of requests at another tier than asked; only what is `compared` has a difference."""

SAVINGS = (
    "project workload provider from_model to_provider to_model to_service_tier decision reason counted requests"
    " coverage_ratio cost_month_usd price_gap_ratio month_low_usd month_expected_usd month_high_usd"
    " until_retirement_low_usd until_retirement_expected_usd until_retirement_high_usd breakeven_escalation_ratio days_left"
    " label risk_level confidence good_answer_now_usd good_answer_instead_usd window_first_day window_last_day as_of id"
)
"""The columns of the savings, also where there are none. A month is the average one of 730 hours."""

EVIDENCE = (
    "project workload from_model to_model kind rule threshold verdict doubt items pairs conversations left_out source_ratio"
    " target_ratio bound_ratio measured_on expires_on drift_ratio judge judge_labels source imported_by id"
)
"""The columns of the comparisons that the savings rest on, also where there are none."""

WHICH = "project workload provider from_model to_provider to_model to_service_tier"
MOVES = (
    f"{WHICH} decision stage owner since share counted frozen_low_usd frozen_expected_usd frozen_high_usd due_low_usd"
    " due_expected_usd due_high_usd realised_hold_out_usd realised_before_after_usd realised_repricing_usd"
    " missed_usd missed_month_usd id"
)
"""The columns of what is open, claimed, realised against the frozen estimate, and missed; three methods that do not add up."""

REALISED = f"{WHICH} method label reason first_day last_day days requests instead_usd cost_usd saving_usd volume_effect_usd id"
"""The columns of each method's figures, also where there are none. The volume effect is no saving."""
