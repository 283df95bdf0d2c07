"""Whether a ledger is where a command looks for one, and what is there if it is not.

Creates no file and no folder.
"""

import difflib
import itertools
import shlex
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import make_url

from ledger import prose
from ledger.database import Database
from ledger.errors import UsageError
from ledger.settings import Settings

FILE_NAME = "ledger.db"
NAMES_SHOWN = 5
_MOST_ENTRIES = 1_000
"""Entries of a folder that are looked at: it may be any folder."""
_BEGINNING = "a new ledger begins with: switchwise import FILE, switchwise up or switchwise migrate"


def is_there(settings: Settings) -> bool:
    """Whether the ledger of these settings has its tables. Raises StoreUnavailable."""
    if settings.is_embedded and not _is_filled(file_of(settings)):
        return False
    database = Database(settings.database)
    try:
        return database.has_tables()
    finally:
        database.close()


def refuse_missing(settings: Settings) -> None:
    """Raise UsageError where there is no ledger: it names the place, and what is there."""
    if is_there(settings):
        return
    if not settings.is_embedded:
        raise UsageError(
            "the database of SWITCHWISE_DATABASE_URL holds no ledger;"
            " make its tables with: switchwise migrate"
        )
    file = file_of(settings)
    raise UsageError(f"no ledger in {file.parent}: {_contents(file)}{_remedy(file)}")


def describe_new(settings: Settings) -> str:
    """What to say when a ledger begins: where, and which ledger may have been meant."""
    if not settings.is_embedded:
        return "a new ledger begins in the database of SWITCHWISE_DATABASE_URL"
    file = file_of(settings)
    alike = _alike(file, _ledgers_near(file))
    hint = f"; to use the one in {alike} instead: --data {shlex.quote(str(alike))}" if alike else ""
    return f"a new ledger begins in {file.parent}{hint}"


def file_of(settings: Settings) -> Path:
    """The file that an embedded ledger is in, or would be."""
    return Path(make_url(settings.database).database or FILE_NAME)


def _is_filled(file: Path) -> bool:
    try:
        return file.stat().st_size > 0
    except OSError:
        return False


def _contents(file: Path) -> str:
    """What is in the folder of a ledger's file."""
    folder = file.parent
    if folder.is_file():
        return "that is a file; name the folder it is in"
    if not folder.exists():
        return "there is no such folder"
    if file.exists():
        return f"its {file.name} has no tables"
    try:
        names = sorted(entry.name for entry in itertools.islice(folder.iterdir(), _MOST_ENTRIES))
    except OSError as error:
        return f"it cannot be read: {error.strerror}"
    if not names:
        return "the folder is empty"
    remainder = len(names) - NAMES_SHOWN
    more = [f"{remainder} more"] if remainder > 0 else []
    return f"this folder holds {prose.all_of([*names[:NAMES_SHOWN], *more])}"


def _remedy(file: Path) -> str:
    near = _ledgers_near(file)
    if not near:
        return f"; {_BEGINNING}"
    folder = _alike(file, near) or (near[0] if len(near) == 1 else None)
    if folder is not None:
        return f"; did you mean --data {shlex.quote(str(folder))}?"
    folders = prose.all_of([str(folder) for folder in near[:NAMES_SHOWN]])
    return f"; ledgers are in {folders}: name one with --data"


def _alike(file: Path, folders: Sequence[Path]) -> Path | None:
    """The folder whose name is most like that of the file's folder, if one is at all."""
    by_name = {folder.resolve().name: folder for folder in folders}
    names = difflib.get_close_matches(file.parent.resolve().name, by_name, n=1, cutoff=0.6)
    return by_name[names[0]] if names else None


def _ledgers_near(file: Path) -> Sequence[Path]:
    """The folders inside and beside a folder that hold a ledger, and the one that it is in."""
    folder = file.parent
    places = [folder, folder.parent] if folder.is_dir() else [folder.parent]
    candidates = {
        candidate.resolve(): candidate
        for place in places
        for candidate in (place, *_folders_in(place))
        if _is_filled(candidate / FILE_NAME)
    }
    return [candidates[path] for path in candidates if path != folder.resolve()]


def _folders_in(place: Path) -> Sequence[Path]:
    try:
        entries = itertools.islice(place.iterdir(), _MOST_ENTRIES)
        return sorted(entry for entry in entries if entry.is_dir())
    except OSError:
        return []
