"""Run every benchmark and write RESULTS.md: `make bench`. One of them alone, shown and not written: `python -m bench NAME`."""

import os
import platform
import sys
from datetime import UTC
from importlib.metadata import version
from pathlib import Path

import pysqlite3.dbapi2 as sqlite3

from bench import (
    breakdown,
    groups,
    growth,
    importing,
    merging,
    messages,
    reporting,
    scraping,
    singles,
)
from ledger import clock

RESULTS = Path(__file__).parent / "RESULTS.md"
MACHINE = f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores, SQLite {sqlite3.sqlite_version}"
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
SECTION, STEPS = "\n## ", "Where each microsecond goes"


def table(names: list[str]) -> list[str]:
    """The rows of some benchmarks, as Markdown."""
    rows = [result.row for name in names for result in COMPARED[name]()]
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


def main(names: list[str]) -> int:
    """Run the benchmarks of these names, or all; the exit status."""
    unknown = [name for name in names if name not in (*COMPARED, BREAKDOWN)]
    if unknown:
        print(
            f"{unknown[0]!r} is no benchmark; use one of {', '.join((*COMPARED, BREAKDOWN))}",
            file=sys.stderr,
        )
        return 2
    if names:
        compared = [name for name in names if name != BREAKDOWN]
        print(
            "\n".join(
                [*(table(compared) if compared else []), *(steps() if BREAKDOWN in names else [])]
            )
        )
        return 0
    versions = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    # What commands of their own have written stays.
    others = [
        section
        for section in RESULTS.read_text().split(SECTION)[1:]
        if not section.startswith(STEPS)
    ]
    RESULTS.write_text(
        "\n".join(
            [
                "# Results",
                "",
                f"`make bench`, {clock.now().astimezone(UTC):%Y-%m-%d}: {MACHINE}, {versions}.",
                "Each row measures both sides in the same run, in turn; absolute figures move with the machine, so read the ratio",
                "(median of the rounds, lowest to highest). Rates: more is better. Times: less is better.",
                "The least that is aimed at: P1 0.5, P2 20, P3 0.4, P4 20 ms, P5 and P6 0.45, P7 0.6, P8 0.85 and 300 bytes, P9 0.6,",
                "P10 0.3, P12 0.6, P13 0.11, P14 10 ms more, P16 10 messages; the report of 40 series 10 ms and 1.2.",
                "",
                *table(list(COMPARED)),
                SECTION.strip("\n") + STEPS,
                "",
                *steps(),
            ]
        )
        + "".join(SECTION + section for section in others)
    )
    print(RESULTS.read_text())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
