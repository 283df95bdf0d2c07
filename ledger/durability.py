"""Whether a commit survives a crash, by the database's own settings. Reads only."""

from sqlalchemy import text
from sqlmodel import Session

_FULL = 2


def find_risk(session: Session) -> str | None:
    """Why a commit on this connection could be lost in a crash; None if it could not."""
    if session.get_bind().dialect.name == "sqlite":
        synchronous = int(session.execute(text("PRAGMA synchronous")).scalar_one())
        return (
            None if synchronous >= _FULL else "SQLite's synchronous is below FULL; do not lower it"
        )
    for name in ("fsync", "synchronous_commit"):
        if session.execute(text(f"SHOW {name}")).scalar_one() == "off":
            return f"PostgreSQL's {name} is off, so a commit may be lost; switch it on"
    return None
