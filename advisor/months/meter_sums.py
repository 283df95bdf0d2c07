"""The meters of a statement's line that are no plain tokens: quantities, and what they cost.

It is kept beside the token counts, because a line has few of them. Pure.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import msgspec

from ledger import money
from ledger.pricing.charges import Fee


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterSum:
    """The quantity of one meter, of how many requests, and the parts of both without a rate."""

    quantity: int = 0
    requests: int = 0
    unpriced_quantity: int = 0
    unpriced_requests: int = 0
    femto_usd: int = 0

    def combine(self, other: "MeterSum", operation: Callable[[int, int], int]) -> "MeterSum":
        """The two sums added or subtracted, field by field."""
        return MeterSum(
            quantity=operation(self.quantity, other.quantity),
            requests=operation(self.requests, other.requests),
            unpriced_quantity=operation(self.unpriced_quantity, other.unpriced_quantity),
            unpriced_requests=operation(self.unpriced_requests, other.unpriced_requests),
            femto_usd=operation(self.femto_usd, other.femto_usd),
        )


NOTHING = MeterSum()


@dataclass(frozen=True, slots=True)
class MeterSums:
    """Sums by meter; a meter of which nothing is left does not stand in it."""

    by_name: Mapping[str, MeterSum] = field(default_factory=dict)

    def __add__(self, other: "MeterSums") -> "MeterSums":
        return self._combine(other, int.__add__) if other.by_name else self

    def __sub__(self, other: "MeterSums") -> "MeterSums":
        return self._combine(other, int.__sub__) if other.by_name else self

    def __iter__(self) -> Iterator[tuple[str, MeterSum]]:
        return iter(sorted(self.by_name.items()))

    def __bool__(self) -> bool:
        return bool(self.by_name)

    def _combine(self, other: "MeterSums", operation: Callable[[int, int], int]) -> "MeterSums":
        sums = {
            name: self.by_name.get(name, NOTHING).combine(
                other.by_name.get(name, NOTHING), operation
            )
            for name in self.by_name.keys() | other.by_name.keys()
        }
        return MeterSums({name: total for name, total in sums.items() if total != NOTHING})


NONE = MeterSums()


def from_fee(fee: Fee) -> MeterSums:
    """The sums of one fee."""
    is_unpriced = fee.femto_usd is None
    return MeterSums(
        {
            fee.meter: MeterSum(
                quantity=fee.quantity,
                requests=fee.requests,
                unpriced_quantity=fee.quantity if is_unpriced else 0,
                unpriced_requests=fee.requests if is_unpriced else 0,
                femto_usd=fee.femto_usd or 0,
            )
        }
    )


def encode(sums: MeterSums) -> str:
    """The sums as a column holds them: JSON, money as exact decimal text of USD."""
    texts = {
        name: {
            "quantity": total.quantity,
            "requests": total.requests,
            "unpriced_quantity": total.unpriced_quantity,
            "unpriced_requests": total.unpriced_requests,
            "cost_usd": money.usd_text(total.femto_usd),
        }
        for name, total in sums
    }
    return msgspec.json.encode(texts).decode()


class _Column(msgspec.Struct, kw_only=True):
    quantity: int
    requests: int
    unpriced_quantity: int
    unpriced_requests: int
    cost_usd: str


def decode(column: str) -> MeterSums:
    """The sums of a column."""
    rows = msgspec.json.decode(column, type=dict[str, _Column])
    return MeterSums(
        {
            name: MeterSum(
                quantity=row.quantity,
                requests=row.requests,
                unpriced_quantity=row.unpriced_quantity,
                unpriced_requests=row.unpriced_requests,
                femto_usd=money.femto_usd(row.cost_usd),
            )
            for name, row in rows.items()
        }
    )
