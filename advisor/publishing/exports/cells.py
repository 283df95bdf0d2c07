"""Figures as rows of cells: each plain field is a cell, an amount with three ends is three.

It computes no figure.
"""

import functools
from collections.abc import Mapping
from dataclasses import fields
from decimal import Decimal
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from advisor.advice.figures import Ends

Cell = str | Decimal | int | bool | None
"""Text, an exact amount or ratio, a count, yes or no; None is unknown, never zero."""
Row = Mapping[str, Cell]

_PLAIN = {str, int, bool, NoneType}
_EXACT_ENDINGS = ("_usd", "_ratio", "_per_mtok")
_EXACT = ("share", "threshold")


def columns(*figure_types: type, leading: str = "") -> tuple[str, ...]:
    """The columns of figures: those in `leading` in their order, then all others of their fields.

    So a new field of a figure has a column. A leading column may also be one that no figure has.
    """
    names = leading.split()
    for figure_type in figure_types:
        for name, types in _types(figure_type).items():
            if Ends in types:
                names += [f"{name}_{field.name}" for field in fields(Ends)]
            elif types <= _PLAIN:
                names.append(name)
    return tuple(dict.fromkeys(names))


def from_figure(figure: Any, without: str = "") -> dict[str, Cell]:
    """The cells of a figure by column; the prefix `without` is left out of their names.

    Deeper parts have no cell.
    """
    row: dict[str, Cell] = {}
    for name, types in _types(figure.__class__).items():
        column, part = name.removeprefix(without), getattr(figure, name)
        if Ends in types:
            row |= from_ends(column, part)
        elif types <= _PLAIN:
            row[column] = exact(part) if _is_exact(name) else part
    return row


def from_ends(name: str, ends: Ends | None) -> dict[str, Cell]:
    """The three ends of an amount, each in a column of its own."""
    return {
        f"{name}_{field.name}": exact(getattr(ends, field.name)) if ends else None
        for field in fields(Ends)
    }


def exact(text: str | None) -> Decimal | None:
    """Decimal text as a number."""
    return None if text is None else Decimal(text)


def _is_exact(name: str) -> bool:
    return name.endswith(_EXACT_ENDINGS) or name in _EXACT


@functools.cache
def _types(figure_type: type) -> dict[str, set[Any]]:
    """The types that each field may have."""
    hints = get_type_hints(figure_type)
    return {field.name: _alternatives(hints[field.name]) for field in fields(figure_type)}


def _alternatives(hint: Any) -> set[Any]:
    return set(get_args(hint)) if get_origin(hint) in (Union, UnionType) else {hint}
