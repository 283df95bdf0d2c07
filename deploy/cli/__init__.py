"""The command line. `main` is the boundary: a refusal is one line on stderr with the remedy, never a traceback."""

import os
import sys

from deploy.cli import app, feed, ledger_commands, outlets, run, show
from ledger.errors import SwitchwiseError

__all__ = ["main"]
COMMANDS = (run, feed, show, ledger_commands, outlets)
"""Every module that adds commands to the application."""


def main() -> None:
    """Run the command line and exit: 0 on success, 1 on a failed check, 2 on wrong usage, 130 on Ctrl-C."""
    try:
        app.application()
    except SwitchwiseError as error:
        print(f"switchwise: {error}", file=sys.stderr)  # noqa: T201  # this is the command line's own voice
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # The reader (head, less) has gone; what it wanted has been printed. Keep Python from complaining at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
