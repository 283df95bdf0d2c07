"""Groups of commands that are listed from the registry; a command's module is loaded when it
runs."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

import typer.main
from typer.core import TyperCommand, TyperGroup

from cli import registry

if TYPE_CHECKING:
    from typer._click.core import Command, Context
    from typer._click.formatting import HelpFormatter


class LazyGroup(TyperGroup):
    """A group whose `commands` are stubs: names and one-line helps, for help, completion and
    typos."""

    def __init__(
        self,
        *,
        sections: Mapping[str, Sequence[registry.Command | registry.Group]] = registry.SECTIONS,
        **attributes: Any,
    ) -> None:
        super().__init__(**attributes)
        self._sections = sections
        self._entries = {entry.name: entry for entries in sections.values() for entry in entries}
        self.commands = {
            name: TyperCommand(name, help=entry.help) for name, entry in self._entries.items()
        }

    def resolve_command(
        self, ctx: "Context", args: list[str]
    ) -> "tuple[str | None, Command | None, list[str]]":
        """Find the command that the first word names, and load it."""
        name, stub, remaining = super().resolve_command(ctx, args)
        return name, stub and self.load(stub.name or ""), remaining

    def load(self, name: str) -> "Command":
        """The command or group of this name, with all its options."""
        entry = self._entries[name]
        if isinstance(entry, registry.Group):
            return LazyGroup(
                name=name,
                help=entry.help,
                sections={"Commands": entry.commands},
                no_args_is_help=True,
                rich_markup_mode=None,
            )
        module = import_module(f"cli.commands.{entry.module}")
        return typer.main.get_group(module.commands).commands[name]

    def format_commands(self, ctx: "Context", formatter: "HelpFormatter") -> None:
        """Write the commands, section by section."""
        for title, entries in self._sections.items():
            with formatter.section(title):
                formatter.write_dl([(entry.name, entry.help) for entry in entries])
