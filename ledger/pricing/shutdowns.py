"""Announced shutdowns of all sellers, by the name that is sent: a reviewed file beside the overlay.

Used only while the book is compiled. The file is written from LiteLLM's public model map, as facts
with their source, by `switchwise prices shutdowns`; no network.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from ledger import clock
from ledger.errors import UsageError
from ledger.pricing import book_file, names
from ledger.pricing.book_file import ShutdownRow
from ledger.pricing.prices import PriceBook

PATH = Path(__file__).parent / "data" / "shutdowns.csv"
_COLUMNS = ("provider", "name", "shutdown", "successor", "source")
_DAY = re.compile(r"20\d{2}-\d{2}-\d{2}")
# Prices of one size of an image, or of one region: no names that a caller sends.
_NO_NAME = re.compile(
    r"^(\d+-x-|(low|medium|high|standard|hd)/)|/\d+-x-\d+/|(^|/)[a-z]{2}(-[a-z]+)+-\d/"
)


class Contradiction(NamedTuple):
    """A shutdown of the file that the overlay dates otherwise; the overlay's is in the book."""

    provider: str
    name: str
    ours: date
    theirs: date


class Placed(NamedTuple):
    """Shutdowns by what they are of: a model of the book, or a single name; and contradictions."""

    of_models: Mapping[tuple[str, str], ShutdownRow]
    of_names: tuple[ShutdownRow, ...]
    contradictions: tuple[Contradiction, ...]


def load_shutdowns(path: Path = PATH) -> list[ShutdownRow]:
    """The rows of the file."""
    with path.open(encoding="utf-8", newline="") as lines:
        return [
            ShutdownRow(
                provider=row["provider"],
                name=row["name"],
                shutdown=date.fromisoformat(row["shutdown"]),
                successor=row["successor"] or None,
                source=row["source"],
            )
            for row in csv.DictReader(lines)
        ]


def text_of(rows: Iterable[ShutdownRow]) -> str:
    """The file of these rows, sorted."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for row in sorted(rows):
        writer.writerow(
            (row.provider, row.name, row.shutdown.isoformat(), row.successor or "", row.source)
        )
    return text.getvalue()


def read_map(model_map: Mapping[str, Any], release: str) -> list[ShutdownRow]:
    """The dated shutdowns of LiteLLM's model map at sellers that we have a word for.

    Raises UsageError where the map holds none, as it is then another file.
    """
    rows = {
        (row.provider, row.name): row
        for full_name, facts in model_map.items()
        if isinstance(facts, dict)
        for row in _rows(full_name, facts, release)
    }
    if not rows:
        raise UsageError(
            "no model of the file has a deprecation_date;"
            " give LiteLLM's model_prices_and_context_window.json"
        )
    return sorted(rows.values())


def _rows(full_name: str, facts: Mapping[str, Any], release: str) -> Iterator[ShutdownRow]:
    day = str(facts.get("deprecation_date", ""))
    sender = re.sub(r"^vertex_ai-.*", "vertex_ai", str(facts.get("litellm_provider", "")))
    provider = names.provider_name(sender)
    if not _DAY.fullmatch(day) or provider not in names.PROVIDERS:
        return
    name = _bare(provider, full_name)
    if _NO_NAME.search(name):
        return
    successor = facts.get("successor_model")
    page = facts.get("deprecation_source")
    yield ShutdownRow(
        provider=provider,
        name=name,
        shutdown=date.fromisoformat(day),
        successor=_bare(provider, str(successor)) if successor else None,
        source=(
            f"{page}, as LiteLLM {release} has it"
            if page and str(page).startswith("https://") and "subscriptions/" not in str(page)
            else f"{book_file.UNCONFIRMED}LiteLLM {release}"
        ),
    )


def _bare(provider: str, full_name: str) -> str:
    """A name without the prefix of its own provider, in lower case."""
    prefix, slash, bare = full_name.lower().partition("/")
    return bare if slash and names.provider_name(prefix) == provider else full_name.lower()


def place(rows: Iterable[ShutdownRow], book: PriceBook) -> Placed:
    """Shutdowns under the models of a book, whose own retirements win.

    A model takes the date of its own id, or that of all its names where they agree. A name with
    another date, or without a price, keeps its own; a dated snapshot is its model in this.
    """
    of_models: dict[tuple[str, str], ShutdownRow] = {}
    of_names: list[ShutdownRow] = []
    contradictions: list[Contradiction] = []
    for (provider, model), listed in _by_model(rows, book).items():
        ours = book.facts_of(provider, model).retirement
        if ours is not None:
            day = clock.date_of(ours.shutdown_day)
            of_model = [row for row in listed if names.is_snapshot_of(row.name, model)]
            contradictions += _contradictions(of_model, day)
            of_names += [row for row in listed if row.shutdown != day and row not in of_model]
            continue
        row = _of_model(model, listed) if (provider, model.lower()) in book.names else None
        if row is not None:
            of_models[provider, model] = row
        of_names += [
            other
            for other in listed
            if row is None or (other.shutdown, other.successor) != (row.shutdown, row.successor)
        ]
    return Placed(of_models, tuple(of_names), tuple(sorted(contradictions)))


def _by_model(
    rows: Iterable[ShutdownRow], book: PriceBook
) -> dict[tuple[str, str], list[ShutdownRow]]:
    of_model: dict[tuple[str, str], list[ShutdownRow]] = {}
    for row in rows:
        model = names.canonical_model(book, row.provider, row.name)
        if row.successor is not None:
            successor = names.canonical_model(book, row.provider, row.successor)
            row = msgspec.structs.replace(row, successor=successor)
        of_model.setdefault((row.provider, model), []).append(row)
    return of_model


def _of_model(model: str, listed: list[ShutdownRow]) -> ShutdownRow | None:
    own = [row for row in listed if row.name == model.lower()]
    if own or len({row.shutdown for row in listed}) == 1:
        return (own or listed)[0]
    return None


def _contradictions(listed: Iterable[ShutdownRow], ours: date) -> Iterator[Contradiction]:
    for row in listed:
        if row.shutdown != ours:
            yield Contradiction(row.provider, row.name, ours, row.shutdown)
