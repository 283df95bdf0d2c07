"""The whole review as one JSON document.

Amounts and ratios are exact decimal text, counts are integers, unknown is null.
"""

from decimal import Decimal

import msgspec

from advisor.publishing.exports.cells import Cell
from advisor.publishing.exports.review import MonthlyReview
from ledger import money


def encode(review: MonthlyReview) -> bytes:
    """The review, its sections as lists of objects in the order of their columns."""
    body = {
        section.name: [
            {name: _plain(row[name]) for name in section.columns} for row in section.rows
        ]
        for section in review.sections
    }
    return document(body)


def document(body: object) -> bytes:
    """A body as indented JSON with a line break at its end: equal bodies give equal bytes."""
    return msgspec.json.format(msgspec.json.encode(body), indent=2) + b"\n"


def _plain(cell: Cell) -> str | int | bool | None:
    return money.text(cell) if isinstance(cell, Decimal) else cell
