"""The sums of usage: what one event adds, how sums merge, and their packed form in an intake row. Pure."""

import operator
from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

import msgspec

from ledger import clock, events, tokens

SUMMED = (
    "requests", "input_tokens", "cached_input_tokens", "cache_write_input_tokens", "output_tokens", "reasoning_tokens",
    "input_audio_tokens", "output_audio_tokens", "avoided_input_tokens", "avoided_output_tokens",
    "detail_unknown_requests", "detail_unknown_input_tokens", "latency_requests", "latency_ms_sum",
    "first_token_requests", "first_token_ms_sum", "paid_retry_requests",
)  # fmt: skip
LARGEST = ("largest_input_tokens", "largest_output_tokens")
COLUMNS = SUMMED + LARGEST
"""The order in which sums are packed; the names are the rollup tables' columns."""
INDEX = {name: index for index, name in enumerate(COLUMNS)}

K = TypeVar("K", bound=Hashable)

MEASURES = ("input_tokens", "output_tokens", "latency_ms", "first_token_ms")
"""The fields of an event that have a distribution; a measure's number is its place here."""
_measures_of: Callable[[events.Event], tuple[int | None, ...]] = operator.attrgetter(*MEASURES)

HourKey = tuple[int, int]
"""UTC hour number, series id."""
DistributionKey = tuple[int, int, int, int]
"""UTC day number, series id, measure, power of two (bit length of the value)."""


class Sums(msgspec.Struct):
    """The sums of some events: by (hour, series) in the order of COLUMNS, and request counts by distribution key."""

    hours: dict[HourKey, list[int]] = {}
    distributions: dict[DistributionKey, int] = {}

    def add(self, event: events.Event, series_id: int) -> None:
        """Add one stored event."""
        amounts = amounts_of(event)
        self._merge_hour((clock.hour_of(event.occurred_at), series_id), amounts)
        day = clock.day_of(event.occurred_at)
        for measure, value in enumerate(_measured(event)):
            if value is not None:
                key = (day, series_id, measure, value.bit_length())
                self.distributions[key] = self.distributions.get(key, 0) + 1

    def merge(self, other: "Sums") -> None:
        """Add other sums; the order of merging does not matter."""
        for hour, amounts in other.hours.items():
            self._merge_hour(hour, amounts)
        for key, requests in other.distributions.items():
            self.distributions[key] = self.distributions.get(key, 0) + requests

    def _merge_hour(self, key: HourKey, amounts: list[int]) -> None:
        held = self.hours.get(key)
        self.hours[key] = list(amounts) if held is None else combined(held, amounts)

    def days(self) -> dict[tuple[int, int], list[int]]:
        """The same sums by (day, series)."""
        return _folded(((hour // 24, series_id), amounts) for (hour, series_id), amounts in self.hours.items())

    def totals(self) -> dict[int, list[int]]:
        """The same sums by series."""
        return _folded((series_id, amounts) for (_, series_id), amounts in self.hours.items())


def merged(parts: Iterable[Sums]) -> Sums:
    """All of these sums as one."""
    whole = Sums()
    for part in parts:
        whole.merge(part)
    return whole


class _Packed(msgspec.Struct, array_like=True):
    hours: list[tuple[int, int, list[int]]]
    distributions: list[tuple[int, int, int, int, int]]


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(_Packed)


def pack(sums: Sums) -> bytes:
    """The bytes of an intake row."""
    hours = [(hour, series_id, amounts) for (hour, series_id), amounts in sums.hours.items()]
    return _ENCODER.encode(_Packed(hours, [(*key, requests) for key, requests in sums.distributions.items()]))


def unpack(packed: bytes) -> Sums:
    """The sums of an intake row's bytes."""
    held = _DECODER.decode(packed)
    return Sums(
        {(hour, series_id): amounts for hour, series_id, amounts in held.hours},
        {(day, series_id, measure, power): n for day, series_id, measure, power, n in held.distributions},
    )


def combined(first: list[int], second: list[int]) -> list[int]:
    """Two lists of amounts as one: sums added, largest sizes compared."""
    split = len(SUMMED)
    added = list(map(operator.add, first, second))
    added[split:] = map(max, first[split:], second[split:])
    return added


def token_counts(amounts: list[int]) -> tokens.TokenCounts:
    """The billable tokens among some amounts."""
    return tokens.TokenCounts(**{field: amounts[INDEX[field]] for field in tokens.FIELDS})


def amounts_of(event: events.Event) -> list[int]:
    """What one event adds to its hour, in the order of COLUMNS ("What counts" in the README).

    Tokens count only where they are billable; those of a gateway cache hit go into the avoided sums; unknown adds nothing
    and is told apart by the series' usage source and by the detail_unknown columns.
    """
    source = event.labels.usage_source
    billable = source in events.BILLABLE_SOURCES
    avoided = source == "gateway_cache"
    input_tokens, output_tokens = event.input_tokens or 0, event.output_tokens or 0
    detail_unknown = billable and (event.cached_input_tokens is None or event.reasoning_tokens is None)
    return [
        1,
        input_tokens if billable else 0,
        (event.cached_input_tokens or 0) if billable else 0,
        (event.cache_write_input_tokens or 0) if billable else 0,
        output_tokens if billable else 0,
        (event.reasoning_tokens or 0) if billable else 0,
        _input_audio_tokens(event) if billable else 0,
        (event.output_audio_tokens or 0) if billable else 0,
        input_tokens if avoided else 0,
        output_tokens if avoided else 0,
        int(detail_unknown),
        input_tokens if billable and event.cached_input_tokens is None else 0,
        int(event.latency_ms is not None),
        event.latency_ms or 0,
        int(event.first_token_ms is not None),
        event.first_token_ms or 0,
        int(event.retry_count > 0 and billable),
        input_tokens if billable else 0,
        output_tokens if billable else 0,
    ]


def _input_audio_tokens(event: events.Event) -> int:
    """Audio of the uncached input, at most all of it.

    Decided per event: in sums, what one event has too much of would be taken from the uncached text of another.
    """
    cached, written = event.cached_input_tokens or 0, event.cache_write_input_tokens or 0
    return min(event.input_audio_tokens or 0, (event.input_tokens or 0) - cached - written)


def _measured(event: events.Event) -> tuple[int | None, ...]:
    return _measures_of(event) if event.labels.usage_source in events.BILLABLE_SOURCES else ()


def _folded(pairs: Iterable[tuple[K, list[int]]]) -> dict[K, list[int]]:
    folded: dict[K, list[int]] = {}
    for key, amounts in pairs:
        held = folded.get(key)
        folded[key] = list(amounts) if held is None else combined(held, amounts)
    return folded
