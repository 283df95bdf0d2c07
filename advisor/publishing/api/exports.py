"""Exports over HTTP: the review of a month as JSON, its showback table as CSV, or every file in one archive."""

from typing import Annotated

from fastapi import Depends, FastAPI, Response

from advisor.publishing import outlet
from advisor.publishing.exports import bundle, csv_format, json_format, review
from advisor.publishing.outlet import Outlet
from ledger import clock
from ledger.access import Access
from ledger.errors import UsageError

MEDIA_TYPES = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "zip": "application/zip",
}


def install(app: FastAPI, given: Outlet) -> None:
    """Add the exports to an app."""

    def export(
        access: Annotated[Access, Depends(given.reader())], month: str, format: str
    ) -> Response:  # a part of the path
        """`json`: the whole review. `csv`: the showback table. `zip`: every section as CSV, the JSON and the manifest."""
        if format not in MEDIA_TYPES:
            raise UsageError(
                f"{format[:32]!r} is no format of an export here; use {', '.join(MEDIA_TYPES)}"
            )
        with given.database.snapshot() as session:
            found = review.build(session, given.settings, clock.now_us(), month, access.project)
        name = f'attachment; filename="switchwise-{found.month}.{format}"'
        return Response(
            _content(found, format),
            media_type=MEDIA_TYPES[format],
            headers={"Content-Disposition": name},
        )

    shapes: dict[str, object] = {
        media_type.partition(";")[0]: {} for media_type in MEDIA_TYPES.values()
    }
    responses = {
        **outlet.REFUSALS,
        200: {"content": shapes, "description": "The export of that format"},
    }
    path = "/api/v1/exports/{month}.{format}"
    app.get(path, response_class=Response, responses=responses)(export)


def _content(found: review.Review, format_name: str) -> bytes:
    if format_name == "json":
        return json_format.encode(found)
    if format_name == "csv":
        return csv_format.encode(
            next(section for section in found.sections if section.name == "showback")
        )
    return bundle.zipped(bundle.files(found, list(bundle.FORMATS)))
