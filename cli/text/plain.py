"""Plain tables for a terminal: no frame, numbers set right. It formats no figure."""

from rich.table import Table


def table(*columns: str, right: int = 0) -> Table:
    """A plain table without a frame; the last `right` columns are numbers, set right."""
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for index, name in enumerate(columns):
        number = index >= len(columns) - right
        made.add_column(
            name, justify="right" if number else "left", no_wrap=number, overflow="fold"
        )
    return made
