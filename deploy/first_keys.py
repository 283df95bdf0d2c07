"""The first API keys of a new installation, each in a file for the one who uses it.

Shows no key's text anywhere else.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from sqlmodel import Session

from ledger import access, clock
from ledger.access import Gate
from ledger.database import Database, lock
from ledger.errors import Forbidden, Unauthorised, UsageError


@dataclass(frozen=True, slots=True)
class FirstKey:
    """A key that an installation begins with, and the file below the keys directory that holds its
    text.

    `mode` is the file's. Whoever reads a file that is not `handed_over` reads it again at each
    start, so it must be there.
    """

    name: str
    scope: str
    file: str
    mode: int
    handed_over: bool


FIRST_KEYS = (
    FirstKey("proxy", "ingest", "ingest.key", 0o600, handed_over=True),
    FirstKey("administrator", "admin", "admin.key", 0o600, handed_over=True),
    # Prometheus runs under another user, so its file is readable and alone in a directory that it
    # can be given.
    FirstKey("prometheus", "scrape", "prometheus/scrape.key", 0o644, handed_over=False),
)


def create(database: Database, directory: Path) -> list[Path]:
    """Make the keys that are missing; the files that were written. A second run writes none.

    A file is written before its key is committed: a run that is killed leaves a key that works
    nowhere, and the next run replaces it. Raises UsageError for a directory that cannot be written
    to.
    """
    written = []
    with database.transaction() as session:
        lock(session, "first_keys")
        for first in FIRST_KEYS:
            path = directory / first.file
            if _is_there(session, database, first, path):
                continue
            _, text = access.create_key(
                session,
                first.name,
                [first.scope],
                project=None,
                namespace=access.DEFAULT_NAMESPACE,
                now_us=clock.now_us(),
            )
            _write(path, text, first.mode)
            written.append(path)
    return written


def _is_there(session: Session, database: Database, first: FirstKey, path: Path) -> bool:
    if first.handed_over:
        live = (key for key in access.list_keys(session) if access.is_live(key, clock.now_us()))
        return any(first.scope in key.scopes.split() for key in live)
    try:
        Gate(database, keys_required=True).admit(path.read_text().strip()).check(first.scope)
    except (OSError, Unauthorised, Forbidden):
        return False
    return True


def _write(path: Path, text: str, mode: int) -> None:
    """Replace a file at once, so that no reader meets half a key."""
    new = path.with_name(f"{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        new.unlink(missing_ok=True)
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as file:
            os.fchmod(file.fileno(), mode)
            file.write(f"{text}\n")
        new.replace(path)
    except OSError as error:
        raise UsageError(
            f"cannot write {path}: {error.strerror}; choose another --keys-dir"
        ) from error
