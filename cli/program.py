"""How this program was started, so that a command that it prints can be pasted."""

import shlex
import shutil
import sys
from pathlib import Path

NAME = "switchwise"


def command_name() -> str:
    """What to type to start this program again: its name where PATH finds it, else its path."""
    started = Path(sys.argv[0])
    if started.name != NAME or not started.exists():
        return NAME
    on_path = shutil.which(NAME)
    if on_path is not None and started.samefile(on_path):
        return NAME
    if started.is_absolute() and started.is_relative_to(Path.cwd()):
        started = started.relative_to(Path.cwd())
    return shlex.quote(str(started))
