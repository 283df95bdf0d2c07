"""The tables of this installation: when each job ran last, and facts that must survive a restart."""

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from ledger.tables import columns


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
