"""Plain tables for a terminal, and lines for a reader that is none. It formats no figure."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

UNBROKEN = 1_000_000
"""Columns for a reader that is no terminal: no line is as long, so none is wrapped or cut."""


def table(columns: Sequence[str], *, right: int = 0) -> Table:
    """A plain table without a frame; the last `right` columns are numbers, set right."""
    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for index, name in enumerate(columns):
        is_number = index >= len(columns) - right
        grid.add_column(
            name, justify="right" if is_number else "left", no_wrap=is_number, overflow="fold"
        )
    return grid


def wrap_at(console: Console, columns: int) -> int | None:
    """Where text of our own layout wraps: at these columns, and nowhere but on a terminal."""
    return columns if console.width < UNBROKEN else None
