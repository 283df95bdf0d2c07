"""The grammar of lists in sentences, the same in every error, report and page. Pure."""

from collections.abc import Iterable


def one_of(names: Iterable[object]) -> str:
    """Alternatives: `csv`, `csv or json`, `csv, json or xml`; empty without any."""
    return _joined(names, "or")


def all_of(names: Iterable[object]) -> str:
    """Things that belong together: `chat`, `chat and search`, `chat, search and triage`."""
    return _joined(names, "and")


def _joined(names: Iterable[object], conjunction: str) -> str:
    *first, last = [str(name) for name in names] or [""]
    return f"{', '.join(first)} {conjunction} {last}" if first else last
