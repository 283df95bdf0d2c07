"""One served request as the parsers hand it over, and its identity. Pure: storing lives in `ledger.store`."""

from hashlib import blake2b
from typing import Literal

import msgspec

from ledger import bands, clock

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
"""A bit for each class, so that the features of many requests, taken together, hold every class among them."""
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

UsageSource = Literal["provider", "estimated", "missing", "gateway_cache", "none"]
Status = Literal["success", "failure", "cancelled"]
ServiceTier = Literal["standard", "batch", "flex", "priority", "scale", "unknown"]
BILLABLE_SOURCES = ("provider", "estimated")
_ENCODER = msgspec.msgpack.Encoder()
_PRIME = (1 << 61) - 1


class Labels(msgspec.Struct, frozen=True, order=True, cache_hash=True, gc=False):
    """The label set of an event, interned as a `series`. No field is ever None: unknown has a word."""

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


class Event(msgspec.Struct, frozen=True, gc=False):
    """One served request. Token counts are integers, None where the sender did not say; times are UTC microseconds."""

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


def feature_of_tag(tag: str) -> int:
    """The feature that a sender's tag names: `can_wait`, or a class such as `class:short text`; 0 for any other tag."""
    name = "_".join(tag.lower().replace("-", " ").replace("class: ", "class:").split())
    return FEATURE_NAMES[name] if name in _TAGS else 0


def key_of(event: Event) -> bytes:
    """The 16-byte, time-ordered identity: 6 bytes of milliseconds, 80 bits of a hash of namespace and dedupe key."""
    milliseconds = event.occurred_at // 1_000
    name = f"{event.labels.namespace}\0{event.dedupe_key}".encode("utf-8", "surrogatepass")
    return milliseconds.to_bytes(6, "big") + blake2b(name, digest_size=10).digest()


def fingerprint_of(event: Event) -> int:
    """A number of 61 bits made of the content: token integers, usage source, status and the tier served.

    Two events of one identity with the same fingerprint are a duplicate, with another one a conflict. It is the packed
    content modulo a Mersenne prime: a guard against accidents, not against forgery, for a third of a hash's time.
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
    return int.from_bytes(_ENCODER.encode(content), "big") % _PRIME


def fault_of(event: Event, now_us: int) -> str | None:
    """Why an event cannot be stored, naming the remedy; None when it can.

    Checks what no parser may let through: times out of range, negative or huge counts, parts beyond their whole.
    """
    if event.occurred_at > now_us + FUTURE_TOLERANCE_US:
        return "time lies more than 5 minutes in the future; check the sender's clock and unit"
    if event.occurred_at < EARLIEST_US:
        return "time lies before 2020; check the sender's clock and unit"
    whole, read, written = (
        event.input_tokens or 0,
        event.cached_input_tokens or 0,
        event.cache_write_input_tokens or 0,
    )
    output, reasoning = event.output_tokens or 0, event.reasoning_tokens or 0
    input_audio, output_audio = event.input_audio_tokens or 0, event.output_audio_tokens or 0
    # Set bits above 2^29 show that one of them is negative or large, without looking at each.
    if (whole | read | written | output | reasoning | input_audio | output_audio) >> 29:
        for count in (whole, read, written, output, reasoning, input_audio, output_audio):
            if not 0 <= count <= MAX_COUNT:
                return "a token count is negative or over 1e9; send the request's own counts"
    if read + written > whole:
        return "cached + cache-write input exceeds input_tokens; input_tokens must include both"
    if input_audio > whole:
        return "input audio exceeds input_tokens; input_tokens must include it"
    if reasoning > output or output_audio > output:
        return "reasoning or output audio exceeds output_tokens; output_tokens must include both"
    return None


def context_band(input_tokens: int | None) -> int:
    """The largest listed size that is smaller than the input (0 if none): decided per request, when it is stored."""
    return bands.band_of(input_tokens or 0)
