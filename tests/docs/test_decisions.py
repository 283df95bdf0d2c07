"""Each decision has one number, at most five lines, and a place in the code."""

import re
from pathlib import Path

import pytest

PAGES = sorted((Path(__file__).parent.parent.parent / "docs" / "decisions").glob("*.md"))
ENTRIES = [
    entry
    for page in PAGES
    for entry in page.read_text().split("\n\n")
    if re.match(r"\*\*[A-Z]-\d", entry)
]


def test_every_number_is_used_once_and_in_order_of_its_page() -> None:
    numbers = [re.match(r"\*\*([A-Z])-(\d\d) ", entry) for entry in ENTRIES]
    assert len({number.group() for number in numbers if number}) == len(ENTRIES)
    for letter in {number[1] for number in numbers if number}:
        counted = [int(number[2]) for number in numbers if number and number[1] == letter]
        assert counted == list(range(1, len(counted) + 1))


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry[2:6])
def test_a_decision_is_short_and_names_its_place(entry: str) -> None:
    assert len(entry.splitlines()) <= 5
    assert re.search(r"`[\w./]+/[\w./]+`$|`pyproject.toml`$", entry)
