"""What an operator states over the shipped book: list prices, contracts and aliases. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ledger import clock
from ledger.errors import NotFound, UsageError
from ledger.pricing import contracts, price_book
from ledger.pricing.contracts import Contract, Discount, FixedPrice, ListPrices
from ledger.pricing.names import Alias
from ledger.pricing.price_book import OperatorPrice
from ledger.pricing.prices import PriceBook, Rates


@dataclass(frozen=True, slots=True)
class Overrides:
    """All of an operator's statements, in any order. A change makes a new value."""

    prices: tuple[OperatorPrice, ...] = ()
    contracts: tuple[Contract, ...] = ()
    aliases: tuple[Alias, ...] = ()

    def book(self, base: PriceBook | None = None) -> PriceBook:
        """The price book in force, over the shipped book or another one."""
        return price_book.build(self.prices, self.contracts, base)

    def with_price(self, new: OperatorPrice) -> "Overrides":
        """With a list price, in place of the one of its key and day. Raises UsageError."""
        fault = price_book.fault_of(new.key, new.rates)
        if fault is not None:
            raise UsageError(fault)
        others = (
            price
            for price in self.prices
            if (price.key, price.effective_from) != (new.key, new.effective_from)
        )
        return replace(self, prices=(*others, new))

    def with_contract(self, new: Contract) -> "Overrides":
        """With a contract, in place of the one of its scope and first day. Raises UsageError."""
        others = tuple(contract for contract in self.contracts if contract.id != new.id)
        fault = _fault_of(new, others, price_book.list_prices(self.prices))
        if fault is not None:
            raise UsageError(fault)
        return replace(self, contracts=(*others, new))

    def without_contract(self, contract_id: str, day: int) -> "Overrides":
        """With a contract ended on a UTC day; one that has not begun by then is removed.

        Raises NotFound for an id that no contract has, UsageError for a contract that is over by
        then.
        """
        ending = next((contract for contract in self.contracts if contract.id == contract_id), None)
        if ending is None:
            raise NotFound(
                f"no contract has the id {contract_id!r}; list them with: switchwise contracts list"
            )
        if ending.effective_until is not None and ending.effective_until <= day:
            raise UsageError(f"{ending} is over by then: it holds {contracts.period_text(ending)}")
        others = tuple(contract for contract in self.contracts if contract is not ending)
        shortened = () if day <= ending.effective_from else (replace(ending, effective_until=day),)
        return replace(self, contracts=(*others, *shortened))

    def with_alias(self, new: Alias) -> "Overrides":
        """With an alias, in place of the one of its sender, provider, spelling and day."""
        others = (
            alias
            for alias in self.aliases
            if (alias.sent, alias.effective_from) != (new.sent, new.effective_from)
        )
        return replace(self, aliases=(*others, new))


def _fault_of(new: Contract, others: Iterable[Contract], listed: ListPrices) -> str | None:
    """Why a contract cannot join the others, with the remedy; None if it can."""
    if new.effective_until is not None and new.effective_until <= new.effective_from:
        return f"{new} would end before it begins; --until names the first day without it"
    for other in others:
        if other.scope == new.scope and other.meets(new):
            remedy = f"switchwise contracts end {other.id} --on {clock.date_of(new.effective_from)}"
            return f"{other} holds {contracts.period_text(other)}; end it first with: {remedy}"
    return (
        _fault_of_discount(new, listed)
        if isinstance(new, Discount)
        else _fault_of_fixed(new, listed)
    )


def _fault_of_discount(new: Discount, listed: ListPrices) -> str | None:
    if not any(key.provider == new.provider for key in listed):
        return f"{new.provider!r} is no provider of the price book; see: switchwise prices list"
    if not any(new.covers(key) for key in listed):
        what = " ".join(filter(None, (new.model, new.service_tier)))
        remedy = f"switchwise prices list --provider {new.provider}"
        return f"{new.provider} has no list price for {what}; see: {remedy}"
    return None


def _fault_of_fixed(new: FixedPrice, listed: ListPrices) -> str | None:
    """Why a fixed price is refused.

    It needs a list price: to compare with, and to return to when the contract ends.
    """
    rows = listed.get(new.key)
    if rows is None:
        remedy = f"switchwise prices set {new.key.model} --provider {new.key.provider}"
        return f"{new.key} has no list price; set what the provider asks first with: {remedy}"
    if new.rates == Rates():
        return f"{new} names no rate; give what was agreed"
    in_force = contracts.apply_contracts({new.key: rows}, [new])[new.key]
    faults = (
        price_book.fault_of(new.key, price.rates)
        for price in in_force
        if new.holds_on(price.effective_from)
    )
    return next(filter(None, faults), None)
