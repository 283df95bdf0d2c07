"""Records that grow: which snapshot of a request is the larger one, and what becomes of each. Pure.

A sender that logs a stream several times sends a snapshot each time. A later one says all that an
earlier one says, or more; so the largest is the record, in whatever order they come.
"""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from ledger import events, tokens
from ledger.events import Event, Labels
from ledger.outcomes import Outcome

_NAMES = ("provider", "model", "request_model", "project", "workload", "key")
_PLACEHOLDERS = frozenset({events.UNKNOWN, events.UNASSIGNED, events.UNLABELLED})
_SOURCES = {"none": 0, "missing": 1, "estimated": 2, "provider": 3}
"""The usage sources in the order in which more is known."""
_STATUSES = {"success": 0, "cancelled": 1, "failure": 2}


class Version(NamedTuple):
    """A version of a record, and its fingerprint as sent."""

    event: Event
    fingerprint: int


def version_of(event: Event) -> Version:
    """The version that an event is."""
    return Version(event, events.fingerprint_of(event))


def grows(fingerprint: int) -> bool:
    """Whether the record of a stored fingerprint grows."""
    return bool(fingerprint & events.SNAPSHOT_MARK)


def is_same(fingerprint: int, other: int) -> bool:
    """Whether two fingerprints are of the same content."""
    return not (fingerprint ^ other) & ~events.SNAPSHOT_MARK


def compare(event: Event, other: Event) -> int | None:
    """1 where the event says all that another one of its identity says and more, 0 for the same.

    -1 where the other one says more; None where each says something that the other does not. An
    unknown count or name is less than any other. With equal counts and labels the later times, the
    dearer cost and the later status are more: a snapshot may add them at the end.
    """
    says_all, is_said = _covers(event, other), _covers(other, event)
    if says_all and is_said:
        first, second = _remainder(event), _remainder(other)
        return (first > second) - (first < second)
    if says_all:
        return 1
    return -1 if is_said else None


def step(current: Version, event: Event) -> Outcome:
    """What becomes of an event, given the version that is stored. One of the two may say that the
    record grows: a sender may mark every snapshot, all but the last, or all but the first.
    """
    if event.is_snapshot or current.event.is_snapshot:
        order = compare(event, current.event)
        if order is not None:
            return Outcome.GROWN if order > 0 else Outcome.DUPLICATE
    same = is_same(events.fingerprint_of(event), current.fingerprint)
    return Outcome.DUPLICATE if same else Outcome.CONFLICT


def judge_closed(event: Event, stays: Event) -> Outcome:
    """What becomes of a snapshot whose month is closed: one that says more is a conflict."""
    order = compare(event, stays)
    return Outcome.DUPLICATE if order is not None and order <= 0 else Outcome.CONFLICT


def fold(current: Version, later: Iterable[Event]) -> tuple[Version, list[Outcome]]:
    """The version that stays of one that is stored and what comes later, and their outcomes."""
    outcomes = []
    for event in later:
        outcome = step(current, event)
        outcomes.append(outcome)
        if outcome is Outcome.GROWN:
            current = version_of(as_snapshot(event))
    return current, outcomes


def as_snapshot(event: Event) -> Event:
    """The event as one whose record grows."""
    if event.is_snapshot:
        return event
    return msgspec.structs.replace(event, is_snapshot=True)


def _covers(event: Event, other: Event) -> bool:
    """Whether an event says all that another one says."""
    for name in tokens.FIELDS:
        count = getattr(other, name)
        if count is not None and (getattr(event, name) is None or getattr(event, name) < count):
            return False
    quantities = dict(_billed_meters(event))
    if any(quantities.get(name, 0) < quantity for name, quantity in _billed_meters(other)):
        return False
    return _covers_labels(event.labels, other.labels)


def _billed_meters(event: Event) -> tuple[tuple[str, int], ...]:
    """Its meters as far as they are stored."""
    return event.meters if event.labels.usage_source in events.BILLABLE_SOURCES else ()


def _covers_labels(labels: Labels, other: Labels) -> bool:
    if any(
        getattr(labels, name) != getattr(other, name) and getattr(other, name) not in _PLACEHOLDERS
        for name in _NAMES
    ):
        return False
    if labels.service_tier != other.service_tier and _tier_rank(labels) <= _tier_rank(other):
        return False
    if not {*labels.modifiers.split()} >= {*other.modifiers.split()}:
        return False
    source, other_source = labels.usage_source, other.usage_source
    return source == other_source or (
        source in _SOURCES
        and other_source in _SOURCES
        and _SOURCES[source] > _SOURCES[other_source]
    )


def _tier_rank(labels: Labels) -> int:
    """A tier that no one named is read as standard, so a special one is more."""
    return {events.UNKNOWN: 0, "standard": 1}.get(labels.service_tier, 2)


def _remainder(event: Event) -> tuple[int | str, ...]:
    """What decides between snapshots with equal counts, so that their order never does."""
    optional = event.latency_ms, event.first_token_ms, event.sender_cost_pico_usd
    return (
        *(-1 if amount is None else amount for amount in optional),
        event.retry_count,
        _STATUSES.get(event.labels.status, -1),
        event.labels.features,
        event.labels.service_tier_requested,
        event.occurred_at,
    )
