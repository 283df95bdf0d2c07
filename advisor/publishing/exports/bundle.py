"""A review as named files with a manifest that proves them.

Equal reviews give equal bytes; it touches no disk.
"""

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256

from advisor.publishing.exports import csv_format, json_format
from advisor.publishing.exports.review import MonthlyReview
from ledger import clock, prose
from ledger.errors import UsageError

Files = dict[str, bytes]
"""Contents by file name."""

MANIFEST = "manifest.json"
CLOSED_STATEMENT = "closed_statement.json"
"""The document of a closed month. Its hash in the manifest is the month's `content_sha256`."""
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)


def _csv(review: MonthlyReview) -> Files:
    return {f"{section.name}.csv": csv_format.encode(section) for section in review.sections}


def _json(review: MonthlyReview) -> Files:
    return {"review.json": json_format.encode(review)}


FORMATS: Mapping[str, Callable[[MonthlyReview], Files]] = {"csv": _csv, "json": _json}


def files(review: MonthlyReview, formats: Sequence[str]) -> Files:
    """Every file of these formats, and the manifest.

    Raises UsageError for a format that is none.
    """
    names = list(dict.fromkeys(formats))
    if unknown := [name for name in names if name not in FORMATS]:
        raise UsageError(f"unknown export format {unknown[0]!r}; use {prose.one_of(FORMATS)}")
    if not names:
        raise UsageError(f"no export format; use {prose.one_of(FORMATS)}")
    contents: Files = {}
    for name in names:
        contents |= FORMATS[name](review)
    if review.document is not None:
        contents[CLOSED_STATEMENT] = review.document
    return contents | {MANIFEST: _manifest(review, names, contents)}


def zip_files(contents: Files) -> bytes:
    """The files as one archive, which holds no time of its own."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(zipfile.ZipInfo(name, _ZIP_TIME), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _manifest(review: MonthlyReview, formats: Sequence[str], contents: Files) -> bytes:
    """What the files were made from, and their hashes.

    `advice_as_of` is the day of the advice in them.
    """
    report, month = review.report, review.month
    advice_days = sorted(
        {recommendation.as_of for recommendation in report.savings.recommendations}
    )
    window = {"first": month.start_us, "end": month.end_us}
    return json_format.document(
        {
            "month": report.month,
            "zone": report.zone,
            "window": {name: clock.rfc3339(instant_us) for name, instant_us in window.items()},
            "state": report.state,
            "closed_at": report.closed_at,
            "closed_by": report.closed_by,
            "content_sha256": report.content_sha256,
            "revision": report.revision,
            "statement_computed_at": report.as_of,
            "price_book_version": report.price_book_version,
            "prices_checked": report.prices_checked,
            "advice_as_of": advice_days[-1] if advice_days else None,
            "coverage": report.total.coverage,
            "sample_projects": report.sample_projects,
            "command": f"switchwise export --month {report.month} --format {','.join(formats)}",
            "files": [
                {"name": name, "sha256": sha256(content).hexdigest(), "bytes": len(content)}
                for name, content in sorted(contents.items())
            ],
        }
    )
