"""Growing records: chains of snapshots, each of which says all that the one before says, or more."""

from collections.abc import Iterable, Sequence

import msgspec
from hypothesis import strategies as st

from ledger import clock, events, usage
from ledger.events import Event, Labels
from tests.properties import folding

ByLabels = dict[tuple[int, Labels], list[int]]

_SOURCES = ("none", "missing", "estimated", "provider")
_STEPS = ("cached", "uncached", "reasoning", "visible", "searches", "latency", "cost")


@st.composite
def chains(draw: st.DrawFn, name: str) -> list[Event]:
    """The snapshots of one request, the smallest first. Their label set may change as they grow."""
    snapshots = []
    amounts = dict.fromkeys(_STEPS, 0)
    source, knows_cached, features = draw(st.integers(0, 3)), False, 0
    for _ in range(draw(st.integers(1, 4))):
        source = draw(st.integers(source, 3))
        knows_cached = knows_cached or draw(st.booleans())
        features |= draw(st.sampled_from([0, events.FEATURE_TOOLS]))
        for step in draw(st.lists(st.sampled_from(_STEPS), max_size=4)):
            amounts[step] += draw(st.integers(0, 150_000))
        labels = msgspec.structs.replace(
            folding.LABELS,
            usage_source=_SOURCES[source],
            status="failure" if _SOURCES[source] == "none" else "success",
            features=features,
        )
        snapshots.append(_snapshot(name, labels, amounts, knows_cached=knows_cached))
    return snapshots


def _snapshot(name: str, labels: Labels, amounts: dict[str, int], *, knows_cached: bool) -> Event:
    has_input, has_output = (
        labels.usage_source != "none",
        labels.usage_source in ("estimated", "provider"),
    )
    input_tokens = amounts["cached"] + amounts["uncached"]
    return Event(
        dedupe_key=name,
        occurred_at=folding.START_US + int(name) % 3 * clock.HOUR_US,
        labels=msgspec.structs.replace(
            labels, context_band=events.context_band(input_tokens if has_input else None)
        ),
        input_tokens=input_tokens if has_input else None,
        cached_input_tokens=amounts["cached"] if has_input and knows_cached else None,
        output_tokens=amounts["reasoning"] + amounts["visible"] if has_output else None,
        reasoning_tokens=amounts["reasoning"] if has_output else None,
        latency_ms=amounts["latency"] or None,
        sender_cost_pico_usd=amounts["cost"] or None,
        meters=(("web_searches", amounts["searches"]),) if amounts["searches"] else (),
        is_snapshot=True,
    )


@st.composite
def chain_lists(draw: st.DrawFn) -> list[list[Event]]:
    """The chains of a few requests."""
    return [draw(chains(str(number))) for number in range(draw(st.integers(1, 4)))]


def largest(chain_list: Iterable[Sequence[Event]]) -> list[Event]:
    """The last snapshot of each chain: all that may count."""
    return [chain[-1] for chain in chain_list]


def expected_hours(group: Iterable[Event]) -> ByLabels:
    """What hours must hold, by hour and labels, the series of meters too."""
    tally, numbers = usage.Tally(), dict[Labels, int]()

    def number(labels: Labels) -> int:
        return numbers.setdefault(labels, len(numbers))

    for event in group:
        tally.add(event, number(event.labels))
        tally.add_meters(event, number)
    labels_of = {place: labels for labels, place in numbers.items()}
    hours = usage.unpack(tally.pack()).hours
    return {(hour, labels_of[place]): amounts for (hour, place), amounts in hours.items()}
