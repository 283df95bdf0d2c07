"""The tables of paired quality results.

They only ever grow: no comparison is changed or deleted.
"""

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from ledger.tables import columns


class EvidenceSet(SQLModel, table=True):
    """One comparison of two models on one workload: the bar for the target, and the result."""

    __tablename__ = "evidence_set"

    id: str = Field(primary_key=True)
    """Hash of everything in it, so that the same results stored again are the same set."""
    project: str
    workload: str
    from_model: str
    to_model: str
    """The names as given; one that names a snapshot is proof of that snapshot."""
    rule: str
    threshold: str
    measured_day: int = Field(sa_type=BigInteger)
    imported_at: int = Field(sa_type=BigInteger)
    imported_by: str
    source: str
    judge: str | None = None
    """The model that marked the answers; NULL where a program or a person did."""
    judge_labels: str | None = None
    """JSON: how often the judge and a person agreed."""
    left_out: int = columns.count()
    """Pairs that could not be compared, because one of the two calls failed."""
    result: str
    """JSON: verdict, bound and measured factors."""
    withdrawn_at: int | None = columns.instant()
    withdrawn_by: str | None = None
    withdrawn_note: str | None = None
    prompt_version: str | None = None
    """The version of the prompt that was compared, where the results name one."""


class EvidenceItem(SQLModel, table=True):
    """A pair of scores on the same input, in billionths, under hashed names; no text is stored."""

    __tablename__ = "evidence_item"

    set_id: str = Field(primary_key=True)
    item: str = Field(primary_key=True)
    conversation: str
    a_nano: int = Field(sa_type=BigInteger)
    b_nano: int = Field(sa_type=BigInteger)
    a_input_tokens: int | None = columns.optional_count()
    a_output_tokens: int | None = columns.optional_count()
    b_input_tokens: int | None = columns.optional_count()
    b_output_tokens: int | None = columns.optional_count()
    b_cached_input_tokens: int | None = columns.optional_count()
    b_attempts: int | None = columns.optional_count()
    escalated: bool | None = None
