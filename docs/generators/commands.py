"""The page of commands, from the Typer application itself."""

from collections.abc import Iterable, Iterator
from typing import cast

import typer

import cli
from cli import registry
from cli.lazy import LazyGroup
from docs.generators import markdown

_INTRODUCTION = """\
Exit status: 0 on success, 1 on a failed check or a refusal, 2 on wrong usage. An error is one line
on standard error. `--help` after any command prints what this page says."""


def generate() -> str:
    """The page `docs/reference/commands.md`."""
    root = typer.main.get_command(cli.application)
    context = typer.Context(root, info_name="switchwise")
    blocks = [
        block
        for title, entries in registry.SECTIONS.items()
        for block in (f"## {title}", *_entries(context, [entry.name for entry in entries]))
    ]
    return markdown.page("Commands", _INTRODUCTION, blocks)


def _entries(group: typer.Context, names: Iterable[str]) -> Iterator[str]:
    """A part for each of these commands; a group among them has one for each of its own."""
    for name in names:
        loaded = cast(LazyGroup, group.command).load(name)
        context = typer.Context(loaded, info_name=name, parent=group)
        if isinstance(loaded, LazyGroup):
            yield from _entries(context, loaded.commands)
        else:
            yield from _command(context)


def _command(context: typer.Context) -> Iterator[str]:
    command = context.command
    yield f"### {context.command_path}"
    yield from filter(None, (command.help or "").split("\n\n"))
    yield markdown.fenced(_usage(context))
    rows = [
        (markdown.code(names), text)
        for parameter in command.get_params(context)
        if parameter.name not in ("help", "h")
        for names, text in [parameter.get_help_record(context) or ("", "")]
    ]
    if rows:
        yield markdown.table(("argument or option", "what it sets"), rows)
    if command.epilog:
        yield _example(command.epilog)


def _usage(context: typer.Context) -> str:
    return " ".join([context.command_path, *context.command.collect_usage_pieces(context)])


def _example(epilog: str) -> str:
    """The examples of a command, which stand in its epilog after `Example:`, apart by `; or:`."""
    examples = epilog.removeprefix("Example:").split("; or:")
    return markdown.fenced("\n".join(example.strip() for example in examples))
