"""The dashboard *Savings*: what switches would save, what waiting cost, and what they saved."""

from dashboards import frame, panels, queries, slices
from dashboards.panels import Head, JsonObject, NumberFormat, Query

UID = "switchwise-savings"

_WHOLE = "The whole ledger; the filters do not act on it."
_NO_ADVICE = "no advice yet"
_ENDS = {
    "at most": ("savings_total_high_usd", "semi-dark-green"),
    "expected": ("savings_total_usd", "green"),
    "low": ("savings_total_low_usd", "blue"),
}
_HEADLINE = {
    "safe now": "savings_safe_low_usd",
    "low in all": "savings_total_low_usd",
    "expected": "savings_total_usd",
}
_METHODS = {
    "hold_out": ("hold-out", "green"),
    "before_after": ("before and after", "yellow"),
    "repricing": ("repriced", "purple"),
}
_GAIN = ((None, "red"), (0, "text"), (0.01, "green"))
_NOTE = (
    "Ledger: ${traffic} · prices checked on ${checked}. Savings are **estimates** per average"
    " month (730 h), net of retries and escalations: do what is *safe now*, decide the rest on the"
    " *low* end, which is cautious until a trial measures it (`switchwise trial plan ID`)."
    " Realised is what adopted moves came to; its methods measure the **same** saving in three"
    " ways, so they do not add up."
)


def dashboard() -> JsonObject:
    """The whole dashboard, ready to be written to a file or sent to Grafana."""
    advice = "switchwise_savings_potential_usd"
    headline = [
        (7, _saving()),
        (4, _missed()),
        (6, _realised()),
        (3, _waiting()),
        (4, _bands_held()),
    ]
    note = panels.text(Head(6, "", "What the figures are and what they are not."), _NOTE)
    return frame.dashboard(
        UID,
        title="Savings",
        description="What switching models would save, what waiting has cost, what adopted switches"
        " saved, and when each saving ends.",
        variables=[
            frame.data_source(),
            frame.choice("provider", "Provider", f"label_values({advice}, provider)"),
            frame.choice(
                "model",
                "From model",
                f'label_values({advice}{{provider=~"$provider"}}, from_model)',
            ),
            frame.choice("project", "Project", f"label_values({advice}, project)"),
            frame.hidden("traffic", "label_values(switchwise_ledger_info, traffic)"),
            frame.hidden("checked", "label_values(switchwise_price_book_info, checked)"),
        ],
        panels=frame.rows(
            [
                (4, headline),
                (2, [(24, note)]),
                (8, [(12, _saving_through_time()), (12, _so_far_through_time())]),
                (7, [(24, slices.table(9))]),
                (8, [(7, _stages()), (9, _retirements()), (8, _forecast_error())]),
                (7, [(24, _sender_differences())]),
            ]
        ),
        since="now-30d",
    )


def _saving() -> JsonObject:
    head = Head(
        1,
        "Saving per average month",
        "Estimated USD per average month (730 h) over all slices decided pilot or switch now,"
        f" each once. Safe now is the low end of what needs no trial. {_WHOLE}",
    )
    panel_queries = [Query(queries.single(name), end) for end, name in _HEADLINE.items()]
    return panels.stat(head, panel_queries, _gain(_NO_ADVICE), names=True)


def _missed() -> JsonObject:
    head = Head(
        2,
        "Missed by waiting",
        "USD, low end, that open advice would have saved by now had it been followed on the day"
        f" it appeared. Only advice that waits counts, active or claimed. {_WHOLE}",
    )
    number_format = NumberFormat(
        "currencyUSD", "nothing missed yet", color={"mode": "fixed", "fixedColor": "orange"}
    )
    return panels.stat(head, [Query(queries.single("savings_missed_usd"), "missed")], number_format)


def _realised() -> JsonObject:
    head = Head(
        3,
        "Realised so far",
        "USD that adopted moves saved by now, by each method that can tell. The methods measure"
        " the same saving: compare them, never add them. A hold-out is the strongest, repricing"
        f" an estimate. {_WHOLE}",
    )
    return panels.stat(
        head,
        [Query(_realised_by_method(), "{{method}}")],
        _gain("nothing adopted yet"),
        names=True,
        value_size=26,
        overrides=[
            panels.by_name(method, displayName=text) for method, (text, _) in _METHODS.items()
        ],
    )


def _waiting() -> JsonObject:
    head = Head(
        4,
        "To act on",
        "Number of recommendations decided pilot or switch now that nobody has claimed."
        f" `switchwise advise` says what to do next. {_WHOLE}",
    )
    waiting = queries.total("recommendations", decision="pilot|switch_now", stage="active")
    return panels.stat(
        head, [Query(waiting, "waiting")], NumberFormat("locale", "none", decimals=0)
    )


def _bands_held() -> JsonObject:
    head = Head(
        5,
        "Bands that held",
        "Share of the 80 % bands forecast on each day of the last 12 finished months that held"
        " what the month came to. About 80 % is right; far less means that the bands are too"
        f" narrow. {_WHOLE}",
    )
    number_format = NumberFormat(
        "percentunit",
        "needs a finished month",
        decimals=0,
        color=panels.BY_THRESHOLD,
        thresholds=((None, "red"), (0.6, "orange"), (0.75, "green")),
    )
    return panels.stat(
        head, [Query(queries.single("forecast_coverage_ratio"), "held")], number_format
    )


def _saving_through_time() -> JsonObject:
    head = Head(
        7,
        "Saving per average month, as advised at each moment",
        "Estimated USD per average month over all slices decided pilot or switch now: the"
        " expected value inside its range. It falls when advice is adopted, expires, or traffic"
        f" falls. {_WHOLE}",
    )
    panel_queries = [Query(queries.single(name), end) for end, (name, _) in _ENDS.items()]
    edge: JsonObject = {"custom__lineWidth": 1}
    look: dict[str, JsonObject] = {
        "at most": edge | {"custom__fillBelowTo": "low", "custom__fillOpacity": 15},
        "low": edge,
    }
    overrides = [
        panels.by_name(end, color={"mode": "fixed", "fixedColor": color}, **look.get(end, {}))
        for end, (_, color) in _ENDS.items()
    ]
    return panels.lines(head, panel_queries, NumberFormat("currencyUSD", _NO_ADVICE), overrides)


def _so_far_through_time() -> JsonObject:
    head = Head(
        8,
        "Missed and realised, as they grew",
        "USD since the ledger began: missed by advice that waits (low end), and saved by"
        " adopted moves, by method. A realised line below 0 is a move that costs more than it"
        f" saves. {_WHOLE}",
    )
    panel_queries = [
        Query(queries.single("savings_missed_usd"), "missed by waiting"),
        Query(_realised_by_method(), "{{method}}"),
    ]
    renamed = [("missed by waiting", "missed by waiting", "orange")]
    renamed += [(method, f"realised, {text}", color) for method, (text, color) in _METHODS.items()]
    overrides = [
        panels.by_name(name, displayName=text, color={"mode": "fixed", "fixedColor": color})
        for name, text, color in renamed
    ]
    return panels.lines(
        head,
        panel_queries,
        NumberFormat("currencyUSD", "nothing missed or realised yet"),
        overrides,
    )


def _stages() -> JsonObject:
    head = Head(
        10,
        "Recommendations by decision and stage",
        f"How many stand where, also those that are not advised any more (expired). {_WHOLE}",
    )
    panel_queries = [Query(f"{queries.total('recommendations', 'decision', 'stage')} > 0", "count")]
    columns = {"decision": "Decision", "stage": "Stage", "count": "Count"}
    cells = [
        slices.decision_cells(130),
        panels.by_name("Stage", custom__minWidth=80),
        panels.by_name("Count", custom__width=70),
    ]
    return panels.table(
        head,
        panel_queries,
        NumberFormat("locale", _NO_ADVICE, decimals=0),
        columns=columns,
        overrides=cells,
    )


def _retirements() -> JsonObject:
    head = Head(
        11,
        "Days until models shut down",
        "Of the models in use this month and of both sides of every advised switch, the eight"
        " soonest. A saving ends with the first of its two models; from the old one you must"
        " move anyway; a trial of that has to start before. Orange below 90 days, red below 30."
        " Filter: provider.",
    )
    shutdowns, trials = (
        f"clamp_min({queries.days_until(_first_by_model(name))}, 0)"
        for name in (
            "model_retirement_timestamp_seconds",
            "departure_last_trial_timestamp_seconds",
        )
    )
    days = f'{shutdowns} or label_replace({trials}, "task", ": start a trial", "", "")'
    number_format = NumberFormat(
        "locale",
        "no shutdown announced",
        decimals=0,
        color=panels.BY_THRESHOLD,
        thresholds=slices.COUNTDOWN,
        min=0,
    )
    return panels.bars(
        head, Query(f"sort(bottomk(8, {days}))", "{{model}}, {{provider}}{{task}}"), number_format
    )


def _first_by_model(metric: str) -> str:
    return f"min by (provider, model) ({queries.once(metric, provider='$provider')})"


def _forecast_error() -> JsonObject:
    head = Head(
        12,
        "Forecast error by month",
        "Mean distance of a finished month's daily forecasts from what it came to, as a share"
        " of that. Above 10 % advice is less sure, above 25 % it is not; see confidence in"
        f" `switchwise explain`. {_WHOLE}",
    )
    query = Query(f"max by (month) ({queries.once('forecast_error_ratio')})", "{{month}}")
    number_format = NumberFormat(
        "percentunit",
        "needs a finished month",
        decimals=0,
        color=panels.BY_THRESHOLD,
        thresholds=((None, "green"), (0.1, "orange"), (0.25, "red")),
        min=0,
    )
    return panels.columns(head, query, number_format, across="month")


def _realised_by_method() -> str:
    return f"max by (method) ({queries.once('savings_realised_usd')})"


def _gain(no_value: str) -> NumberFormat:
    return NumberFormat("currencyUSD", no_value, color=panels.BY_THRESHOLD, thresholds=_GAIN)


def _sender_differences() -> JsonObject:
    head = Head(
        13,
        "Senders' own account beside ours, this month",
        "USD by which the costs that senders name differ from ours for the same requests, up or"
        " down, by model and likely cause. A large one is worth a look: the report says what both"
        " say.",
    )
    differences = queries.total("month_sender_difference_usd", "model", "reason")
    number_format = NumberFormat(
        "currencyUSD",
        "no sender names a cost",
        color={"mode": "fixed", "fixedColor": "orange"},
        min=0,
    )
    query = Query(f"sort_desc(topk(10, abs({differences})))", "{{model}}: {{reason}}")
    return panels.bars(head, query, number_format)
