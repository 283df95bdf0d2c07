"""How a review of the price book reads: as text for a terminal, and as the JSON of `prices diff`.
It computes no figure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from rich.console import Console
from rich.text import Text

from advisor import words
from advisor.months.repricing import MonthShift
from cli.text import change_text, plain
from ledger import money
from ledger.pricing import book_file, price_book
from ledger.pricing.book_diff import FactChange, PriceChange
from ledger.pricing.book_file import BookFile
from ledger.pricing.prices import METERS, PriceKey, Rates


@dataclass(frozen=True, slots=True)
class Review:
    """A compiled book beside the shipped one."""

    shipped: BookFile
    compiled: BookFile
    overlay_release: str
    installed_release: str
    prices: Sequence[PriceChange]
    facts: Sequence[FactChange]
    months: Sequence[MonthShift]

    @property
    def notice(self) -> str | None:
        """What stands between this review and `prices compile`; None where nothing does."""
        if self.installed_release == self.overlay_release:
            return None
        return (
            f"genai-prices {self.installed_release} is installed; the overlay was written"
            f" over {self.overlay_release}. "
            f"Once reviewed, name {self.installed_release} in the overlay and compile."
        )


def show(console: Console, review: Review) -> None:
    """Print a review."""
    shipped, compiled = review.shipped, review.compiled
    console.print(f"Shipped: price book {shipped.version} of {shipped.catalogue}.")
    console.print(
        f"Here:    price book {compiled.version} of {compiled.catalogue} and the overlay."
    )
    if review.notice:
        console.print(review.notice)
    if not (review.prices or review.facts):
        differs = shipped.version != compiled.version
        what = "No price and no fact, only sources and days of checks," if differs else "Nothing"
        console.print(f"{what} would change.")
        return
    for kind in ("changed", "added", "gone"):
        price_changes = [change for change in review.prices if change.kind == kind]
        _show_list(
            console,
            f"{words.counted(len(price_changes), 'price')} {kind}",
            map(_price_cells, price_changes),
        )
    _show_list(
        console,
        f"{words.counted(len(review.facts), 'fact')} changed",
        map(_fact_cells, review.facts),
    )
    if not review.months:
        console.print("The ledger has no traffic, so there is nothing to put in dollars.")
        return
    console.print()
    console.print("Your own traffic at both books:")
    change_text.show(console, review.months)


def body(review: Review) -> dict[str, object]:
    """A review as JSON: rates in USD per million tokens and money as exact decimal text, null where
    there is none."""
    shipped, compiled = review.shipped, review.compiled
    return {
        "shipped": {"version": shipped.version, "catalogue": shipped.catalogue},
        "compiled": {"version": compiled.version, "catalogue": compiled.catalogue},
        "overlay_release": review.overlay_release,
        "notice": review.notice,
        "prices": [
            {
                "change": change.kind,
                **change.key._asdict(),
                "effective_from": _since(change),
                "before": _usd(change.before),
                "after": _usd(change.after),
            }
            for change in review.prices
        ],
        "facts": list(review.facts),
        "months": change_text.bodies(review.months),
    }


def _show_list(console: Console, title: str, rows: Iterable[tuple[str, str]]) -> None:
    cells = list(rows)
    if not cells:
        return
    console.print()
    grid = plain.table((title, ""))
    for row in cells:
        grid.add_row(*map(Text, row))
    console.print(grid)


def _price_cells(change: PriceChange) -> tuple[str, str]:
    meters = [*METERS, *_rare_meters(change.before, change.after)]
    both = [(meter, _rate(change.before, meter), _rate(change.after, meter)) for meter in meters]
    differences = [
        f"{_SHORT.get(meter) or words.label(meter)}"
        f" {_arrow(was, becomes) if change.kind == 'changed' else was or becomes}"
        for meter, was, becomes in both
        if (was != becomes if change.kind == "changed" else was or becomes)
    ]
    since = _since(change)
    return _named(change.key) + (f", from {since}" if since else ""), ", ".join(differences)


def _fact_cells(change: FactChange) -> tuple[str, str]:
    return (
        f"{change.provider} {change.model}",
        f"{words.label(change.fact)} {_arrow(change.before, change.after)}",
    )


_SHORT = {
    "uncached_input": "input",
    "cached_input": "cached",
    "cache_write_input": "cache write",
    "input_audio": "audio in",
    "output": "output",
    "output_audio": "audio out",
}


def _named(key: PriceKey) -> str:
    over = f" over {key.over_input_tokens:,} tokens" if key.over_input_tokens else ""
    region = f" in {key.region}" if key.region else ""
    return f"{key.provider} {key.model} {key.service_tier}{over}{region}"


def _arrow(was: str | None, becomes: str | None) -> str:
    return f"{was or 'none'} -> {becomes or 'none'}"


def _since(change: PriceChange) -> str | None:
    return None if change.effective_from == book_file.EVER else change.effective_from.isoformat()


def _rare_meters(*sides: Rates | None) -> list[str]:
    return sorted({name for rates in sides if rates for name, _ in rates.rare})


def _rate(rates: Rates | None, meter: str) -> str | None:
    nano_usd = None if rates is None else rates.by_meter.get(meter)
    return None if nano_usd is None else money.text(Decimal(nano_usd).scaleb(-9))


def _usd(rates: Rates | None) -> dict[str, str] | None:
    if rates is None:
        return None
    return price_book.rate_texts(rates)
