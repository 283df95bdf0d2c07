"""The tables of this installation: the last run of each job, and facts."""

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from ledger.tables import columns


class JobSlot(SQLModel, table=True):
    """The schedule of one job: when its last slot was taken.

    Taking a slot is one conditional update, so it happens once.
    """

    __tablename__ = "job_slot"

    job: str = Field(primary_key=True)
    taken_at: int = Field(sa_type=BigInteger)
    finished_at: int | None = columns.instant()
    failed_at: int | None = columns.instant()
    failure: str | None = None


class Fact(SQLModel, table=True):
    """A named fact that must survive a restart, such as the first day of the demo."""

    __tablename__ = "fact"

    name: str = Field(primary_key=True)
    value: str
