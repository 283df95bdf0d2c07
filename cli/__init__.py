"""The command line. `main` is the boundary: a refusal is one line on stderr with the remedy, never a traceback."""

import os
import sys
from importlib import import_module

from cli import app
from ledger.errors import SwitchwiseError

# Only the module of the command that was asked for is loaded, so that a report does not wait for the web server's imports.
MODULES = {
    "up": ("up",),
    "servers": ("serve", "worker", "beat", "migrate"),
    "feed": ("import", "tail"),
    "show": ("table", "advise", "explain", "rollup"),
    "report": ("report",),
    "scenarios": ("whatif",),
    "stages": ("claim", "unclaim", "dismiss", "undismiss", "pilot", "adopt", "rollback"),
    "evidence": ("evidence",),
    "trial": ("trial",),
    "ledger": ("verify", "rebuild", "retention"),
    "keys": ("keys",),
    "prices": ("prices",),
    "price_book": ("prices compile", "prices diff"),
    "contracts": ("contracts",),
    "models": ("models",),
    "reprice": ("reprice",),
    "close": ("close",),
    "outlets": ("export", "dashboards"),
    "setup": ("init", "jobs"),
}
"""The modules of `cli.commands`, and the commands that each adds; two words where the module is for that part of a command alone."""


def main() -> None:
    """Run the command line and exit: 0 on success, 1 on a failed check, 2 on wrong usage, 130 on Ctrl-C."""
    load(*sys.argv[1:3])
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


def load(command: str = "", part: str = "") -> None:
    """Add a command to the application; all parts of it for its `--help`, and all commands for a word that is none."""
    in_full = not part or part.startswith("-")
    wanted = [
        module
        for module, commands in MODULES.items()
        if f"{command} {part}" in commands
        or command in (name.split()[0] if in_full else name for name in commands)
    ]
    for module in wanted or MODULES:
        import_module(f"cli.commands.{module}")
