"""The tables of an operator's overrides of the price book: prices, contracts and aliases."""

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from ledger.tables import columns


class PriceRates(SQLModel):
    """The rates of a price, in nano-USD per million units; None where there is no such rate."""

    uncached_input: int | None = columns.optional_count()
    cached_input: int | None = columns.optional_count()
    cache_write_input: int | None = columns.optional_count()
    output: int | None = columns.optional_count()
    input_audio: int | None = columns.optional_count()
    output_audio: int | None = columns.optional_count()
    rare: str = "{}"
    """JSON: the rates of meters that few requests have, by name."""


class ListPrice(PriceRates, table=True):
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
    """A negotiated fixed price from a UTC day until another, not included (None: open)."""

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
    """A negotiated discount in parts per million, from a UTC day until another, not included.

    Without an end it stays open. An empty model or tier means all of the provider's; the most
    specific row of a price applies.
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


class FixedCostRow(SQLModel, table=True):
    """A cost that is not per token, from a day of the reporting zone until another, not included.

    A spend commitment or capacity paid ahead; an empty model means all of the provider's.
    """

    __tablename__ = "fixed_cost"

    id: str = Field(primary_key=True)
    kind: str
    provider: str
    model: str
    amount_nano_usd: int = Field(sa_type=BigInteger)
    per: str
    """month or total."""
    effective_from: int = Field(sa_type=BigInteger)
    effective_until: int | None = columns.optional_count()
    source: str
    shares_ppm: str
    """JSON: parts per million by project; empty: by their usage."""
    tokens_a_minute: int | None = columns.optional_count()
    created_at: int = Field(sa_type=BigInteger)


class ModelAlias(SQLModel, table=True):
    """An operator's own name for a model, from a UTC day on.

    (namespace, provider, name) reads as (provider, model, region). A row with an empty model ends
    the alias: from its day on the name stands for itself again.
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
