"""Every relative link of a Markdown file leads somewhere, and every path in code exists."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
SKIPPED = {".git", "golden", ".venv", ".venv-e2e", "node_modules", "switchwise-data"}
ROOMS = ("ledger", "collector", "advisor", "worker", "dashboards", "deploy", "cli")
FOLDERS = (*ROOMS, "integrations", "bench", "tests", "docs", "requirements")

_FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_CODE = re.compile(r"`([^`\n]+)`")
_PATH = re.compile(rf"(?:{'|'.join(FOLDERS)})/[\w./-]*|[\w-]+\.(?:md|toml)|Makefile")


def pages() -> list[Path]:
    """The Markdown files of the project, without those of what is installed."""
    return [
        page
        for page in sorted(ROOT.rglob("*.md"))
        if SKIPPED.isdisjoint(page.relative_to(ROOT).parts)
    ]


def broken_links(page: Path) -> Iterator[str]:
    """Relative links to a file that is not there, or to a heading that the file does not have."""
    for link in _LINK.findall(_FENCED.sub("", page.read_text())):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, heading = link.partition("#")
        target = page.parent / name if name else page
        if not target.exists():
            yield f"{page.relative_to(ROOT)}: {link} does not exist"
        elif heading and heading not in headings(target):
            yield f"{page.relative_to(ROOT)}: {link} has no such heading"


def missing_paths(page: Path) -> Iterator[str]:
    """Paths of the repository, as code outside fenced blocks, that are not there."""
    for code in _CODE.findall(_FENCED.sub("", page.read_text())):
        if (
            _PATH.fullmatch(code)
            and not code.endswith(".env")
            and not any((base / code).exists() for base in (ROOT, page.parent))
        ):
            yield f"{page.relative_to(ROOT)}: `{code}` does not exist"


def headings(page: Path) -> set[str]:
    """The anchors that GitHub gives to the headings of a page."""
    titles = re.findall(r"^#+ (.+)$", _FENCED.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_and_every_path_of_a_page_leads_somewhere(page: Path) -> None:
    assert [*broken_links(page), *missing_paths(page)] == []


def test_a_broken_link_and_a_missing_path_are_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    page = tmp_path / "page.md"
    page.write_text("# A: b\n[a](#a-b) [b](#c) [c](no.md) [d](https://e) `ledger/no.py` `x/y`\n")
    assert list(broken_links(page)) == [
        "page.md: #c has no such heading",
        "page.md: no.md does not exist",
    ]
    assert list(missing_paths(page)) == ["page.md: `ledger/no.py` does not exist"]
