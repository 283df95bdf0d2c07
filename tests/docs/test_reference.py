"""The checked-in reference is what the code says today, and a change of the code is noticed."""

import pytest

from docs import generate
from docs.generators import markdown
from ledger import logs


@pytest.mark.parametrize("name", generate.PAGES)
def test_a_page_of_the_reference_is_up_to_date(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # The log would go on writing to this test's captured stderr after the test.
    monkeypatch.setattr(logs, "configure", lambda _level: None)
    assert generate.current(name) == generate.PAGES[name](), "out of date; run: make docs"


def test_a_page_that_does_not_exist_is_stale() -> None:
    assert generate.current("nothing.md") == ""


def test_what_stands_in_a_cell_does_not_end_it() -> None:
    table = markdown.table(("name", "what"), [("a|b", "two\nlines")])
    assert table.splitlines() == ["| name | what |", "| --- | --- |", "| a\\|b | two lines |"]
