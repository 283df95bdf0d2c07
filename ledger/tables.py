"""The database tables (the word model is kept for LLM models). Integers for time and tokens, text for money; no NULL label."""

from typing import Any, ClassVar

from sqlalchemy import BigInteger, LargeBinary
from sqlmodel import Field, SQLModel

from ledger import access_tables, advice_tables, columns, evidence_tables, file_tables, stage_tables

metadata = columns.metadata
ApiKey = access_tables.ApiKey
ImportedFile = file_tables.ImportedFile
TailedFile = file_tables.TailedFile
Statement, StatementLine = advice_tables.Statement, advice_tables.StatementLine
Adjustment, AdjustmentLine = advice_tables.Adjustment, advice_tables.AdjustmentLine
Recommendation = advice_tables.Recommendation
AlertState, AlertMessage = advice_tables.AlertState, advice_tables.AlertMessage
EvidenceSet, EvidenceItem = evidence_tables.EvidenceSet, evidence_tables.EvidenceItem
StageChange = stage_tables.StageChange
MissedDay, RealisedSaving = stage_tables.MissedDay, stage_tables.RealisedSaving


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

    day: int = columns.key()
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
    latency_ms: int | None = columns.optional_count()
    first_token_ms: int | None = columns.optional_count()
    retry_count: int = 0
    fingerprint: int = Field(sa_type=BigInteger)


class Intake(SQLModel, table=True):
    """The sums of what one commit really inserted, until the worker adds them to the rollups and deletes the row."""

    __tablename__ = "intake"
    __table_args__: ClassVar[Any] = {"sqlite_autoincrement": True}

    id: int | None = Field(default=None, primary_key=True, sa_type=columns.ROW_ID)
    created_at: int = Field(sa_type=BigInteger)
    events: int
    sums: bytes = Field(sa_type=LargeBinary)


class UsageSums(SQLModel):
    """The integer sums that every rollup holds. Tokens are billable ones; avoided tokens are gateway cache hits."""

    requests: int = columns.count()
    input_tokens: int = columns.count()
    cached_input_tokens: int = columns.count()
    cache_write_input_tokens: int = columns.count()
    output_tokens: int = columns.count()
    reasoning_tokens: int = columns.count()
    input_audio_tokens: int = columns.count()
    output_audio_tokens: int = columns.count()
    avoided_input_tokens: int = columns.count()
    avoided_output_tokens: int = columns.count()
    detail_unknown_requests: int = columns.count()
    detail_unknown_input_tokens: int = columns.count()
    latency_requests: int = columns.count()
    latency_ms_sum: int = columns.count()
    first_token_requests: int = columns.count()
    first_token_ms_sum: int = columns.count()
    paid_retry_requests: int = columns.count()
    largest_input_tokens: int = columns.count()
    largest_output_tokens: int = columns.count()


class UsageHour(UsageSums, table=True):
    """A UTC hour x series."""

    __tablename__ = "usage_hour"

    hour: int = columns.key()
    series_id: int = columns.key()


class UsageDay(UsageSums, table=True):
    """A UTC day x series."""

    __tablename__ = "usage_day"

    day: int = columns.key()
    series_id: int = columns.key()


class UsageLate(UsageSums, table=True):
    """A UTC hour x series that was rolled up after its month was closed: on which UTC day, after which repricing (0: none)."""

    __tablename__ = "usage_late"

    month: str = Field(primary_key=True)
    recorded_day: int = columns.key()
    after_number: int = columns.key()
    hour: int = columns.key()
    series_id: int = columns.key()


class UsageTotal(UsageSums, table=True):
    """A series since the beginning; never falls except by `rebuild`."""

    __tablename__ = "usage_total"

    series_id: int = columns.key()


class DistributionDay(SQLModel, table=True):
    """Requests of a UTC day x series whose measure has this bit length (0 for 0, p for 2^(p-1) to 2^p - 1)."""

    __tablename__ = "distribution_day"

    day: int = columns.key()
    series_id: int = columns.key()
    measure: int = columns.key()
    power: int = columns.key()
    requests: int = columns.count()


class Day(SQLModel, table=True):
    """A UTC day: how often and when a rollup last wrote into it, and when retention sealed it and dropped its hours."""

    __tablename__ = "day"

    day: int = columns.key()
    revision: int = columns.count()
    last_written_at: int = Field(sa_type=BigInteger)
    sealed_at: int | None = columns.instant()
    hours_dropped_at: int | None = columns.instant()


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


class PriceRates(SQLModel):
    """The rates of a price, in nano-USD per million tokens; None where the provider has no such rate."""

    uncached_input: int | None = columns.optional_count()
    cached_input: int | None = columns.optional_count()
    cache_write_input: int | None = columns.optional_count()
    output: int | None = columns.optional_count()
    input_audio: int | None = columns.optional_count()
    output_audio: int | None = columns.optional_count()


class Price(PriceRates, table=True):
    """An operator's own list price, over the shipped price book from a UTC day on."""

    __tablename__ = "price"

    provider: str = Field(primary_key=True)
    model: str = Field(primary_key=True)
    service_tier: str = Field(primary_key=True)
    over_input_tokens: int = columns.key()
    region: str = Field(default="", primary_key=True)
    effective_from: int = columns.key()
    source: str
    created_at: int = Field(sa_type=BigInteger)


class ContractPrice(PriceRates, table=True):
    """A fixed price that was negotiated, beside the list price, from a UTC day until another (not included; None: open)."""

    __tablename__ = "contract_price"

    provider: str = Field(primary_key=True)
    model: str = Field(primary_key=True)
    service_tier: str = Field(primary_key=True)
    over_input_tokens: int = columns.key()
    region: str = Field(default="", primary_key=True)
    effective_from: int = columns.key()
    effective_until: int | None = columns.optional_count()
    source: str
    created_at: int = Field(sa_type=BigInteger)


class ContractDiscount(SQLModel, table=True):
    """A negotiated discount off list prices in parts per million, from a UTC day until another (not included; None: open).

    An empty model or tier means every one of the provider's; the most exact row of a price speaks.
    """

    __tablename__ = "contract_discount"

    provider: str = Field(primary_key=True)
    model: str = Field(primary_key=True)
    service_tier: str = Field(primary_key=True)
    effective_from: int = columns.key()
    effective_until: int | None = columns.optional_count()
    discount_ppm: int
    source: str
    created_at: int = Field(sa_type=BigInteger)


class ModelAlias(SQLModel, table=True):
    """An operator's own name for a model, from a UTC day on: (namespace, provider, name) reads as (provider, model, region).

    A row with an empty model ends the alias: from its day on the name stands for itself again.
    """

    __tablename__ = "alias"

    namespace: str = Field(primary_key=True)
    provider: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    effective_from: int = columns.key()
    model_provider: str
    model: str
    region: str = ""
    created_at: int = Field(sa_type=BigInteger)


class JobSlot(SQLModel, table=True):
    """The schedule of one job: when its last slot was taken. Taking a slot is one conditional update, so once only."""

    __tablename__ = "job_slot"

    job: str = Field(primary_key=True)
    taken_at: int = Field(sa_type=BigInteger)
    finished_at: int | None = columns.instant()
    failed_at: int | None = columns.instant()
    failure: str | None = None


class Fact(SQLModel, table=True):
    """A fact of this installation that must survive a restart, by name (the first day of the demo, for one)."""

    __tablename__ = "fact"

    name: str = Field(primary_key=True)
    value: str
