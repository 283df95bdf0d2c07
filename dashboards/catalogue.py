"""Every dashboard we ship, and how it becomes a file.

The files are generated: change the modules, not the JSON.
"""

import json
from pathlib import Path

from dashboards import operations, savings, spend
from dashboards.panels import JsonObject


def dashboards() -> list[JsonObject]:
    """All dashboards, in the order in which a reader meets them."""
    return [spend.dashboard(), savings.dashboard(), operations.dashboard()]


def to_json(dashboard: JsonObject) -> str:
    """The text of a dashboard file; equal dashboards give equal text."""
    return json.dumps(dashboard, indent=2, ensure_ascii=False) + "\n"


def write(directory: Path) -> list[Path]:
    """One file a dashboard, named after its uid, for Grafana's file provisioning.

    Makes the directory if need be.
    """
    directory.mkdir(parents=True, exist_ok=True)
    written = []
    for dashboard in dashboards():
        path = directory / f"{dashboard['uid']}.json"
        path.write_text(to_json(dashboard), encoding="utf-8")
        written.append(path)
    return written
