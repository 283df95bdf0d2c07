"""What days cost as last computed, so that a refresh prices only the days that have changed.

A forecast looks back on months of days. The fact holds each day's cost with how often rollups had
written into it, and the prices and names that it was computed with.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import msgspec
from sqlmodel import Session

from advisor.months.day_costs import BREAK_DAYS, HISTORY_DAYS
from advisor.months.statements import Pricing
from ledger import clock, facts, readings, slots

FACT = "day_costs"
_MOST_DAYS = HISTORY_DAYS + BREAK_DAYS + 31
"""The days that a month under way and its forecast look at."""


@dataclass(frozen=True, slots=True)
class _DayCost:
    """The cost of a calendar day, None without traffic, and the revision of its UTC days."""

    cost_femto_usd: int | None
    revision: int


@dataclass(frozen=True, slots=True)
class DayCostMemory:
    """Costs by calendar day of a zone. `costs` may be filled; it holds for one snapshot."""

    version: str
    revisions: Mapping[int, int]
    costs: dict[int, int | None]

    def encode(self, today: int) -> str:
        """What is worth remembering before a day, as a fact."""
        recent = {
            day: _DayCost(cost_femto_usd, self.revisions.get(day, 0))
            for day, cost_femto_usd in sorted(self.costs.items())
            if today - _MOST_DAYS <= day < today
        }
        return msgspec.json.encode((self.version, recent)).decode()


def recall(session: Session, zone: ZoneInfo, pricing: Pricing) -> DayCostMemory:
    """The costs that still hold in this snapshot: same prices, names and usage of their day."""
    version = f"{zone} {pricing.book.version} {pricing.names_version}"
    revisions = _revisions(readings.day_revisions(session), zone)
    stored = facts.get(session, FACT)
    if stored is None:
        return DayCostMemory(version, revisions, {})
    stored_version, days = msgspec.json.decode(stored, type=tuple[str, dict[int, _DayCost]])
    if stored_version != version:
        return DayCostMemory(version, revisions, {})
    costs = {
        day: known.cost_femto_usd
        for day, known in days.items()
        if known.revision == revisions.get(day, 0)
    }
    return DayCostMemory(version, revisions, costs)


def remember(session: Session, memory: DayCostMemory, today: int) -> None:
    """Store the costs of the days before today, where they differ from what is stored."""
    content = memory.encode(today)
    if content != facts.get(session, FACT):
        facts.put(session, FACT, content)


def _revisions(by_utc_day: Mapping[int, int], zone: ZoneInfo) -> dict[int, int]:
    """By calendar day of a zone, how often rollups have written into the UTC days it touches."""
    revisions: dict[int, int] = {}
    for utc_day, revision in by_utc_day.items():
        start_us = utc_day * clock.DAY_US
        touched = {
            clock.day_in(zone, start_us),
            clock.day_in(zone, start_us + clock.DAY_US - slots.SLOT_US),
        }
        for day in touched:
            revisions[day] = revisions.get(day, 0) + revision
    return revisions
