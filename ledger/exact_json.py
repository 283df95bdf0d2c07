"""Values as JSON that every reader keeps exact: money as decimal text of USD, days as dates.

Inside, these are integers, and the end of a name says their unit. Many JSON readers round integers
beyond 2**53, which in femto-USD is 9 USD. So a `cost_femto_usd` of 2500000000000000 is written as a
`cost_usd` of "2.50", and a `first_day` of 20758 as "2026-11-01". Pure.
"""

from collections.abc import Callable
from datetime import date
from fractions import Fraction
from typing import Any, NamedTuple, TypeVar

import msgspec

from ledger import clock, money

T = TypeVar("T")

_FEMTO_USD_PER_NANO_USD = 10**6


class _Unit(NamedTuple):
    inside: str
    outside: str
    to_text: Callable[[int], str]
    to_integer: Callable[[str], int]


def _rate_text(nano_usd_per_mtok: int) -> str:
    return money.usd_text(nano_usd_per_mtok * _FEMTO_USD_PER_NANO_USD)


def _date_text(day: int) -> str:
    return clock.date_of(day).isoformat()


def _day_number(text: str) -> int:
    return clock.day_number(date.fromisoformat(text))


_UNITS = (
    _Unit("nano_usd_per_mtok", "usd_per_mtok", _rate_text, money.nano_usd_per_mtok),
    _Unit("femto_usd", "usd", money.usd_text, money.femto_usd),
    *(
        _Unit(name, name, _date_text, _day_number)
        for name in ("day", "first_day", "last_day", "effective_from", "dated")
    ),
)


def render(value: object) -> object:
    """Dictionaries, lists and text for a value made of dataclasses, structs and builtin types.

    An integer whose name, or the name of the dictionary around it, ends in a unit becomes text.
    """
    return _rendered(msgspec.to_builtins(value), None)


def parse(rendered: object, type_: type[T]) -> T:
    """The value of a type that `render` has written. Raises msgspec.ValidationError."""
    return msgspec.convert(_parsed(rendered, None), type_)


def encode_fraction(number: object) -> str:
    """A fraction as `3/7`: the hook by which msgspec writes what JSON has no type for."""
    if isinstance(number, Fraction):
        return str(number)
    # What msgspec expects of a hook for a type that it does not know.
    raise NotImplementedError(f"no JSON is defined for a {type(number).__name__}")


def decode_fraction(kind: type[Any], text: Any) -> Fraction:
    """The fraction of a text, as msgspec's hook."""
    if kind is Fraction:
        return Fraction(text)
    raise NotImplementedError(f"no JSON is defined for a {kind.__name__}")


def _rendered(node: object, unit: _Unit | None) -> object:
    if isinstance(node, dict):
        fields = {}
        for name, child in node.items():
            own = _unit_at_end(name, [unit.inside for unit in _UNITS])
            fields[_renamed(name, own, inward=False)] = _rendered(child, own or unit)
        return fields
    if isinstance(node, (list, tuple)):
        return [_rendered(child, unit) for child in node]
    return unit.to_text(node) if unit is not None and isinstance(node, int) else node


def _parsed(node: object, unit: _Unit | None) -> object:
    if isinstance(node, dict):
        fields = {}
        for name, child in node.items():
            own = _unit_at_end(name, [unit.outside for unit in _UNITS])
            fields[_renamed(name, own, inward=True)] = _parsed(child, own or unit)
        return fields
    if isinstance(node, list):
        return [_parsed(child, unit) for child in node]
    return unit.to_integer(node) if unit is not None and isinstance(node, str) else node


def _unit_at_end(name: str, ends: list[str]) -> _Unit | None:
    for unit, end in zip(_UNITS, ends, strict=True):
        if name == end or name.endswith(f"_{end}"):
            return unit
    return None


def _renamed(name: str, unit: _Unit | None, *, inward: bool) -> str:
    if unit is None:
        return name
    before, after = (unit.outside, unit.inside) if inward else (unit.inside, unit.outside)
    return f"{name.removesuffix(before)}{after}"
