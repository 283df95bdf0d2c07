"""Why a setting is refused, as one plain sentence with the remedy.

Pure; it shows no secret's value.
"""

from collections.abc import Sequence
from decimal import Decimal
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Le
from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from ledger import prose

_OUT_OF_RANGE = ("greater_than_equal", "less_than_equal")


def explain(field: FieldInfo, error: ErrorDetails) -> str:
    """What is wrong with the value of a setting, and what to write instead.

    A validator of our own has its own sentence, which must not show a secret.
    """
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    kinds = _kinds(field.annotation)
    value = "this" if SecretStr in kinds else repr(str(error["input"]))
    if error["type"] in _OUT_OF_RANGE:
        return f"{value} is out of range; write {_number(kinds)} {_range(field)}"
    if get_origin(kinds[0]) is Literal:
        return f"{value} is unknown; use {prose.one_of(get_args(kinds[0]))}"
    if bool in kinds:
        return f"{value} is neither true nor false; write true or false"
    if Decimal in kinds:
        return f"{value} is not an amount; write USD such as 50"
    if int in kinds:
        return f"{value} is not a whole number; write one {_range(field)}".rstrip()
    return f"{value} is not text; write plain text"


def _kinds(annotation: Any) -> list[Any]:
    """The types of a setting without None."""
    types = [annotation] if get_origin(annotation) is Literal else get_args(annotation)
    return [kind for kind in types or [annotation] if kind is not NoneType]


def _number(kinds: Sequence[Any]) -> str:
    return "USD" if Decimal in kinds else "a whole number"


def _range(field: FieldInfo) -> str:
    """`from 0 to 65535`, or `of 1 or more`; empty without a bound."""
    least = next((bound.ge for bound in field.metadata if isinstance(bound, Ge)), None)
    most = next((bound.le for bound in field.metadata if isinstance(bound, Le)), None)
    if least is None:
        return ""
    return f"of {least} or more" if most is None else f"from {least} to {most}"
