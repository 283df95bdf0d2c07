"""Costs that are not per token: spend commitments and capacity paid ahead, cut into days. Pure.

A day here is a date of the reporting zone, as an invoice counts it. Every split is of whole
nano-USD, and its parts add up to the whole.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import blake2b
from typing import Literal

from ledger import clock, money
from ledger.errors import UsageError

Kind = Literal["commitment", "capacity"]
KINDS: tuple[Kind, ...] = ("commitment", "capacity")
Per = Literal["month", "total"]
WHOLE_PPM = 1_000_000
UNASSIGNED = "(unassigned)"
"""Stands for a project where nothing says whose the cost is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedCost:
    """An amount that is owed whatever the usage.

    A `commitment` is spend that was promised: usage counts towards it. `capacity` is throughput
    paid ahead. The amount is for each calendar month, a part of a month by its days, or the total
    of all its days. It holds from `effective_from` until the day before `effective_until`. An
    empty model means all of the provider's. `shares_ppm` are the projects' parts per million;
    empty: by their usage.
    """

    kind: Kind
    provider: str
    amount_nano_usd: int
    per: Per
    effective_from: int
    effective_until: int | None
    source: str
    model: str = ""
    shares_ppm: Mapping[str, int]
    tokens_a_minute: int | None = None

    @property
    def id(self) -> str:
        """Its id for people: 8 hex characters of what it is for and its first day."""
        scope = (self.kind, self.provider, self.model, self.effective_from, self.source)
        return blake2b(repr(scope).encode(), digest_size=4).hexdigest()

    def covers(self, provider: str, model: str) -> bool:
        """Whether it is about a provider's model."""
        return provider == self.provider and self.model in ("", model)

    def days_in(self, days: range) -> range:
        """Those of these days on which it holds."""
        end = days.stop if self.effective_until is None else min(days.stop, self.effective_until)
        start = max(days.start, self.effective_from)
        return range(start, max(start, end))

    def nano_usd_in(self, days: range) -> int:
        """What falls on these days, each within one calendar month, in nano-USD."""
        return sum(self._nano_usd_on(day) for day in self.days_in(days))

    def _nano_usd_on(self, day: int) -> int:
        spread = (
            range(self.effective_from, self.effective_until)
            if self.per == "total" and self.effective_until is not None
            else month_days(day)
        )
        before, length = day - spread.start, len(spread)
        amount = self.amount_nano_usd
        return amount * (before + 1) // length - amount * before // length

    def __str__(self) -> str:
        what = "capacity" if self.kind == "capacity" else "spend commitment"
        amount = money.usd_text(self.amount_nano_usd * 10**6)
        period = "a month" if self.per == "month" else "in all"
        return (
            f"{what} of {amount} USD {period} for {self.model or 'every model'} at {self.provider}"
        )


def month_days(day: int) -> range:
    """The day numbers of the calendar month of a day."""
    first = clock.date_of(day).replace(day=1)
    after = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return range(clock.day_number(first), clock.day_number(after))


def split(amount_nano_usd: int, weights: Mapping[str, int]) -> dict[str, int]:
    """An amount cut by weights into whole nano-USD that add up to it; all on nobody without any."""
    total, before, cut = sum(weights.values()), 0, {}
    if not total:
        return {UNASSIGNED: amount_nano_usd}
    for name, weight in sorted(weights.items()):
        after = before + weight
        cut[name] = amount_nano_usd * after // total - amount_nano_usd * before // total
        before = after
    return cut


def shares_of(text: str | None) -> dict[str, int]:
    """Parts per million by project of `search=60,support=40`, in percent. Raises UsageError.

    They have to add up to 100.
    """
    shares: dict[str, int] = {}
    for part in (text or "").split(","):
        project, equals, percent = part.strip().rpartition("=")
        if not part.strip():
            continue
        if not equals or not project.strip():
            raise UsageError(
                f"{part.strip()!r} is not a share; write project=percent, such as a=60"
            )
        scaled = money.femto_usd(percent) // (money.FEMTO_PER_USD // 10_000)
        shares[project.strip()] = scaled
    if shares and (sum(shares.values()) != WHOLE_PPM or min(shares.values()) < 0):
        raise UsageError("--shares has to add up to 100 percent, such as search=60,support=40")
    return shares


def check(cost: FixedCost, others: Sequence[FixedCost]) -> None:
    """Refuse a fixed cost that cannot be counted. Raises UsageError with the remedy."""
    if cost.amount_nano_usd <= 0:
        raise UsageError("the amount has to be above 0 USD")
    if cost.effective_until is not None and cost.effective_until <= cost.effective_from:
        raise UsageError("--until has to be later than --since")
    if cost.per == "total" and cost.effective_until is None:
        raise UsageError("a total needs its end: name the first day after it with --until")
    if any(other.id == cost.id for other in others):
        raise UsageError(f"{cost} is there already; end it first, or name another --source")
