"""The commands that say what people do with a recommendation: claim, unclaim, dismiss, undismiss,
pilot, adopt, rollback."""

from dataclasses import replace
from typing import Annotated

import typer

from advisor.publishing.api import recommendation_body
from advisor.stages import recommendations, store, transitions
from advisor.stages.change_requests import ChangeRequest
from cli import app, options
from cli.text import stage_text
from ledger import clock, months

commands = app.new_commands()

Id = Annotated[
    str, typer.Argument(metavar="ID", help="A recommendation as `switchwise advise` lists it.")
]
Version = Annotated[
    int | None,
    typer.Option(help="The version you looked at: refused if it has changed since.", min=1),
]
Note = Annotated[str | None, typer.Option(help="A line for its history.")]
HoldOut = Annotated[
    str | None,
    typer.Option(
        help=(
            "The workload under which the conversations that stay on the source are sent: they"
            " are the hold-out."
        )
    ),
]


@commands.command(epilog="Example: switchwise claim 8a409b66e80aaa0a --by ada --share 0.5")
def claim(
    id: Id,  # the argument's name
    share: Annotated[
        str | None, typer.Option(help="The part of the traffic you mean to move, 0 to 1.")
    ] = None,
    note: Note = None,
    by: options.By = None,
    version: Version = None,
    data: options.Data = None,
    as_json: options.AsJson = False,
) -> None:
    """Take a recommendation on; its estimate is frozen."""
    _carry_out(
        data,
        id,
        ChangeRequest(action="claim", by=options.who(by), version=version, share=share, note=note),
        as_json,
    )


@commands.command(epilog="Example: switchwise unclaim 8a409b66e80aaa0a")
def unclaim(
    id: Id,  # the argument's name
    note: Note = None,
    by: options.By = None,
    version: Version = None,
    data: options.Data = None,
    as_json: options.AsJson = False,
) -> None:
    """Give a claim back."""
    _carry_out(
        data,
        id,
        ChangeRequest(action="unclaim", by=options.who(by), version=version, note=note),
        as_json,
    )


@commands.command(
    epilog="Example: switchwise dismiss 8a409b66e80aaa0a --reason 'exam season' --until 2027-01-31"
)
def dismiss(
    id: Id,  # the argument's name
    reason: Annotated[str, typer.Option(help="Why, for whoever wonders later.")],
    until: Annotated[
        str | None,
        typer.Option(help="UTC day on which it is open again, YYYY-MM-DD; in 90 days if absent."),
    ] = None,
    by: options.By = None,
    version: Version = None,
    data: options.Data = None,
    as_json: options.AsJson = False,
) -> None:
    """Set a recommendation aside until a day.

    It leaves the total.
    """
    request = ChangeRequest(action="dismiss", by=options.who(by), version=version, note=reason)
    end = None if until is None else options.day("--until", until)
    _carry_out(data, id, replace(request, until_day=end), as_json)


@commands.command(epilog="Example: switchwise undismiss 8a409b66e80aaa0a")
def undismiss(
    id: Id,  # the argument's name
    note: Note = None,
    by: options.By = None,
    version: Version = None,
    data: options.Data = None,
    as_json: options.AsJson = False,
) -> None:
    """Take a dismissal back before it ends."""
    _carry_out(
        data,
        id,
        ChangeRequest(action="undismiss", by=options.who(by), version=version, note=note),
        as_json,
    )


@commands.command(epilog="Example: switchwise pilot 8a409b66e80aaa0a --share 0.1")
def pilot(
    id: Id,  # the argument's name
    share: Annotated[
        str, typer.Option(help="The part of the traffic that runs on the target, under 1.")
    ],
    hold_out: HoldOut = None,
    note: Note = None,
    by: options.By = None,
    version: Version = None,
    data: options.Data = None,
    as_json: options.AsJson = False,
) -> None:
    """Record that part of the traffic runs on the target."""
    request = ChangeRequest(
        action="pilot",
        by=options.who(by),
        version=version,
        share=share,
        note=note,
        hold_out=hold_out,
    )
    _carry_out(data, id, request, as_json)


@commands.command(epilog="Example: switchwise adopt 8a409b66e80aaa0a --hold-out chat-control")
def adopt(
    id: Id,  # the argument's name
    hold_out: HoldOut = None,
    note: Note = None,
    by: options.By = None,
    version: Version = None,
    data: options.Data = None,
    as_json: options.AsJson = False,
) -> None:
    """Record that the traffic has moved to the target.

    What it saves is measured from the next UTC day on.
    """
    request = ChangeRequest(
        action="adopt", by=options.who(by), version=version, note=note, hold_out=hold_out
    )
    _carry_out(data, id, request, as_json)


@commands.command(
    epilog="Example: switchwise rollback 8a409b66e80aaa0a --note 'too many wrong answers'"
)
def rollback(
    id: Id,  # the argument's name
    note: Note = None,
    by: options.By = None,
    version: Version = None,
    data: options.Data = None,
    as_json: options.AsJson = False,
) -> None:
    """Record that the traffic is back on the source."""
    _carry_out(
        data,
        id,
        ChangeRequest(action="rollback", by=options.who(by), version=version, note=note),
        as_json,
    )


def _carry_out(
    data: options.Data, recommendation_id: str, request: ChangeRequest, as_json: bool
) -> None:
    """Change the stage and say how the recommendation stands now."""
    with app.open_ledger(data) as (database, settings), database.transaction() as session:
        store.change(session, recommendation_id, request, clock.now_us())
        stored_recommendation = recommendations.find(session, recommendation_id)
        body = recommendation_body.load_one(
            session, stored_recommendation, months.containing(clock.now_us(), settings.zone)
        )
    if as_json:
        app.print_json(body)
        return
    app.console.print(
        (
            f"{recommendation_id} is {stage_text.standing(stored_recommendation)}, version"
            f" {stored_recommendation.version}."
        ),
        soft_wrap=True,
    )
    if request.action in transitions.FREEZING and stored_recommendation.frozen is not None:
        app.console.print(stage_text.frozen(stored_recommendation), soft_wrap=True)
