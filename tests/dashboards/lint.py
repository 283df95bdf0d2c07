"""Rules for every dashboard: functions from a dashboard's JSON to what is wrong with it."""

import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

from ledger import metric_kinds, metrics

MAX_PANELS = 13
INSTANT = {"stat", "gauge", "bargauge", "piechart", "barchart", "table"}
MONEY_UNITS = {"currencyUSD", "prefix:$"}
# Functions, operators and grouping words of PromQL that our queries use; everything else in a query
# is a metric or a label.
WORDS = {
    "sum",
    "max",
    "min",
    "by",
    "without",
    "and",
    "on",
    "time",
    "topk",
    "abs",
    "bottomk",
    "sort",
    "sort_desc",
    "clamp_min",
    "label_replace",
    "or",
    "delta",
    "ceil",
    "rate",
    "increase",
    "histogram_quantile",
}

Rule = Callable[[Any], Iterator[str]]


def problems(dashboard: Any) -> list[str]:
    """Everything wrong with a dashboard, each on one line that begins with the rule's name."""
    return [f"{rule.__name__}: {problem}" for rule in RULES for problem in rule(dashboard)]


def expressions(dashboard: Any) -> list[tuple[str, str]]:
    """Panel title and PromQL of every query."""
    return [
        (panel["title"], target["expr"])
        for panel in dashboard["panels"]
        for target in panel.get("targets", [])
    ]


def names_used(expression: str) -> tuple[set[str], set[str]]:
    """The metrics and the labels in an expression, by reading its words."""
    bare = re.sub(r'"[^"]*"|\[[^]]*\]', "", expression)
    words = {word.removesuffix("_bucket") for word in re.findall(r"[a-zA-Z_]\w*", bare)} - WORDS
    metric_names = {word for word in words if word.startswith(metric_kinds.PREFIX)}
    return metric_names, words - metric_names


def _known_names(dashboard: Any) -> Iterator[str]:
    queries = expressions(dashboard) + [
        (v["name"], v["definition"]) for v in _query_variables(dashboard)
    ]
    for where, expression in queries:
        metric_names, labels = names_used(expression.removeprefix("label_values"))
        for name in metric_names - set(metrics.BY_NAME):
            yield f"{where}: no metric {name}"
        label_names = {"instance", "pod", *(["le"] if "_bucket" in expression else [])}.union(
            *(metrics.BY_NAME[name].labels for name in metric_names & set(metrics.BY_NAME))
        )
        for label in labels - label_names:
            yield f"{where}: none of its metrics has a label {label}"
        if not metric_names:
            yield f"{where}: asks for no metric"


def _replicas_count_once(dashboard: Any) -> Iterator[str]:
    for title, expression in expressions(dashboard):
        for name in names_used(expression)[0] & set(metrics.BY_NAME):
            metric = metrics.BY_NAME[name]
            once = "max without (instance, pod) (" if metric.labels else "max ("
            if metric.scope == "ledger" and expression.count(name) != expression.count(once + name):
                yield f"{title}: {name} is not under {once}"


def _money_is_no_counter(dashboard: Any) -> Iterator[str]:
    for title, expression in expressions(dashboard):
        rated = re.findall(r"\b(?:rate|irate|increase)\s*\(", expression)
        gauges = [
            name
            for name in names_used(expression)[0]
            if name in metrics.BY_NAME and metrics.BY_NAME[name].kind == "gauge"
        ]
        if rated and gauges:
            yield f"{title}: {rated[0]} of the gauge {gauges[0]}; use delta"


def _windows_follow_the_time_range(dashboard: Any) -> Iterator[str]:
    for panel in _numeric(dashboard):
        variable = "$__range" if panel["type"] in INSTANT else "$__rate_interval"
        for target in panel["targets"]:
            for window in re.findall(r"\[([^]]*)\]", target["expr"]):
                if window != variable:
                    yield f"{panel['title']}: over {window}, not {variable}"


def _few_panels_with_stats_first(dashboard: Any) -> Iterator[str]:
    panels = dashboard["panels"]
    if len(panels) > MAX_PANELS:
        yield f"{len(panels)} panels"
    top = [panel for panel in panels if panel["gridPos"]["y"] == 0]
    if not 4 <= len(top) <= 6 or any(
        panel["type"] != "stat" or not 3 <= panel["gridPos"]["h"] <= 5 for panel in top
    ):
        yield "the top row is not four to six stats of height 3 to 5"


def _grid_is_full(dashboard: Any) -> Iterator[str]:
    cells: dict[tuple[int, int], int] = {}
    for panel in dashboard["panels"]:
        box = panel["gridPos"]
        for cell in (
            (x, y)
            for x in range(box["x"], box["x"] + box["w"])
            for y in range(box["y"], box["y"] + box["h"])
        ):
            if cell in cells:
                yield f"panels {cells[cell]} and {panel['id']} overlap"
            cells[cell] = panel["id"]
    rows = max(y for _, y in cells) + 1
    if len(cells) != 24 * rows or max(x for x, _ in cells) != 23:
        yield "rows do not fill the 24 columns"


def _identity(dashboard: Any) -> Iterator[str]:
    ids = [panel["id"] for panel in dashboard["panels"]]
    if not re.fullmatch(r"[a-zA-Z0-9_-]{1,40}", dashboard["uid"]):
        yield f"uid {dashboard['uid']}"
    if len(set(ids)) != len(ids):
        yield "panel ids repeat"
    if {"id", "version", "__inputs"} & set(dashboard) or dashboard["schemaVersion"] not in (41, 42):
        yield "an id, version, __inputs, or another schema than 41 to 42"


def _settings(dashboard: Any) -> Iterator[str]:
    required = {"editable": False, "graphTooltip": 1, "timezone": "utc"}
    yield from (
        f"{key} is {dashboard[key]}" for key, value in required.items() if dashboard[key] != value
    )
    if "switchwise" not in dashboard["tags"] or dashboard["refresh"] not in {"5m", "15m", "1h"}:
        yield "no tag switchwise, or a refresh faster than the data"
    siblings = {
        "type": "dashboards",
        "tags": ["switchwise"],
        "asDropdown": True,
        "keepTime": True,
        "includeVars": True,
    }
    if not any(siblings == {key: link.get(key) for key in siblings} for link in dashboard["links"]):
        yield "no dropdown of our dashboards"


def _described(dashboard: Any) -> Iterator[str]:
    for panel in dashboard["panels"]:
        if not panel["description"].endswith(".") or not (
            panel["title"] or panel["type"] == "text"
        ):
            yield f"panel {panel['id']} lacks a title or a description"
    savings = any("_savings_" in expression for _, expression in expressions(dashboard))
    if savings and not any(
        "estimates" in panel["options"].get("content", "") for panel in dashboard["panels"]
    ):
        yield "no text says that savings are estimates"


def _units(dashboard: Any) -> Iterator[str]:
    for panel in _numeric(dashboard):
        defaults = panel["fieldConfig"]["defaults"]
        if not defaults.get("unit"):
            yield f"{panel['title']}: no unit"
        if defaults.get("unit") in MONEY_UNITS and defaults.get("decimals") == 0:
            yield f"{panel['title']}: money without decimals"
        if not defaults.get("noValue"):
            yield f"{panel['title']}: no text for no value"


def _absence_is_neutral(dashboard: Any) -> Iterator[str]:
    for panel in _numeric(dashboard):
        mappings = panel["fieldConfig"]["defaults"]["mappings"]
        special = [mapping["options"] for mapping in mappings if mapping["type"] == "special"]
        if not any(
            one["match"] == "null+nan" and one["result"]["color"] == "text" for one in special
        ):
            yield f"{panel['title']}: no value or NaN is painted in a threshold's colour"


def _thresholds_mean_something(dashboard: Any) -> Iterator[str]:
    for panel in _numeric(dashboard):
        defaults = panel["fieldConfig"]["defaults"]
        steps = defaults["thresholds"]["steps"]
        if 80 in [step["value"] for step in steps] or steps[0]["value"] is not None:
            yield f"{panel['title']}: stock thresholds"
        if any(low["value"] >= high["value"] for low, high in pairwise(steps[1:])):
            yield f"{panel['title']}: thresholds do not rise"
        if (defaults["color"]["mode"] == "thresholds") != (len(steps) > 1):
            yield f"{panel['title']}: coloured by thresholds it does not have, or the reverse"


def _queries(dashboard: Any) -> Iterator[str]:
    for panel in _numeric(dashboard):
        for target in panel["targets"]:
            instant = panel["type"] in INSTANT
            if (target["instant"], target["range"]) != (instant, not instant):
                yield f"{panel['title']}: {panel['type']} with instant {target['instant']}"
            if (panel["type"] in {"table", "barchart"}) != (target["format"] == "table"):
                yield f"{panel['title']}: format {target['format']}"
            if target["legendFormat"] in {"", "__auto"}:
                yield f"{panel['title']}: no legend"
        references = [target["refId"] for target in panel["targets"]]
        if len(set(references)) != len(references):
            yield f"{panel['title']}: refIds repeat"


def _one_data_source(dashboard: Any) -> Iterator[str]:
    sources = [v for v in dashboard["templating"]["list"] if v["type"] == "datasource"]
    if [(v["name"], v["label"]) for v in sources] != [("datasource", "Data source")]:
        yield "not exactly one data source variable"
    using = (
        _query_variables(dashboard)
        + _numeric(dashboard)
        + [t for p in _numeric(dashboard) for t in p["targets"]]
    )
    if any(user["datasource"]["uid"] != "${datasource}" for user in using):
        yield "a data source is hard-coded"


def _variables(dashboard: Any) -> Iterator[str]:
    queries = " ".join(expression for _, expression in expressions(dashboard))
    everything = str(dashboard["panels"])
    for variable in _query_variables(dashboard):
        name = variable["name"]
        if variable["refresh"] != 2 or not variable["sort"]:
            yield f"{name}: not refreshed with the time, or not sorted"
        if variable["includeAll"] != variable["multi"] or (
            variable["includeAll"] and not variable.get("allValue")
        ):
            yield f"{name}: all without several, or without a value for all"
        if not re.search(rf"\$\{{?{name}\b", everything):
            yield f"{name}: unused"
        if re.search(rf'[^~]"\${name}"|="\$\{{{name}', queries):
            yield f"{name}: not matched with =~"


def _tables_and_lines(dashboard: Any) -> Iterator[str]:
    for panel in dashboard["panels"]:
        custom = panel.get("fieldConfig", {}).get("defaults", {}).get("custom", {})
        if panel["type"] == "timeseries" and (
            panel["options"]["tooltip"]["mode"] != "multi" or custom["showPoints"] != "never"
        ):
            yield f"{panel['title']}: tooltip or points"
        if panel["type"] == "table" and [step["id"] for step in panel["transformations"]] != [
            "merge",
            "organize",
        ]:
            yield f"{panel['title']}: columns are not merged and named"
        stacked = (
            custom.get("stacking", {}).get("mode", "none") != "none"
            or panel["options"].get("stacking") == "normal"
        )
        if stacked and panel["fieldConfig"]["defaults"]["unit"] not in MONEY_UNITS:
            yield f"{panel['title']}: only money is stacked"
        # What may lie below 0, such as a saving, starts there unless it does.
        if panel["type"] in {"timeseries", "barchart", "bargauge"} and 0 not in (
            panel["fieldConfig"]["defaults"].get("min"),
            custom.get("axisSoftMin"),
        ):
            yield f"{panel['title']}: does not start at 0"


def _numeric(dashboard: Any) -> list[Any]:
    return [panel for panel in dashboard["panels"] if panel["type"] not in {"text", "row"}]


def _query_variables(dashboard: Any) -> list[Any]:
    return [variable for variable in dashboard["templating"]["list"] if variable["type"] == "query"]


RULES: tuple[Rule, ...] = (
    _known_names,
    _replicas_count_once,
    _money_is_no_counter,
    _windows_follow_the_time_range,
    _few_panels_with_stats_first,
    _grid_is_full,
    _identity,
    _settings,
    _described,
    _units,
    _absence_is_neutral,
    _thresholds_mean_something,
    _queries,
    _one_data_source,
    _variables,
    _tables_and_lines,
)
