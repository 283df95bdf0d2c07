"""Facts of this installation that must survive a restart: small texts by name in the database."""

import json

from sqlalchemy import select
from sqlmodel import Session

from ledger import rollups, tables

_FACT = tables.FACT
SAMPLE_PROJECTS = "sample_projects"
LEDGER_ID = "ledger_id"
"""The ledger's own id, drawn when its tables were made."""


def get(session: Session, name: str) -> str | None:
    """A fact's text; None where it was never set."""
    text: str | None = session.execute(select(_FACT.c.value).where(_FACT.c.name == name)).scalar()
    return text


def put(session: Session, name: str, value: str) -> None:
    """Set a fact."""
    rollups.upsert(session, _FACT, ("name",), [{"name": name, "value": value}], replaced=("value",))


def sample_projects(session: Session) -> tuple[str, ...]:
    """The projects that hold replayed sample traffic, so that every face can say so."""
    return tuple(json.loads(get(session, SAMPLE_PROJECTS) or "[]"))
