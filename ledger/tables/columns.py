"""The kinds of column that tables are made of, and the one metadata of all tables."""

from typing import Any

from sqlalchemy import BigInteger, Integer
from sqlmodel import Field, SQLModel

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = SQLModel.metadata

# SQLite numbers rows itself only in a column that is called INTEGER.
ROW_ID = BigInteger().with_variant(Integer(), "sqlite")


def key(**more: Any) -> Any:
    """A 64-bit column of a composite primary key, never numbered by the database."""
    return Field(
        primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False}, **more
    )


def count() -> Any:
    """A 64-bit count that starts at 0."""
    return Field(default=0, sa_type=BigInteger)


def optional_count() -> Any:
    """A 64-bit whole number; None where it is not known."""
    return Field(default=None, sa_type=BigInteger)


def instant() -> Any:
    """UTC epoch microseconds; None where it has not happened."""
    return Field(default=None, sa_type=BigInteger)
