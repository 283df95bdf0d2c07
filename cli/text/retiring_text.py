"""Models in use that shut down, as text and as JSON."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console

from advisor import words
from advisor.advice import retirements
from advisor.advice.retirements import Retiring, RetiringUsage
from cli.text import plain
from ledger import clock, money


def body(usage: RetiringUsage) -> dict[str, Any]:
    """One use of a retiring model, for --json. The cost is null where none of it is priced."""
    cost = usage.cost_femto_usd
    return {
        "provider": usage.retiring.provider,
        "model": usage.retiring.model,
        "project": usage.project,
        "key": usage.key,
        "requests": usage.requests,
        "cost_usd": None if cost is None else money.usd_text(cost),
        "unpriced_tokens": usage.unpriced_tokens,
        "days": retirements.USAGE_DAYS,
        "shutdown": clock.date_of(usage.retiring.shutdown_day).isoformat(),
        "days_left": usage.retiring.days_left,
        "successor": usage.retiring.successor,
        "source": usage.retiring.source,
    }


def show(console: Console, usages: Sequence[RetiringUsage]) -> None:
    """Print the uses, the most dollars first, then each model's shutdown, successor and source."""
    grid = plain.table(("model", "project", "key", "days left", "requests", "cost"), right=3)
    for usage in usages:
        user = usage.retiring.model, usage.project, usage.key
        figures = f"{usage.retiring.days_left:,}", f"{usage.requests:,}"
        grid.add_row(*user, *figures, words.femto_dollars(usage.cost_femto_usd))
    console.print(grid)
    console.print()
    console.print(f"Requests and cost of the last {retirements.USAGE_DAYS} UTC days, with today.")
    for retiring in dict.fromkeys(usage.retiring for usage in usages):
        console.print(_shutdown(retiring), soft_wrap=True)


def _shutdown(retiring: Retiring) -> str:
    day = clock.date_of(retiring.shutdown_day)
    verb = "shuts down" if retiring.days_left else "was shut down"
    successor = f"successor {retiring.successor}" if retiring.successor else "no successor named"
    return (
        f"{retiring.model} at {retiring.provider} {verb} on {day}; {successor};"
        f" source: {retiring.source}"
    )
