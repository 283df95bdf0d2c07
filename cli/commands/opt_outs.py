"""The commands of places without advice: opt out, in, list."""

from typing import Annotated

import typer

from advisor import refresh
from cli import app, changes, options
from cli.text import plain
from ledger import clock, policies
from ledger.policies import OptOut

commands = app.new_commands()

Place = Annotated[
    str, typer.Argument(metavar="PROJECT[/WORKLOAD]", help="As its usage names them.")
]
Model = Annotated[
    str | None, typer.Argument(metavar="[MODEL]", help="Only traffic on this model; else all.")
]


@commands.command(
    "out",
    epilog="Example: switchwise opt out search/triage gpt-4.1 --reason 'audited until March'",
)
def opt_out(
    place: Place,
    model: Model = None,
    reason: Annotated[str, typer.Option(help="Why, for later readers; it is needed.")] = "",
    by: options.By = None,
    data: options.Data = None,
    as_json: options.AsJson = False,
) -> None:
    """Take a project, workload or model out of advice.

    It is blocked with your reason, in no total and no alert, until you take it in again: it does
    not expire.
    """
    with app.begin_ledger(data) as (database, settings):
        with database.transaction() as session:
            project, workload = policies.find_place(session, place)
            opted_out = OptOut(
                project=project,
                workload=workload,
                model=model or "",
                reason=reason,
                made_by=options.who(by),
                made_at=clock.now_us(),
            )
            policies.opt_out(session, opted_out)
        refresh.refresh(database, settings)
    changes.tell(
        f"{opted_out} gets no advice: {reason.strip()}.",
        {"opt_out": _body(opted_out)},
        as_json=as_json,
    )


@commands.command("in", epilog="Example: switchwise opt in search/triage gpt-4.1")
def opt_in(
    place: Place,
    model: Model = None,
    data: options.Data = None,
    as_json: options.AsJson = False,
) -> None:
    """Take a place in again that was out of advice."""
    with app.open_ledger(data) as (database, settings):
        with database.transaction() as session:
            project, workload = policies.find_place(session, place)
            opted_out = policies.opt_in(session, project, workload, model or "")
        refresh.refresh(database, settings)
    changes.tell(f"{opted_out} gets advice again.", {"opt_in": _body(opted_out)}, as_json=as_json)


@commands.command("list", epilog="Example: switchwise opt list")
def list_opt_outs(data: options.Data = None, as_json: options.AsJson = False) -> None:
    """Every place that is out of advice, and why."""
    with app.open_ledger(data) as (database, _), database.snapshot() as session:
        places = policies.load_opt_outs(session)
    if as_json:
        app.print_json([_body(place) for place in places])
        return
    if not places:
        app.console.print("Nothing is out of advice.")
        return
    grid = plain.table(("out of advice", "since", "by", "reason"), right=0)
    for place in places:
        grid.add_row(str(place), clock.rfc3339(place.made_at)[:10], place.made_by, place.reason)
    app.console.print(grid)


def _body(place: OptOut) -> dict[str, object]:
    return {
        "project": place.project,
        "workload": place.workload or None,
        "model": place.model or None,
        "reason": place.reason,
        "made_by": place.made_by,
        "since": clock.rfc3339(place.made_at),
    }
