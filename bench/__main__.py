"""Run every benchmark and write RESULTS.md: `make bench`."""

import os
import platform
from datetime import UTC
from importlib.metadata import version
from pathlib import Path

import pysqlite3.dbapi2 as sqlite3

from bench import reporting, storing
from ledger import clock

RESULTS = Path(__file__).parent / "RESULTS.md"
MACHINE = (
    f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores, SQLite {sqlite3.sqlite_version}"
)
LIBRARIES = ("fastapi", "msgspec", "sqlalchemy", "sqlmodel", "uvicorn")

rows = [result.row for module in (storing, reporting) for result in module.run()]
versions = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
# Other sections are written by commands of their own.
_, mark, others = RESULTS.read_text().partition("\n## ")
RESULTS.write_text(
    "\n".join([
        "# Results",
        "",
        f"`make bench`, {clock.now().astimezone(UTC):%Y-%m-%d}: {MACHINE}, {versions}.",
        "Each row measures both sides in the same run, in turn; absolute figures move with the machine, so read the ratio",
        "(median of 5 rounds, lowest to highest). Rates: more is better. Times: less is better.",
        "",
        "| measure | ours | floor | the floor is | ours / floor |",
        "| --- | --- | --- | --- | --- |",
        *rows,
        "",
    ]) + mark + others
)  # fmt: skip
print(RESULTS.read_text())
