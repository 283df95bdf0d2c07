"""A report on log files alone equals the report of a ledger with these files, to the digit."""

import gzip
import json
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from sqlalchemy import select

from collector import block_pool, direct_sums, files
from collector.direct_sums import DirectSums
from collector.formats import trace_csv
from collector.parsing.naming import Naming
from ledger import rollups, settings, tables, usage
from ledger.database import Database
from ledger.errors import UsageError
from tests import samples
from tests.collector.formats import captures
from worker import rollup

CHOSEN = settings.load()
NAMING = Naming()


def silent(_done: int, _all: int) -> None:
    """Nobody watches."""


def rollup_rows_of(database: Database) -> list[tuple[object, ...]]:
    """Every rollup by its labels, not by the ids that they happened to get."""
    digests = tables.SERIES
    rollup_rows: list[tuple[object, ...]] = []
    with database.snapshot() as session:
        for table in (rollups.HOUR, rollups.DAY_SUMS, rollups.TOTAL, rollups.DISTRIBUTION):
            columns = [column for column in table.c if column.name != "series_id"]
            rows = session.execute(
                select(digests.c.digest, *columns).join(table, digests.c.id == table.c.series_id)
            )
            rollup_rows += sorted((table.name, *row) for row in rows)
    return rollup_rows


def import_files(
    database: Database, paths: Iterable[Path], naming: Naming = NAMING
) -> list[tuple[object, ...]]:
    for path in paths:
        files.import_file(
            database, CHOSEN, str(path), format_name="auto", naming=naming, progress=silent
        )
    rollup.roll_up(database, CHOSEN.max_metric_sets)
    return rollup_rows_of(database)


def sum_files(
    database: Database, paths: Iterable[Path], naming: Naming = NAMING
) -> tuple[list[tuple[object, ...]], DirectSums]:
    sums = DirectSums()
    for path in paths:
        sums.add_file(str(path), "auto", naming, silent)
    sums.store(database, CHOSEN)
    return rollup_rows_of(database), sums


@pytest.fixture
def databases(tmp_path: Path) -> tuple[Database, Database]:
    """A ledger to import into and one for sums."""
    pair = Database(f"sqlite:///{tmp_path / 'a.db'}"), Database(f"sqlite:///{tmp_path / 'b.db'}")
    for database in pair:
        database.migrate()
    return pair


LINES = [
    json.dumps(samples.native_event(number, time=f"2026-03-0{1 + number % 5}T10:00:00Z"))
    for number in range(400)
]
AGAIN = json.dumps(samples.native_event(3, time="2026-03-04T10:00:00Z", output_tokens=99))


@pytest.mark.parametrize("parallel", [False, True])
def test_files_with_repeats_conflicts_and_bad_lines_sum_up_as_their_import(
    databases: tuple[Database, Database],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    parallel: bool,
) -> None:
    monkeypatch.setattr(block_pool, "WORTHWHILE_BYTES", 0 if parallel else 1 << 60)
    monkeypatch.setattr(direct_sums, "BLOCK_BYTES", 5_000)
    monkeypatch.setattr("collector.sources.CHUNK_BYTES", 3_000)
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl.gz"
    first.write_text(
        "\n".join(
            [*LINES[:200], AGAIN, "nonsense", *LINES[150:300], '{"id": "no time"}', *LINES[300:]]
        )
    )
    second.write_bytes(gzip.compress("\n".join(LINES[100:]).encode()))
    expected = import_files(databases[0], [first, second])
    rows, sums = sum_files(databases[1], [first, second])
    assert rows == expected
    assert +sums.counts == {"counted": 400, "repeated": 351, "rejected": 2}


def test_the_captures_of_litellm_sum_up_as_their_import(
    databases: tuple[Database, Database], tmp_path: Path
) -> None:
    path = tmp_path / "litellm.jsonl"
    path.write_bytes(b"\n".join(case.element for case in captures.litellm()))
    expected = import_files(databases[0], [path])
    rows, sums = sum_files(databases[1], [path])
    assert rows == expected != []
    assert sums.counts["counted"] > 10


def test_a_trace_sums_up_as_its_import(
    databases: tuple[Database, Database], tmp_path: Path
) -> None:
    path = tmp_path / "trace.csv"
    path.write_text(
        "\n".join([trace_csv.HEADER, *(f"2023-11-16 18:17:{n % 60:02}.5,{n},7" for n in range(90))])
    )
    naming = Naming(model="gpt-4.1", project="search")
    expected = import_files(databases[0], [path], naming)
    assert sum_files(databases[1], [path], naming)[0] == expected != []


def test_a_file_that_is_none_is_refused_as_an_import_refuses_it(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("\n".join(LINES))
    for format_name, says in [
        ("litellm", "read as LiteLLM payloads"),
        ("parquet", "unknown format"),
    ]:
        with pytest.raises(UsageError, match=says):
            DirectSums().add_file(str(path), format_name, NAMING, silent)
    with pytest.raises(UsageError, match="cannot read"):
        DirectSums().add_file(str(tmp_path / "none"), "auto", NAMING, silent)


AMOUNTS = st.lists(st.integers(0, 10**9), min_size=len(usage.COLUMNS), max_size=len(usage.COLUMNS))


@examples(suppress_health_check=[HealthCheck.too_slow])
@given(
    hours=st.dictionaries(st.tuples(st.integers(0, 50), st.integers(0, 4)), AMOUNTS, max_size=8),
    distributions=st.dictionaries(
        st.tuples(st.integers(0, 3), st.integers(0, 4), st.integers(0, 3), st.integers(0, 30)),
        st.integers(1, 99),
        max_size=8,
    ),
    ids=st.lists(st.integers(0, 9), min_size=5, max_size=5),
)
def test_renumbering_loses_nothing(
    hours: dict[usage.HourKey, list[int]],
    distributions: dict[usage.DistributionKey, int],
    ids: list[int],
) -> None:
    sums = usage.Sums(hours, distributions)
    moved = usage.renumber(sums, ids)
    split = len(usage.SUMMED)
    for column in range(split):
        assert sum(amounts[column] for amounts in moved.hours.values()) == sum(
            amounts[column] for amounts in hours.values()
        )
    assert {(hour, ids[place]) for hour, place in hours} == set(moved.hours)
    assert sum(moved.distributions.values()) == sum(distributions.values())
