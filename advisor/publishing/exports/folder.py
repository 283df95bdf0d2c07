"""Writes a review into a folder, each file whole or not at all.

It decides nothing about their contents.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from sqlmodel import Session

from advisor.publishing.exports import bundle, review
from ledger.errors import UsageError
from ledger.settings import Settings


def export(
    session: Session,
    settings: Settings,
    now_us: int,
    *,
    month: str,
    formats: Sequence[str],
    directory: Path,
) -> list[Path]:
    """Write a month's review into `DIRECTORY/MONTH/`; returns the paths, the manifest last.

    An earlier export there is replaced.

    Raises UsageError for a wrong month, format or directory, NotFound for a month without traffic.
    """
    contents = bundle.files(review.build(session, settings, now_us, month), formats)
    folder = directory / month
    return [_write(folder / name, content) for name, content in contents.items()]


def _write(path: Path, content: bytes) -> Path:
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_bytes(content)
        os.replace(unfinished, path)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}; choose another --out") from error
    return path
