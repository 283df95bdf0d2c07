"""The metrics of money: what was spent, by whom, what it will be, and what it may be.

It holds no values and computes nothing.
"""

from ledger.metric_kinds import gauge

_SENT = ("provider", "model", "service_tier", "project", "workload")
_OTHER_TIER = ("month", "provider", "model", "service_tier_requested", "service_tier")
_SCOPE = ("provider", "model", "project", "workload")

SPEND_METRICS = (
    gauge(
        "month_sender_cost_usd",
        "usd",
        "USD in a month by the senders' own account, for requests whose sender names a cost.",
        labels=("month", "provider", "model"),
    ),
    gauge(
        "month_sender_difference_usd",
        "usd",
        "USD in a month by which the senders' account is above ours for the same requests, by"
        " likely cause; may be negative.",
        labels=("month", "provider", "model", "reason"),
    ),
    gauge(
        "month_meter_cost_usd",
        "usd",
        "USD in a month for what is billed besides plain tokens, by meter; the spend has it too.",
        labels=("month", "provider", "model", "meter"),
    ),
    gauge(
        "month_meter_unpriced_units",
        "units",
        "Units in a month of what is billed besides plain tokens and has no rate, by meter.",
        labels=("month", "provider", "model", "meter"),
    ),
    gauge(
        "cost_usd",
        "usd",
        "USD spent since the ledger began, adjustments included, priced part only. A gauge: a"
        " corrected price may lower it.",
        labels=_SENT,
    ),
    gauge(
        "month_cost_usd",
        "usd",
        "USD spent in a calendar month of the reporting zone, priced part only; 13 months. A"
        " closed month's never changes.",
        labels=("month", "provider", "model"),
    ),
    gauge(
        "month_adjustment_usd",
        "usd",
        "USD by which dated adjustments change a closed month, beside its closed figure; may"
        " be negative; 13 months.",
        labels=("month", "provider", "model"),
    ),
    gauge(
        "month_project_cost_usd",
        "usd",
        "USD spent in a calendar month by project, priced part only; 13 months.",
        labels=("month", "project"),
    ),
    gauge(
        "month_requests",
        "requests",
        "Requests in a calendar month; 13 months.",
        labels=("month", "provider", "model"),
    ),
    gauge(
        "month_paid_retry_requests",
        "requests",
        "Requests in a calendar month that a client had sent before and that used tokens; 13"
        " months.",
        labels=("month", "provider", "model"),
    ),
    gauge(
        "month_paid_retry_cost_usd",
        "usd",
        "USD in a month for requests sent again: paid twice where the attempt before was"
        " billed too; priced part, 13 months.",
        labels=("month", "provider", "model"),
    ),
    gauge(
        "month_other_tier_requests",
        "requests",
        "Requests in a calendar month that were served at another tier than they asked for;"
        " 13 months.",
        labels=_OTHER_TIER,
    ),
    gauge(
        "month_other_tier_difference_usd",
        "usd",
        "USD in a month that another tier than asked cost more (below 0: less); absent where"
        " either has no price; 13 months.",
        labels=_OTHER_TIER,
    ),
    gauge(
        "month_fixed_cost_usd",
        "usd",
        "USD of the current month that are owed whatever the usage: commitments and capacity"
        " paid ahead; beside usage, in no other amount.",
        labels=("month", "provider", "model", "kind"),
    ),
    gauge(
        "fixed_cost_utilisation_ratio",
        "ratio",
        "Share of the current month's commitment or capacity that usage has reached, 0 to 1 or"
        " more; absent while unknown.",
        labels=("month", "provider", "model", "kind"),
    ),
    gauge(
        "budget_usd",
        "usd",
        "USD that a scope may cost in the current month; an empty label means all. Scopes overlap,"
        " so never add them.",
        labels=_SCOPE,
    ),
    gauge(
        "budget_spent_ratio",
        "ratio",
        "Share of a budget that the current month has spent, 0 to 1 or more; at least, where part"
        " of the usage has no price.",
        labels=_SCOPE,
    ),
    gauge(
        "budget_remaining_usd",
        "usd",
        "USD left of a budget of the current month, below 0 where it is exceeded; at most, where"
        " part of the usage has no price.",
        labels=_SCOPE,
    ),
    gauge(
        "budget_run_out_timestamp_seconds",
        "seconds",
        "Unix time at which a budget of the current month is expected to be spent; absent where it"
        " lasts, is spent already, or cannot be told.",
        labels=_SCOPE,
    ),
    gauge(
        "project_target_usd",
        "usd",
        "USD a month that a project's owner has set as its target cost.",
        labels=("project",),
    ),
    gauge("month_forecast_usd", "usd", "USD expected for the whole current month."),
    gauge("month_forecast_low_usd", "usd", "Low end of the 80 % band of that forecast, in USD."),
    gauge("month_forecast_high_usd", "usd", "High end of the 80 % band of that forecast, in USD."),
    gauge(
        "month_forecast_if_broken_usd",
        "usd",
        "USD expected for the current month if the events of silent senders were lost; absent"
        " while no sender is silent.",
    ),
    gauge(
        "month_forecast_if_ended_usd",
        "usd",
        "USD expected for the current month if the traffic of silent senders ended; absent while"
        " no sender is silent.",
    ),
    gauge("month_forecast_info", "info", "Always 1. How it is forecast.", labels=("method",)),
    gauge(
        "week_forecast_error_ratio",
        "ratio",
        "Mean distance of a method's forecasts of a week, made on the mornings of the last six"
        " weeks, from what the week came to, as a share of that, 0 to 1 or more.",
        labels=("method",),
    ),
    gauge(
        "week_forecast_bias_ratio",
        "ratio",
        "The same with its sign, where the error is a share of 0 to 1 or more: above 0 where those"
        " forecasts were too high on average.",
        labels=("method",),
    ),
    gauge(
        "forecast_error_ratio",
        "ratio",
        "Mean distance of a finished month's daily forecasts from what it came to, as a share"
        " of that, 0 to 1 or more; 12 months.",
        labels=("month",),
    ),
    gauge(
        "forecast_bias_ratio",
        "ratio",
        "The same with its sign, where the error is a share of 0 to 1 or more: above 0 where the"
        " forecasts of a finished month were too high on average; 12 months.",
        labels=("month",),
    ),
    gauge(
        "forecast_coverage_ratio",
        "ratio",
        "Share, 0 to 1, of the 80 % bands forecast on each day of the last 12 finished months"
        " that held what the month came to.",
    ),
)
