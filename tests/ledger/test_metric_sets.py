"""The published names of counters: decided once; the table is read only for a new set."""

from sqlalchemy import event, insert, select
from sqlmodel import Session

from ledger import metric_sets, tables
from ledger.database import Database

SET = tables.METRIC_SET
SERIES = tables.SERIES


def add_series(session: Session, first: int, last: int, workload: str = "") -> None:
    """Series with these ids, each with a label set of its own, or all with this workload."""
    for number in range(first, last + 1):
        values: dict[str, object] = {column.name: "x" for column in SERIES.c}
        values |= {
            "id": number,
            "digest": number.to_bytes(2, "big"),
            "context_band": 0,
            "features": 0,
            "folded": False,
        }
        session.execute(insert(SERIES).values(values | {"workload": workload or f"w{number:04}"}))


def published(session: Session) -> dict[str, str]:
    """The workload each workload is published under."""
    rows = session.execute(select(SET.c.workload, SET.c.published_workload))
    return {row.workload: row.published_workload for row in rows}


def test_the_first_sets_keep_their_names_and_a_later_one_reads_other_for_good(
    database: Database,
) -> None:
    with database.transaction() as session:
        add_series(session, 1, 4)
        metric_sets.assign(session, [1, 2], limit=2)
        metric_sets.assign(session, [4, 1], limit=2)
        metric_sets.assign(session, [3, 4], limit=100)
        assert published(session) == {
            "w0001": "w0001",
            "w0002": "w0002",
            "w0004": "other",
            "w0003": "w0003",
        }


def test_series_that_differ_in_no_published_label_share_one_set(database: Database) -> None:
    with database.transaction() as session:
        add_series(session, 1, 3, workload="same")
        metric_sets.assign(session, [1, 2], limit=100)
        metric_sets.assign(session, [3], limit=100)
        assert published(session) == {"same": "same"}


def test_the_table_is_read_once_for_new_sets_and_not_at_all_without(database: Database) -> None:
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    with database.transaction() as session:
        add_series(session, 1, 600)
        event.listen(database.engine, "before_cursor_execute", note)
        for reads_of_all in (1, 0):
            statements.clear()
            metric_sets.assign(session, range(1, 601), limit=1_000)
            reads = [
                statement for statement in statements if statement.startswith("SELECT metric_set")
            ]
            assert len(reads) == reads_of_all
        assert len(published(session)) == 600
