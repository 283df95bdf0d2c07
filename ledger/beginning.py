"""The beginning of a ledger, which is undone where nothing was stored in it.

So a command that fails leaves no empty ledger behind, which would pass for one without traffic.
"""

import contextlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pysqlite3.dbapi2 as sqlite3

from ledger import presence, tables
from ledger.database import Database
from ledger.settings import Settings

_COUNT_ROWS = " UNION ALL ".join(
    f"SELECT count(*) FROM {name}"  # noqa: S608  # names of tables
    for name in sorted(tables.metadata.tables)
)


@contextmanager
def begun(settings: Settings) -> Iterator[Database]:
    """The ledger of these settings, migrated; a new one is made where there is none.

    If the block raises before anything was stored, the file and the folders that were made for it
    are removed. Raises what `migrated` raises.
    """
    file = presence.file_of(settings) if settings.is_embedded else None
    if file is None or file.exists():
        with migrated(settings.database) as database:
            yield database
        return
    folders = [folder for folder in (file.parent, *file.parent.parents) if not folder.exists()]
    row_counts: Sequence[int] = ()
    try:
        with migrated(settings.database) as database:
            row_counts = _count_rows(file)
            yield database
    except BaseException:
        if row_counts and _remove(file, row_counts):
            for folder in folders:
                with contextlib.suppress(OSError):
                    folder.rmdir()
        raise


@contextmanager
def migrated(address: str) -> Iterator[Database]:
    """The ledger at an address with the tables of this version; closed when the block ends.

    Raises what `Database` and its `migrate` raise.
    """
    database = Database(address)
    try:
        database.migrate()
        yield database
    finally:
        database.close()


def _count_rows(file: Path) -> Sequence[int]:
    with contextlib.closing(sqlite3.connect(file)) as connection:
        return [rows for (rows,) in connection.execute(_COUNT_ROWS)]


def _remove(file: Path, row_counts: Sequence[int]) -> bool:
    """Remove a ledger that still has these numbers of rows and that no other process uses.

    Without its write-ahead log only one connection can have the file, and one that was about to
    open it fails to write: SQLite notices that the file has gone. With a log it would not.
    """
    with contextlib.closing(sqlite3.connect(file, timeout=0, isolation_level=None)) as connection:
        try:
            connection.execute("PRAGMA locking_mode=EXCLUSIVE")
            [(mode,)] = connection.execute("PRAGMA journal_mode=DELETE")
            connection.execute("BEGIN EXCLUSIVE")
            is_untouched = [rows for (rows,) in connection.execute(_COUNT_ROWS)] == row_counts
        except sqlite3.OperationalError:
            return False
        if mode != "delete" or not is_untouched:
            return False
        file.unlink()
        return True
