"""RESULTS.md: sections under titles, each written by a command of its own."""

from pathlib import Path

RESULTS = Path(__file__).parent / "RESULTS.md"
SECTION = "\n## "


def replace(title: str, body: str) -> None:
    """Write a section again, where it stood or at the end; the others stay."""
    sections = RESULTS.read_text().split(SECTION)
    titles = [section.partition("\n")[0] for section in sections]
    place = titles.index(title) if title in titles else len(sections)
    sections[place : place + 1] = [f"{title}\n\n{body}"]
    RESULTS.write_text(SECTION.join(sections))
