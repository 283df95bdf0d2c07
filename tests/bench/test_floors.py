"""The floors store rows of the same columns as the ledger does."""

from bench import floors
from ledger import bulk


def test_a_row_of_the_floor_has_a_value_for_every_column_of_an_event() -> None:
    assert len(floors.row(0)) == len(bulk.COLUMNS)
