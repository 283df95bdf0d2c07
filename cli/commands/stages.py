"""The commands that change the stage of a recommendation: claim, dismiss, pilot, adopt and back."""

from dataclasses import dataclass
from typing import Annotated

import typer

from advisor.publishing.api import recommendation_body
from advisor.stages import recommendations, store, transitions
from advisor.stages.change_requests import ChangeRequest
from cli import app, option_groups, options
from cli.text import stage_text
from ledger import clock, months

commands = app.new_commands()

Id = options.RecommendationId
Note = Annotated[str | None, typer.Option(help="A line for its history.")]
HoldOut = Annotated[
    str | None,
    typer.Option(help="The workload under which conversations that stay on the source are sent."),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeOptions:
    """The options of every change of stage; each field is an option."""

    by: options.By = None
    version: Annotated[
        int | None,
        typer.Option(help="The version you looked at: refused if it has changed since.", min=1),
    ] = None
    data: options.Data = None
    as_json: options.AsJson = False

    def request(
        self,
        action: transitions.Action,
        *,
        note: str | None = None,
        share: str | None = None,
        until_day: int | None = None,
        hold_out: str | None = None,
    ) -> ChangeRequest:
        """What is asked for. Raises UsageError where nobody is named."""
        return ChangeRequest(
            action=action,
            by=options.who(self.by),
            version=self.version,
            note=note,
            share=share,
            until_day=until_day,
            hold_out=hold_out,
        )


@commands.command(epilog="Example: switchwise claim 8a409b66e80aaa0a --by ada --share 0.5")
@option_groups.spread
def claim(
    id: Id,  # the argument's name
    *,
    share: Annotated[
        str | None, typer.Option(help="The part of the traffic you mean to move, 0 to 1.")
    ] = None,
    note: Note = None,
    change: ChangeOptions,
) -> None:
    """Take a recommendation on; its estimate is frozen."""
    _carry_out(id, change, change.request("claim", share=share, note=note))


@commands.command(epilog="Example: switchwise unclaim 8a409b66e80aaa0a")
@option_groups.spread
def unclaim(id: Id, *, note: Note = None, change: ChangeOptions) -> None:
    """Give a claim back."""
    _carry_out(id, change, change.request("unclaim", note=note))


@commands.command(
    epilog="Example: switchwise dismiss 8a409b66e80aaa0a --reason 'exam season' --until 2027-01-31"
)
@option_groups.spread
def dismiss(
    id: Id,  # the argument's name
    *,
    reason: Annotated[str, typer.Option(help="Why, for later readers.")],
    until: Annotated[
        str | None,
        typer.Option(help="UTC day on which it is open again, YYYY-MM-DD; in 90 days if absent."),
    ] = None,
    change: ChangeOptions,
) -> None:
    """Set a recommendation aside until a day.

    It leaves the total.
    """
    until_day = options.end_day("--until", until)
    _carry_out(id, change, change.request("dismiss", note=reason, until_day=until_day))


@commands.command(epilog="Example: switchwise undismiss 8a409b66e80aaa0a")
@option_groups.spread
def undismiss(id: Id, *, note: Note = None, change: ChangeOptions) -> None:
    """Take a dismissal back before it ends."""
    _carry_out(id, change, change.request("undismiss", note=note))


@commands.command(epilog="Example: switchwise pilot 8a409b66e80aaa0a --share 0.1")
@option_groups.spread
def pilot(
    id: Id,  # the argument's name
    *,
    share: Annotated[
        str, typer.Option(help="The part of the traffic that runs on the target, under 1.")
    ],
    hold_out: HoldOut = None,
    note: Note = None,
    change: ChangeOptions,
) -> None:
    """Record that part of the traffic runs on the target."""
    _carry_out(id, change, change.request("pilot", share=share, hold_out=hold_out, note=note))


@commands.command(epilog="Example: switchwise adopt 8a409b66e80aaa0a --hold-out chat-control")
@option_groups.spread
def adopt(id: Id, *, hold_out: HoldOut = None, note: Note = None, change: ChangeOptions) -> None:
    """Record that the traffic has moved to the target.

    What it saves is measured from the next UTC day on.
    """
    _carry_out(id, change, change.request("adopt", hold_out=hold_out, note=note))


@commands.command(
    epilog="Example: switchwise rollback 8a409b66e80aaa0a --note 'too many wrong answers'"
)
@option_groups.spread
def rollback(id: Id, *, note: Note = None, change: ChangeOptions) -> None:
    """Record that the traffic is back on the source."""
    _carry_out(id, change, change.request("rollback", note=note))


def _carry_out(recommendation_id: str, change: ChangeOptions, request: ChangeRequest) -> None:
    """Change the stage and print how the recommendation stands now."""
    now_us = clock.now_us()
    with app.open_ledger(change.data) as (database, settings), database.transaction() as session:
        store.change(session, recommendation_id, request, now_us)
        changed = recommendations.find(session, recommendation_id)
        month = months.containing(now_us, settings.zone)
        body = recommendation_body.load_one(session, changed, month)
    if change.as_json:
        app.print_json(body)
        return
    app.console.print(
        f"{recommendation_id} is {stage_text.standing(changed)}, version {changed.version}.",
        soft_wrap=True,
    )
    if request.action in transitions.FREEZING and changed.frozen is not None:
        app.console.print(stage_text.frozen(changed), soft_wrap=True)
