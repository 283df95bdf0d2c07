"""One served request as the parsers return it, and its identity.

Pure: `ledger.store` stores it.
"""

from hashlib import blake2b
from typing import Literal, NamedTuple

import msgspec

from ledger import bands, clock, meters
from ledger.refusal_reasons import RefusalReason

UNKNOWN = "unknown"
UNASSIGNED = "unassigned"
UNLABELLED = "unlabelled"
OTHER = "other"

FEATURE_TOOLS, FEATURE_JSON_SCHEMA, FEATURE_IMAGE, FEATURE_AUDIO, FEATURE_CLIENT_RETRY = (
    1,
    2,
    4,
    8,
    16,
)
FEATURE_CAN_WAIT = 32
WORKLOAD_CLASSES = (
    "classification",
    "extraction",
    "summarisation",
    "short_text",
    "chat",
    "long_output",
    "ambiguous",
    "code",
    "agentic",
    "multi_step",
    "critical",
)
CLASS_BITS = {name: 256 << place for place, name in enumerate(WORKLOAD_CLASSES)}
"""A bit for each class, so that the features of many requests together hold all their classes."""
FEATURE_NAMES = {
    "tools": FEATURE_TOOLS,
    "json_schema": FEATURE_JSON_SCHEMA,
    "image": FEATURE_IMAGE,
    "audio": FEATURE_AUDIO,
    "client_retry": FEATURE_CLIENT_RETRY,
    "can_wait": FEATURE_CAN_WAIT,
    **{f"class:{name}": bit for name, bit in CLASS_BITS.items()},
}

_TAGS = frozenset({"can_wait", *(f"class:{name}" for name in WORKLOAD_CLASSES)})
MAX_COUNT = 1_000_000_000
"""The largest token count of one request that we believe."""
MAX_LABEL_CHARACTERS = 128
EARLIEST_US = clock.to_us(clock.EPOCH.replace(year=2020))
FUTURE_TOLERANCE_US = 5 * 60 * clock.SECOND_US
"""How far ahead of ours a sender's clock may be for its events to count at once."""
EARLY_LIMIT_US = 24 * clock.HOUR_US
"""How far ahead it may be at all. An event beyond the tolerance is early: it waits for its time."""

UsageSource = Literal["provider", "estimated", "missing", "gateway_cache", "none"]
Status = Literal["success", "failure", "cancelled"]
ServiceTier = Literal["standard", "batch", "flex", "priority", "scale", "unknown"]
BILLABLE_SOURCES = ("provider", "estimated")
SNAPSHOT_MARK = 1 << 61
"""The bit of a fingerprint that says that the record grows."""
_ENCODER = msgspec.msgpack.Encoder()
_PRIME = SNAPSHOT_MARK - 1


class Labels(
    msgspec.Struct, frozen=True, order=True, cache_hash=True, gc=False, omit_defaults=True
):
    """The label set of an event, interned as a `series`. No field is None: unknown has a word."""

    namespace: str
    provider: str
    model: str
    request_model: str
    service_tier: str
    service_tier_requested: str
    context_band: int
    features: int
    usage_source: str
    status: str
    project: str
    workload: str
    key: str
    meter: str = ""
    """A meter of `ledger.meters` whose quantities these are; empty for the request itself."""
    modifiers: str = ""
    """What sets the rate of all its tokens beside the tier: `geo=us speed=fast`, sorted."""


class Event(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """One served request.

    Token counts are integers, None where the sender did not report them; times are UTC
    microseconds. `meters` are quantities of what few requests have, by name in rising order.
    `sender_cost_pico_usd` is what the sender or provider says that the request cost. `is_snapshot`
    says that the record grows: of two snapshots of one request, the larger one counts.
    """

    dedupe_key: str
    occurred_at: int
    labels: Labels
    input_tokens: int | None = None
    cached_input_tokens: int | None = None
    cache_write_input_tokens: int | None = None
    output_tokens: int | None = None
    reasoning_tokens: int | None = None
    input_audio_tokens: int | None = None
    output_audio_tokens: int | None = None
    latency_ms: int | None = None
    first_token_ms: int | None = None
    retry_count: int = 0
    sender_cost_pico_usd: int | None = None
    meters: tuple[tuple[str, int], ...] = ()
    is_snapshot: bool = False


class EventFault(NamedTuple):
    """Why an event cannot be stored: a word, and a sentence with the remedy."""

    reason: RefusalReason
    sentence: str


_FUTURE = EventFault(
    RefusalReason.FUTURE,
    "time lies more than 24 hours in the future; check the sender's clock and unit",
)
_ANCIENT = EventFault(
    RefusalReason.ANCIENT, "time lies before 2020; check the sender's clock and unit"
)
_OUT_OF_RANGE = EventFault(
    RefusalReason.COUNT_OUT_OF_RANGE,
    "a token count is negative or over 1e9; send the request's own counts",
)
_INPUT_EXCEEDED = EventFault(
    RefusalReason.PARTS_EXCEED_TOTAL,
    "cached + cache-write input exceeds input_tokens; input_tokens must include both",
)
_AUDIO_EXCEEDS = EventFault(
    RefusalReason.PARTS_EXCEED_TOTAL,
    "input audio exceeds input_tokens; input_tokens must include it",
)
_OUTPUT_EXCEEDED = EventFault(
    RefusalReason.PARTS_EXCEED_TOTAL,
    "reasoning or output audio exceeds output_tokens; output_tokens must include both",
)


def feature_of_tag(tag: str) -> int:
    """The feature that a tag names: `can_wait`, or a class such as `class:short text`; else 0."""
    tag = tag.lower()
    if "class:" not in tag and "wait" not in tag:
        return 0
    name = "_".join(tag.replace("-", " ").replace("class: ", "class:").split())
    return FEATURE_NAMES[name] if name in _TAGS else 0


def key_of(event: Event) -> bytes:
    """The 16-byte, time-ordered identity of an event.

    It is 6 bytes of milliseconds and 80 bits of a hash of namespace and dedupe key.
    """
    milliseconds = event.occurred_at // 1_000
    name = f"{event.labels.namespace}\0{event.dedupe_key}".encode("utf-8", "surrogatepass")
    return milliseconds.to_bytes(6, "big") + blake2b(name, digest_size=10).digest()


def first_key(instant_us: int) -> bytes:
    """The bytes that sort before every key from an instant on, and behind every earlier key."""
    return (instant_us // 1_000).to_bytes(6, "big")


def fingerprint_of(event: Event) -> int:
    """A 61-bit number of an event's content, with SNAPSHOT_MARK where its record grows.

    The content is counts, meters, usage source, status and tier. Two events of one identity with
    the same number are a duplicate; with different ones they are a conflict, unless the record
    grows. It is the packed content modulo a Mersenne prime: it guards against accidents, not
    against forgery, and takes a third of a hash's time.
    """
    labels = event.labels
    content = (
        event.input_tokens,
        event.cached_input_tokens,
        event.cache_write_input_tokens,
        event.output_tokens,
        event.reasoning_tokens,
        event.input_audio_tokens,
        event.output_audio_tokens,
        labels.usage_source,
        labels.status,
        labels.service_tier,
    )
    packed = _ENCODER.encode((*content, event.meters) if event.meters else content)
    fingerprint = int.from_bytes(packed, "big") % _PRIME
    return fingerprint | SNAPSHOT_MARK if event.is_snapshot else fingerprint


def fault_of(event: Event, now_us: int) -> EventFault | None:
    """Why an event cannot be stored, with the remedy; None when it can.

    Checks what every parser must refuse: times out of range, negative or huge counts, and parts
    larger than their whole.
    """
    if event.occurred_at > now_us + EARLY_LIMIT_US:
        return _FUTURE
    if event.occurred_at < EARLIEST_US:
        return _ANCIENT
    total_input, cached = event.input_tokens or 0, event.cached_input_tokens or 0
    cache_write = event.cache_write_input_tokens or 0
    output, reasoning = event.output_tokens or 0, event.reasoning_tokens or 0
    input_audio, output_audio = event.input_audio_tokens or 0, event.output_audio_tokens or 0
    # Set bits above 2^29 show that one of them is negative or large, without looking at each.
    if (total_input | cached | cache_write | output | reasoning | input_audio | output_audio) >> 29:
        counts = (total_input, cached, cache_write, output, reasoning, input_audio, output_audio)
        if not all(0 <= count <= MAX_COUNT for count in counts):
            return _OUT_OF_RANGE
    if cached + cache_write > total_input:
        return _INPUT_EXCEEDED
    if input_audio > total_input:
        return _AUDIO_EXCEEDS
    if reasoning > output or output_audio > output:
        return _OUTPUT_EXCEEDED
    return _meter_fault(event) if event.meters else None


def meter_quantities(event: Event) -> dict[Labels, int]:
    """The quantities of an event's meters, by the label set that each is stored under.

    There are none where the request is not billed.
    """
    if event.labels.usage_source not in BILLABLE_SOURCES:
        return {}
    return {
        msgspec.structs.replace(event.labels, meter=name): quantity
        for name, quantity in event.meters
    }


def request_labels(labels: Labels) -> Labels:
    """The label set of the requests that a meter's label set is of."""
    return msgspec.structs.replace(labels, meter="")


def _meter_fault(event: Event) -> EventFault | None:
    """Why the meters of an event cannot be stored; a part must not exceed the tokens it is of."""
    cached, cache_write = event.cached_input_tokens or 0, event.cache_write_input_tokens or 0
    uncached = (event.input_tokens or 0) - cached - cache_write
    room = {
        "uncached_input": uncached - min(event.input_audio_tokens or 0, uncached),
        "cached_input": cached,
        "cache_write_input": cache_write,
        "output": (event.output_tokens or 0) - (event.output_audio_tokens or 0),
    }
    for name, quantity in event.meters:
        if not 0 <= quantity <= MAX_COUNT:
            return EventFault(
                RefusalReason.COUNT_OUT_OF_RANGE,
                f"{name} is negative or over 1e9; send the request's own quantity",
            )
        if name not in meters.SENT:
            return EventFault(
                RefusalReason.UNKNOWN_WORD,
                f"{name} is no meter known here; send it as {meters.OTHER}",
            )
        meter = meters.BY_NAME[name]
        if meter.part_of:
            room[meter.part_of] -= quantity
            if room[meter.part_of] < 0:
                whole = meter.part_of
                return EventFault(
                    RefusalReason.PARTS_EXCEED_TOTAL,
                    f"{name} exceeds the {whole} tokens that it is a part of; send both counts",
                )
    return None


def is_early(event: Event, now_us: int) -> bool:
    """Whether an event counts only from its own time on, as its sender's clock is ahead of ours."""
    return event.occurred_at > now_us + FUTURE_TOLERANCE_US


def context_band(input_tokens: int | None) -> int:
    """The context band of an input, decided for each request when it is stored."""
    return bands.band_of(input_tokens or 0)
