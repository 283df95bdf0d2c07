"""The commands of projects' owners: owners set, list, remove."""

from typing import Annotated

import typer

from advisor import words
from cli import app, changes, options
from cli.text import plain
from ledger import clock, money, policies
from ledger.errors import UsageError
from ledger.policies import Owner

commands = app.new_commands()

Project = Annotated[str, typer.Argument(help="The project, as its usage names it.")]


@commands.command(
    "set",
    epilog="Example: switchwise owners set search --owner ada --channel '#search' --target 400",
)
def set_owner(
    project: Project,
    owner: Annotated[str | None, typer.Option(help="Who answers for it.")] = None,
    channel: Annotated[
        str | None, typer.Option(help="Where alerts about it go, such as '#search'.")
    ] = None,
    target: Annotated[
        str | None, typer.Option(help="What it should cost a month, in USD; none takes it away.")
    ] = None,
    by: options.By = None,
    data: options.Data = None,
    as_json: options.AsJson = False,
) -> None:
    """Set a project's owner, channel and target cost.

    What is not given stays. A target is an aim; a limit to be held is a budget.
    """
    with app.begin_ledger(data) as (database, _), database.transaction() as session:
        before = next(
            (known for known in policies.load_owners(session) if known.project == project), None
        )
        name = (owner or (before.owner if before else "")).strip()
        if not name:
            raise UsageError(f"{project} has no owner yet; name one with --owner")
        nano_usd = before.target_nano_usd if before else None
        if target is not None:
            nano_usd = None if target == "none" else policies.nano_usd(target)
        owned = Owner(
            project=project,
            owner=name,
            channel=channel if channel is not None else (before.channel if before else None),
            target_nano_usd=nano_usd,
            made_by=options.who(by),
        )
        policies.put_owner(session, owned, clock.now_us())
    channel_text = owned.channel or "no channel"
    sentence = f"{project}: {owned.owner}, {channel_text}, target {_target(owned)}."
    changes.tell(sentence, {"owner": _body(owned)}, as_json=as_json)


@commands.command("list", epilog="Example: switchwise owners list")
def list_owners(data: options.Data = None, as_json: options.AsJson = False) -> None:
    """Every owner, with channel and target cost."""
    with app.open_ledger(data) as (database, _), database.snapshot() as session:
        owners = policies.load_owners(session)
    if as_json:
        app.print_json([_body(owner) for owner in owners])
        return
    if not owners:
        app.console.print(
            "No owners. Set one with: switchwise owners set PROJECT --owner NAME --channel CHANNEL"
        )
        return
    grid = plain.table(("project", "owner", "channel", "target"), right=0)
    for owner in owners:
        grid.add_row(owner.project, owner.owner, owner.channel or "", _target(owner))
    app.console.print(grid)


@commands.command("remove", epilog="Example: switchwise owners remove search")
def remove_owner(
    project: Project, data: options.Data = None, as_json: options.AsJson = False
) -> None:
    """Take a project's owner away."""
    with app.open_ledger(data) as (database, _), database.transaction() as session:
        policies.remove_owner(session, project)
    changes.tell(f"{project} has no owner now.", {"project": project}, as_json=as_json)


def _target(owner: Owner) -> str:
    if owner.target_nano_usd is None:
        return "none"
    return f"{words.femto_dollars(owner.target_nano_usd * 10**6)} a month"


def _body(owner: Owner) -> dict[str, object]:
    nano_usd = owner.target_nano_usd
    return {
        "project": owner.project,
        "owner": owner.owner,
        "channel": owner.channel,
        "target_usd": money.optional_usd_text(None if nano_usd is None else nano_usd * 10**6),
        "made_by": owner.made_by,
    }
