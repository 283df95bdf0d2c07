"""The one table of every metric we expose: name, kind, unit, help, labels.

It holds no values and computes nothing.
"""

from collections.abc import Mapping
from types import MappingProxyType

from ledger import process_metrics, savings_metrics, spend_metrics
from ledger.metric_kinds import PREFIX, Metric, counter, gauge

_SENT = ("provider", "model", "service_tier", "project", "workload")


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
        "departure_cost_usd",
        "usd",
        "USD per average month of 730 hours that the traffic of a model costs that has to be left"
        " within 90 days; absent where that is not known of all of it.",
        labels=("provider", "model"),
    ),
    gauge(
        "departure_last_trial_timestamp_seconds",
        "seconds",
        "Unix time of the start of the last UTC day on which the trials of a model that has to be"
        " left can start; absent where none has to be made.",
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
    *spend_metrics.SPEND_METRICS,
    *savings_metrics.SAVINGS,
    *_TRUST,
    *process_metrics.PROCESS_METRICS,
)
BY_NAME: Mapping[str, Metric] = MappingProxyType({metric.name: metric for metric in METRICS})


def find_metric(short_name: str) -> Metric:
    """The metric of a name without its prefix, such as `month_cost_usd`. Raises KeyError."""
    return BY_NAME[PREFIX + short_name]
