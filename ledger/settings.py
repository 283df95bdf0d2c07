"""Every setting, read once from `SWITCHWISE_...` variables and checked at start.

The only reader of the environment.
"""

import difflib
import os
import re
import zoneinfo
from collections.abc import Collection
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from ledger import clock, months, setting_errors
from ledger.errors import UsageError

PREFIX = "SWITCHWISE_"
CALLBACK_NAMES = ("url", "key", "spool_max_bytes")
"""What only our callback for LiteLLM reads; it may run in the same environment."""
_OF_KUBERNETES = re.compile(r"_SERVICE_(HOST|PORT)(_|$)|_PORT_\d+_(TCP|UDP|SCTP)(_|$)")
"""Variables that Kubernetes adds for a service whose name begins with ours."""
_ZONE_DAYS_AHEAD = 3 * 366
_ADDRESS = re.compile(r"(tcp|udp|sctp)://")


def _time_zone(name: str) -> str:
    """The name of a time zone in which usage can be cut at every midnight of its days."""
    try:
        zone = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        near = difflib.get_close_matches(name, zoneinfo.available_timezones(), n=1)
        remedy = f"did you mean {near[0]}?" if near else "use a name such as UTC or Europe/Berlin"
        raise ValueError(f"{name!r} is not a time zone; {remedy}") from error
    if day := months.first_uncut_day(zone, clock.now_us() + _ZONE_DAYS_AHEAD * clock.DAY_US):
        raise ValueError(
            f"{name!r} has an offset from UTC on {day} at which sums cannot be cut;"
            " use another zone, such as UTC or Asia/Kolkata"
        )
    return name


def _webhook(address: SecretStr | None) -> SecretStr | None:
    """A webhook that can be posted to. The error does not show the address."""
    if address is not None and not _is_webhook(address.get_secret_value()):
        raise ValueError(
            "this is not the address of a webhook;"
            " write one such as https://hooks.slack.com/services/..."
        )
    return address


def _is_webhook(address: str) -> bool:
    """Whether an address is HTTPS, or plain HTTP on this machine."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    loopback = parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1", "localhost")
    return bool(parts.hostname) and (parts.scheme == "https" or loopback)


class Settings(BaseSettings):
    """The settings of one process. Secrets are SecretStr: no repr, log or error shows them."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, extra="ignore", frozen=True, hide_input_in_errors=True
    )

    data: Path = Path("switchwise-data")
    """Folder of the embedded ledger, used while no database is named."""
    database_url: SecretStr | None = None
    """The ledger: `postgresql://...` in production; SQLite in the data folder if absent."""
    redis_url: SecretStr = SecretStr("redis://127.0.0.1:6379/0")
    """Celery's broker in production. `switchwise up` needs none."""
    host: str = "127.0.0.1"
    """Address to bind. Anything but loopback is refused until an API key exists."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    """Port to bind; 0 takes a free one."""
    require_keys: bool = False
    """Ask for an API key on loopback too. Elsewhere one is always asked for."""
    reporting_zone: Annotated[str, AfterValidator(_time_zone)] = "UTC"
    """Time zone in which months, and the days of a forecast, are counted: UTC, Asia/Kolkata."""
    pairs: str = "gpt-4.1:gpt-4.1-mini,auto"
    """Which model may move to which: a comma list of FROM:TO, each `[provider/]model[@tier]`.
    `auto` adds each model's named successor, next smaller sibling, and batch and flex for work
    that can wait.
    """
    default_stance: Literal["prove_target", "prove_incumbent"] = "prove_target"
    """What to advise without evidence: try on a part first (`prove_target`), or switch what is
    low-risk work (`prove_incumbent`).
    """
    workload_classes: str = ""
    """What kind of work a project or workload is: `project[/workload]=class, ...`."""
    can_wait: str = ""
    """What may wait for batch or flex answers: `project[/workload], ...`."""
    rate_limits: str = ""
    """Limits of the targets: `[provider/]model=tokens_a_minute, ...`. What exceeds one stays."""
    trusted_sellers: str = ""
    """Providers that serve a model as its other sellers do, so that moving there needs no trial:
    a comma list such as `azure.ai.openai, aws.bedrock`.
    """
    move_cost_usd: Annotated[Decimal, Field(ge=0, le=10**12)] = Decimal(0)
    """USD that a move costs once. A saving has to pay it back before a model shuts down."""
    alert_threshold_usd: Annotated[Decimal, Field(ge=0, le=10**12)] = Decimal(50)
    """Low end of a saving, in USD per average month, that is worth advice and a message."""
    slack_webhook_url: Annotated[SecretStr | None, AfterValidator(_webhook)] = None
    """Slack webhook for alerts; none are sent without it. HTTPS, or HTTP on loopback."""
    grafana_url: str | None = None
    """Address of the Grafana that `switchwise dashboards publish` writes to."""
    grafana_token: SecretStr | None = None
    """Service account token for that Grafana; it needs the role Editor."""
    grafana_org_id: int | None = None
    """Organisation in that Grafana; the token's own if absent."""
    public_url: str | None = None
    """Address of the page as readers reach it: links in alerts open it."""
    raw_retention_days: Annotated[int, Field(ge=0, le=36_500)] = 90
    """Days for which raw events are kept after the last of their day arrived; 0 keeps all.
    No figure changes when they go.
    """
    max_series: Annotated[int, Field(ge=1)] = 100_000
    """Distinct label sets that are stored by name; further ones read `other`, sums stay exact."""
    max_metric_sets: Annotated[int, Field(ge=1)] = 400
    """Label sets that metrics publish by name; further ones read `other`, sums stay exact."""
    max_waiting_bytes: Annotated[int, Field(ge=1 << 20)] = 512 << 20
    """Bytes of request bodies that may wait in memory; more are answered with 503."""
    spool_dir: Path | None = None
    """Folder on a persistent volume that takes events while the database is away."""
    spool_after_ms: Annotated[int, Field(ge=10, le=60_000)] = 250
    """Milliseconds that a commit may take before its events go to the spool."""
    spool_max_mb: Annotated[int, Field(ge=1)] = 1_024
    """MiB that may wait in the spool; more are answered with 503."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Least severity that is logged."""

    @property
    def database(self) -> str:
        """The database's address with its password: pass it to `Database` and nothing else."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.data / 'ledger.db'}"

    @property
    def is_embedded(self) -> bool:
        """Whether the ledger is a file on this machine."""
        return self.database.startswith("sqlite")

    @property
    def zone(self) -> ZoneInfo:
        """The reporting zone in which months are counted."""
        return ZoneInfo(self.reporting_zone)


def variable(name: str) -> str:
    """The variable of a setting."""
    return PREFIX + name.upper()


def load(**overrides: object) -> Settings:
    """The settings of the environment, with overrides by the command line (None: not given).

    Raises UsageError: one line with the variable, its value unless it is a secret, and the remedy.
    """
    _refuse_unknown_variables()
    options = {name: value for name, value in overrides.items() if value is not None}
    try:
        return Settings(**options)  # type: ignore[arg-type]  # pydantic checks each value
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        name = str(fault["loc"][0])
        sentence = setting_errors.explain(Settings.model_fields[name], fault)
        raise UsageError(f"{variable(name)}: {sentence}") from None


def _refuse_unknown_variables() -> None:
    """Raise UsageError for a variable of ours that nothing reads: its value would be ignored."""
    names = [name.upper() for name in (*Settings.model_fields, *CALLBACK_NAMES)]
    for name, value in sorted(os.environ.items()):
        own_part = name.upper().removeprefix(PREFIX)
        if own_part == name.upper() or own_part in names:
            continue
        if _OF_KUBERNETES.search(name) or (name.endswith("_PORT") and _ADDRESS.match(value)):
            continue
        near = difflib.get_close_matches(own_part, names, n=1)
        remedy = (
            f"did you mean {PREFIX}{near[0]}?"
            if near
            else "unset it; docs/reference/settings.md lists them all"
        )
        raise UsageError(f"{name} is no setting; {remedy}")


def secret_of(name: str) -> SecretStr | None:
    """The secret in a variable that a person names, such as OPENAI_API_KEY; None if it is empty."""
    value = os.environ.get(name, "").strip()
    return SecretStr(value) if value else None


def child_environment(**extra: str) -> dict[str, str]:
    """The environment of this process for a child process, with additions."""
    return {**os.environ, **extra}


def forget_variables(prefixes: tuple[str, ...], names: Collection[str]) -> None:
    """Take variables of a library out of the environment of this process and its children."""
    for name in [name for name in os.environ if name.startswith(prefixes) or name in names]:
        del os.environ[name]


def as_environment(settings: Settings) -> dict[str, str]:
    """The variables that give a child process the same settings.

    Secrets are among them: they are for the child's environment only.
    """
    values = {name: getattr(settings, name) for name in settings.model_fields_set}
    return {
        variable(name): value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        for name, value in values.items()
        if value is not None
    }
