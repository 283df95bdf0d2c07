"""Lists read the same in every sentence."""

import pytest

from ledger import prose


@pytest.mark.parametrize(
    ("names", "alternatives", "enumeration"),
    [
        ([], "", ""),
        (["csv"], "csv", "csv"),
        (["csv", "json"], "csv or json", "csv and json"),
        (["csv", "json", "xml"], "csv, json or xml", "csv, json and xml"),
        ([1, 2, 3], "1, 2 or 3", "1, 2 and 3"),
    ],
)
def test_a_list_has_commas_and_one_conjunction(
    names: list[object], alternatives: str, enumeration: str
) -> None:
    assert (prose.one_of(names), prose.all_of(names)) == (alternatives, enumeration)
