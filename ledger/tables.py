"""The database tables (the word model is kept for LLM models). Integers for time and tokens, text for money; no NULL label."""

from typing import Any, ClassVar

from sqlalchemy import BigInteger, Integer, LargeBinary
from sqlmodel import Field, SQLModel

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = SQLModel.metadata

# SQLite numbers rows itself only in a column that is called INTEGER.
_ROW_ID = BigInteger().with_variant(Integer(), "sqlite")


def _key(**more: Any) -> Any:
    """A 64-bit column of a composite primary key; its value is given, never numbered by the database."""
    return Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False}, **more)


def _count() -> Any:
    """A 64-bit count that starts at 0."""
    return Field(default=0, sa_type=BigInteger)


def _instant() -> Any:
    """UTC epoch microseconds; None where the thing has not happened."""
    return Field(default=None, sa_type=BigInteger)


class Series(SQLModel, table=True):
    """One label set, interned once; events and rollups point at it. `digest` is a hash of the labels as stored."""

    __tablename__ = "series"

    id: int | None = Field(default=None, primary_key=True)
    digest: bytes = Field(sa_type=LargeBinary, unique=True)
    namespace: str
    provider: str
    model: str
    request_model: str
    service_tier: str
    service_tier_requested: str
    context_band: int
    features: int
    usage_source: str
    status: str
    project: str
    workload: str
    key: str
    folded: bool = False


class EventRow(SQLModel, table=True):
    """One served request, narrow: a time-ordered key, integers, no second index. Nothing is ever updated in place."""

    __tablename__ = "event"
    __table_args__: ClassVar[Any] = {"sqlite_with_rowid": False, "postgresql_partition_by": "LIST (day)"}

    day: int = _key()
    key: bytes = Field(primary_key=True, sa_type=LargeBinary)
    series_id: int
    occurred_at: int = Field(sa_type=BigInteger)
    input_tokens: int | None = None
    cached_input_tokens: int | None = None
    cache_write_input_tokens: int | None = None
    output_tokens: int | None = None
    reasoning_tokens: int | None = None
    input_audio_tokens: int | None = None
    output_audio_tokens: int | None = None
    latency_ms: int | None = _instant()
    first_token_ms: int | None = _instant()
    retry_count: int = 0
    fingerprint: int = Field(sa_type=BigInteger)


class Intake(SQLModel, table=True):
    """The sums of what one commit really inserted, until the worker adds them to the rollups and deletes the row."""

    __tablename__ = "intake"
    __table_args__: ClassVar[Any] = {"sqlite_autoincrement": True}

    id: int | None = Field(default=None, primary_key=True, sa_type=_ROW_ID)
    created_at: int = Field(sa_type=BigInteger)
    events: int
    sums: bytes = Field(sa_type=LargeBinary)


class UsageSums(SQLModel):
    """The integer sums that every rollup holds. Tokens are billable ones; avoided tokens are gateway cache hits."""

    requests: int = _count()
    input_tokens: int = _count()
    cached_input_tokens: int = _count()
    cache_write_input_tokens: int = _count()
    output_tokens: int = _count()
    reasoning_tokens: int = _count()
    input_audio_tokens: int = _count()
    output_audio_tokens: int = _count()
    avoided_input_tokens: int = _count()
    avoided_output_tokens: int = _count()
    detail_unknown_requests: int = _count()
    detail_unknown_input_tokens: int = _count()
    latency_requests: int = _count()
    latency_ms_sum: int = _count()
    first_token_requests: int = _count()
    first_token_ms_sum: int = _count()
    paid_retry_requests: int = _count()
    largest_input_tokens: int = _count()
    largest_output_tokens: int = _count()


class UsageHour(UsageSums, table=True):
    """A UTC hour x series."""

    __tablename__ = "usage_hour"

    hour: int = _key()
    series_id: int = _key()


class UsageDay(UsageSums, table=True):
    """A UTC day x series."""

    __tablename__ = "usage_day"

    day: int = _key()
    series_id: int = _key()


class UsageTotal(UsageSums, table=True):
    """A series since the beginning; never falls except by `rebuild`."""

    __tablename__ = "usage_total"

    series_id: int = _key()


class DistributionDay(SQLModel, table=True):
    """Requests of a UTC day x series whose measure has this bit length (0 for 0, p for 2^(p-1) to 2^p - 1)."""

    __tablename__ = "distribution_day"

    day: int = _key()
    series_id: int = _key()
    measure: int = _key()
    power: int = _key()
    requests: int = _count()


class Day(SQLModel, table=True):
    """A UTC day: how often and when a rollup last wrote into it, and when retention sealed it."""

    __tablename__ = "day"

    day: int = _key()
    revision: int = _count()
    last_written_at: int = Field(sa_type=BigInteger)
    sealed_at: int | None = _instant()


class MetricSet(SQLModel, table=True):
    """A label set of the counters and the names it is published under, decided once and for good."""

    __tablename__ = "metric_set"

    provider: str = Field(primary_key=True)
    model: str = Field(primary_key=True)
    service_tier: str = Field(primary_key=True)
    project: str = Field(primary_key=True)
    workload: str = Field(primary_key=True)
    published_project: str
    published_workload: str


class Statement(SQLModel, table=True):
    """A month in the reporting zone: what its lines were computed from. Open until it is closed."""

    __tablename__ = "statement"

    month: str = Field(primary_key=True)
    zone: str
    revision: int
    days_revision: int = Field(sa_type=BigInteger)
    price_book_version: str
    names_version: str
    through_day: int = Field(sa_type=BigInteger)
    computed_at: int = Field(sa_type=BigInteger)
    closed_at: int | None = _instant()
    days: str
    """JSON: cost and requests by UTC day, for charts."""
    forecast: str | None = None
    """JSON: the forecast of the whole month; NULL where there is no history to forecast from."""


class StatementLine(SQLModel, table=True):
    """A month x provider x canonical model x tier x project x workload: tokens as integers, money as decimal text."""

    __tablename__ = "statement_line"

    month: str = Field(primary_key=True)
    provider: str = Field(primary_key=True)
    model: str = Field(primary_key=True)
    service_tier: str = Field(primary_key=True)
    project: str = Field(primary_key=True)
    workload: str = Field(primary_key=True)
    requests: int = _count()
    input_tokens: int = _count()
    cached_input_tokens: int = _count()
    cache_write_input_tokens: int = _count()
    output_tokens: int = _count()
    reasoning_tokens: int = _count()
    input_audio_tokens: int = _count()
    output_audio_tokens: int = _count()
    avoided_tokens: int = _count()
    priced_tokens: int = _count()
    unpriced_tokens: int = _count()
    tier_unknown_tokens: int = _count()
    backdated_tokens: int = _count()
    successes: int = _count()
    provider_usage_successes: int = _count()
    estimated_requests: int = _count()
    missing_requests: int = _count()
    detail_unknown_requests: int = _count()
    folded_requests: int = _count()
    paid_retry_requests: int = _count()
    list_cost_usd: str | None = None
    cost_usd: str | None = None


class Recommendation(SQLModel, table=True):
    """Advice on one slice: the decision (computed), the stage (set by people) and every input needed to recompute it."""

    __tablename__ = "recommendation"

    id: str = Field(primary_key=True)
    provider: str
    project: str
    workload: str
    from_model: str
    to_model: str
    to_service_tier: str
    decision: str
    reason: str
    stage: str = "active"
    version: int = 1
    current: bool = True
    computed_at: int = Field(sa_type=BigInteger)
    detail: str
    """JSON of the estimate and its inputs, as the API shows it."""


class Price(SQLModel, table=True):
    """An operator's own price, over the shipped price book from a UTC day on. Rates are nano-USD per million tokens."""

    __tablename__ = "price"

    provider: str = Field(primary_key=True)
    model: str = Field(primary_key=True)
    service_tier: str = Field(primary_key=True)
    over_input_tokens: int = _key()
    effective_from: int = _key()
    uncached_input: int | None = _instant()
    cached_input: int | None = _instant()
    cache_write_input: int | None = _instant()
    output: int | None = _instant()
    input_audio: int | None = _instant()
    output_audio: int | None = _instant()
    source: str
    created_at: int = Field(sa_type=BigInteger)


class ModelAlias(SQLModel, table=True):
    """An operator's own name for a model, from a UTC day on: (namespace, provider, name) reads as (provider, model)."""

    __tablename__ = "alias"

    namespace: str = Field(primary_key=True)
    provider: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    effective_from: int = _key()
    model_provider: str
    model: str
    created_at: int = Field(sa_type=BigInteger)


class ApiKey(SQLModel, table=True):
    """An API key: the hash of its secret part, its scopes, and what it fixes. The key itself is never stored."""

    __tablename__ = "api_key"

    id: str = Field(primary_key=True)
    name: str
    secret_hash: bytes = Field(sa_type=LargeBinary)
    scopes: str
    project: str | None = None
    namespace: str
    created_at: int = Field(sa_type=BigInteger)
    revoked_at: int | None = _instant()


class ImportedFile(SQLModel, table=True):
    """How far a file was imported: committed together with its events, so that an import resumes where it stopped."""

    __tablename__ = "imported_file"

    sha256: str = Field(primary_key=True)
    namespace: str = Field(primary_key=True)
    format: str = Field(primary_key=True)
    name: str
    offset_bytes: int = _count()
    lines: int = _count()
    finished_at: int | None = _instant()


class JobSlot(SQLModel, table=True):
    """The schedule of one job: the last slot that was taken. Taking a slot is one conditional update, so once only."""

    __tablename__ = "job_slot"

    job: str = Field(primary_key=True)
    slot: int = Field(sa_type=BigInteger)
    finished_at: int | None = _instant()
    failed_at: int | None = _instant()
    failure: str | None = None


class AlertState(SQLModel, table=True):
    """Whether one alert (rule and scope) is armed or has fired, and the figure it last saw (decimal text)."""

    __tablename__ = "alert_state"

    rule: str = Field(primary_key=True)
    scope: str = Field(primary_key=True)
    fired: bool = False
    figure_usd: str | None = None
    changed_at: int = Field(sa_type=BigInteger)


class AlertMessage(SQLModel, table=True):
    """An outgoing alert, written in the transaction that fired it and delivered by the worker until it is accepted."""

    __tablename__ = "alert_message"
    __table_args__: ClassVar[Any] = {"sqlite_autoincrement": True}

    id: int | None = Field(default=None, primary_key=True, sa_type=_ROW_ID)
    rule: str
    scope: str
    text: str
    created_at: int = Field(sa_type=BigInteger)
    due_at: int = Field(sa_type=BigInteger)
    attempts: int = 0
    delivered_at: int | None = _instant()
    given_up_at: int | None = _instant()
    last_failure: str | None = None


class Fact(SQLModel, table=True):
    """A fact of this installation that must survive a restart, by name (the first day of the demo, for one)."""

    __tablename__ = "fact"

    name: str = Field(primary_key=True)
    value: str
