"""The table of what a switch would save by slice, which more than one dashboard shows.

It knows no dashboard.
"""

from dashboards import panels, queries
from dashboards.panels import Head, JsonObject, NumberFormat, Query

DECISIONS = {
    "switch_now": ("switch now", "green"),
    "pilot": ("pilot", "blue"),
    "keep": ("keep", "text"),
    "not_enough_data": ("not enough data", "orange"),
    "blocked": ("blocked", "red"),
}
# As a reader's eye needs them: what is soon is orange, what is too soon for a trial is red.
COUNTDOWN = ((None, "red"), (30, "orange"), (90, "text"))
_MATCHERS = {"provider": "$provider", "from_model": "$model", "project": "$project"}
_LABELS = ("project", "workload", "provider", "from_model", "to_model", "decision")
_FIGURES = {
    "low": "savings_potential_low_usd",
    "expected": "savings_potential_usd",
    "high": "savings_potential_high_usd",
    "there": "replacement_usd",
    "breakeven": "breakeven_escalation_ratio",
}
_COLUMNS = {
    "project": "Project",
    "workload": "Workload",
    "provider": "Provider",
    "from_model": "From",
    "to_model": "To",
    "decision": "Decision",
    "low": "Low",
    "expected": "Expected",
    "high": "At most",
    "there": "Costs there",
    "breakeven": "Break-even",
    "left": "Days left",
}


def table(panel_id: int) -> JsonObject:
    """Each slice's chosen switch. Needs the variables provider, model and project."""
    head = Head(
        panel_id,
        "What a switch would save, by slice",
        "Estimated USD per average month for the chosen target of each slice, best low end"
        " first; a pilot below a switch is what a trial may add to it. Break-even is the share of"
        " requests that may fall back to the old model before nothing is saved; days left,"
        " until either model shuts down; costs there, what the work of a model that is gone costs"
        " on what takes its place. `switchwise explain` shows the arithmetic."
        " Filters: provider, model, project.",
    )
    panel_queries = [
        Query(queries.total(name, *_LABELS, **_MATCHERS), legend)
        for legend, name in _FIGURES.items()
    ]
    ends = (
        f"min by ({', '.join(_LABELS)})"
        f" ({queries.once('savings_end_timestamp_seconds', **_MATCHERS)})"
    )
    panel_queries.append(Query(queries.days_until(ends), "left"))
    number_format = NumberFormat(
        "prefix:$",
        "no advice yet: it needs seven days of traffic on a model that a move leads from",
        decimals=2,
    )
    return panels.table(head, panel_queries, number_format, columns=_COLUMNS, overrides=_cells())


def decision_cells(width: int) -> JsonObject:
    """A column of decisions in words, each in its colour."""
    words: JsonObject = {
        word: {"text": text, "color": color, "index": index}
        for index, (word, (text, color)) in enumerate(DECISIONS.items())
    }
    in_words: JsonObject = {"type": "value", "options": words}
    return panels.by_name(
        "Decision", mappings=[in_words], custom__cellOptions=_COLORED, custom__width=width
    )


_COLORED: JsonObject = {"type": "color-text"}
_DASH: JsonObject = {"noValue": "–", "mappings": [panels.absent_as("–")]}
"""In a cell there is no room for the sentence of an empty panel."""


def _cells() -> list[JsonObject]:
    """Colours and widths of the columns; with these widths the table fits 1280 pixels."""
    loss: JsonObject = {
        "mode": "absolute",
        "steps": [{"value": None, "color": "red"}, {"value": 0, "color": "text"}],
    }
    soon: JsonObject = {
        "mode": "absolute",
        "steps": [{"value": value, "color": color} for value, color in COUNTDOWN],
    }
    return [
        panels.by_name("Provider", custom__width=120),
        panels.by_name("From", custom__width=120),
        panels.by_name("To", custom__width=120),
        decision_cells(125),
        panels.by_name(
            "Low",
            **_DASH,
            color=panels.BY_THRESHOLD,
            thresholds=loss,
            custom__cellOptions=_COLORED,
            custom__width=90,
        ),
        panels.by_name("Expected", **_DASH, custom__width=90),
        panels.by_name("At most", **_DASH, custom__width=90),
        panels.by_name("Costs there", **_DASH, custom__width=90),
        panels.by_name("Break-even", unit="percentunit", decimals=0, **_DASH, custom__width=90),
        panels.by_name(
            "Days left",
            unit="locale",
            decimals=0,
            **_DASH,
            color=panels.BY_THRESHOLD,
            thresholds=soon,
            custom__cellOptions=_COLORED,
            custom__width=75,
        ),
    ]
