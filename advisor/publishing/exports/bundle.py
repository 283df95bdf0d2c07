"""A review as named files with a manifest that proves them. Equal reviews give equal bytes; it touches no disk."""

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256

from advisor.publishing.exports import csv_format, json_format
from advisor.publishing.exports.review import Review
from ledger import clock
from ledger.errors import UsageError

Files = dict[str, bytes]
"""Contents by file name."""

MANIFEST = "manifest.json"
CLOSED_STATEMENT = "closed_statement.json"
"""The document of a closed month as it was frozen: its hash in the manifest is the month's `content_sha256`."""
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)


def _csv(review: Review) -> Files:
    return {f"{section.name}.csv": csv_format.encode(section) for section in review.sections}


def _json(review: Review) -> Files:
    return {"review.json": json_format.encode(review)}


FORMATS: Mapping[str, Callable[[Review], Files]] = {"csv": _csv, "json": _json}


def files(review: Review, formats: Sequence[str]) -> Files:
    """Every file of these formats, and the manifest. Raises UsageError for a format that is none."""
    wanted = list(dict.fromkeys(formats))
    if unknown := [name for name in wanted if name not in FORMATS]:
        raise UsageError(f"{unknown[0]!r} is no format of an export; use {', '.join(FORMATS)}")
    if not wanted:
        raise UsageError(f"no format is given; use {', '.join(FORMATS)}")
    made: Files = {}
    for name in wanted:
        made |= FORMATS[name](review)
    if review.document is not None:
        made[CLOSED_STATEMENT] = review.document
    return made | {MANIFEST: _manifest(review, wanted, made)}


def zipped(made: Files) -> bytes:
    """The files as one archive, which holds no time of its own."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as into:
        for name, content in made.items():
            into.writestr(zipfile.ZipInfo(name, _ZIP_TIME), content, zipfile.ZIP_DEFLATED)
    return archive.getvalue()


def _manifest(review: Review, formats: Sequence[str], made: Files) -> bytes:
    """What the files were made of and their hashes. Advice also rests on the day it was given, which stands beside it."""
    found, month = review.report, review.month
    advised = sorted({item.as_of for item in found.savings.recommendations})
    window = {"first": month.first_hour, "end": month.end_hour}
    return json_format.document(
        {
            "month": found.month,
            "zone": found.zone,
            "window": {name: clock.rfc3339(hour * clock.HOUR_US) for name, hour in window.items()},
            "state": found.state,
            "closed_at": found.closed_at,
            "closed_by": found.closed_by,
            "content_sha256": found.content_sha256,
            "revision": found.revision,
            "statement_computed_at": found.as_of,
            "price_book_version": found.price_book_version,
            "prices_checked": found.prices_checked,
            "advice_as_of": advised[-1] if advised else None,
            "coverage": found.total.coverage,
            "sample_projects": found.sample_projects,
            "command": f"switchwise export {found.month} --format {','.join(formats)}",
            "files": [
                {"name": name, "sha256": sha256(content).hexdigest(), "bytes": len(content)}
                for name, content in sorted(made.items())
            ],
        }
    )
