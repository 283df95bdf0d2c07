"""The plan for models that shut down, as text."""

from collections.abc import Sequence

from rich.console import Console

from advisor import words
from advisor.report.departure_plan import PlannedDepartureFigure
from cli.text import plain


def show(console: Console, departures: Sequence[PlannedDepartureFigure]) -> None:
    """Print the workloads as a table, the most dollars first, then what each can do."""
    grid = plain.table(
        ("project", "workload", "model", "ends", "start a trial by", "owner", "stage", "30 days"),
        right=1,
    )
    for departure in departures:
        days = departure.shutdown_day, departure.last_trial_start or "-"
        people = departure.owner or "-", departure.stage or "-"
        place = departure.project, departure.workload, departure.model
        grid.add_row(*place, *days, *people, words.dollars(departure.cost_usd))
    console.print(grid)
    for departure in departures:
        console.print()
        console.print(f"{departure.project} / {departure.workload}", soft_wrap=True)
        console.print(f"  {departure.sentence}", soft_wrap=True)
        for destination in departure.destinations[1:]:
            target = words.target(destination.model, destination.service_tier)
            cost = words.dollars(destination.cost_month_usd)
            end = f", until {destination.ends_on}" if destination.ends_on else ""
            console.print(
                f"  Or {target} at {destination.provider}: {cost} a month"
                f" ({words.label(destination.kind)}{end})",
                soft_wrap=True,
            )
        if departure.recommendation_id is not None:
            console.print(f"  More: switchwise explain {departure.recommendation_id}")
    console.print()
    console.print(
        "A month costs as expected where a move is advised or decided on; elsewhere it is priced at"
        " the workload's own tokens.",
        soft_wrap=True,
    )
    for source in dict.fromkeys(departure.source for departure in departures):
        console.print(f"Announced at {source}", soft_wrap=True)
