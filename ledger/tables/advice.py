"""The tables of figures computed from the ledger: statements, recommendations and alerts."""

from typing import Any, ClassVar

from sqlalchemy import BigInteger, LargeBinary
from sqlmodel import Field, SQLModel

from ledger.tables import columns


class Statement(SQLModel, table=True):
    """A month in the reporting zone, and what its lines were computed from.

    Open until it is closed, then frozen with its hash.
    """

    __tablename__ = "statement"

    month: str = Field(primary_key=True)
    zone: str
    revision: int
    days_revision: int = Field(sa_type=BigInteger)
    price_book_version: str
    names_version: str
    through_day: int = Field(sa_type=BigInteger)
    silence: str = ""
    """JSON: the silent senders whose events the month may lack; empty where there is none."""
    computed_at: int = Field(sa_type=BigInteger)
    closed_at: int | None = columns.instant()
    closed_by: str | None = None
    content_sha256: str | None = None
    """Hash of the closed statement's document; NULL while it is open."""
    document: bytes | None = Field(default=None, sa_type=LargeBinary)
    """The complete closed statement, packed: its lines and the arithmetic behind them."""
    days: str
    """JSON: cost and requests by UTC day, for charts."""
    waste: str
    sender_costs: str
    """JSON: what was paid for requests sent again and for tiers other than those asked for."""
    forecast: str | None = None
    """JSON: the forecast of the whole month; NULL where there is no history to forecast from."""


class LineSums(SQLModel):
    """The amounts of a statement's or adjustment's line: integer tokens, money as decimal text."""

    requests: int = columns.count()
    input_tokens: int = columns.count()
    cached_input_tokens: int = columns.count()
    cache_write_input_tokens: int = columns.count()
    output_tokens: int = columns.count()
    reasoning_tokens: int = columns.count()
    input_audio_tokens: int = columns.count()
    output_audio_tokens: int = columns.count()
    avoided_tokens: int = columns.count()
    priced_tokens: int = columns.count()
    unpriced_tokens: int = columns.count()
    tier_unknown_tokens: int = columns.count()
    backdated_tokens: int = columns.count()
    successes: int = columns.count()
    provider_usage_successes: int = columns.count()
    estimated_requests: int = columns.count()
    missing_requests: int = columns.count()
    detail_unknown_requests: int = columns.count()
    folded_requests: int = columns.count()
    paid_retry_requests: int = columns.count()
    tier_mismatch_requests: int = columns.count()
    meters: str = "{}"
    """JSON: by meter, its requests, quantity, unpriced parts of both, and money as USD text."""
    list_cost_usd: str | None = None
    cost_usd: str | None = None


class StatementLine(LineSums, table=True):
    """A month x provider x canonical model x tier x project x workload."""

    __tablename__ = "statement_line"

    month: str = Field(primary_key=True)
    provider: str = Field(primary_key=True)
    model: str = Field(primary_key=True)
    service_tier: str = Field(primary_key=True)
    project: str = Field(primary_key=True)
    workload: str = Field(primary_key=True)


class AdjustmentRow(SQLModel, table=True):
    """A dated correction of a closed month: late events of one UTC day, or a repricing."""

    __tablename__ = "adjustment"

    month: str = Field(primary_key=True)
    number: int = columns.key()
    kind: str
    dated_day: int = Field(sa_type=BigInteger)
    after_number: int = Field(sa_type=BigInteger)
    """The last repricing before it; 0 where there is none."""
    reason: str
    made_by: str
    price_book_version: str
    names_version: str
    created_at: int = Field(sa_type=BigInteger)
    trace: bytes = Field(sa_type=LargeBinary)
    """The arithmetic behind the lines, packed."""


class AdjustmentLineRow(LineSums, table=True):
    """A line of an adjustment, added to the closed statement's; a repricing's may be below 0."""

    __tablename__ = "adjustment_line"

    month: str = Field(primary_key=True)
    number: int = columns.key()
    provider: str = Field(primary_key=True)
    model: str = Field(primary_key=True)
    service_tier: str = Field(primary_key=True)
    project: str = Field(primary_key=True)
    workload: str = Field(primary_key=True)


class RecommendationRow(SQLModel, table=True):
    """Advice on one slice: the computed decision, people's stage, and inputs to recompute it."""

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
    follows: str = ""
    """The id of the current recommendation that this is the next step of; empty for any other."""
    computed_at: int = Field(sa_type=BigInteger)
    detail: str
    """JSON of the recommendation and its inputs: amounts in femto-USD, fractions exact."""


class AlertState(SQLModel, table=True):
    """Whether an alert (rule and scope) is armed or has fired, and its last figure."""

    __tablename__ = "alert_state"

    rule: str = Field(primary_key=True)
    scope: str = Field(primary_key=True)
    fired: bool = False
    figure_usd: str | None = None
    changed_at: int = Field(sa_type=BigInteger)


class AlertMessage(SQLModel, table=True):
    """An outgoing alert, written in the transaction that fired it; the worker delivers it."""

    __tablename__ = "alert_message"
    __table_args__: ClassVar[Any] = {"sqlite_autoincrement": True}

    id: int | None = Field(default=None, primary_key=True, sa_type=columns.ROW_ID)
    rule: str
    scope: str
    text: str
    created_at: int = Field(sa_type=BigInteger)
    state: str = "waiting"
    """waiting, held (the address is wrong), unconfirmed, delivered or superseded."""
    state_at: int = Field(sa_type=BigInteger)
    """When the state began."""
    due_at: int | None = columns.instant()
    """When it is tried next, or when the attempt under way counts as dead; NULL: never again."""
    posting_since: int | None = columns.instant()
    """When the attempt under way began; NULL while there is none."""
    attempts: int = 0
    doubtful_posts: int = 0
    """Attempts that Slack may have taken though it did not say so."""
    last_failure: str | None = None
