"""Progress of long work: a bar on a terminal, silence anywhere else."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

Show = Callable[[int, int], None]
"""Takes how much is finished and how much there is in all, in any unit."""


@contextmanager
def bar(title: str) -> Iterator[Show]:
    """A progress bar on stderr that goes away when the work is finished."""
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    console = Console(file=sys.stderr)
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        task = progress.add_task(title, total=None)

        def show(finished: int, total: int) -> None:
            progress.update(task, completed=finished, total=total)

        yield show
