"""What was refused at the door is counted once, in its own day, within bounds."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session

from ledger import clock, events, months, refusals, tables
from ledger.database import Database
from ledger.refusal_reasons import RefusalReason
from ledger.refusals import RefusedElement, RefusedSum
from tests import ledgers

DAY = clock.day_of(ledgers.NOON_US)
NOVEMBER = months.parse("2026-11", ZoneInfo("UTC"))


def refusal(digest: int | None, day: int = DAY, **changed: object) -> RefusedElement:
    """A refusal of 12 and 82 tokens; without a digest it cannot be recognised."""
    values: dict[str, object] = {
        "namespace": "default",
        "reason": RefusalReason.WRONG_TYPE,
        "sentence": "id is a number, not text; send it as text",
        "input_tokens": 12,
        "output_tokens": 82,
        **changed,
    }
    sent = b"" if digest is None else refusals.digest_of(str(digest).encode())
    return RefusedElement(day=day, digest=sent, **values)  # type: ignore[arg-type]  # a typo fails


def count(database: Database, *groups: Sequence[RefusedElement]) -> list[RefusedSum]:
    """What November has after these groups, each in a transaction of its own."""
    for group in groups:
        with database.transaction() as session:
            refusals.add(session, group)
    with database.snapshot() as session:
        return refusals.list_month(session, NOVEMBER)


def test_a_refused_element_counts_once_however_often_it_is_sent(database: Database) -> None:
    (total,) = count(database, [refusal(1), refusal(1)], [refusal(1), refusal(2)])
    assert (total.requests, total.readable_requests) == (2, 2)
    assert (total.input_tokens, total.output_tokens) == (24, 164)


def test_tokens_are_those_of_the_elements_that_named_some(database: Database) -> None:
    nameless = refusal(2, input_tokens=None, output_tokens=None)
    (total,) = count(database, [refusal(1), nameless, refusal(3, input_tokens=None)])
    assert (total.requests, total.readable_requests) == (3, 2)
    assert (total.input_tokens, total.output_tokens) == (12, 164)


def test_what_cannot_be_recognised_counts_each_time(database: Database) -> None:
    (total,) = count(database, [refusal(None)], [refusal(None), refusal(None)])
    assert total.requests == 3


def test_senders_and_reasons_are_counted_apart(database: Database) -> None:
    totals = count(
        database,
        [refusal(1), refusal(1, namespace="eu"), refusal(1, reason=RefusalReason.NO_TIME)],
    )
    assert [(total.namespace, total.reason, total.requests) for total in totals] == [
        ("default", "no_time", 1),
        ("default", "wrong_type", 1),
        ("eu", "wrong_type", 1),
    ]


def test_what_is_remembered_of_a_day_is_bounded_and_the_counts_are_not(
    database: Database,
) -> None:
    many = [refusal(number) for number in range(refusals.REMEMBERED + 200)]
    (total,) = count(database, many)
    assert total.requests == len(many)
    (total,) = count(database, many)
    assert total.requests == len(many) + 200
    with database.snapshot() as session:
        assert len(digests_in(session)) == refusals.REMEMBERED * refusals.DIGEST_BYTES


def digests_in(session: Session) -> bytes:
    """The hashes of the only row."""
    table = tables.REFUSED_ELEMENTS
    return bytes(session.execute(table.select()).mappings().one()["digests"])


@given(
    sent=st.lists(st.tuples(st.integers(0, 9), st.integers(-40, 0)), max_size=30), data=st.data()
)
def test_any_order_and_repetition_gives_the_same_counts(
    sent: list[tuple[int, int]], data: st.DataObject
) -> None:
    database = Database("sqlite://")
    database.migrate()
    group = [refusal(number, DAY + offset) for number, offset in sent]
    counted = count(database, group)
    assert count(database, data.draw(st.permutations(group)), group[::2]) == counted
    distinct = {(number, offset) for number, offset in sent if DAY + offset >= DAY - 19}
    assert sum(total.requests for total in counted) == len(distinct)
    database.close()


def test_the_day_is_that_of_the_element_if_it_can_be_believed() -> None:
    now_us = ledgers.NOON_US
    assert refusals.day_of(now_us - 3 * clock.DAY_US, now_us) == DAY - 3
    assert refusals.day_of(None, now_us) == DAY
    assert refusals.day_of(events.EARLIEST_US - 1, now_us) == DAY
    assert refusals.day_of(now_us + 90 * clock.DAY_US, now_us) == DAY


def test_a_utc_day_counts_in_the_month_that_holds_its_noon(database: Database) -> None:
    first = clock.day_number(clock.EPOCH.replace(year=2026, month=11, day=1).date())
    count(database, [refusal(1, first), refusal(2, first - 1), refusal(3, first + 29)])
    for zone in ("UTC", "Europe/Berlin", "America/Los_Angeles"):
        with database.snapshot() as session:
            (total,) = refusals.list_month(session, months.parse("2026-11", ZoneInfo(zone)))
        assert total.requests == 2


def test_a_conflict_and_its_repetitions_count_as_one_refusal(database: Database) -> None:
    ledgers.add(database, [ledgers.event(id="a")])
    other = ledgers.event(id="a", output_tokens=7)
    ledgers.add(database, [other, other])
    ledgers.add(database, [ledgers.event(id="a"), other])
    (total,) = count(database)
    assert (total.reason, total.requests, total.output_tokens) == ("conflict", 1, 7)


def test_clean_traffic_leaves_the_table_empty(database: Database) -> None:
    group = [ledgers.event() for _ in range(10)]
    ledgers.add(database, group)
    ledgers.add(database, group)
    assert count(database) == []
