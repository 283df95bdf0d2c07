"""Forty days of traffic up to the demo's instant, with everything in it that a face must show, and what a scrape reads of it."""

from collections.abc import Iterator

from prometheus_client.parser import text_string_to_metric_families

from advisor.publishing.metrics.exposition import Exposition
from ledger import clock, settings
from ledger.database import Database
from ledger.events import Event
from ledger.settings import Settings
from tests import conftest, ledgers

NOW_US = clock.to_us(conftest.NOW)
DAYS = 40
Scrape = dict[tuple[str, tuple[tuple[str, str], ...]], float]
"""Values by metric name and sorted labels."""


def events() -> Iterator[Event]:
    """Priced, unpriced, estimated, missing, avoided and audio usage of three projects, in two months."""
    for age in range(DAYS):
        at = NOW_US - age * clock.DAY_US - clock.HOUR_US
        for turn in range(40):
            yield ledgers.event(
                at + turn,
                label_set=ledgers.labels(model="gpt-4.1-2025-04-14"),
                input_tokens=300_000 + 7 * age + turn,
                cached_input_tokens=1_000,
                output_tokens=10_003,
                reasoning_tokens=11,
            )
        yield ledgers.event(
            at,
            label_set=ledgers.labels(project="support", workload="triage"),
            cache_write_input_tokens=13,
        )
        yield ledgers.event(
            at,
            label_set=ledgers.labels(project="support", model="gpt-4.1-mini"),
            input_audio_tokens=5,
        )
        yield ledgers.event(
            at, label_set=ledgers.labels(project="lab", model="house-model"), input_tokens=77
        )
    missing = ledgers.labels(usage_source="missing")
    yield ledgers.event(
        NOW_US - clock.DAY_US, label_set=missing, input_tokens=None, output_tokens=None
    )
    yield ledgers.event(NOW_US - clock.DAY_US, label_set=ledgers.labels(usage_source="estimated"))
    yield ledgers.event(
        NOW_US - clock.DAY_US, label_set=ledgers.labels(usage_source="gateway_cache")
    )
    yield ledgers.event(
        NOW_US - clock.DAY_US,
        label_set=ledgers.labels(status="failure", usage_source="none"),
        output_tokens=None,
    )


def fill(database: Database, chosen: Settings = ledgers.SETTINGS) -> None:
    """Store the traffic and bring every figure up to date."""
    ledgers.add(database, events(), chosen)
    ledgers.settle(database, chosen)


def scrape(database: Database, **overrides: object) -> Scrape:
    """What a replica that has just started shows."""
    return read(Exposition(database, settings.load(**overrides)).render())


def read(text: bytes) -> Scrape:
    """An exposition as values."""
    return {
        (
            sample.name.removeprefix("switchwise_"),
            tuple(sorted(sample.labels.items())),
        ): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def of(found: Scrape, name: str) -> dict[tuple[tuple[str, str], ...], float]:
    """The values of one metric by labels."""
    return {labels: value for (held, labels), value in found.items() if held == name}


def named(**labels: str) -> tuple[tuple[str, str], ...]:
    """Labels as a scrape is keyed by them."""
    return tuple(sorted(labels.items()))
