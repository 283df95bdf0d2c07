"""The tables of requests and their sums: label sets, events, intake, rollups, days."""

from typing import Any, ClassVar

from sqlalchemy import BigInteger, Index, LargeBinary
from sqlmodel import Field, SQLModel

from ledger.tables import columns


class Series(SQLModel, table=True):
    """One label set, stored once; events and rollups refer to it.

    `digest` is a hash of the labels as stored.
    """

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
    meter: str = ""
    modifiers: str = ""
    folded: bool = False


class EventRow(SQLModel, table=True):
    """One served request: a time-ordered key, integers, no second index.

    Nothing is updated in place but a growing record, by a larger snapshot: `ledger.replacement`.
    """

    __tablename__ = "event"
    __table_args__: ClassVar[Any] = {
        "sqlite_with_rowid": False,
        "postgresql_partition_by": "LIST (day)",
    }

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
    sender_cost_pico_usd: int | None = columns.optional_count()
    fingerprint: int = Field(sa_type=BigInteger)


class EventMeter(SQLModel, table=True):
    """The quantity of a meter that few requests have, of one event; the series names the meter."""

    __tablename__ = "event_meter"

    day: int = columns.key()
    key: bytes = Field(primary_key=True, sa_type=LargeBinary)
    series_id: int = columns.key()
    occurred_at: int = Field(sa_type=BigInteger)
    quantity: int = Field(sa_type=BigInteger)


class Intake(SQLModel, table=True):
    """The sums of the rows that one commit inserted, until the worker adds them to the rollups.

    Those of early events may not be added before `ready_at`. A row of no new events holds the
    differences that larger snapshots make.
    """

    __tablename__ = "intake"
    __table_args__: ClassVar[Any] = (
        Index("ix_intake_ready_at_id", "ready_at", "id"),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=columns.ROW_ID)
    created_at: int = Field(sa_type=BigInteger)
    ready_at: int = Field(sa_type=BigInteger)
    """UTC epoch microseconds; 0: at once."""
    events: int
    sums: bytes = Field(sa_type=LargeBinary)


class UsageSums(SQLModel):
    """The integer sums of every rollup.

    Tokens are billable ones; avoided tokens are gateway cache hits. `last_occurred_at` is the time
    of the last event, in UTC epoch microseconds. A series of a meter has two sums alone: how many
    requests had the meter, and how much of it.
    """

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
    sender_cost_requests: int = columns.count()
    sender_cost_pico_usd: int = columns.count()
    meter_requests: int = columns.count()
    meter_quantity: int = columns.count()
    largest_input_tokens: int = columns.count()
    largest_output_tokens: int = columns.count()
    last_occurred_at: int = columns.count()


class UsageHour(UsageSums, table=True):
    """A UTC hour x series, or a part of an hour in which a day begins in some zone.

    `slot` is the number of the 15 minutes with which it begins (`ledger.slots`).
    """

    __tablename__ = "usage_hour"

    slot: int = columns.key()
    series_id: int = columns.key()


class UsageDay(UsageSums, table=True):
    """A UTC day x series."""

    __tablename__ = "usage_day"

    day: int = columns.key()
    series_id: int = columns.key()


class UsageLate(UsageSums, table=True):
    """A UTC hour x series, or a part of one, that was rolled up after its month was closed.

    With the UTC day of that rollup and the month's last repricing (0: none).
    """

    __tablename__ = "usage_late"

    month: str = Field(primary_key=True)
    recorded_day: int = columns.key()
    after_number: int = columns.key()
    slot: int = columns.key()
    series_id: int = columns.key()


class UsageTotal(UsageSums, table=True):
    """A series since the beginning; never falls except by `rebuild`."""

    __tablename__ = "usage_total"

    series_id: int = columns.key()


class DistributionDay(SQLModel, table=True):
    """Requests of a UTC day x series by the bit length of a measure.

    0 for 0, p for 2^(p-1) to 2^p - 1.
    """

    __tablename__ = "distribution_day"

    day: int = columns.key()
    series_id: int = columns.key()
    measure: int = columns.key()
    power: int = columns.key()
    requests: int = columns.count()


class Day(SQLModel, table=True):
    """A UTC day: its rollups' revision and last write, and when retention dropped its rows."""

    __tablename__ = "day"

    day: int = columns.key()
    revision: int = columns.count()
    last_written_at: int = Field(sa_type=BigInteger)
    sealed_at: int | None = columns.instant()
    hours_dropped_at: int | None = columns.instant()


class MetricSet(SQLModel, table=True):
    """A label set of the counters and its published names, decided once."""

    __tablename__ = "metric_set"

    provider: str = Field(primary_key=True)
    model: str = Field(primary_key=True)
    service_tier: str = Field(primary_key=True)
    project: str = Field(primary_key=True)
    workload: str = Field(primary_key=True)
    published_project: str
    published_workload: str
