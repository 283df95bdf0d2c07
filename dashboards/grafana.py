"""Grafana over HTTP: the only module that imports grafana-api.

It decides nothing, and its token leaves it in one header only.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import SplitResult, quote, urlsplit

import requests
from grafana_api.api import Dashboard, Folder, Organization
from grafana_api.grafana_api import GrafanaAPI
from requests.adapters import HTTPAdapter
from urllib3 import Retry

from dashboards.panels import JsonObject
from ledger.errors import SwitchwiseError, UsageError

CONNECT_SECONDS, READ_SECONDS = 5.0, 30.0
_METHODS = ("GET", "PUT", "POST", "DELETE")
_REPEATABLE = frozenset({"GET", "PUT"})
_PASSING = (502, 503, 504)
_QUOTED_CHARACTERS = 200

Answer: TypeAlias = object


class GrafanaError(SwitchwiseError):
    """Grafana refused or could not be reached.

    `status_code` is None without an answer; `reason` is its own word for why.
    """

    def __init__(self, message: str, status_code: int | None = None, reason: str = "") -> None:
        super().__init__(message)
        self.status_code = status_code
        self.reason = reason


@dataclass(frozen=True, slots=True)
class StoredDashboard:
    """A dashboard as Grafana holds it."""

    content: Mapping[str, object]
    folder_uid: str
    url: str


class _Runner(GrafanaAPI):  # type: ignore[misc]  # grafana-api ships no types
    """The request runner under grafana-api's calls.

    It repeats what may be repeated, gives every request a time limit, reads answers that are empty
    or no JSON, and turns every failure into GrafanaError.
    """

    s: requests.Session
    url: str
    auth: requests.auth.AuthBase

    def __init__(
        self, url: str, token: str, *, org_id: int | None, retries: int, backoff_seconds: float
    ) -> None:
        parts = _site_of(url)
        prefix = parts.path.strip("/")
        super().__init__(
            token,
            parts.netloc,
            url_path_prefix=f"{prefix}/" if prefix else "",
            protocol=parts.scheme,
        )
        self._token = token
        self.site = f"{parts.scheme}://{parts.netloc}{'/' if prefix else ''}{prefix}"
        if org_id is not None:
            self.s.headers["X-Grafana-Org-Id"] = str(org_id)
        repeat = Retry(
            retries,
            allowed_methods=_REPEATABLE,
            status_forcelist=_PASSING,
            backoff_factor=backoff_seconds,
            raise_on_status=False,
            respect_retry_after_header=False,
            redirect=0,
        )
        self.s.mount(self.url, HTTPAdapter(max_retries=repeat))

    def __repr__(self) -> str:
        return f"Grafana({self.site})"

    def __getattr__(self, name: str) -> Callable[..., Answer]:
        if name not in _METHODS:
            raise AttributeError(name)

        def run(path: str, json: object = None, headers: Mapping[str, str] | None = None) -> Answer:
            return self._run(name, path, json, headers)

        return run

    def _run(
        self, method: str, path: str, json: object, headers: Mapping[str, str] | None
    ) -> Answer:
        try:
            # A redirect would turn a POST into a GET, and may point to another host: neither is
            # followed.
            answer = self.s.request(
                method,
                self.url + path,
                json=json,
                headers=headers,
                auth=self.auth,
                allow_redirects=False,
                timeout=(CONNECT_SECONDS, READ_SECONDS),
            )
        except requests.RequestException as error:
            # The request inside the library's exception carries the token, so it is not chained.
            raise GrafanaError(
                f"no answer from Grafana at {self.site} ({type(error).__name__}); check"
                " SWITCHWISE_GRAFANA_URL"
            ) from None
        body = _body(answer)
        if answer.is_redirect:
            raise GrafanaError(
                f"Grafana at {self.site} redirects to"
                f" {_target_of(answer)}; set SWITCHWISE_GRAFANA_URL"
                " to the address where it really is",
                answer.status_code,
            )
        if answer.status_code >= 400:
            raise self._refusal(answer.status_code, path, body)
        if isinstance(body, str):
            raise GrafanaError(
                f"{self.site} answered {path} with text, not JSON; is SWITCHWISE_GRAFANA_URL"
                " the address of a Grafana?",
                answer.status_code,
            )
        return body

    def _refusal(self, status_code: int, path: str, body: Answer) -> GrafanaError:
        """The error for an answer of 400 or more.

        Grafana's own words are kept, on one line and without the token.
        """
        reason, words = "", body if isinstance(body, str) else ""
        if isinstance(body, Mapping):
            reason, words = str(body.get("status", "")), str(body.get("message", ""))
        if "<" in words:  # the HTML page of a proxy
            words = ""
        words = " ".join(words.replace(self._token, "***").split())[:_QUOTED_CHARACTERS]
        remedies = {
            404: "is SWITCHWISE_GRAFANA_URL the address of a Grafana, with its sub-path if it"
            " has one?",
            406: "what is stored there has a newer format than this API can show; delete it in"
            " Grafana",
            401: "the token is wrong or expired; make a service account token and set"
            " SWITCHWISE_GRAFANA_TOKEN",
            403: "the token may not do this; give its service account the role Editor",
        }
        if status_code in _PASSING:
            remedies[status_code] = "Grafana or a proxy before it is down; try again later"
        parts = [
            f"Grafana at {self.site} answered {status_code} to {path}",
            words,
            remedies.get(status_code, ""),
        ]
        return GrafanaError(": ".join(part for part in parts if part), status_code, reason)


def _target_of(answer: requests.Response) -> str:
    """Where a redirect leads, without its query, which may hold a token."""
    try:
        target = urlsplit(answer.headers["Location"])
    except ValueError:
        return "what is no address"
    return f"{target.scheme}://{target.netloc}{target.path}"


def _site_of(url: str) -> SplitResult:
    """The parts of a Grafana's address. Raises UsageError, which does not quote it."""
    try:
        parts = urlsplit(url)
        is_site = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # such as http://[::1, or a port that is no number
        is_site = False
    if not is_site or parts.username or parts.password:
        raise UsageError(
            "SWITCHWISE_GRAFANA_URL: this is not the address of a Grafana;"
            " write one such as https://grafana.example.com, without a name or password"
        )
    return parts


class Grafana:
    """One organisation of one Grafana, as a publisher sees it.

    Every method raises GrafanaError when it is refused.
    """

    def __init__(
        self,
        url: str,
        token: str,
        org_id: int | None = None,
        retries: int = 3,
        backoff_seconds: float = 0.5,
    ) -> None:
        self._api = _Runner(
            url, token, org_id=org_id, retries=retries, backoff_seconds=backoff_seconds
        )
        self._dashboards, self._folders = Dashboard(self._api), Folder(self._api)
        self._organisations = Organization(self._api)

    def __repr__(self) -> str:
        return repr(self._api)

    @property
    def site(self) -> str:
        """The address that a reader opens."""
        site: str = self._api.site
        return site

    def version(self) -> str:
        """The version of a Grafana in good health. It needs no token, so it does not prove one."""
        return _text(self._api.GET("/health"), "version")

    def organisation(self) -> str:
        """The name of the token's organisation: the cheapest call that proves the token."""
        return _text(self._organisations.get_current_organization(), "name")

    def has_folder(self, uid: str) -> bool:
        """Whether a folder of that uid exists."""
        return _unless_missing(lambda: self._folders.get_folder(_part(uid))) is not None

    def create_folder(self, uid: str, title: str) -> None:
        """Make a folder at the root."""
        self._folders.create_folder(title, uid)

    def dashboard(self, uid: str) -> StoredDashboard | None:
        """The dashboard of a uid; None if there is none."""
        answer = _unless_missing(lambda: self._dashboards.get_dashboard(_part(uid)))
        if answer is None:
            return None
        meta = _mapping(answer, "meta")
        return StoredDashboard(
            _mapping(answer, "dashboard"), _text(meta, "folderUid"), _text(meta, "url")
        )

    def save_dashboard(self, dashboard: JsonObject, folder_uid: str, message: str) -> str:
        """Create or replace a dashboard by its uid, in a folder; returns its path on the site."""
        # Without folderUid Grafana would move the dashboard to the root; an id would name another
        # organisation's row.
        body = {
            "dashboard": {**dashboard, "id": None},
            "folderUid": folder_uid,
            "overwrite": True,
            "message": message,
        }
        return _text(self._dashboards.update_dashboard(body), "url")

    def check_data_source(self, uid: str) -> str:
        """Ask Grafana to ask a data source how it is; returns its words."""
        return _text(self._api.GET(f"/datasources/uid/{_part(uid)}/health"), "message")


def _body(answer: requests.Response) -> Answer:
    """An answer's JSON; None if it is empty, its text if it is no JSON."""
    if not answer.content:
        return None
    try:
        return answer.json()
    except requests.JSONDecodeError:
        return answer.text


def _part(name: str) -> str:
    """A name as one part of a path."""
    return quote(name, safe="")


def _unless_missing(call: Callable[[], Answer]) -> Answer:
    try:
        return call()
    except GrafanaError as error:
        if error.status_code == 404:
            return None
        raise


def _mapping(answer: Answer, key: str) -> Mapping[str, object]:
    """A part of an answer that is an object; empty if it is not there."""
    part = answer.get(key) if isinstance(answer, Mapping) else None
    return part if isinstance(part, Mapping) else {}


def _text(answer: Answer, key: str) -> str:
    """A part of an answer that is text; empty if it is not there."""
    part = answer.get(key) if isinstance(answer, Mapping) else None
    return part if isinstance(part, str) else ""
