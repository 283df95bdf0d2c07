"""The commands of API keys: keys create, list, rotate, revoke."""

from typing import Annotated

import typer

from deploy.cli import app, plain
from ledger import access, clock, tables

keys = typer.Typer(help="API keys with scopes.", no_args_is_help=True)
app.application.add_typer(keys, name="keys")

KeyId = Annotated[str, typer.Argument(metavar="ID", help="As `switchwise keys list` shows it.")]


@keys.command(epilog="Example: switchwise keys create proxy-eu --scope ingest --project search")
def create(
    name: Annotated[str, typer.Argument(help="What or whom the key is for.")],
    scope: Annotated[list[str], typer.Option(help=f"One or more of {', '.join(access.SCOPES)}.")],
    project: Annotated[str | None, typer.Option(help="Project that everything sent with it belongs to.")] = None,
    namespace: Annotated[str, typer.Option(help="Name of the sender; part of the identity of its events.")] = "default",
    data: app.Data = None,
) -> None:
    """Make a key and print it; it is shown this once."""
    with app.opened(data) as (database, _), database.transaction() as session:
        row, text = access.create(
            session, name, scope, project=project, namespace=namespace, now_us=clock.now_us()
        )  # fmt: skip
        identity = row.id
    _show_once(identity, text)


def _show_once(identity: str, text: str) -> None:
    typer.echo(f"Key {identity}; keep it now, it cannot be shown again:", err=True)
    typer.echo(text)


@keys.command("list", epilog="Example: switchwise keys list")
def list_keys(data: app.Data = None, as_json: app.AsJson = False) -> None:
    """Every key by its id, never its text."""
    with app.opened(data) as (database, _), database.snapshot() as session:
        rows = access.list_keys(session)
    if as_json:
        app.print_json([_described(row) for row in rows])
        return
    if not rows:
        app.console.print(
            "No keys yet. On loopback none is needed; make one with: switchwise keys create NAME --scope ingest"
        )
        return
    grid = plain.table("id", "name", "scopes", "project", "namespace", "created", "revoked")
    for row in rows:
        shown = _described(row)
        grid.add_row(
            row.id, row.name, row.scopes, row.project or "", row.namespace, *(str(shown[name] or "") for name in _TIMES)
        )
    app.console.print(grid)


_TIMES = ("created_at", "revoked_at")


def _described(row: tables.ApiKey) -> dict[str, object]:
    """A key as it may be shown: everything but its text, which nobody has."""
    times = {name: None if (at := getattr(row, name)) is None else clock.rfc3339(at) for name in _TIMES}
    names = ("id", "name", "project", "namespace")
    return {**{name: getattr(row, name) for name in names}, "scopes": row.scopes.split(), **times}


@keys.command(epilog="Example: switchwise keys rotate 3f2a9c0d1e4b")
def rotate(key_id: KeyId, data: app.Data = None) -> None:
    """Make a new key like a live one and print it; the old one works until it is revoked."""
    with app.opened(data) as (database, _), database.transaction() as session:
        row, text = access.rotate(session, key_id, now_us=clock.now_us())
        identity = row.id
    _show_once(identity, text)
    typer.echo(f"The old key works until you end it with: switchwise keys revoke {key_id}", err=True)


@keys.command(epilog="Example: switchwise keys revoke 3f2a9c0d1e4b")
def revoke(key_id: KeyId, data: app.Data = None) -> None:
    """End a key; every process refuses it within seconds."""
    with app.opened(data) as (database, _), database.transaction() as session:
        name = access.revoke(session, key_id, now_us=clock.now_us()).name
    app.console.print(f"Key {key_id} ({name}) is revoked.")
