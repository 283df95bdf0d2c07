"""The command line. `main` is the boundary: a refusal is one line on stderr with the remedy, never a traceback."""

import os
import sys
from importlib import import_module

from deploy.cli import app
from ledger.errors import SwitchwiseError

# Only the module of the command that was asked for is loaded, so that a report does not wait for the web server's imports.
MODULES = {
    "up": ("up",),
    "run": ("serve", "worker", "beat", "migrate"),
    "feed": ("import",),
    "show": ("table", "report", "advise", "explain", "rollup"),
    "ledger_commands": ("verify", "rebuild", "models", "keys"),
    "price_commands": ("prices",),
    "close_commands": ("close", "reprice"),
    "outlets": ("export", "dashboards"),
    "setup": ("init", "jobs"),
}
"""The modules of this package, and the commands that each adds to the application."""


def main() -> None:
    """Run the command line and exit: 0 on success, 1 on a failed check, 2 on wrong usage, 130 on Ctrl-C."""
    load(sys.argv[1] if len(sys.argv) > 1 else None)
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


def load(command: str | None) -> None:
    """Add a command to the application; all of them for a word that is none, such as `--help`."""
    wanted = [module for module, commands in MODULES.items() if command in commands]
    for module in wanted or MODULES:
        import_module(f"deploy.cli.{module}")
