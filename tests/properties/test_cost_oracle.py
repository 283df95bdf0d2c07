"""The ledger's cost equals an oracle of fractions exactly, in any order and grouping."""

import itertools
import random

import pytest

from advisor.months import statements
from ledger import readings, usage
from ledger.database import Database
from ledger.events import Event
from ledger.pricing import contracts, names
from ledger.pricing.prices import PriceBook
from ledger.readings import StoredSeries
from tests import ledgers
from tests.properties import cost_oracle
from tests.properties.cost_oracle import Amount, LineName
from worker import rollup

GROUP = 1_000


def by_line(lines: dict[statements.LineKey, statements.Line]) -> dict[LineName, Amount]:
    """Statement lines under the oracle's names, without those that have no billable token."""
    amounts: dict[LineName, Amount] = {}
    for key, line in lines.items():
        if line.counts.total_tokens:
            amount = amounts.setdefault(
                (key.provider, key.model, key.service_tier, key.project), Amount()
            )
            amount.list_femto_usd += line.list_cost_femto_usd
            amount.femto_usd += line.cost.femto_usd
            amount.unpriced_tokens += line.cost.unpriced_tokens
    return amounts


def stored_lines(database: Database, book: PriceBook) -> dict[LineName, Amount]:
    """The lines of everything that a ledger holds."""
    days = range(cost_oracle.FIRST_DAY, cost_oracle.FIRST_DAY + cost_oracle.DAYS)
    with database.snapshot() as session:
        pricing = statements.Pricing(readings.all_series(session), book, names.Names(book))
        parts = [
            statements.DayUsage(day, sums) for day, sums in readings.sum_days(session, days).items()
        ]
    return by_line(statements.lines(parts, pricing))


def compare(database: Database, seed: int, count: int) -> None:
    chance = random.Random(seed)  # noqa: S311  # repeatable on purpose
    listed = cost_oracle.price_list(chance)
    agreed = cost_oracle.contracts(chance, list(listed))
    book = PriceBook(version="drawn", prices=contracts.apply_contracts(listed, agreed), facts={})
    sent = cost_oracle.traffic(chance, count)
    expected = cost_oracle.costs(sent, listed, agreed)
    chance.shuffle(sent)
    for start in range(0, count, GROUP):
        # Some of each group comes a second time.
        ledgers.add(database, [*sent[start : start + GROUP], *sent[start : start + GROUP // 10]])
    rollup.roll_up(database, ledgers.SETTINGS.max_metric_sets)
    assert stored_lines(database, book) == expected


def test_5_000_events_cost_what_the_oracle_says_on_both_databases(database: Database) -> None:
    compare(database, 1, 5_000)


@pytest.mark.full
def test_a_million_events_cost_what_the_oracle_says(database: Database) -> None:
    compare(database, 2, 1_000_000)


@pytest.mark.parametrize("seed", range(20))
def test_any_order_and_grouping_of_events_costs_the_same(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  # repeatable on purpose
    listed = cost_oracle.price_list(chance)
    agreed = cost_oracle.contracts(chance, list(listed))
    book = PriceBook(version="drawn", prices=contracts.apply_contracts(listed, agreed), facts={})
    sent = cost_oracle.traffic(chance, 500)
    expected = cost_oracle.costs(sent, listed, agreed)
    chance.shuffle(sent)
    assert by_line(_merged(sent, chance, book)) == expected


def _merged(
    sent: list[Event], chance: random.Random, book: PriceBook
) -> dict[statements.LineKey, statements.Line]:
    """The lines of events whose sums were packed in groups of any size and merged in any order."""
    ids = {labels: number for number, labels in enumerate(sorted({event.labels for event in sent}))}
    series = {number: StoredSeries(number, labels, False) for labels, number in ids.items()}
    cuts = sorted({0, len(sent), *chance.sample(range(len(sent)), 30)})
    groups = []
    for start, end in itertools.pairwise(cuts):
        tally = usage.Tally()
        for event in sent[start:end]:
            tally.add(event, ids[event.labels])
        groups.append(tally.pack())
    chance.shuffle(groups)
    total = usage.Sums()
    for packed in groups:
        total.merge(usage.unpack(packed))
    by_day: dict[int, dict[int, list[int]]] = {}
    for (day, series_id), amounts in total.days().items():
        by_day.setdefault(day, {})[series_id] = amounts
    parts = [statements.DayUsage(day, sums) for day, sums in by_day.items()]
    return statements.lines(parts, statements.Pricing(series, book, names.Names(book)))
