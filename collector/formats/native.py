"""Native events, the format of our public contract. Pure.

It is strict: a field of the wrong type, or one that comes twice, rejects the event.
"""

from collections.abc import Collection
from typing import get_args

import msgspec

from collector.parsing import fields, label_sets, rare
from collector.parsing.fields import Count
from collector.parsing.format import MIB, JsonFormat, Limits, Schema
from collector.parsing.naming import Naming
from collector.parsing.reading import Reading, Rejected
from ledger import events, growth, meters, tokens
from ledger.events import Event, Labels
from ledger.refusal_reasons import RefusalReason


class _Native(msgspec.Struct, omit_defaults=True, gc=False):
    id: str | None = None
    time: str | int | float | None = None
    provider: str | None = None
    model: str | None = None
    request_model: str | None = None
    project: str | None = None
    workload: str | None = None
    key: str | None = None
    input_tokens: Count = None
    cached_input_tokens: Count = None
    cache_write_input_tokens: Count = None
    output_tokens: Count = None
    reasoning_tokens: Count = None
    service_tier: str | None = None
    service_tier_requested: str | None = None
    status: str | None = None
    latency_ms: Count = None
    first_token_ms: Count = None
    retry_count: Count = None
    usage_source: str | None = None
    features: list[str] | None = None
    input_audio_tokens: Count = None
    output_audio_tokens: Count = None
    meters: dict[str, Count] | None = None
    modifiers: dict[str, str] | None = None
    cost_usd: float | None = None
    total_tokens: Count = None
    snapshot: bool | None = None


_KNOWN_FIELDS = frozenset(_Native.__struct_fields__)
_STATUSES = get_args(events.Status)
_USAGE_SOURCES = get_args(events.UsageSource)
_EVENT = msgspec.json.Decoder(_Native)
_EVENTS = msgspec.json.Decoder(list[_Native])
_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ENCODER = msgspec.json.Encoder()
_CACHE = label_sets.LabelCache()


def parse(element: bytes, naming: Naming) -> Reading:
    """The event of one native JSON object, or why it is none."""
    native = fields.decode(_EVENT, element)
    if isinstance(native, Rejected):
        return native
    if not _is_all_read(native, element):
        fault = _fault(native, naming) or _repetition(element)
        if fault is not None:
            return fault
    return _reading(native, naming)


def parse_body(body: bytes, naming: Naming) -> list[Reading] | None:
    """The same for each element of a body; None if one of them needs a closer look."""
    try:
        natives = _EVENTS.decode(body) if body.startswith(b"[") else _EVENT.decode_lines(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None
    if not _is_all_read(natives, body) or (not natives and not body.startswith(b"[")):
        return None
    return [_reading(native, naming) for native in natives]


def unknown_fields(element: bytes) -> tuple[str, ...]:
    """The names of the fields that `parse` ignores, as sent, so that a receipt can show a typo."""
    members = fields.decode(_MEMBERS, element)
    if isinstance(members, Rejected):
        return ()
    return tuple(
        filter(None, (fields.clean_label(name) for name in members if name not in _KNOWN_FIELDS))
    )


def _is_all_read(natives: _Native | list[_Native], sent: bytes) -> bool:
    """Whether every field that was sent is known, comes once and is not null. False if unsure.

    The decoder keeps the known fields, and the last of those that repeat. If it dropped anything,
    its fields encoded again have fewer quotes than what was sent, because a name takes two; only
    an escape could add quotes. This is ten times faster than to look at each name.
    """
    return b"\\" not in sent and sent.count(b'"') == _ENCODER.encode(natives).count(b'"')


def _reading(native: _Native, naming: Naming) -> Event | Rejected:
    """The event of a native one. Names that came before need no check: their labels are cached."""
    band = events.context_band(native.input_tokens)
    names = (
        naming,
        native.provider,
        native.model,
        native.request_model,
        native.project,
        native.workload,
        native.key,
        native.service_tier,
        native.service_tier_requested,
        native.status,
        native.usage_source,
        native.input_tokens is None,
        native.output_tokens is None,
        not native.retry_count,
        band,
        tuple(native.features) if native.features else None,
        _rare_names(native) if native.modifiers or native.meters else None,
    )
    labels = _CACHE.get(names) if native.id else None
    if labels is None:
        fault = _fault(native, naming)
        if fault is not None:
            return fault
        labels = _labels(native, band, naming)
        _CACHE.remember(names, labels, len(_ENCODER.encode(native)))
    occurred_at = None if native.time is None else fields.parse_instant_us(native.time)
    if occurred_at is None:
        return Rejected(fields.BAD_TIME, RefusalReason.NO_TIME)
    # Python passes more than 15 keywords in a dict, which took longer than the rest of the event.
    event = Event(
        dedupe_key=f"native:{native.id}",
        occurred_at=occurred_at,
        labels=labels,
        input_tokens=native.input_tokens,
        cached_input_tokens=native.cached_input_tokens,
        cache_write_input_tokens=native.cache_write_input_tokens,
        output_tokens=native.output_tokens,
        reasoning_tokens=native.reasoning_tokens,
        latency_ms=native.latency_ms,
        first_token_ms=native.first_token_ms,
        # The feature and the count say the same, and sums by either agree.
        retry_count=native.retry_count
        or (1 if labels.features & events.FEATURE_CLIENT_RETRY else 0),
        input_audio_tokens=native.input_audio_tokens,
        output_audio_tokens=native.output_audio_tokens,
        sender_cost_pico_usd=(
            None if native.cost_usd is None else fields.pico_usd(native.cost_usd)
        ),
        meters=_quantities(native)
        if native.meters or native.total_tokens or labels.features & events.FEATURE_AUDIO
        else (),
    )
    return growth.as_snapshot(event) if native.snapshot else event


def _rare_names(native: _Native) -> tuple[object, ...]:
    """What few events have and their label set depends on."""
    return bool(native.meters), tuple((native.modifiers or {}).items())


def _quantities(native: _Native) -> rare.Quantities:
    """The quantities of what few requests have, and what the counts that were sent leave open."""
    counts = {name: count or 0 for name, count in (native.meters or {}).items()}
    parts = native.input_tokens, native.output_tokens
    counts["unaccounted_tokens"] = rare.unaccounted_tokens(native.total_tokens, parts)
    has_audio_count = native.input_audio_tokens or native.output_audio_tokens
    if "audio" in (native.features or ()) and not has_audio_count:
        counts["unread_audio_requests"] = 1
    return rare.known_quantities(counts)


def _fault(native: _Native, naming: Naming) -> Rejected | None:
    if not native.id:
        return Rejected(
            "id is missing; send the request's own id, so that a repeated event counts once",
            RefusalReason.NO_ID,
        )
    if fields.first_label(native.model, naming.model) is None:
        return Rejected(
            "model is missing; send the name of the model that answered", RefusalReason.NO_MODEL
        )
    if native.status not in (None, *_STATUSES):
        return _unknown(f"status is unknown; use one of {', '.join(_STATUSES)}")
    if native.usage_source not in (None, *_USAGE_SOURCES):
        return _unknown(f"usage_source is unknown; use one of {', '.join(_USAGE_SOURCES)}")
    if not events.FEATURE_NAMES.keys() >= set(native.features or ()):
        return _unknown(f"features holds an unknown name; use {', '.join(events.FEATURE_NAMES)}")
    if not {"geo", "speed"} >= (native.modifiers or {}).keys():
        return _unknown("modifiers holds an unknown name; use geo, speed")
    return _usage_fault(native.usage_source, has_counts=_counts_sent(native) > 0)


def _unknown(sentence: str) -> Rejected:
    return Rejected(sentence, RefusalReason.UNKNOWN_WORD)


def _usage_fault(usage_source: str | None, *, has_counts: bool) -> Rejected | None:
    if has_counts and usage_source in ("missing", "none"):
        return Rejected(
            f"usage_source is {usage_source}, but token counts were sent; leave one of them out",
            RefusalReason.CONTRADICTION,
        )
    if not has_counts and usage_source in events.BILLABLE_SOURCES:
        return Rejected(
            f"usage_source is {usage_source}, but no token counts were sent;"
            " send input_tokens and output_tokens",
            RefusalReason.CONTRADICTION,
        )
    return None


def _counts_sent(native: _Native) -> int:
    """How many of the two totals, input and output tokens, were sent."""
    return (native.input_tokens is not None) + (native.output_tokens is not None)


def _repetition(element: bytes) -> Rejected | None:
    """Why an element with a repeated field is rejected. The decoder would keep the last value."""
    members = fields.decode(_MEMBERS, element)
    if isinstance(members, Rejected):
        return members
    if element.count(b'"') == 2 * len(members) + b"".join(members.values()).count(b'"'):
        return None
    return Rejected(
        "a field comes twice, or has a quote in its name; send each field once",
        RefusalReason.CONTRADICTION,
    )


def _usage_source(native: _Native, status: str) -> str:
    if native.usage_source is not None:
        return native.usage_source
    totals = _counts_sent(native)
    if totals == 2 or (native.meters and status == "success"):
        return "provider"
    return "missing" if totals or status == "success" else "none"


def _labels(native: _Native, context_band: int, naming: Naming) -> Labels:
    status = native.status or "success"
    bits = {events.FEATURE_NAMES[name] for name in native.features or ()}
    if native.retry_count:
        bits.add(events.FEATURE_CLIENT_RETRY)
    sent = label_sets.SentNames(
        provider=native.provider,
        model=native.model,
        request_model=native.request_model,
        project=native.project,
        workload=native.workload,
        key=native.key,
    )
    traits = label_sets.Traits(
        tiers=fields.parse_tiers(native.service_tier, native.service_tier_requested),
        usage_source=_usage_source(native, status),
        status=status,
        context_band=context_band,
        features=sum(bits),
        modifiers=rare.modifiers(
            geography=(native.modifiers or {}).get("geo"),
            speed=(native.modifiers or {}).get("speed"),
        ),
    )
    return label_sets.build_labels(sent, traits, naming)


def detect(keys: Collection[str]) -> bool:
    """Whether an object of a log file is a native event."""
    return "time" in keys


_TEXTS = (
    "provider",
    "model",
    "request_model",
    "project",
    "workload",
    "key",
    "service_tier",
    "service_tier_requested",
)
_COUNTS = (*tokens.FIELDS, "total_tokens", "latency_ms", "first_token_ms", "retry_count")
_SCHEMA: Schema = {
    "type": "object",
    "required": ["id", "time", "model"],
    "properties": {
        "id": {"type": "string", "minLength": 1},
        "time": {
            "description": "RFC 3339 with an offset, or epoch seconds",
            "anyOf": [{"type": "string", "format": "date-time"}, {"type": "number", "minimum": 0}],
        },
        **dict.fromkeys(_TEXTS, fields.TEXT_SCHEMA),
        **dict.fromkeys(_COUNTS, fields.COUNT_SCHEMA),
        "status": {"enum": [*_STATUSES, None]},
        "usage_source": {"enum": [*_USAGE_SOURCES, None]},
        "features": {"type": ["array", "null"], "items": {"enum": list(events.FEATURE_NAMES)}},
        "meters": {
            "type": ["object", "null"],
            "description": "quantities of what few requests have",
            "properties": dict.fromkeys(sorted(meters.SENT), fields.COUNT_SCHEMA),
            "additionalProperties": fields.COUNT_SCHEMA,
        },
        "modifiers": {
            "type": ["object", "null"],
            "properties": {"geo": {"type": "string"}, "speed": {"type": "string"}},
            "additionalProperties": False,
        },
        "cost_usd": {
            "type": ["number", "null"],
            "minimum": 0,
            "description": "what the sender or the provider says that it cost",
        },
        "snapshot": {
            "type": ["boolean", "null"],
            "description": "true where this request is sent several times while it grows, with"
            " the same id and time: the largest counts",
        },
    },
    "example": {
        "id": "req_7f3a",
        "time": "2026-11-23T19:58:04.120Z",
        "provider": "openai",
        "model": "gpt-4.1-2025-04-14",
        "project": "support",
        "workload": "classify",
        "input_tokens": 1840,
        "cached_input_tokens": 1024,
        "output_tokens": 12,
    },
}

FORMAT = JsonFormat(
    name="native",
    title="native events",
    route="/v1/events",
    limits=Limits(wire_bytes=5 * MIB, inflated_bytes=20 * MIB, elements=10_000),
    schema=_SCHEMA,
    detect=detect,
    parse=parse,
    parse_body=parse_body,
    unknown_fields=unknown_fields,
)
