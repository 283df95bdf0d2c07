"""The table of API keys. Integers for time; a hash for the secret."""

from sqlalchemy import BigInteger, LargeBinary
from sqlmodel import Field, SQLModel

from ledger.tables import columns


class ApiKey(SQLModel, table=True):
    """An API key: the hash of its secret part, its scopes, and what it fixes.

    The key itself is never stored.
    """

    __tablename__ = "api_key"

    id: str = Field(primary_key=True)
    name: str
    secret_hash: bytes = Field(sa_type=LargeBinary)
    scopes: str
    project: str | None = None
    namespace: str
    created_at: int = Field(sa_type=BigInteger)
    expires_at: int | None = columns.instant()
    revoked_at: int | None = columns.instant()
    last_used_at: int | None = columns.instant()
