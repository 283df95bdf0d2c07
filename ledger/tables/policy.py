"""The tables of what people set for money and advice: budgets, owners and opt-outs."""

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from ledger.tables import columns


class BudgetRow(SQLModel, table=True):
    """What a scope may cost in a calendar month, from a month on until its next row.

    An empty name means all of them. Without an amount the budget ends in that month.
    """

    __tablename__ = "budget"

    project: str = Field(primary_key=True)
    workload: str = Field(primary_key=True)
    provider: str = Field(primary_key=True)
    model: str = Field(primary_key=True)
    from_month: str = Field(primary_key=True)
    amount_nano_usd: int | None = columns.optional_count()
    made_by: str
    made_at: int = Field(sa_type=BigInteger)


class OwnerRow(SQLModel, table=True):
    """Who answers for a project, where alerts about it go, and what it should cost a month."""

    __tablename__ = "owner"

    project: str = Field(primary_key=True)
    owner: str
    channel: str | None = None
    target_nano_usd: int | None = columns.optional_count()
    made_by: str
    made_at: int = Field(sa_type=BigInteger)


class OptOutRow(SQLModel, table=True):
    """A project, workload or model in it that gets no advice, until a person takes it in again.

    An empty workload or model means all of them.
    """

    __tablename__ = "opt_out"

    project: str = Field(primary_key=True)
    workload: str = Field(primary_key=True)
    model: str = Field(primary_key=True)
    reason: str
    made_by: str
    made_at: int = Field(sa_type=BigInteger)
