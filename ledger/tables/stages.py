"""The tables of people's decisions on advice, and of what it missed and saved.

The history of stages only ever grows.
"""

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from ledger.tables import columns


class StageChangeRow(SQLModel, table=True):
    """One change of a recommendation's stage: who made it, when, and both stages.

    `version` is the one that it made.
    """

    __tablename__ = "stage_change"

    recommendation_id: str = Field(primary_key=True)
    version: int = columns.key()
    action: str
    from_stage: str
    to_stage: str
    made_by: str
    key_id: str | None = None
    """The API key that it came with; NULL from the command line and where no key is needed."""
    made_at: int = Field(sa_type=BigInteger)
    share: str | None = None
    until_day: int | None = columns.optional_count()
    note: str | None = None
    hold_out: str | None = None
    """The workload under which the share that stays on the source is sent."""
    estimate: str | None = None
    """JSON of the recommendation at that moment; only of a claim and of an adoption."""


class MissedDay(SQLModel, table=True):
    """What a recommendation missed in the closed hours of a UTC day, computed again with them."""

    __tablename__ = "missed_day"

    recommendation_id: str = Field(primary_key=True)
    day: int = columns.key()
    hours: int
    """The hours that count, a bit each; hours are only ever added."""
    ratio: str
    """Low end of the saving over the window's cost, 0 to 1, of the day's advice: decimal text."""
    spent_usd: str
    missed_usd: str
    day_revision: int = Field(sa_type=BigInteger)
    priced_by: str
    """The versions of price book and names that the hours were priced with."""


class RealisedSaving(SQLModel, table=True):
    """What an adopted recommendation saved by one method, or why that cannot be said."""

    __tablename__ = "realised_saving"

    recommendation_id: str = Field(primary_key=True)
    method: str = Field(primary_key=True)
    computed_at: int = Field(sa_type=BigInteger)
    detail: str
    """JSON of the figure, as the API shows it."""
