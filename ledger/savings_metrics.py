"""The metrics of advice: what switches would save, have missed and have realised. No values."""

from ledger.metric_kinds import gauge

_SLICE = ("provider", "project", "workload", "from_model", "to_model", "decision")
_SIDE = ("provider", "project", "workload", "from_model", "to_model", "side", "share")
_AVERAGE_MONTH = "USD per average month (730 h), estimated"

SAVINGS = (
    gauge(
        "savings_potential_low_usd",
        "usd",
        f"Low end of what a slice's chosen switch saves, and of what a trial may add to one that"
        f" needs none: {_AVERAGE_MONTH}.",
        labels=_SLICE,
    ),
    gauge(
        "savings_potential_usd",
        "usd",
        f"What a slice's chosen switch saves, and what a trial may add to one that needs none:"
        f" {_AVERAGE_MONTH}. May be negative.",
        labels=_SLICE,
    ),
    gauge(
        "savings_potential_high_usd",
        "usd",
        f"High end of what a slice's chosen switch saves, and of what a trial may add to one that"
        f" needs none: {_AVERAGE_MONTH}.",
        labels=_SLICE,
    ),
    gauge(
        "replacement_low_usd",
        "usd",
        "Least that the work of a slice whose model was shut down costs on what takes its place:"
        f" {_AVERAGE_MONTH}.",
        labels=_SLICE,
    ),
    gauge(
        "replacement_usd",
        "usd",
        "What the work of a slice whose model was shut down costs on what takes its place:"
        f" {_AVERAGE_MONTH}.",
        labels=_SLICE,
    ),
    gauge(
        "replacement_high_usd",
        "usd",
        "Most that the work of a slice whose model was shut down costs on what takes its place:"
        f" {_AVERAGE_MONTH}.",
        labels=_SLICE,
    ),
    gauge(
        "savings_total_low_usd",
        "usd",
        f"Low end over all slices decided pilot or switch_now: {_AVERAGE_MONTH}.",
    ),
    gauge(
        "savings_total_usd",
        "usd",
        f"All slices decided pilot or switch_now, each once: {_AVERAGE_MONTH}.",
    ),
    gauge(
        "savings_total_high_usd",
        "usd",
        f"High end over all slices decided pilot or switch_now: {_AVERAGE_MONTH}.",
    ),
    gauge(
        "savings_safe_low_usd",
        "usd",
        f"Low end over all slices decided switch_now, which need no trial: {_AVERAGE_MONTH}.",
    ),
    gauge(
        "savings_safe_usd",
        "usd",
        f"All slices decided switch_now, which need no trial, each once: {_AVERAGE_MONTH}.",
    ),
    gauge(
        "savings_safe_high_usd",
        "usd",
        f"High end over all slices decided switch_now, which need no trial: {_AVERAGE_MONTH}.",
    ),
    gauge(
        "savings_missed_usd",
        "usd",
        "USD, low end, that open advice would have saved so far had it been followed.",
    ),
    gauge(
        "savings_realised_usd",
        "usd",
        "USD saved so far by adopted advice, by the method that measured it.",
        labels=("method",),
    ),
    gauge(
        "savings_realised_net_usd",
        "usd",
        "USD saved so far by adopted advice less what the moves were to cost once, by method.",
        labels=("method",),
    ),
    gauge(
        "savings_realisation_ratio",
        "ratio",
        "USD saved so far over what the frozen estimates expected of the same days, by method:"
        " 0 to 1, or more where more was saved than expected.",
        labels=("method",),
    ),
    gauge(
        "breakeven_escalation_ratio",
        "ratio",
        "Share of requests, 0 to 1, that may fall back to the old model before the switch"
        " stops saving.",
        labels=_SLICE,
    ),
    gauge(
        "savings_end_timestamp_seconds",
        "seconds",
        "Unix time of the start of the UTC day on which a slice's saving ends, as either"
        " model shuts down; absent if none does.",
        labels=_SLICE,
    ),
    gauge(
        "evidence_expiry_timestamp_seconds",
        "seconds",
        "Unix time of the start of the UTC day from which the paired results behind a switch"
        " count no more; absent without any.",
        labels=_SLICE,
    ),
    gauge(
        "latency_low_seconds",
        "seconds",
        "Time from request to answer that a share of the requests, 0.5 or 0.95, took at"
        " least, by side of a switch.",
        labels=_SIDE,
    ),
    gauge(
        "latency_high_seconds",
        "seconds",
        "Time from request to answer that a share of the requests, 0.5 or 0.95, took at most,"
        " by side of a switch.",
        labels=_SIDE,
    ),
    gauge(
        "recommendations",
        "recommendations",
        "Recommendations by decision and stage.",
        labels=("decision", "stage"),
    ),
)
