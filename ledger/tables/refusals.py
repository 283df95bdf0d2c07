"""The table of what was refused at the door: counts, and hashes that tell a repetition."""

from sqlalchemy import LargeBinary
from sqlmodel import Field, SQLModel

from ledger.tables import columns


class RefusedElements(SQLModel, table=True):
    """What was refused of a UTC day, a namespace and a reason.

    The tokens are those of the `readable_requests` that named some, as they were sent. `sentence`
    is that of the first one. `digests` has 10 bytes for each of the first ones, end to end.
    """

    __tablename__ = "refused_elements"

    day: int = columns.key()
    namespace: str = Field(primary_key=True)
    reason: str = Field(primary_key=True)
    sentence: str
    requests: int = columns.count()
    readable_requests: int = columns.count()
    input_tokens: int = columns.count()
    output_tokens: int = columns.count()
    digests: bytes = Field(sa_type=LargeBinary)
