"""What surrounds the panels of a dashboard: variables, grid, links, times.

It knows no metric and no panel type.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence

from dashboards.panels import DATA_SOURCE, Json, JsonObject

COLUMNS = 24
SCHEMA_VERSION = 42
TAG = "switchwise"
_REVISION = "revision"


def data_source() -> JsonObject:
    """The one variable that says which Prometheus answers; every panel and query refers to it."""
    return {
        "name": "datasource",
        "label": "Data source",
        "type": "datasource",
        "query": "prometheus",
        "hide": 0,
    }


def choice(name: str, label: str, query: str) -> JsonObject:
    """A list to filter by, all values unless the reader picks some.

    Match it with `=~`, never with `=`.
    """
    return _from_labels(name, label, query) | {
        "includeAll": True,
        "multi": True,
        "allValue": ".*",
        "sort": 1,
    }


def latest(name: str, label: str, query: str) -> JsonObject:
    """A list with the greatest value first, which is the one a reader starts with."""
    return _from_labels(name, label, query) | {"includeAll": False, "multi": False, "sort": 2}


def hidden(name: str, query: str) -> JsonObject:
    """The greatest value of a label, for use in a text."""
    return latest(name, "", query) | {"hide": 2, "skipUrlSync": True}


def rows(content: Sequence[tuple[int, Sequence[tuple[int, JsonObject]]]]) -> list[JsonObject]:
    """Panels laid out: rows of (height, [(width, panel), ...]) from top to bottom."""
    laid_out: list[JsonObject] = []
    y = 0
    for height, panels in content:
        x = 0
        for width, panel in panels:
            laid_out.append(panel | {"gridPos": {"x": x, "y": y, "w": width, "h": height}})
            x += width
        y += height
    return laid_out


def dashboard(
    uid: str,
    *,
    title: str,
    description: str,
    variables: Sequence[JsonObject],
    panels: Sequence[JsonObject],
    since: str = "now/M",
) -> JsonObject:
    """A whole dashboard, with its revision.

    The file carries neither id nor version: both are Grafana's.

    It opens on the time from `since`, the month so far by default.
    """
    siblings: Json = {
        "type": "dashboards",
        "title": "Switchwise",
        "tags": [TAG],
        "asDropdown": True,
        "icon": "external link",
        "includeVars": True,
        "keepTime": True,
        "targetBlank": False,
    }
    content: JsonObject = {
        "uid": uid,
        "title": title,
        "description": description,
        "tags": [TAG],
        "schemaVersion": SCHEMA_VERSION,
        "editable": False,
        "graphTooltip": 1,
        "timezone": "utc",
        "time": {"from": since, "to": "now"},
        "timepicker": {"refresh_intervals": ["1m", "5m", "15m", "1h"]},
        "refresh": "5m",
        "links": [siblings],
        "annotations": {"list": []},
        "panels": panels,
    }
    return content | {
        "templating": {"list": [*variables, _constant(_REVISION, _digest([content, variables]))]}
    }


def revision(content: Mapping[str, object]) -> str | None:
    """The revision that a dashboard carries, as made here or as Grafana returned it, or None."""
    templating = content.get("templating")
    variables = templating.get("list", []) if isinstance(templating, Mapping) else []
    return next(
        (variable.get("query") for variable in variables if variable.get("name") == _REVISION), None
    )


def _from_labels(name: str, label: str, query: str) -> JsonObject:
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": DATA_SOURCE,
        "definition": query,
        "query": {"query": query, "refId": "PrometheusVariableQueryEditor-VariableQuery"},
        "refresh": 2,
        "hide": 0,
        "regex": "",
        "options": [],
        "current": {},
    }


def _constant(name: str, value: str) -> JsonObject:
    """A hidden value.

    The revision is one because Grafana fills in and migrates what it stores, so that contents
    cannot be compared, while a variable comes back as it was sent, and readers see none of it.
    """
    return {
        "name": name,
        "label": "",
        "type": "constant",
        "query": value,
        "hide": 2,
        "skipUrlSync": True,
    }


def _digest(content: Json) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]
