"""Why a month cost more or less than the month before: volume, intensity, mix and price. Pure.

N requests, Q priced tokens, C their cost; a cell is what has one rate, p its cost per token:
volume (N1 - N0) C0/N0, intensity (Q1 - Q0 N1/N0) C0/Q0, mix sum q1 p0 - Q1 C0/Q0, price
C1 - sum q1 p0. They add up to C1 - C0 exactly.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from advisor.months.trace import TraceRow
from ledger import money
from ledger.pricing import charges


class CellKey(NamedTuple):
    """What has one rate at a time: the model at its seller, its tier, context band and meter."""

    provider: str
    model: str
    service_tier: str
    context_band: int
    meter: str


class CellSum(NamedTuple):
    """The priced tokens of a cell and what they cost."""

    tokens: int
    cost_femto_usd: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeSums:
    """What a month's bridge rests on. Fees are what is billed besides tokens."""

    requests: int
    cells: Mapping[CellKey, CellSum]
    fees_femto_usd: int
    unpriced_tokens: int

    @property
    def tokens(self) -> int:
        """All priced tokens."""
        return sum(cell.tokens for cell in self.cells.values())

    @property
    def cost_femto_usd(self) -> int:
        """What the priced tokens cost, without fees."""
        return sum(cell.cost_femto_usd for cell in self.cells.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Bridge:
    """The terms of a change in femto-USD; with the fees they add up to it exactly."""

    volume_femto_usd: int
    intensity_femto_usd: int
    mix_femto_usd: int
    price_femto_usd: int
    fees_femto_usd: int

    @property
    def change_femto_usd(self) -> int:
        """The whole change."""
        return (
            self.volume_femto_usd
            + self.intensity_femto_usd
            + self.mix_femto_usd
            + self.price_femto_usd
            + self.fees_femto_usd
        )


def sums_of(rows: Iterable[TraceRow]) -> BridgeSums:
    """The sums of a month's rows."""
    requests = fees = unpriced = 0
    cells: dict[CellKey, CellSum] = {}
    for row in rows:
        requests += row.requests
        unpriced += row.unpriced_tokens
        for meter in row.meters:
            if meter.cost_femto_usd is None:
                continue
            if not charges.is_of_tokens(meter.meter):
                fees += meter.cost_femto_usd
                continue
            key = key_of(row, meter.meter)
            before = cells.get(key, CellSum(0, 0))
            cells[key] = CellSum(
                before.tokens + meter.quantity, before.cost_femto_usd + meter.cost_femto_usd
            )
    return BridgeSums(requests=requests, cells=cells, fees_femto_usd=fees, unpriced_tokens=unpriced)


def key_of(row: TraceRow, meter: str) -> CellKey:
    """The cell that a meter of a row belongs to."""
    return CellKey(
        provider=row.provider,
        model=row.model,
        service_tier=row.service_tier,
        context_band=row.context_band,
        meter=meter,
    )


def build(
    before: BridgeSums, after: BridgeSums, at_old_prices: Mapping[CellKey, Fraction]
) -> Bridge:
    """The bridge from one month to the next.

    `at_old_prices` has, for cells that are new, what their tokens would have cost at the last price
    of the month before, in femto-USD; a cell that is not in it had none, so that all of it is mix.
    Where the month before had no requests or no priced tokens, all is volume.
    """
    fees = after.fees_femto_usd - before.fees_femto_usd
    cost_0, cost_1 = before.cost_femto_usd, after.cost_femto_usd
    if not before.requests or not before.tokens:
        return Bridge(
            volume_femto_usd=cost_1 - cost_0,
            intensity_femto_usd=0,
            mix_femto_usd=0,
            price_femto_usd=0,
            fees_femto_usd=fees,
        )
    more_requests = Fraction(after.requests, before.requests)
    a_token = Fraction(cost_0, before.tokens)
    old_prices = sum(
        (_at_old_price(key, cell, before, at_old_prices) for key, cell in after.cells.items()),
        Fraction(0),
    )
    exact = (
        (more_requests - 1) * cost_0,
        (after.tokens - before.tokens * more_requests) * a_token,
        old_prices - after.tokens * a_token,
        cost_1 - old_prices,
    )
    volume, intensity, mix, price = _round(exact, cost_1 - cost_0)
    return Bridge(
        volume_femto_usd=volume,
        intensity_femto_usd=intensity,
        mix_femto_usd=mix,
        price_femto_usd=price,
        fees_femto_usd=fees,
    )


def _at_old_price(
    key: CellKey, cell: CellSum, before: BridgeSums, at_old_prices: Mapping[CellKey, Fraction]
) -> Fraction:
    old = before.cells.get(key)
    if old is not None and old.tokens:
        return cell.tokens * Fraction(old.cost_femto_usd, old.tokens)
    return at_old_prices.get(key, Fraction(cell.cost_femto_usd))


def _round(exact: Iterable[Fraction], total_femto_usd: int) -> list[int]:
    """The terms to 9 decimals; what rounding leaves goes to the largest, the first on a tie."""
    terms = [money.round_to_nano_usd(term) for term in exact]
    largest = max(range(len(terms)), key=lambda place: abs(terms[place]))
    terms[largest] += total_femto_usd - sum(terms)
    return terms
