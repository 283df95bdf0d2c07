"""What one compiled price book changes against another: prices and facts, row by row. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from ledger.pricing.book_file import BookFile, FactRow, PriceRow
from ledger.pricing.prices import PriceKey, Rates

_FACTS = (
    "context_window",
    "max_output_tokens",
    "modalities",
    "shutdown",
    "successor",
    "without_rate",
    "lacks",
    "maker",
    "reasons",
    "efforts",
    "default_effort",
    "tokenizer",
    "writes_cache_from_tokens",
    "least_cached_tokens",
    "smaller",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceChange:
    """A price that one book has and the other has not, or that differs in its rates."""

    kind: Literal["added", "gone", "changed"]
    key: PriceKey
    effective_from: date
    before: Rates | None
    after: Rates | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FactChange:
    """A fact of a model that differs, or what a name is priced as; None where a book has none."""

    provider: str
    model: str
    fact: str
    before: str | None
    after: str | None


def price_changes(before: BookFile, after: BookFile) -> list[PriceChange]:
    """The prices that differ, in the order of keys and days.

    A different source or day of a check is no change of price.
    """
    old, new = (_by_key_and_day(book.prices) for book in (before, after))
    return [
        PriceChange(
            kind="changed" if row in old and row in new else "gone" if row in old else "added",
            key=row[0],
            effective_from=row[1],
            before=old.get(row),
            after=new.get(row),
        )
        for row in sorted(old.keys() | new.keys())
        if old.get(row) != new.get(row)
    ]


def name_changes(before: BookFile, after: BookFile) -> list[FactChange]:
    """The aliases that mean another model, in the order of provider and name."""
    old, new = (
        {(provider, name): model for provider, name, model in book.aliases}
        for book in (before, after)
    )
    return [
        FactChange(
            provider=provider,
            model=name,
            fact="priced_as",
            before=old.get((provider, name)),
            after=new.get((provider, name)),
        )
        for provider, name in sorted(old.keys() | new.keys())
        if old.get((provider, name)) != new.get((provider, name))
    ]


def fact_changes(before: BookFile, after: BookFile) -> list[FactChange]:
    """The facts that differ, in the order of provider and model."""
    old, new = ({(row.provider, row.model): row for row in book.facts} for book in (before, after))
    return [
        FactChange(provider=provider, model=model, fact=fact, before=was, after=is_now)
        for provider, model in sorted(old.keys() | new.keys())
        for fact in _FACTS
        if (was := _fact(old.get((provider, model)), fact))
        != (is_now := _fact(new.get((provider, model)), fact))
    ]


def _by_key_and_day(rows: Iterable[PriceRow]) -> Mapping[tuple[PriceKey, date], Rates]:
    return {(row.key, row.effective_from): row.rates for row in rows}


def _fact(row: FactRow | None, fact: str) -> str | None:
    value = None if row is None else getattr(row, fact)
    if value in (None, ()):
        return None
    if fact == "without_rate":
        return "; ".join(f"{tier}: {reason}" for tier, reason in value)
    return ", ".join(value) if isinstance(value, tuple) else str(value)
