"""The JSON of the API and of `--json`: bodies follow from the types of the figures.

A new field of a figure is sent and documented without a change here. Two shapes differ from their
figures: usage has its names beside its amounts, and savings list their recommendations in short.
"""

import functools
import operator
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from types import UnionType
from typing import Any, NotRequired, Union, get_args, get_origin, get_type_hints

import msgspec

# Before Python 3.12 pydantic, which documents these shapes, reads only this TypedDict.
from typing_extensions import TypedDict

from advisor.advice.figures import AdviceFigure, RecommendationFigure
from advisor.months.figures import UsageFigure
from advisor.months.statements import LineKey
from advisor.report.figures import SavingsReport


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortAdvice(AdviceFigure):
    """Advice on one slice in short, with its break-evens on prices alone.

    Its every input is under its id.
    """

    breakeven_escalation_ratio: str | None
    breakeven_output_ratio: str | None
    breakeven_wrong_answer_usd: str | None


def encode(figure: object) -> bytes:
    """A figure as JSON."""
    return msgspec.json.encode(body(figure))


def body(figure: Any) -> Any:
    """A figure as dicts, lists and plain values, as `schema` of its type documents it."""
    if isinstance(figure, UsageFigure):
        amounts = _fields_of(figure)
        names = amounts.pop("names")
        return {**names, **amounts}
    if isinstance(figure, SavingsReport):
        recommendations = [in_short(recommendation) for recommendation in figure.recommendations]
        return {**_fields_of(figure), "recommendations": body(recommendations)}
    if is_dataclass(figure):
        return _fields_of(figure)
    if isinstance(figure, Mapping):
        return {key: body(part) for key, part in figure.items()}
    if isinstance(figure, (list, tuple)):
        return [body(part) for part in figure]
    return figure


def in_short(recommendation: RecommendationFigure) -> ShortAdvice:
    """A recommendation as lists show it."""
    limits = recommendation.break_even()
    shared = {field.name: getattr(recommendation, field.name) for field in fields(AdviceFigure)}
    return ShortAdvice(
        **shared,
        breakeven_escalation_ratio=limits.escalation_ratio if limits else None,
        breakeven_output_ratio=limits.output_inflation_ratio if limits else None,
        breakeven_wrong_answer_usd=limits.wrong_answer_usd if limits else None,
    )


@functools.cache
def schema(figure_type: Any) -> Any:
    """The type that documents the body of a figure; the figure's own type where they are alike."""
    if not is_dataclass(figure_type):
        return _with_schemas(figure_type)
    hints = get_type_hints(figure_type)
    types = {field.name: hints[field.name] for field in fields(figure_type)}
    shapes = {name: schema(type_) for name, type_ in types.items()}
    if figure_type is UsageFigure:
        del shapes["names"]
        shapes = {**dict.fromkeys(LineKey._fields, NotRequired[str]), **shapes}
    if figure_type is SavingsReport:
        shapes["recommendations"] = list[ShortAdvice]
    if shapes == types:
        return figure_type
    shape = TypedDict(figure_type.__name__, shapes)  # type: ignore[misc]  # derived, so no literal
    shape.__doc__ = figure_type.__doc__
    return shape


def _with_schemas(type_: Any) -> Any:
    """A type such as `tuple[UsageFigure, ...]` with the schemas of its parts."""
    parts = get_args(type_)
    shapes = tuple(schema(part) for part in parts)
    if shapes == parts:
        return type_
    origin: Any = get_origin(type_)
    if origin in (Union, UnionType):
        return functools.reduce(operator.or_, shapes)
    return origin[shapes]


def _fields_of(figure: Any) -> dict[str, Any]:
    return {field.name: body(getattr(figure, field.name)) for field in fields(figure)}
