"""Paid retries and requests at another tier than asked, in a terminal."""

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.text import Text

from advisor import words
from advisor.months.waste_figures import TierFigure, WasteFigure
from cli.text import plain


def headlines(waste: WasteFigure | None) -> Iterator[tuple[str, str, str]]:
    """Name, amount and remark of what there is of either; nothing of what there is not."""
    if waste is None:
        return
    retries, tiers = waste.paid_retries, waste.other_tier
    if retries.requests:
        sent = f"{words.counted(retries.requests, 'request')} sent again by their clients"
        yield "Paid retries", words.dollars(retries.cost_usd), f"{sent}; {words.PAID_TWICE}"
    if tiers.requests:
        missed = words.dollars(tiers.not_charged_usd)
        unknown = tiers.not_compared_tokens
        left_out = f", {words.counted(unknown, 'token')} of them not compared" if unknown else ""
        remark = f"paid more than at the tiers asked for, {missed} not charged for dearer ones that did not serve"
        requests = words.counted(tiers.requests, "request")
        yield "Other tier", words.dollars(tiers.paid_more_usd), f"{remark}; {requests}{left_out}"


def show(console: Console, waste: WasteFigure | None, rows: int) -> None:
    """Print the groups of both, where there are any."""
    if waste is None:
        return
    groups = waste.paid_retries.groups
    if groups:
        grid = plain.table("Paid retries", "model", "cost", "requests", "tokens", right=3)
        for each in groups[:rows]:
            counts = words.count(each.requests), words.count(each.tokens)
            grid.add_row(each.project, each.model, words.dollars(each.cost_usd), *counts)
        if len(groups) > rows:
            grid.add_row(f"and {len(groups) - rows} more (--json lists all)")
        console.print(grid)
        console.print()
    if waste.other_tier.groups:
        show_tiers(console, waste.other_tier.groups, rows)
        console.print()


def show_tiers(console: Console, groups: Sequence[TierFigure], rows: int) -> None:
    """Print what was asked for, what served, and what that made of the cost; then what the differences mean."""
    grid = plain.table(
        "Other tier",
        "model",
        "asked",
        "served",
        "requests",
        "cost",
        "as asked",
        "difference",
        right=4,
    )
    for each in groups[:rows]:
        amounts = (
            words.dollars(text)
            for text in (each.cost_usd, each.asked_cost_usd, each.difference_usd)
        )
        grid.add_row(
            each.project, each.model, each.asked, each.served, words.count(each.requests), *amounts
        )
    if len(groups) > rows:
        grid.add_row(f"and {len(groups) - rows} more (--json lists all)")
    console.print(grid)
    for asked, served, meaning in dict.fromkeys(
        (each.asked, each.served, each.meaning) for each in groups[:rows]
    ):
        console.print(Text(f"asked {asked}, served {served}: {meaning}.", style="dim"))
