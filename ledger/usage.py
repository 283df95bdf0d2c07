"""The sums of usage: what an event adds, how sums merge, and their packed form. Pure."""

import operator
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeVar

import msgspec

from ledger import events, slots, tokens

SUMMED = (
    "requests",
    "input_tokens",
    "cached_input_tokens",
    "cache_write_input_tokens",
    "output_tokens",
    "reasoning_tokens",
    "input_audio_tokens",
    "output_audio_tokens",
    "avoided_input_tokens",
    "avoided_output_tokens",
    "detail_unknown_requests",
    "detail_unknown_input_tokens",
    "latency_requests",
    "latency_ms_sum",
    "first_token_requests",
    "first_token_ms_sum",
    "paid_retry_requests",
    "sender_cost_requests",
    "sender_cost_pico_usd",
    "meter_requests",
    "meter_quantity",
)
LARGEST = ("largest_input_tokens", "largest_output_tokens", "last_occurred_at")
"""What merges by its maximum: the largest sizes, and the instant of the last event."""
COLUMNS = SUMMED + LARGEST
"""The order in which sums are packed; the names are the rollup tables' columns."""
INDEX = {name: index for index, name in enumerate(COLUMNS)}
(
    _REQUESTS,
    _INPUT,
    _CACHED,
    _CACHE_WRITE,
    _OUTPUT,
    _REASONING,
    _INPUT_AUDIO,
    _OUTPUT_AUDIO,
    _AVOIDED_INPUT,
    _AVOIDED_OUTPUT,
    _DETAIL_UNKNOWN,
    _DETAIL_UNKNOWN_INPUT,
    _LATENCY,
    _LATENCY_SUM,
    _FIRST_TOKEN,
    _FIRST_TOKEN_SUM,
    _PAID_RETRY,
    _SENDER_COST,
    _SENDER_COST_SUM,
    _METER,
    _METER_QUANTITY,
    _LARGEST_INPUT,
    _LARGEST_OUTPUT,
    _LAST_OCCURRED,
) = range(len(COLUMNS))

NO_NEW_EVENTS = 0
"""The event count of an intake row of differences: it is rolled up after the rows before it."""

_NOTHING = [0] * len(COLUMNS)

K = TypeVar("K", bound=Hashable)

MEASURES = ("input_tokens", "output_tokens", "latency_ms", "first_token_ms")
"""The fields of an event that have a distribution; a measure's number is its place here."""
_POWERS = 128
"""More than any bit length: measure * _POWERS + bit length is a place of a distribution."""

HourKey = tuple[int, int]
"""Slot with which a UTC hour, or the part of a cut hour, begins (`ledger.slots`), series id."""
DistributionKey = tuple[int, int, int, int]
"""UTC day number, series id, measure, power of two (bit length of the value)."""


class Sums(msgspec.Struct):
    """The sums of some events.

    `hours` by (slot, series) in the order of COLUMNS, `distributions` as request counts by key.
    Sums that take events away name in `withdrawn` the maxima of what they take, by slot and series,
    in the order of LARGEST: a maximum cannot be subtracted.
    """

    hours: dict[HourKey, list[int]] = {}
    distributions: dict[DistributionKey, int] = {}
    withdrawn: dict[HourKey, list[int]] = {}

    def merge(self, other: "Sums") -> None:
        """Add other sums; the order of merging does not matter."""
        for hour, amounts in other.hours.items():
            self._merge_hour(hour, amounts)
        for key, requests in other.distributions.items():
            self.distributions[key] = self.distributions.get(key, 0) + requests
        for key_of_hour, maxima in other.withdrawn.items():
            larger = map(max, maxima, self.withdrawn.get(key_of_hour, maxima))
            self.withdrawn[key_of_hour] = list(larger)

    def _merge_hour(self, key: HourKey, amounts: list[int]) -> None:
        sums = self.hours.get(key)
        self.hours[key] = list(amounts) if sums is None else combine(sums, amounts)

    def days(self) -> dict[tuple[int, int], list[int]]:
        """The same sums by (day, series)."""
        return _folded(
            ((slot // slots.PER_DAY, series_id), amounts)
            for (slot, series_id), amounts in self.hours.items()
        )

    def totals(self) -> dict[int, list[int]]:
        """The same sums by series."""
        return _folded((series_id, amounts) for (_, series_id), amounts in self.hours.items())


def merge_all(parts: Iterable[Sums]) -> Sums:
    """All of these sums as one."""
    total = Sums()
    for part in parts:
        total.merge(part)
    return total


def difference(sums: Sums, replaced: Sums) -> Sums:
    """What must be added where `replaced` was added before, so that `sums` take its place."""
    split, changes = len(SUMMED), Sums()
    for key in sums.hours.keys() | replaced.hours.keys():
        after, before = sums.hours.get(key, _NOTHING), replaced.hours.get(key, _NOTHING)
        maxima = list(map(max, after[split:], before[split:]))
        changes.hours[key] = [*map(operator.sub, after[:split], before[:split]), *maxima]
        if key not in sums.hours or maxima != after[split:]:
            changes.withdrawn[key] = before[split:]
    for place in sums.distributions.keys() | replaced.distributions.keys():
        change = sums.distributions.get(place, 0) - replaced.distributions.get(place, 0)
        if change:
            changes.distributions[place] = change
    return changes


def renumber(sums: Sums, ids: Sequence[int]) -> Sums:
    """The same sums with series id `n` replaced by `ids[n]`; sums of equal ids are merged.

    They are sums of new events, which take nothing away.
    """
    renumbered = Sums()
    for (slot, number), amounts in sums.hours.items():
        renumbered.merge(Sums({(slot, ids[number]): amounts}))
    for (day, number, measure, power), requests in sums.distributions.items():
        key = (day, ids[number], measure, power)
        renumbered.distributions[key] = renumbered.distributions.get(key, 0) + requests
    return renumbered


class Tally:
    """The sums of one group of events while it is stored; `unpack` makes `Sums` of its bytes."""

    def __init__(self) -> None:
        self._hours: dict[HourKey, tuple[list[int], dict[int, int]]] = {}

    def add(self, event: events.Event, series_id: int) -> None:
        """Add one stored event (docs/explanation/what-counts.md).

        Tokens count only where they are billable; those of a gateway cache hit go into the avoided
        sums. Unknown counts add nothing: the series' usage source and the detail_unknown columns
        show them.
        """
        occurred_at = event.occurred_at
        slot = occurred_at // slots.SLOT_US
        slot -= slots.DISTANCES[slot % slots.PER_DAY]  # as slots.row_of, without a call
        entry = self._hours.get((slot, series_id))
        if entry is None:
            entry = self._hours[slot, series_id] = (_NOTHING.copy(), defaultdict(int))
        amounts, places = entry
        amounts[_REQUESTS] += 1
        if occurred_at > amounts[_LAST_OCCURRED]:
            amounts[_LAST_OCCURRED] = occurred_at
        latency_ms, first_token_ms = event.latency_ms, event.first_token_ms
        if latency_ms is not None:
            amounts[_LATENCY] += 1
            amounts[_LATENCY_SUM] += latency_ms
        if first_token_ms is not None:
            amounts[_FIRST_TOKEN] += 1
            amounts[_FIRST_TOKEN_SUM] += first_token_ms
        source = event.labels.usage_source
        if source in events.BILLABLE_SOURCES:
            _add_billable(amounts, places, event)
        elif source == "gateway_cache":
            amounts[_AVOIDED_INPUT] += event.input_tokens or 0
            amounts[_AVOIDED_OUTPUT] += event.output_tokens or 0

    def add_meters(self, event: events.Event, series_id_of: Callable[[events.Labels], int]) -> None:
        """Add the quantities of one stored event's meters, each under a series of its own."""
        slot = slots.row_of(event.occurred_at)
        for labels, quantity in events.meter_quantities(event).items():
            amounts, _ = self._hours.setdefault(
                (slot, series_id_of(labels)), (_NOTHING.copy(), defaultdict(int))
            )
            amounts[_METER] += 1
            amounts[_METER_QUANTITY] += quantity

    @property
    def last_occurred_at(self) -> int:
        """The time of the last event in it (epoch microseconds); 0 without any."""
        last = (amounts[_LAST_OCCURRED] for amounts, _ in self._hours.values())
        return max(last, default=0)

    def pack(self) -> bytes:
        """The bytes of an intake row."""
        days: dict[tuple[int, int], dict[int, int]] = {}
        for (slot, series_id), (_, places) in self._hours.items():
            day_places = days.setdefault((slot // slots.PER_DAY, series_id), places)
            if day_places is not places:
                for place, requests in places.items():
                    day_places[place] = day_places.get(place, 0) + requests
        return _ENCODER.encode(
            (
                [
                    (slot, series_id, amounts)
                    for (slot, series_id), (amounts, _) in self._hours.items()
                ],
                [(day, series_id, places) for (day, series_id), places in days.items() if places],
            )
        )


def _add_billable(amounts: list[int], places: dict[int, int], event: events.Event) -> None:
    """Add tokens and sizes. It runs for every event: one read for each field.

    A place is one small number, measure * _POWERS + power, where a tuple would have to be made.
    """
    input_tokens, output_tokens = event.input_tokens, event.output_tokens
    if input_tokens is not None:
        amounts[_INPUT] += input_tokens
        amounts[_CACHE_WRITE] += event.cache_write_input_tokens or 0
        places[input_tokens.bit_length()] += 1
        if input_tokens > amounts[_LARGEST_INPUT]:
            amounts[_LARGEST_INPUT] = input_tokens
    if output_tokens is not None:
        amounts[_OUTPUT] += output_tokens
        places[_POWERS + output_tokens.bit_length()] += 1
        if output_tokens > amounts[_LARGEST_OUTPUT]:
            amounts[_LARGEST_OUTPUT] = output_tokens
    if (latency_ms := event.latency_ms) is not None:
        places[2 * _POWERS + latency_ms.bit_length()] += 1
    if (first_token_ms := event.first_token_ms) is not None:
        places[3 * _POWERS + first_token_ms.bit_length()] += 1
    amounts[_REASONING] += event.reasoning_tokens or 0
    if (cached := event.cached_input_tokens) is None:
        amounts[_DETAIL_UNKNOWN] += 1
        amounts[_DETAIL_UNKNOWN_INPUT] += input_tokens or 0
    else:
        amounts[_CACHED] += cached
    if event.sender_cost_pico_usd is not None:
        _add_sender_cost(amounts, event.sender_cost_pico_usd)
    if event.retry_count or event.input_audio_tokens or event.output_audio_tokens:
        _add_retry_and_audio(amounts, event)


def _add_sender_cost(amounts: list[int], cost_pico_usd: int) -> None:
    amounts[_SENDER_COST] += 1
    amounts[_SENDER_COST_SUM] += cost_pico_usd


def _add_retry_and_audio(amounts: list[int], event: events.Event) -> None:
    """Add what few events have. Audio of the input is of its uncached part, at most all of it.

    It is decided for each event: in sums, one event's excess would be taken from another's text.
    """
    if event.retry_count > 0:
        amounts[_PAID_RETRY] += 1
    cached, cache_write = event.cached_input_tokens or 0, event.cache_write_input_tokens or 0
    uncached = (event.input_tokens or 0) - cached - cache_write
    amounts[_INPUT_AUDIO] += min(event.input_audio_tokens or 0, uncached)
    amounts[_OUTPUT_AUDIO] += event.output_audio_tokens or 0


class _Packed(msgspec.Struct, array_like=True):
    hours: list[tuple[int, int, list[int]]]
    distributions: list[tuple[int, int, dict[int, int]]]
    withdrawn: list[tuple[int, int, list[int]]] = []


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(_Packed)


def pack(sums: Sums) -> bytes:
    """The bytes of an intake row of these sums."""
    days: dict[tuple[int, int], dict[int, int]] = {}
    for (day, series_id, measure, power), requests in sums.distributions.items():
        days.setdefault((day, series_id), {})[measure * _POWERS + power] = requests
    return _ENCODER.encode(
        _Packed(
            [(*key, amounts) for key, amounts in sums.hours.items()],
            [(*key, places) for key, places in days.items()],
            [(*key, maxima) for key, maxima in sums.withdrawn.items()],
        )
    )


def unpack(packed: bytes) -> Sums:
    """The sums of an intake row's bytes."""
    content = _DECODER.decode(packed)
    return Sums(
        {(slot, series_id): amounts for slot, series_id, amounts in content.hours},
        {
            (day, series_id, *divmod(place, _POWERS)): requests
            for day, series_id, places in content.distributions
            for place, requests in places.items()
        },
        {(hour, series_id): maxima for hour, series_id, maxima in content.withdrawn},
    )


def combine(first: list[int], second: list[int]) -> list[int]:
    """Two lists of amounts as one: sums added, maxima compared."""
    split = len(SUMMED)
    added = list(map(operator.add, first, second))
    added[split:] = map(max, first[split:], second[split:])
    return added


def token_counts(amounts: list[int]) -> tokens.TokenCounts:
    """The billable tokens among some amounts."""
    return tokens.TokenCounts(**{field: amounts[INDEX[field]] for field in tokens.FIELDS})


def amounts_of(event: events.Event) -> list[int]:
    """What one event adds to its hour apart from its meters, in the order of COLUMNS."""
    tally = Tally()
    tally.add(event, 0)
    [amounts] = unpack(tally.pack()).hours.values()
    return amounts


def _folded(pairs: Iterable[tuple[K, list[int]]]) -> dict[K, list[int]]:
    folded: dict[K, list[int]] = {}
    for key, amounts in pairs:
        sums = folded.get(key)
        folded[key] = list(amounts) if sums is None else combine(sums, amounts)
    return folded
