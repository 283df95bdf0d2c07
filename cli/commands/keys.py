"""The commands of API keys: keys create, list, rotate, revoke."""

from typing import Annotated

import typer

from cli import app, options
from cli.text import plain
from ledger import access, clock, tables

commands = app.new_commands()

Expires = Annotated[
    str | None,
    typer.Option(help="First UTC day without it, YYYY-MM-DD; it never expires if absent."),
]
KeyId = Annotated[str, typer.Argument(metavar="ID", help="As `switchwise keys list` shows it.")]


@commands.command(epilog="Example: switchwise keys create proxy-eu --scope ingest --project search")
def create(
    name: Annotated[str, typer.Argument(help="What or whom the key is for.")],
    scope: Annotated[list[str], typer.Option(help=f"One or more of {', '.join(access.SCOPES)}.")],
    project: Annotated[
        str | None, typer.Option(help="Project that everything sent with it belongs to.")
    ] = None,
    namespace: Annotated[
        str, typer.Option(help="Name of the sender; part of the identity of its events.")
    ] = "default",
    expires: Expires = None,
    data: options.Data = None,
) -> None:
    """Make a key and print it; it is shown this once."""
    with app.begin_ledger(data) as (database, _), database.transaction() as session:
        row, text = access.create_key(
            session,
            name,
            scope,
            project=project,
            namespace=namespace,
            now_us=clock.now_us(),
            expires_at=_end(expires),
        )
        identity = row.id
    _show_once(identity, text)


def _end(expires: str | None) -> int | None:
    return None if expires is None else options.day("--expires", expires) * clock.DAY_US


def _show_once(identity: str, text: str) -> None:
    typer.echo(f"Key {identity}; keep it now, it cannot be shown again:", err=True)
    typer.echo(text)


@commands.command("list", epilog="Example: switchwise keys list")
def list_keys(data: options.Data = None, as_json: options.AsJson = False) -> None:
    """Every key by its id, never its text."""
    with app.open_ledger(data) as (database, _), database.snapshot() as session:
        rows = access.list_keys(session)
    if as_json:
        app.print_json([_described(row) for row in rows])
        return
    if not rows:
        app.console.print(
            "No keys yet. On loopback none is needed; make one with: switchwise keys create"
            " NAME --scope ingest"
        )
        return
    grid = plain.table(("id", "name", "scopes", "fixes", "created", "last used", "ends"))
    for column in (grid.columns[0], *grid.columns[-3:]):
        column.no_wrap = True
    for row in rows:
        description = _described(row)
        namespace = (
            "" if row.namespace == access.DEFAULT_NAMESPACE else f"namespace {row.namespace}"
        )
        fixes = ", ".join(filter(None, (row.project and f"project {row.project}", namespace)))
        times = (
            _day(description["created_at"]),
            _day(description["last_used_at"]),
            _ending(row, description),
        )
        grid.add_row(row.id, row.name, row.scopes, fixes, *times)
    app.console.print(grid)


_TIMES = ("created_at", "last_used_at", "expires_at", "revoked_at")


def _day(instant: object) -> str:
    return instant[:10] if isinstance(instant, str) else "never"


def _ending(row: tables.access.ApiKey, description: dict[str, object]) -> str:
    if row.revoked_at is not None:
        return f"revoked {_day(description['revoked_at'])}"
    expired = row.expires_at is not None and not access.is_live(row, clock.now_us())
    return f"{'expired ' if expired else ''}{_day(description['expires_at'])}"


def _described(row: tables.access.ApiKey) -> dict[str, object]:
    """A key as it may be shown: everything but its text, which nobody has."""
    times = {
        name: None if (at := getattr(row, name)) is None else clock.rfc3339(at) for name in _TIMES
    }
    names = ("id", "name", "project", "namespace")
    return {**{name: getattr(row, name) for name in names}, "scopes": row.scopes.split(), **times}


@commands.command(epilog="Example: switchwise keys rotate 3f2a9c0d1e4b --grace 7")
def rotate(
    key_id: KeyId,
    grace: Annotated[
        int | None,
        typer.Option(
            help="Days that the old key goes on working; until it is revoked if absent.", min=0
        ),
    ] = None,
    expires: Expires = None,
    data: options.Data = None,
) -> None:
    """Make a new key like a live one and print it.

    Its namespace stays, so nothing that is sent again counts twice.
    """
    now_us = clock.now_us()
    old_until = None if grace is None else now_us + grace * clock.DAY_US
    with app.open_ledger(data) as (database, _), database.transaction() as session:
        row, text = access.rotate_key(
            session, key_id, now_us=now_us, expires_at=_end(expires), old_until=old_until
        )
        identity = row.id
    _show_once(identity, text)
    if old_until is None:
        typer.echo(
            f"The old key works until you end it with: switchwise keys revoke {key_id}", err=True
        )
    else:
        typer.echo(f"The old key works until {clock.rfc3339(old_until)} at most.", err=True)


@commands.command(epilog="Example: switchwise keys revoke 3f2a9c0d1e4b")
def revoke(key_id: KeyId, data: options.Data = None) -> None:
    """End a key; it is refused within seconds."""
    with app.open_ledger(data) as (database, _), database.transaction() as session:
        name = access.revoke_key(session, key_id, now_us=clock.now_us()).name
    app.console.print(f"Key {key_id} ({name}) is revoked.")
