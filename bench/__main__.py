"""Run every benchmark and write RESULTS.md: `make bench`.

`python -m bench NAME` runs one of them alone, and prints what it would write. `forecasting`
measures no speed: it writes its own section.
"""

import argparse
import os
import platform
import sys
from collections.abc import Sequence
from datetime import UTC
from importlib.metadata import version

import pysqlite3.dbapi2 as sqlite3

from bench import (
    breakdown,
    forecasting,
    groups,
    growth,
    importing,
    merging,
    messages,
    reporting,
    results,
    scraping,
    singles,
)
from ledger import clock

MACHINE = (
    f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores,"
    f" SQLite {sqlite3.sqlite_version}"
)
LIBRARIES = (
    "duckdb",
    "fastapi",
    "httptools",
    "msgspec",
    "psycopg",
    "sqlalchemy",
    "sqlmodel",
    "uvicorn",
    "uvloop",
)
COMPARED = {
    "singles": singles.run,
    "groups": groups.run,
    "growth": growth.run,
    "merging": merging.run,
    "importing": importing.run,
    "scraping": scraping.run,
    "messages": messages.run,
    "reporting": reporting.run,
}
BREAKDOWN = "breakdown"
FORECASTING = "forecasting"
STEPS = "Where each microsecond goes"
INTRODUCTION = """\
# Results

`make bench`, {today}: {machine}, {versions}.
Each row measures both sides in the same run, in turn. Absolute figures depend on the machine, so
read the ratio (median of the rounds, lowest to highest). Rates: more is better. Times: less is
better. Targets: P1 0.5, P2 20, P3 0.4, P4 20 ms, P5 and P6 0.45, P7 0.6, P8 0.85 and 300 bytes,
P9 0.6, P10 0.3, P12 0.6, P13 0.11, P14 10 ms more, P16 10 messages; the report of 40 series 10 ms
and 1.2.
"""


def table(names: list[str]) -> list[str]:
    """The rows of some benchmarks, as Markdown."""
    rows = [row.markdown for name in names for row in COMPARED[name]()]
    return [
        "| measure | ours | floor | the floor is | ours / floor |",
        "| --- | --- | --- | --- | --- |",
        *rows,
        "",
    ]


def steps() -> list[str]:
    """Where each microsecond goes, as Markdown."""
    rows = [f"| {step.name} | {step.us:.1f} |" for step in breakdown.run()]
    return ["| of one event, posted alone | processor time, us |", "| --- | --- |", *rows, ""]


def main(arguments: Sequence[str]) -> int:
    """Run the benchmarks of these names, or all; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    every_name = (*COMPARED, BREAKDOWN, FORECASTING)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(every_name)}")
    names: list[str] = parser.parse_args(arguments).names
    unknown = [name for name in names if name not in every_name]
    if unknown:
        print(
            f"unknown benchmark {unknown[0]!r}; use one of {', '.join(every_name)}",
            file=sys.stderr,
        )
        return 2
    if names == [FORECASTING]:
        forecasting.write()
    elif names:
        print("\n".join(_some(names)))
    else:
        results.RESULTS.write_text(_all())
        print(results.RESULTS.read_text())
    return 0


def _some(names: Sequence[str]) -> list[str]:
    compared = [name for name in names if name != BREAKDOWN]
    return [*(table(compared) if compared else []), *(steps() if BREAKDOWN in names else [])]


def _all() -> str:
    """RESULTS.md with every benchmark of this command; the sections of other commands stay."""
    other_sections = [
        section
        for section in results.RESULTS.read_text().split(results.SECTION)[1:]
        if not section.startswith(STEPS)
    ]
    versions = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    today = f"{clock.now().astimezone(UTC):%Y-%m-%d}"
    head = INTRODUCTION.format(today=today, machine=MACHINE, versions=versions)
    first_section = [head, *table(list(COMPARED)), f"## {STEPS}", "", *steps()]
    return results.SECTION.join(["\n".join(first_section), *other_sections])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
