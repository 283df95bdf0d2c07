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
(
    _REQUESTS, _INPUT, _CACHED, _CACHE_WRITE, _OUTPUT, _REASONING, _INPUT_AUDIO, _OUTPUT_AUDIO, _AVOIDED_INPUT,
    _AVOIDED_OUTPUT, _DETAIL_UNKNOWN, _DETAIL_UNKNOWN_INPUT, _LATENCY, _LATENCY_SUM, _FIRST_TOKEN, _FIRST_TOKEN_SUM,
    _PAID_RETRY, _LARGEST_INPUT, _LARGEST_OUTPUT,
) = range(len(COLUMNS))  # fmt: skip

K = TypeVar("K", bound=Hashable)

MEASURES = ("input_tokens", "output_tokens", "latency_ms", "first_token_ms")
"""The fields of an event that have a distribution; a measure's number is its place here."""
_measures_of: Callable[[events.Event], tuple[int | None, ...]] = operator.attrgetter(*MEASURES)
_POWERS = 128
"""More bit lengths than a count can have: measure * _POWERS + bit length names a place of a distribution."""

HourKey = tuple[int, int]
"""UTC hour number, series id."""
DistributionKey = tuple[int, int, int, int]
"""UTC day number, series id, measure, power of two (bit length of the value)."""


class Sums(msgspec.Struct):
    """The sums of some events: by (hour, series) in the order of COLUMNS, and request counts by distribution key."""

    hours: dict[HourKey, list[int]] = {}
    distributions: dict[DistributionKey, int] = {}

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


class Tally:
    """The sums of the events of one group while it is being stored; `unpack` makes `Sums` of its bytes."""

    def __init__(self) -> None:
        self._hours: dict[HourKey, list[int]] = {}
        # By (day, series), then by place: one small number a measure, where a tuple would have to be made.
        self._distributions: dict[tuple[int, int], dict[int, int]] = {}

    def add(self, event: events.Event, series_id: int) -> None:
        """Add one stored event."""
        hour = event.occurred_at // clock.HOUR_US
        amounts = self._hours.get((hour, series_id))
        if amounts is None:
            amounts = self._hours[hour, series_id] = [0] * len(COLUMNS)
        _add_to(amounts, event)
        if event.labels.usage_source in events.BILLABLE_SOURCES:
            day = hour // 24
            places = self._distributions.get((day, series_id))
            if places is None:
                places = self._distributions[day, series_id] = {}
            place = 0
            for value in _measures_of(event):
                if value is not None:
                    power = place + value.bit_length()
                    places[power] = places.get(power, 0) + 1
                place += _POWERS

    def packed(self) -> bytes:
        """The bytes of an intake row."""
        return _ENCODER.encode((
            [(hour, series_id, amounts) for (hour, series_id), amounts in self._hours.items()],
            [(day, series_id, places) for (day, series_id), places in self._distributions.items()],
        ))  # fmt: skip


class _Packed(msgspec.Struct, array_like=True):
    hours: list[tuple[int, int, list[int]]]
    distributions: list[tuple[int, int, dict[int, int]]]


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(_Packed)


def unpack(packed: bytes) -> Sums:
    """The sums of an intake row's bytes."""
    held = _DECODER.decode(packed)
    return Sums(
        {(hour, series_id): amounts for hour, series_id, amounts in held.hours},
        {
            (day, series_id, *divmod(place, _POWERS)): requests
            for day, series_id, places in held.distributions
            for place, requests in places.items()
        },
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
    amounts = [0] * len(COLUMNS)
    _add_to(amounts, event)
    return amounts


def _add_to(amounts: list[int], event: events.Event) -> None:
    """Add what one event adds. It runs for every event, so it touches only what changes."""
    amounts[_REQUESTS] += 1
    source = event.labels.usage_source
    input_tokens, output_tokens = event.input_tokens or 0, event.output_tokens or 0
    if source in events.BILLABLE_SOURCES:
        cached, reasoning = event.cached_input_tokens, event.reasoning_tokens
        amounts[_INPUT] += input_tokens
        amounts[_CACHED] += cached or 0
        amounts[_CACHE_WRITE] += event.cache_write_input_tokens or 0
        amounts[_OUTPUT] += output_tokens
        amounts[_REASONING] += reasoning or 0
        if event.input_audio_tokens or event.output_audio_tokens:
            amounts[_INPUT_AUDIO] += _input_audio_tokens(event)
            amounts[_OUTPUT_AUDIO] += event.output_audio_tokens or 0
        if cached is None:
            amounts[_DETAIL_UNKNOWN_INPUT] += input_tokens
        if cached is None or reasoning is None:
            amounts[_DETAIL_UNKNOWN] += 1
        if event.retry_count > 0:
            amounts[_PAID_RETRY] += 1
        if input_tokens > amounts[_LARGEST_INPUT]:
            amounts[_LARGEST_INPUT] = input_tokens
        if output_tokens > amounts[_LARGEST_OUTPUT]:
            amounts[_LARGEST_OUTPUT] = output_tokens
    elif source == "gateway_cache":
        amounts[_AVOIDED_INPUT] += input_tokens
        amounts[_AVOIDED_OUTPUT] += output_tokens
    if event.latency_ms is not None:
        amounts[_LATENCY] += 1
        amounts[_LATENCY_SUM] += event.latency_ms
    if event.first_token_ms is not None:
        amounts[_FIRST_TOKEN] += 1
        amounts[_FIRST_TOKEN_SUM] += event.first_token_ms


def _input_audio_tokens(event: events.Event) -> int:
    """Audio of the uncached input, at most all of it.

    Decided per event: in sums, what one event has too much of would be taken from the uncached text of another.
    """
    cached, written = event.cached_input_tokens or 0, event.cache_write_input_tokens or 0
    return min(event.input_audio_tokens or 0, (event.input_tokens or 0) - cached - written)


def _folded(pairs: Iterable[tuple[K, list[int]]]) -> dict[K, list[int]]:
    folded: dict[K, list[int]] = {}
    for key, amounts in pairs:
        held = folded.get(key)
        folded[key] = list(amounts) if held is None else combined(held, amounts)
    return folded
