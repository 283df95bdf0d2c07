"""Writes the reference from the code: `python -m docs.generate`. With --check it only compares."""

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from docs.generators import api, commands, export, metrics, models, settings

FOLDER = Path(__file__).parent / "reference"
PAGES: Mapping[str, Callable[[], str]] = {
    "commands.md": commands.generate,
    "settings.md": settings.generate,
    "metrics.md": metrics.generate,
    "api.md": api.generate,
    "export.md": export.generate,
    "models.md": models.generate,
}


def main() -> int:
    """Write every stale page and name it; with --check name it only. The exit status."""
    parser = argparse.ArgumentParser(prog="python -m docs.generate", description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 if a page is stale"
    )
    check = parser.parse_args().check
    stale = {
        name: text for name, generate in PAGES.items() if (text := generate()) != current(name)
    }
    for name, text in stale.items():
        sys.stdout.write(
            f"docs/reference/{name} {'is out of date; run: make docs' if check else 'written'}\n"
        )
        if not check:
            FOLDER.mkdir(exist_ok=True)
            (FOLDER / name).write_text(text)
    return int(check and bool(stale))


def current(name: str) -> str:
    """The page as it is checked in; empty if there is none."""
    path = FOLDER / name
    return path.read_text() if path.exists() else ""


if __name__ == "__main__":
    sys.exit(main())
