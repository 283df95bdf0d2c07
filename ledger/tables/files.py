"""The tables of log files: how far each was read, committed together with its events."""

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from ledger.tables import columns


class ImportedFile(SQLModel, table=True):
    """How far a file was imported, committed with its events: an import can resume."""

    __tablename__ = "imported_file"

    sha256: str = Field(primary_key=True)
    namespace: str = Field(primary_key=True)
    format: str = Field(primary_key=True)
    name: str
    records: int = columns.count()
    offset_bytes: int = columns.count()
    offset_records: int = columns.count()
    finished_at: int | None = columns.instant()


class TailedFile(SQLModel, table=True):
    """How far a followed file was read.

    Its first bytes show whether the path still names the same file.
    """

    __tablename__ = "tailed_file"

    path: str = Field(primary_key=True)
    namespace: str = Field(primary_key=True)
    head_sha256: str
    head_bytes: int = columns.count()
    offset_bytes: int = columns.count()
    records: int = columns.count()
    updated_at: int = Field(sa_type=BigInteger)
