"""Exports over HTTP: a month's review as JSON, its showback table as CSV, or all files as ZIP."""

from typing import Annotated

from fastapi import Depends, FastAPI, Response

from advisor.publishing import answers
from advisor.publishing.exports import bundle, csv_format, json_format, review
from advisor.publishing.exports.review import MonthlyReview
from advisor.publishing.outlet import Outlet
from ledger import clock, prose
from ledger.access import Access
from ledger.errors import UsageError

MEDIA_TYPES = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "zip": "application/zip",
}


def install(app: FastAPI, outlet: Outlet) -> None:
    """Add the exports to an app."""

    def export(
        access: Annotated[Access, Depends(outlet.reader())], month: str, format: str
    ) -> Response:
        """`json`: the whole review.

        `csv`: the showback table. `zip`: every section as CSV, the JSON and the manifest.
        """
        if format not in MEDIA_TYPES:
            raise UsageError(
                f"unknown export format {format[:32]!r}; use {prose.one_of(MEDIA_TYPES)}"
            )
        with outlet.database.snapshot() as session:
            monthly_review = review.build(
                session, outlet.settings, clock.now_us(), month, project=access.project
            )
        file_name = f"switchwise-{monthly_review.month}.{format}"
        return Response(
            _content(monthly_review, format),
            media_type=MEDIA_TYPES[format],
            headers={"Content-Disposition": f'attachment; filename="{file_name}"'},
        )

    contents: dict[str, object] = {
        media_type.partition(";")[0]: {} for media_type in MEDIA_TYPES.values()
    }
    responses = {
        **answers.REFUSALS,
        200: {"content": contents, "description": "The export in that format"},
    }
    path = "/api/v1/exports/{month}.{format}"
    app.get(path, response_class=Response, responses=responses)(export)


def _content(monthly_review: MonthlyReview, format_name: str) -> bytes:
    if format_name == "json":
        return json_format.encode(monthly_review)
    if format_name == "csv":
        return csv_format.encode(monthly_review.section("showback"))
    return bundle.zip_files(bundle.files(monthly_review, list(bundle.FORMATS)))
