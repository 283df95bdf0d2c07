"""The command line at another instant: `python -m bench.tenweeks.at 2026-12-03T09:00Z report`."""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

import time_machine

import cli


def instant(text: str) -> datetime:
    """The UTC instant of an ISO 8601 text; without an offset it is UTC. Raises ValueError."""
    parsed = datetime.fromisoformat(text)
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


def main(arguments: Sequence[str]) -> None:
    """Run a command as if the first argument were the present instant, and exit as it does."""
    parser = argparse.ArgumentParser(prog="python -m bench.tenweeks.at", description=__doc__)
    parser.add_argument("instant", type=instant, help="such as 2026-12-03T09:00:00Z")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="a command of switchwise")
    options = parser.parse_args(arguments)
    sys.argv = ["switchwise", *options.command]
    with time_machine.travel(options.instant):
        cli.main()


if __name__ == "__main__":
    main(sys.argv[1:])
