"""Dashboards -> an existing Grafana: into one folder, only when changed.

It neither builds dashboards nor speaks HTTP.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from dashboards import frame
from dashboards.grafana import Grafana, GrafanaError
from dashboards.panels import JsonObject


@dataclass(frozen=True, slots=True)
class Folder:
    """Where dashboards go. The uid finds the folder again after somebody has renamed it."""

    uid: str
    title: str


@dataclass(frozen=True, slots=True)
class PublishedDashboard:
    """What became of one dashboard, and where to open it."""

    uid: str
    title: str
    action: Literal["created", "updated", "unchanged"]
    url: str


FOLDER = Folder("switchwise", "Switchwise")


def publish(
    grafana: Grafana,
    dashboards: Sequence[JsonObject],
    folder: Folder = FOLDER,
    data_source_uid: str | None = None,
) -> list[PublishedDashboard]:
    """Bring every dashboard up to date, in order.

    A second run changes nothing.

    Raises GrafanaError at the first refusal; what was published before it stays. With
    `data_source_uid` that data source must be in good health first.
    """
    grafana.version()
    grafana.organisation()
    if data_source_uid is not None:
        grafana.check_data_source(data_source_uid)
    if not grafana.has_folder(folder.uid):
        grafana.create_folder(folder.uid, folder.title)
    return [_publish_one(grafana, dashboard, folder) for dashboard in dashboards]


def _publish_one(grafana: Grafana, dashboard: JsonObject, folder: Folder) -> PublishedDashboard:
    uid, title, ours = str(dashboard["uid"]), str(dashboard["title"]), frame.revision(dashboard)
    existing = grafana.dashboard(uid)
    if (
        existing
        and existing.folder_uid == folder.uid
        and ours is not None
        and frame.revision(existing.content) == ours
    ):
        return PublishedDashboard(uid, title, "unchanged", grafana.site + existing.url)
    try:
        path = grafana.save_dashboard(dashboard, folder.uid, f"switchwise {ours}")
    except GrafanaError as error:
        raise _explained(error, uid, title, folder) from None
    return PublishedDashboard(uid, title, "updated" if existing else "created", grafana.site + path)


def _explained(error: GrafanaError, uid: str, title: str, folder: Folder) -> GrafanaError:
    """The same refusal in terms of this dashboard, with what to do about it."""
    causes = {
        "version-mismatch": "somebody changed it meanwhile; publish again to replace their version",
        "name-exists": f"another dashboard in folder {folder.title} has its title or uid;"
        " rename or delete that one",
        "plugin-dashboard": "a Grafana plugin owns the dashboard of that uid;"
        " remove it from the plugin first",
    }
    if error.status_code == 412:
        cause = causes.get(
            error.reason, f"Grafana refused the change ({error.reason or 'no reason given'})"
        )
    elif error.status_code == 404:
        cause = f"folder {folder.uid} vanished meanwhile; publish again"
    else:
        cause = str(error)
    return GrafanaError(
        f"cannot publish {title!r} ({uid}): {cause}", error.status_code, error.reason
    )
