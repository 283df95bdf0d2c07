"""What a change of prices or names moves in each month, as a table in a terminal and as JSON.

It formats; it computes nothing.
"""

from collections.abc import Iterable, Iterator, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from advisor import words
from advisor.months.repricing import NOTHING, CostPlace, MonthShift, Shift, UsageCost
from cli.text import plain
from ledger import money

ROWS = 12
"""Places that are shown of a month; --json lists all."""


def show(console: Console, months: Sequence[MonthShift]) -> None:
    """Print what differs, month by month; of a closed month also that it stays as it is, and how to
    book the difference."""
    moved = [month for month in months if month.places]
    console.print()
    if not moved:
        console.print("No figure of any month changes.")
    for month in moved:
        console.print(_table(month))
        for remark in _remarks(month):
            console.print(Text(remark, style="dim"))
        console.print()


def bodies(months: Iterable[MonthShift]) -> list[dict[str, object]]:
    """The same as JSON, every place of every month, exact."""
    return [
        {
            "month": month.month,
            "state": "closed" if month.closed else "open",
            **_body(month.total),
            "requests_since_published": month.arrived_requests,
            "places": [
                {**place._asdict(), **_body(shift)} for place, shift in month.places.items()
            ],
        }
        for month in months
    ]


def _table(month: MonthShift) -> Table:
    grid = plain.table(
        (
            f"{month.month} (closed)" if month.closed else month.month,
            "before",
            "after",
            "change",
            "unpriced tokens",
        ),
        right=4,
    )
    grid.add_row("all of it", *_cells(month.total))
    places = dict(list(month.places.items())[:ROWS])
    for project in dict.fromkeys(place.project for place in places):
        grid.add_row(project)
        for place, shift in places.items():
            if place.project == project:
                grid.add_row(f"  {_named(place, places)}", *_cells(shift))
    if len(month.places) > len(places):
        grid.add_row(f"and {len(month.places) - len(places)} more (--json lists all)")
    return grid


def _named(place: CostPlace, places: Iterable[CostPlace]) -> str:
    """The model, with its provider where another provider's model of that name stands in the same
    table."""
    ambiguous = any(
        other.model == place.model and other.provider != place.provider for other in places
    )
    return f"{place.model} ({place.provider})" if ambiguous else place.model


def _cells(shift: Shift) -> Iterator[str]:
    yield _cost(shift.before)
    yield _cost(shift.after)
    yield (_signed(words.femto_dollars(shift.cost_femto_usd)) if shift.cost_femto_usd else "")
    yield _signed(f"{shift.unpriced_tokens:,}") if shift.unpriced_tokens else ""


def _cost(amount: UsageCost) -> str:
    if amount == NOTHING:
        return "-"
    return words.femto_dollars(amount.cost_femto_usd if amount.priced_tokens else None)


def _signed(figure: str) -> str:
    return figure if figure.startswith("-") else f"+{figure}"


def _remarks(month: MonthShift) -> Iterator[str]:
    if month.arrived_requests:
        arrived = words.counted(month.arrived_requests, "request")
        yield f"{arrived} arrived since the month was published, and are part of it."
    if month.closed:
        yield f"{month.month} is closed and stays as it is; to book the difference:"
        yield f"switchwise reprice {month.month} --reason TEXT"


def _body(shift: Shift) -> dict[str, object]:
    """The change of cost is that of the priced parts; what had no price cost an unknown amount
    before."""
    return {
        "before": _amount(shift.before),
        "after": _amount(shift.after),
        "change_cost_usd": money.usd_text(shift.cost_femto_usd),
        "change_unpriced_tokens": shift.unpriced_tokens,
    }


def _amount(amount: UsageCost) -> dict[str, object]:
    """Costs are null where nothing is priced."""
    priced = amount.priced_tokens > 0
    return {
        "cost_usd": money.usd_text(amount.cost_femto_usd) if priced else None,
        "list_cost_usd": money.usd_text(amount.list_cost_femto_usd) if priced else None,
        "unpriced_tokens": amount.unpriced_tokens,
        "requests": amount.requests,
    }
