"""Paid retries and requests at another tier than asked, in a terminal."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from rich.console import Console
from rich.text import Text

from advisor import words
from advisor.months.waste_figures import TierFigure, WasteFigure
from advisor.report import sentences
from cli.text import plain
from ledger import money


def headlines(waste: WasteFigure | None) -> Iterator[tuple[str, str, str]]:
    """Lines of a report, each a name, an amount and a remark; none for what there is not."""
    if waste is None:
        return
    retries = waste.paid_retries
    if retries.requests:
        requests = f"{words.counted(retries.requests, 'request')} sent again by their clients"
        yield "Paid retries", words.dollars(retries.cost_usd), f"{requests}; {words.PAID_TWICE}"
    for tier in _by_tiers(waste.other_tier.groups):
        yield "Other tier", "", sentences.other_tier(tier)


def _by_tiers(groups: Iterable[TierFigure]) -> Iterator[TierFigure]:
    """The groups of all projects and models together, by the tier asked for and the tier served."""
    together: dict[tuple[str, str, str], list[TierFigure]] = {}
    for group in groups:
        together.setdefault((group.asked_tier, group.served_tier, group.state), []).append(group)
    for members in together.values():
        differences = [
            Decimal(group.difference_usd) for group in members if group.difference_usd is not None
        ]
        yield replace(
            members[0],
            requests=sum(group.requests for group in members),
            difference_usd=money.text(sum(differences, Decimal(0))) if differences else None,
        )


def show(console: Console, waste: WasteFigure | None, rows: int) -> None:
    """Print the groups of both, where there are any."""
    if waste is None:
        return
    groups = waste.paid_retries.groups
    if groups:
        grid = plain.table(("Paid retries", "model", "cost", "requests", "tokens"), right=3)
        for group in groups[:rows]:
            counts = words.count(group.requests), words.count(group.tokens)
            grid.add_row(group.project, group.model, words.dollars(group.cost_usd), *counts)
        if len(groups) > rows:
            grid.add_row(f"and {len(groups) - rows} more (--json lists all)")
        console.print(grid)
        console.print()
    if waste.other_tier.groups:
        show_tiers(console, waste.other_tier.groups, rows)
        console.print()


def show_tiers(console: Console, groups: Sequence[TierFigure], rows: int) -> None:
    """Print which tier was asked for, which served, and the cost at both; then what that means."""
    columns = ("model", "asked", "served", "requests", "cost", "as asked", "difference")
    grid = plain.table(("Other tier", *columns), right=4)
    for group in groups[:rows]:
        amounts = (
            words.dollars(usd)
            for usd in (group.cost_usd, group.asked_cost_usd, group.difference_usd)
        )
        tiers = (group.model, group.asked_tier, group.served_tier)
        grid.add_row(group.project, *tiers, words.count(group.requests), *amounts)
    if len(groups) > rows:
        grid.add_row(f"and {len(groups) - rows} more (--json lists all)")
    console.print(grid)
    meanings = ((group.asked_tier, group.served_tier, group.meaning) for group in groups[:rows])
    for asked_tier, served_tier, meaning in dict.fromkeys(meanings):
        console.print(Text(f"asked {asked_tier}, served {served_tier}: {meaning}.", style="dim"))
