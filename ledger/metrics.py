"""The one table of every metric we expose: name, kind, unit, help, labels.

It holds no values and computes nothing.
"""

from collections.abc import Mapping
from types import MappingProxyType

from ledger import process_metrics, savings_metrics
from ledger.metric_kinds import PREFIX, Metric, counter, gauge

_SENT = ("provider", "model", "service_tier", "project", "workload")
_OTHER_TIER = ("month", "provider", "model", "service_tier_requested", "service_tier")


_USAGE = (
    counter(
        "requests_total",
        "requests",
        "Requests served, by model as sent.",
        labels=(*_SENT, "status"),
    ),
    counter(
        "tokens_total",
        "tokens",
        "Billable tokens, by model as sent. The kinds are disjoint: their sum is input plus"
        " output.",
        labels=(*_SENT, "kind"),
    ),
    counter(
        "reasoning_tokens_total",
        "tokens",
        "Reasoning tokens, already inside the output kind of the token counter.",
        labels=_SENT,
    ),
    counter(
        "avoided_tokens_total",
        "tokens",
        "Tokens that the gateway's cache answered; nobody billed them.",
        labels=_SENT,
    ),
    gauge(
        "model_info",
        "info",
        "Always 1. Joins a model name as sent to the canonical name that the money gauges use.",
        labels=("provider", "model", "canonical_model"),
    ),
)

_SPEND = (
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
        "The same with its sign: above 0 where those forecasts were too high on average.",
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
        "The same with its sign: above 0 where the forecasts of a finished month were too high"
        " on average; 12 months.",
        labels=("month",),
    ),
    gauge(
        "forecast_coverage_ratio",
        "ratio",
        "Share, 0 to 1, of the 80 % bands forecast on each day of the last 12 finished months"
        " that held what the month came to.",
    ),
)

_TRUST = (
    gauge(
        "coverage_ratio",
        "ratio",
        "Share of this month, 0 to 1, that is known and priced; absent while unknown.",
    ),
    gauge(
        "coverage_gap_ratio",
        "ratio",
        "Share of this month, 0 to 1, that is not covered, by reason.",
        labels=("reason",),
    ),
    gauge(
        "model_retirement_timestamp_seconds",
        "seconds",
        "Unix time of the start of the UTC day on which the provider shuts a model down.",
        labels=("provider", "model"),
    ),
    gauge(
        "waiting_alerts",
        "alerts",
        "Alerts that wait for their turn, or for Slack to be reached again.",
    ),
    gauge(
        "held_alerts",
        "alerts",
        "Alerts held because the webhook's address is wrong; sent once it is right.",
    ),
    gauge(
        "unconfirmed_alerts",
        "alerts",
        "Alerts posted in the last 7 days that Slack did not confirm: it may have taken them.",
    ),
    gauge(
        "ledger_findings",
        "findings",
        "Findings of the last check of the ledger's invariants; 0 is right.",
    ),
    gauge(
        "rollup_lag_seconds",
        "seconds",
        "Age of the oldest stored event group that is not rolled up yet; 0 if none.",
    ),
    gauge(
        "last_rollup_timestamp_seconds",
        "seconds",
        "Unix time at which the worker last finished a pass over the pending groups, also"
        " when there was none.",
    ),
    gauge(
        "early_events",
        "events",
        "Events that are stored, but in no figure before their own time, as their sender's clock is"
        " more than 5 minutes ahead.",
    ),
    gauge(
        "last_event_timestamp_seconds",
        "seconds",
        "Unix time of the last event of a sender, of those that sent one this month or in the 31"
        " days before.",
        labels=("namespace", "project"),
    ),
    gauge(
        "month_refused_requests",
        "requests",
        "Requests of this month that were refused at the door, by sender and reason: no amount has"
        " them.",
        labels=("namespace", "reason"),
    ),
    gauge(
        "silent_senders",
        "senders",
        "1 while a sender has been quiet for longer than three of its longest gaps at this time of"
        " the week, else 0; more where several are folded into one project. Sum: silent senders.",
        labels=("namespace", "project"),
    ),
    gauge(
        "price_book_info",
        "info",
        "Always 1. Price book in use and the day it was last checked.",
        labels=("version", "checked"),
    ),
    gauge(
        "ledger_info",
        "info",
        "Always 1. What the ledger holds, such as replayed sample traffic, and the zone of"
        " its months.",
        labels=("traffic", "reporting_zone"),
    ),
)

METRICS: tuple[Metric, ...] = (
    *_USAGE,
    *_SPEND,
    *savings_metrics.SAVINGS,
    *_TRUST,
    *process_metrics.PROCESS_METRICS,
)
BY_NAME: Mapping[str, Metric] = MappingProxyType({metric.name: metric for metric in METRICS})


def find_metric(short_name: str) -> Metric:
    """The metric of a name without its prefix, such as `month_cost_usd`. Raises KeyError."""
    return BY_NAME[PREFIX + short_name]
