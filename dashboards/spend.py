"""The dashboard *Spend and savings*: what the month costs, and what a switch would save."""

from dashboards import frame, panels, queries, slices
from dashboards.panels import Head, JsonObject, NumberFormat, Query

UID = "switchwise-spend"

_WHOLE = "The whole ledger; the filters do not act on it."
_MONTH = {"month": "$month"}
_MODEL = {"provider": "$provider", "model": "$model"}
# A model keeps its colour in every panel; one that is not named here takes Grafana's colour for its
# name.
_MODEL_COLORS = [
    panels.by_name(model, color={"mode": "fixed", "fixedColor": color})
    for model, color in (("gpt-4.1", "blue"), ("gpt-4.1-mini", "green"), ("gpt-4.1-nano", "yellow"))
]
_NOTHING = "nothing priced yet"
_SAVED = ((None, "red"), (0, "text"), (0.01, "green"))
_REASONS = {
    "unpriced": "No price for the model",
    "estimated": "Estimated by the proxy",
    "missing": "Success without usage",
    "detail_unknown": "Cached part unknown",
    "tier_unknown": "Service tier unknown",
    "unpriced_fee": "Fee without a rate",
    "total_mismatch": "In the sender's total alone",
    "audio_unread": "Audio not counted",
    "folded": "Folded into other",
    "late": "Arrived after the month closed",
}
_NOTE = (
    "Ledger: ${traffic} · months in ${zone} · prices checked on ${checked}. Spend is usage"
    " priced on its own day, not the provider's invoice. Savings are **estimates** per average"
    " month (730 h), net of retries and escalations: do what is *safe now*, try the rest on a"
    " part. An empty panel? See that Prometheus scrapes `/metrics`."
)


def dashboard() -> JsonObject:
    """The whole dashboard, ready to be written to a file or sent to Grafana."""
    headline = [
        (4, _month_to_date()),
        (5, _forecast()),
        (5, _saving()),
        (4, _shutdown()),
        (3, _coverage()),
        (3, _age()),
    ]
    note = panels.text(Head(7, "", "What the figures are and what they are not."), _NOTE)
    return frame.dashboard(
        UID,
        title="Spend and savings",
        description="What LLM requests cost this month, where it goes, and what a cheaper model"
        " would save. Savings are estimates.",
        variables=[
            frame.data_source(),
            frame.latest("month", "Month", "label_values(switchwise_month_requests, month)"),
            frame.choice(
                "provider", "Provider", "label_values(switchwise_month_requests, provider)"
            ),
            frame.choice(
                "model",
                "Model",
                'label_values(switchwise_month_requests{provider=~"$provider"}, model)',
            ),
            frame.choice(
                "project", "Project", "label_values(switchwise_month_project_cost_usd, project)"
            ),
            frame.hidden("traffic", "label_values(switchwise_ledger_info, traffic)"),
            frame.hidden("zone", "label_values(switchwise_ledger_info, reporting_zone)"),
            frame.hidden("checked", "label_values(switchwise_price_book_info, checked)"),
        ],
        panels=frame.rows(
            [
                (4, headline),
                (2, [(24, note)]),
                (9, [(12, _spend_by_model()), (12, _months())]),
                (7, [(24, slices.table(10))]),
                (7, [(12, _projects()), (12, _gaps())]),
            ]
        ),
    )


def _month_to_date() -> JsonObject:
    head = Head(
        1,
        "Spend in $month",
        f"USD spent in the month, priced part only; coverage says how much that is. {_WHOLE}",
    )
    return panels.stat(
        head,
        [Query(queries.total("month_cost_usd", **_MONTH), "spend")],
        NumberFormat("currencyUSD", _NOTHING),
    )


def _forecast() -> JsonObject:
    head = Head(
        2,
        "Forecast for this month",
        "Spend so far plus what the days left are expected to cost, by the method that did better"
        " lately: a trend, or the usual weekday means. With its 80 % band; under 14 days of"
        f" history there is none. {_WHOLE}",
    )
    ends = {
        "low": "month_forecast_low_usd",
        "expected": "month_forecast_usd",
        "high": "month_forecast_high_usd",
    }
    number_format = NumberFormat("currencyUSD", "needs one closed day")
    return panels.stat(
        head,
        [Query(queries.single(name), end) for end, name in ends.items()],
        number_format,
        names=True,
    )


def _saving() -> JsonObject:
    head = Head(
        3,
        "Saving per average month",
        "Estimated USD per average month (730 h) over all slices decided pilot or switch now,"
        " each once. Low ends: of what needs no trial, and of all; the table below shows the"
        f" slices. {_WHOLE}",
    )
    ends = {"safe now": "savings_safe_low_usd", "low in all": "savings_total_low_usd"}
    number_format = NumberFormat(
        "currencyUSD", "no advice yet", color=panels.BY_THRESHOLD, thresholds=_SAVED
    )
    return panels.stat(
        head,
        [Query(queries.single(name), end) for end, name in ends.items()],
        number_format,
        names=True,
    )


def _shutdown() -> JsonObject:
    head = Head(
        4,
        "Days to shutdown",
        "Days until the provider shuts down a model that served requests in the month; the two"
        " soonest. Move before: a saving ends when either model does. Orange from 90 days, red"
        " from 30.",
    )
    in_use = f"{queries.total('month_requests', 'provider', 'model', **_MONTH)} > 0"
    ends = (
        f"min by (model) ({queries.once('model_retirement_timestamp_seconds')} and on"
        f" (provider, model) ({in_use}))"
    )
    number_format = NumberFormat(
        "locale",
        "none announced",
        decimals=0,
        color=panels.BY_THRESHOLD,
        thresholds=slices.COUNTDOWN,
    )
    return panels.stat(
        head,
        [Query(f"bottomk(2, {queries.days_until(ends)})", "{{model}}")],
        number_format,
        names=True,
        value_size=32,
    )


def _coverage() -> JsonObject:
    head = Head(
        5,
        "Coverage",
        "Share of the current month that is known and priced. Below 99 % no advice is given;"
        f" the panel on what is not covered says why. {_WHOLE}",
    )
    number_format = NumberFormat(
        "percentunit",
        "unknown",
        decimals=1,
        color=panels.BY_THRESHOLD,
        thresholds=((None, "red"), (0.95, "orange"), (0.99, "green")),
    )
    return panels.stat(head, [Query(queries.single("coverage_ratio"), "coverage")], number_format)


def _age() -> JsonObject:
    head = Head(
        6,
        "Data age",
        "Time since the last event of any sender. Orange from 6 hours, red from a day: does your"
        " proxy still send? Operations shows which senders are silent, and whether the worker runs."
        f" {_WHOLE}",
    )
    number_format = NumberFormat(
        "s",
        "no event yet",
        decimals=0,
        color=panels.BY_THRESHOLD,
        thresholds=((None, "green"), (21_600, "orange"), (86_400, "red")),
    )
    return panels.stat(
        head,
        [Query(f"time() - max({queries.once('last_event_timestamp_seconds')})", "age")],
        number_format,
    )


def _spend_by_model() -> JsonObject:
    head = Head(
        8,
        "Spend in $month by model, as it grew",
        "USD spent in the month so far, by canonical model, as recorded at each moment: the top"
        " edge is the sum. A corrected price may lower it. Filters: provider, model.",
    )
    query = Query(queries.total("month_cost_usd", "model", **_MONTH, **_MODEL), "{{model}}")
    return panels.stacked_lines(
        head,
        query,
        NumberFormat("currencyUSD", _NOTHING, color=panels.BY_NAME, min=0),
        _MODEL_COLORS,
    )


def _months() -> JsonObject:
    head = Head(
        9,
        "Spend by month",
        "USD by calendar month and canonical model, up to 13 months, whenever it was recorded;"
        " the last column is still growing. Filters: provider, model.",
    )
    query = Query(queries.total("month_cost_usd", "month", "model", **_MODEL), "{{model}}")
    number_format = NumberFormat("currencyUSD", _NOTHING, color=panels.BY_NAME, min=0)
    return panels.stacked_columns(
        head, query, number_format, across="month", parts="model", overrides=_MODEL_COLORS
    )


def _projects() -> JsonObject:
    head = Head(
        11,
        "Spend in $month by project",
        "USD spent in the month by project, the ten largest; unassigned is traffic whose sender"
        " names no project. Filter: project.",
    )
    by_project = queries.total("month_project_cost_usd", "project", **_MONTH, project="$project")
    number_format = NumberFormat(
        "currencyUSD", _NOTHING, color={"mode": "fixed", "fixedColor": "blue"}, min=0
    )
    return panels.bars(
        head, Query(f"sort_desc(topk(10, {by_project}))", "{{project}}"), number_format
    )


def _gaps() -> JsonObject:
    head = Head(
        12,
        "What coverage leaves out, by reason",
        "Share of the current month that is not known or not priced, by reason; the reasons may"
        f" overlap. Unpriced: give the model a price or an alias. {_WHOLE}",
    )
    query = Query(
        f"sort_desc(max by (reason) ({queries.once('coverage_gap_ratio')}))", "{{reason}}"
    )
    number_format = NumberFormat(
        "percentunit",
        "unknown",
        decimals=2,
        color={"mode": "fixed", "fixedColor": "orange"},
        min=0,
        max=0.05,
    )
    return panels.bars(
        head,
        query,
        number_format,
        [panels.by_name(reason, displayName=text) for reason, text in _REASONS.items()],
    )
