"""The page of commands, from the Typer application itself."""

from collections.abc import Iterator

import typer

import cli
from cli import app
from docs.generators import markdown

_INTRODUCTION = """\
Exit status: 0 on success, 1 on a failed check or a refusal, 2 on wrong usage. An error is one line
on standard error. `--help` after any command prints what this page says."""


def generate() -> str:
    """The page `docs/reference/commands.md`."""
    cli.load()
    root = typer.main.get_command(app.application)
    sections = list(_sections(root.context_class(root, info_name="switchwise")))
    return markdown.page("Commands", _INTRODUCTION, *sections)


def _sections(context: typer.Context) -> Iterator[str]:
    """A section for a command, or one for each command of a group, depth first."""
    command = context.command
    if isinstance(command, typer.core.TyperGroup):
        for name, part in command.commands.items():
            yield from _sections(part.context_class(part, info_name=name, parent=context))
        return
    yield f"## {context.command_path}"
    yield from filter(None, (command.help or "").split("\n\n"))
    yield markdown.fenced(_usage(context))
    rows = [
        (markdown.code(names), text)
        for parameter in command.get_params(context)
        if parameter.name != "help"
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
