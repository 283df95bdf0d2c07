"""One function a panel type, in Grafana's classic JSON.

They know how a panel looks, never what it asks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Json: TypeAlias = bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"] | None
JsonObject: TypeAlias = dict[str, Json]

DATA_SOURCE: JsonObject = {"type": "prometheus", "uid": "${datasource}"}
NEUTRAL: JsonObject = {"mode": "fixed", "fixedColor": "text"}
BY_NAME: JsonObject = {"mode": "palette-classic-by-name"}
BY_THRESHOLD: JsonObject = {"mode": "thresholds"}


@dataclass(frozen=True, slots=True)
class Head:
    """What every panel has: an id, a title, and what its figures mean and come from.

    The id never changes, since alerts link to it.
    """

    id: int
    title: str
    description: str


@dataclass(frozen=True, slots=True)
class Query:
    """One PromQL expression and the name that its series carry."""

    expr: str
    legend: str


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """How numbers look: unit, decimals, colour, and the text where there is no number.

    `unit` is Grafana's name of it; without decimals Grafana chooses.
    """

    unit: str
    no_value: str
    decimals: int | None = None
    color: JsonObject = field(default_factory=lambda: NEUTRAL)
    thresholds: tuple[tuple[float | None, str], ...] = ((None, "text"),)
    min: float | None = None
    max: float | None = None

    def defaults(self, **custom: Json) -> JsonObject:
        """Grafana's fieldConfig.defaults."""
        optional: JsonObject = {"decimals": self.decimals, "min": self.min, "max": self.max}
        steps = [{"value": value, "color": color} for value, color in self.thresholds]
        return {
            "unit": self.unit,
            "noValue": self.no_value,
            "mappings": [absent_as(self.no_value)],
            "color": self.color,
            "thresholds": {"mode": "absolute", "steps": steps},
            "custom": custom,
            **{name: value for name, value in optional.items() if value is not None},
        }


def absent_as(text: str) -> JsonObject:
    """A mapping of what has no value to a text.

    Without it Grafana paints "no value" in the colour of the lowest threshold, and NaN as an empty
    panel.
    """
    result: JsonObject = {"text": text, "color": "text", "index": 0}
    return {"type": "special", "options": {"match": "null+nan", "result": result}}


def by_name(name: str, **properties: Json) -> JsonObject:
    """An override for one field; `custom__width` stands for the property `custom.width`."""
    listed = [{"id": key.replace("__", "."), "value": value} for key, value in properties.items()]
    return {"matcher": {"id": "byName", "options": name}, "properties": listed}


def stat(
    head: Head,
    queries: Sequence[Query],
    number_format: NumberFormat,
    *,
    names: bool = False,
    value_size: int | None = None,
    overrides: Sequence[JsonObject] = (),
) -> JsonObject:
    """One number, or a few side by side with their names."""
    options: JsonObject = {
        "colorMode": "value",
        "graphMode": "none",
        "justifyMode": "center",
        "orientation": "vertical" if names else "auto",
        "reduceOptions": _LAST,
        "text": {"titleSize": 12, **({"valueSize": value_size} if value_size else {})},
        "textMode": "value_and_name" if names else "value",
        "wideLayout": True,
    }
    return _panel(
        "stat",
        head,
        _targets(queries, "instant"),
        options=options,
        defaults=number_format.defaults(),
        overrides=overrides,
    )


def bars(
    head: Head, query: Query, number_format: NumberFormat, overrides: Sequence[JsonObject] = ()
) -> JsonObject:
    """A horizontal bar a series, longest first where the query sorts."""
    options: JsonObject = {
        "displayMode": "basic",
        "maxVizHeight": 36,
        "minVizHeight": 16,
        "namePlacement": "left",
        "orientation": "horizontal",
        "reduceOptions": _LAST,
        "showUnfilled": True,
        "text": {"valueSize": 16},
        "sizing": "auto",
        "valueMode": "text",
    }
    return _panel(
        "bargauge",
        head,
        _targets([query], "instant"),
        options=options,
        defaults=number_format.defaults(),
        overrides=overrides,
    )


def lines(
    head: Head,
    queries: Sequence[Query],
    number_format: NumberFormat,
    overrides: Sequence[JsonObject] = (),
) -> JsonObject:
    """Lines through time, each for itself. They start at 0 unless a value lies below."""
    custom: JsonObject = {"axisSoftMin": 0, "fillOpacity": 0, "lineWidth": 2}
    return _through_time(
        head,
        queries,
        options=_legend("list", "bottom"),
        defaults=number_format.defaults(**_LINE, **custom),
        overrides=overrides,
    )


def stacked_lines(
    head: Head, query: Query, number_format: NumberFormat, overrides: Sequence[JsonObject] = ()
) -> JsonObject:
    """Areas on top of each other through time: only for parts whose sum is the message."""
    custom: JsonObject = {
        "fillOpacity": 60,
        "lineWidth": 1,
        "stacking": {"mode": "normal", "group": "A"},
    }
    return _through_time(
        head,
        [query],
        options=_legend("table", "right"),
        defaults=number_format.defaults(**_LINE, **custom),
        overrides=overrides,
    )


def stacked_columns(
    head: Head,
    query: Query,
    number_format: NumberFormat,
    *,
    across: str,
    parts: str,
    overrides: Sequence[JsonObject] = (),
) -> JsonObject:
    """A column for each value of the label `across`, stacked by the label `parts`."""
    matrix = f"{across}\\{parts}"
    options: JsonObject = {
        "barWidth": 0.7,
        "groupWidth": 0.7,
        "legend": {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": True},
        "orientation": "vertical",
        "showValue": "never",
        "stacking": "normal",
        "tooltip": {"mode": "multi", "sort": "desc"},
        "xField": matrix,
    }
    panel = _panel(
        "barchart",
        head,
        _targets([query], "table"),
        options=options,
        defaults=number_format.defaults(fillOpacity=60, lineWidth=1),
        overrides=overrides,
    )
    by_label: JsonObject = {"id": "sortBy", "options": {"fields": {}, "sort": [{"field": across}]}}
    to_matrix: JsonObject = {
        "id": "groupingToMatrix",
        "options": {
            "columnField": parts,
            "rowField": across,
            "valueField": "Value",
            "emptyValue": "null",
        },
    }
    return {**panel, "transformations": [by_label, to_matrix]}


def columns(head: Head, query: Query, number_format: NumberFormat, across: str) -> JsonObject:
    """A column for each value of the label `across`, in its order, with the value on it."""
    options: JsonObject = {
        "barWidth": 0.7,
        "groupWidth": 0.7,
        "legend": {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": False},
        "orientation": "vertical",
        "showValue": "auto",
        "stacking": "none",
        "tooltip": {"mode": "single", "sort": "none"},
        "xField": across,
    }
    panel = _panel(
        "barchart",
        head,
        _targets([query], "table"),
        options=options,
        defaults=number_format.defaults(fillOpacity=60, lineWidth=1),
    )
    only: JsonObject = {"include": {"names": [across, "Value"]}}
    by_label: JsonObject = {"id": "sortBy", "options": {"fields": {}, "sort": [{"field": across}]}}
    return {**panel, "transformations": [{"id": "filterFieldsByName", "options": only}, by_label]}


def table(
    head: Head,
    queries: Sequence[Query],
    number_format: NumberFormat,
    *,
    columns: Mapping[str, str],
    overrides: Sequence[JsonObject],
) -> JsonObject:
    """Rows of equal labels joined over the queries.

    `columns`: label or legend -> heading, in order; the rest is hidden.
    """
    targets = _targets(queries, "table")
    # Grafana names the numbers of several queries by their letters, and those of one query plainly.
    letters = {
        query.legend: f"Value #{_LETTERS[index]}" if len(queries) > 1 else "Value"
        for index, query in enumerate(queries)
    }
    fields = [letters.get(name, name) for name in columns]
    organise: JsonObject = {
        "excludeByName": {"Time": True},
        "indexByName": {name: index for index, name in enumerate(fields)},
        "renameByName": dict(zip(fields, columns.values(), strict=True)),
    }
    first_number = next(heading for name, heading in columns.items() if name in letters)
    options: JsonObject = {
        "cellHeight": "sm",
        "showHeader": True,
        "sortBy": [{"displayName": first_number, "desc": True}],
    }
    panel = _panel(
        "table",
        head,
        targets,
        options=options,
        defaults=number_format.defaults(filterable=False),
        overrides=overrides,
    )
    return {
        **panel,
        "transformations": [
            {"id": "merge", "options": {}},
            {"id": "organize", "options": organise},
        ],
    }


def text(head: Head, markdown: str) -> JsonObject:
    """A note; it asks nothing."""
    panel: JsonObject = {
        "id": head.id,
        "type": "text",
        "title": head.title,
        "description": head.description,
    }
    return {**panel, "transparent": True, "options": {"mode": "markdown", "content": markdown}}


_LETTERS = "ABCDEFGH"
_LINE: JsonObject = {
    "drawStyle": "line",
    "lineInterpolation": "stepAfter",
    "showPoints": "never",
    "spanNulls": False,
}
_LAST: JsonObject = {"calcs": ["lastNotNull"], "fields": "", "values": False}


def _legend(mode: Literal["list", "table"], placement: Literal["bottom", "right"]) -> JsonObject:
    """Options of a timeseries panel: the last value next to each name, the greatest first."""
    legend: JsonObject = {
        "calcs": ["lastNotNull"],
        "displayMode": mode,
        "placement": placement,
        "showLegend": True,
        "sortBy": "Last *",
        "sortDesc": True,
    }
    return {"legend": legend, "tooltip": {"mode": "multi", "sort": "desc"}}


def _through_time(
    head: Head,
    queries: Sequence[Query],
    *,
    options: JsonObject,
    defaults: JsonObject,
    overrides: Sequence[JsonObject],
) -> JsonObject:
    panel = _panel(
        "timeseries",
        head,
        _targets(queries, "range"),
        options=options,
        defaults=defaults,
        overrides=overrides,
    )
    # One frame: drawn from several, Grafana 13 takes a colour by name from the field's name, not
    # from the legend's.
    one_frame: JsonObject = {"id": "joinByField", "options": {"byField": "Time", "mode": "outer"}}
    return {**panel, "transformations": [one_frame]}


def _targets(
    queries: Sequence[Query], shape: Literal["instant", "range", "table"]
) -> list[JsonObject]:
    return [
        {
            "refId": _LETTERS[index],
            "datasource": DATA_SOURCE,
            "editorMode": "code",
            "expr": query.expr,
            "format": "table" if shape == "table" else "time_series",
            "instant": shape != "range",
            "range": shape == "range",
            "legendFormat": query.legend,
        }
        for index, query in enumerate(queries)
    ]


def _panel(
    kind: str,
    head: Head,
    targets: Sequence[JsonObject],
    *,
    options: JsonObject,
    defaults: JsonObject,
    overrides: Sequence[JsonObject] = (),
) -> JsonObject:
    return {
        "id": head.id,
        "type": kind,
        "title": head.title,
        "description": head.description,
        "datasource": DATA_SOURCE,
        "fieldConfig": {"defaults": defaults, "overrides": overrides},
        "options": options,
        "targets": targets,
    }
