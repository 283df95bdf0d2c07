"""A section of the review as CSV (RFC 4180, UTF-8), with exact amounts.

No cell starts a formula in a spreadsheet.
"""

import csv
import io
from decimal import Decimal

from advisor.publishing.exports.cells import Cell
from advisor.publishing.exports.review import Section
from ledger import money

# A spreadsheet also starts a formula at the full-width forms, and drops a leading tab or line break
# before it looks.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def encode(section: Section) -> bytes:
    """The section with a header line. Unknown is an empty cell."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(section.columns)
    writer.writerows([_text(row[name]) for name in section.columns] for row in section.rows)
    return text.getvalue().encode("utf-8", "backslashreplace")


def _text(cell: Cell) -> str:
    """Numbers stay numbers; text that a spreadsheet would run gets an apostrophe in front."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, int):
        return str(cell)
    if isinstance(cell, Decimal):
        return money.text(cell)
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell
