"""Negotiated prices: discounts and fixed prices, applied to the list prices. Pure."""

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation, Overflow
from hashlib import blake2b

from ledger import clock
from ledger.errors import UsageError
from ledger.pricing import prices
from ledger.pricing.prices import Price, PriceKey, Rates

WHOLE_PPM = 1_000_000
"""A discount of everything, in parts per million."""
_PPM_PER_PERCENT = 10_000
_EVER = 0
# Without a rate these are unpriced; cached and cache-write input without one are ordinary input.
_UNPRICED_WITHOUT_RATE = ("uncached_input", "output", "input_audio", "output_audio")


@dataclass(frozen=True, slots=True, kw_only=True)
class Term(ABC):
    """The UTC days on which a contract holds.

    It holds from `effective_from` (day number since 1970-01-01) until the day before
    `effective_until`, or without end.
    """

    effective_from: int
    effective_until: int | None
    source: str

    @property
    @abstractmethod
    def scope(self) -> tuple[str, ...]:
        """What the contract prices. Two of one scope are never in force on the same day."""

    @property
    def id(self) -> str:
        """Its id for people: 8 hex characters of its scope and first day."""
        return blake2b(repr((self.scope, self.effective_from)).encode(), digest_size=4).hexdigest()

    def holds_on(self, day: int) -> bool:
        """Whether it is in force on a UTC day."""
        return self.effective_from <= day and (
            self.effective_until is None or day < self.effective_until
        )

    def meets(self, other: "Term") -> bool:
        """Whether both are in force on some day."""
        first, second = sorted((self, other), key=lambda term: term.effective_from)
        return first.holds_on(second.effective_from)


@dataclass(frozen=True, slots=True, kw_only=True)
class Discount(Term):
    """Parts per million off the list rates of a provider. An empty model or tier means all.

    Of several in force for a price the most specific applies: one for the model, else one for the
    tier, else the provider's.
    """

    provider: str
    discount_ppm: int
    model: str = ""
    service_tier: str = ""

    @property
    def scope(self) -> tuple[str, ...]:
        """Provider, model and tier."""
        return "discount", self.provider, self.model, self.service_tier

    def covers(self, key: PriceKey) -> bool:
        """Whether the discount applies to a price."""
        return (
            key.provider == self.provider
            and self.model in ("", key.model)
            and self.service_tier in ("", key.service_tier)
        )

    def __str__(self) -> str:
        tier = f", {self.service_tier}" if self.service_tier else ""
        percent, models = percent_text(self.discount_ppm), self.model or "every model"
        return f"{percent} off {models} at {self.provider}{tier}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedPrice(Term):
    """Agreed rates of one price. A meter without an agreed rate costs what it costs otherwise."""

    key: PriceKey
    rates: Rates

    @property
    def scope(self) -> tuple[str, ...]:
        """The price key."""
        return "price", *map(str, self.key)

    def covers(self, key: PriceKey) -> bool:
        """Whether the agreed rates are of this price."""
        return key == self.key

    def __str__(self) -> str:
        return f"the fixed price of {self.key}"


Contract = Discount | FixedPrice
ListPrices = Mapping[PriceKey, tuple[Price, ...]]
"""List prices by key, in rising order of their first day."""


def apply_contracts(
    list_prices: ListPrices, contracts: Iterable[Contract]
) -> dict[PriceKey, tuple[Price, ...]]:
    """The prices in force: list rows cut where a contract begins or ends, with both kinds of rate.

    A fixed price goes before a discount. A discounted rate is rounded half-even to nano-USD per
    million tokens, here and nowhere else. The order of the contracts does not matter.
    """
    agreed = list(contracts)
    in_force = dict(list_prices)
    for key in {
        *list_prices,
        *(contract.key for contract in agreed if isinstance(contract, FixedPrice)),
    }:
        covering = [contract for contract in agreed if contract.covers(key)]
        if covering:
            in_force[key] = tuple(_rows(key, list_prices.get(key, ()), covering))
    return in_force


def _rows(
    key: PriceKey, list_rows: Sequence[Price], contracts: Sequence[Contract]
) -> Iterator[Price]:
    cuts = {row.effective_from for row in list_rows}
    cuts.update(
        day
        for contract in contracts
        for day in (contract.effective_from, contract.effective_until)
        if day is not None
    )
    if not list_rows or any(
        contract.effective_from <= list_rows[0].effective_from for contract in contracts
    ):
        # The first row of a key serves every earlier day, but a contract must not.
        cuts.add(_EVER)
    for day in sorted(cuts):
        yield _price(
            key, day, list_rows, [contract for contract in contracts if contract.holds_on(day)]
        )


def _price(
    key: PriceKey, day: int, list_rows: Sequence[Price], in_force: Sequence[Contract]
) -> Price:
    row = (
        list_rows[max(bisect_right(list_rows, day, key=_first_day) - 1, 0)]
        if list_rows
        else _unlisted(key)
    )
    list_price = replace(row, effective_from=day, backdated=day < row.effective_from)
    # Contracts of one scope do not overlap; where a ledger has some that do, the later one applies.
    fixed = max(
        (contract for contract in in_force if isinstance(contract, FixedPrice)),
        key=_first_day,
        default=None,
    )
    discount = max(
        (contract for contract in in_force if isinstance(contract, Discount)),
        key=_exactness,
        default=None,
    )
    decisive = fixed or discount
    if decisive is None:
        return list_price
    rates = _discounted(row.list_rates, discount) if discount else row.list_rates
    return replace(
        list_price,
        rates=_over(rates, fixed.rates) if fixed else rates,
        list_rates=_completed(row.list_rates, fixed.rates) if fixed else row.list_rates,
        contract=f"{decisive}: {decisive.source}",
    )


def _unlisted(key: PriceKey) -> Price:
    """The list price of a key without a list price: no rate at all."""
    return Price(
        key=key,
        effective_from=_EVER,
        rates=Rates(),
        list_rates=Rates(),
        source="no list price is known",
        checked="",
    )


def _discounted(list_rates: Rates, discount: Discount) -> Rates:
    share_ppm = WHOLE_PPM - discount.discount_ppm
    return prices.from_meters(
        {meter: _half_even(rate * share_ppm) for meter, rate in list_rates.by_meter.items()}
    )


def _half_even(rate_ppm: int) -> int:
    rate, remainder = divmod(rate_ppm, WHOLE_PPM)
    return rate + (2 * remainder > WHOLE_PPM or (2 * remainder == WHOLE_PPM and rate % 2 == 1))


def _over(rates: Rates, agreed: Rates) -> Rates:
    return prices.from_meters(rates.by_meter | agreed.by_meter)


def _completed(list_rates: Rates, agreed: Rates) -> Rates:
    """List rates; a meter that only the contract prices has the contract's rate."""
    missing = (meter for meter in _UNPRICED_WITHOUT_RATE if getattr(list_rates, meter) is None)
    return replace(list_rates, **{meter: getattr(agreed, meter) for meter in missing})


def _first_day(dated: Term | Price) -> int:
    return dated.effective_from


def _exactness(discount: Discount) -> tuple[bool, bool, int]:
    return bool(discount.model), bool(discount.service_tier), discount.effective_from


def percent_text(discount_ppm: int) -> str:
    """`12.5 %`, exact."""
    return f"{Decimal(discount_ppm) / _PPM_PER_PERCENT:f} %"


def ppm_of(percent: str) -> int:
    """Parts per million of a plain number of percent. Raises UsageError."""
    try:
        scaled = Decimal(percent.removesuffix("%").strip()) * _PPM_PER_PERCENT
    except (InvalidOperation, Overflow):
        scaled = Decimal("nan")
    if not scaled.is_finite() or not 0 <= scaled <= WHOLE_PPM or scaled % 1:
        raise UsageError(
            f"{percent!r} is not a discount;"
            " write percent off the list price, 0 to 100, such as 12.5"
        )
    return int(scaled)


def period_text(term: Term) -> str:
    """`from 2026-07-01 on`, or until the first day after it: `from 2026-07-01 until 2027-01-01`."""
    since = f"from {clock.date_of(term.effective_from)}"
    return (
        f"{since} on"
        if term.effective_until is None
        else f"{since} until {clock.date_of(term.effective_until)}"
    )
