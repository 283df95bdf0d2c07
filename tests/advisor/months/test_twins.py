"""Two senders that report the same calls are named; others are not."""

from sqlmodel import Session

from advisor.months import twins
from ledger import clock, senders
from ledger.database import Database
from ledger.events import Event
from ledger.senders import HourSums, Reporter
from tests import ledgers

PROXY, SDK = Reporter("proxy", "search", "a"), Reporter("sdk", "search", "b")
HOUR = clock.hour_of(ledgers.NOON_US)


def calls(namespace: str, count: int = 24, *, model: str = "gpt-4.1") -> list[Event]:
    """Calls a quarter of an hour apart, no two of one size."""
    labels = ledgers.labels(namespace=namespace, model=model)
    return [
        ledgers.event(
            ledgers.NOON_US + number * clock.HOUR_US // 4,
            label_set=labels,
            input_tokens=1_000 + 37 * number,
        )
        for number in range(count)
    ]


def stored_twins(database: Database, *groups: list[Event]) -> list[twins.Twins]:
    for group in groups:
        ledgers.add(database, group)
    ledgers.settle(database)
    with database.snapshot() as session:
        return loaded(session)


def loaded(session: Session) -> list[twins.Twins]:
    assert twins.load(session) == twins.search(session)
    return twins.load(session)


def test_a_proxy_and_an_sdk_that_report_the_same_calls_are_named(database: Database) -> None:
    [pair] = stored_twins(database, calls("proxy"), calls("sdk", model="openai/gpt-4.1"))
    assert (pair.first.namespace, pair.second.namespace) == ("proxy", "sdk")
    assert (pair.first_hour, pair.last_hour, pair.hours) == (HOUR, HOUR + 5, 6)
    assert pair.requests == 24
    assert pair.tokens == sum(1_000 + 37 * number + 100 for number in range(24))


def test_fewer_than_twenty_requests_may_be_chance(database: Database) -> None:
    assert stored_twins(database, calls("proxy", 19), calls("sdk", 19)) == []


def test_senders_of_different_calls_are_no_twins(database: Database) -> None:
    others = calls("sdk", 40)[8:]
    assert stored_twins(database, calls("proxy"), others[:3], others[5:]) == []


def test_a_few_equal_hours_among_many_are_no_twins() -> None:
    same = {HOUR: HourSums(30, 900, 90)}
    own = {HOUR + hour: HourSums(30, 900 + hour, 90) for hour in range(1, 4)}
    assert twins.find_twins({PROXY: same | own, SDK: same | {HOUR + 9: HourSums(4, 5, 6)}}) == []
    [pair] = twins.find_twins({PROXY: same | own, SDK: same})
    assert pair.requests == 30


def test_the_sums_of_an_hour_are_those_of_billed_usage(database: Database) -> None:
    billed = ledgers.event()
    cached = ledgers.event(label_set=ledgers.labels(usage_source="gateway_cache"))
    ledgers.add(database, [billed, cached])
    ledgers.settle(database)
    with database.snapshot() as session:
        sums = senders.hourly_sums(session, range(HOUR, HOUR + 1))
    assert sums == {Reporter("default", "search", "search-prod"): {HOUR: HourSums(1, 1_000, 100)}}
