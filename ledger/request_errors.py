"""What is wrong with a request that does not fit its route, in one line with the remedy.

Reads no request body itself.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from ledger import prose

_NO_OBJECT = ("model_attributes_type", "dict_type", "model_type")
_QUOTED_CHARACTERS = 40

Fields = Mapping[str, FieldInfo]
"""The fields that a route takes, by name."""


def sentence(request: Request, error: RequestValidationError) -> str:
    """What to send instead. Pydantic's own words stand only where nothing simpler can be said."""
    problems: Sequence[Mapping[str, Any]] = error.errors()
    first = problems[0]
    names = [str(part) for part in first["loc"][1:]]
    takes = _fields(request)
    if first["type"] == "json_invalid":
        return f"the body is not valid JSON ({first['ctx']['error']}); send a JSON object"
    if first["loc"] == ("body",) and first["type"] in (*_NO_OBJECT, "missing"):
        required = [name for name, field in takes.items() if field.is_required()]
        return f"send JSON (Content-Type: application/json) with {_listed(required, takes)}"
    if first["type"] == "missing":
        absent = [str(problem["loc"][-1]) for problem in problems if problem["type"] == "missing"]
        verb = "is" if len(absent) == 1 else "are"
        how = "send JSON (Content-Type: application/json); " if first["loc"][0] == "body" else ""
        return f"{how}{_listed(absent, takes)} {verb} missing"
    if first["type"] == "extra_forbidden":
        remedy = f"; use {prose.one_of(takes)}" if len(names) == 1 and takes else ""
        return f"`{'.'.join(names)}` is no field here{remedy}"
    return f"`{'.'.join(names)}`{_quoted(first['input'])}: {_expectation(first['msg'])}"


def _fields(request: Request) -> Fields:
    route = request.scope.get("route")
    parameters = getattr(getattr(route, "dependant", None), "query_params", [])
    for parameter in (getattr(route, "body_field", None), *parameters):
        model = parameter.field_info.annotation if parameter is not None else None
        if isinstance(model, type) and issubclass(model, BaseModel):
            return model.model_fields
    return {}


def _listed(names: Sequence[str], takes: Fields) -> str:
    """`by` (who does it) and `version` (the version that was read)."""
    described = []
    for name in names:
        description = takes[name].description if name in takes else None
        described.append(f"`{name}` ({description})" if description else f"`{name}`")
    return prose.all_of(described)


def _quoted(value: object) -> str:
    return f" is {str(value)[:_QUOTED_CHARACTERS]!r}" if isinstance(value, (str, int)) else ""


def _expectation(message: str) -> str:
    """Pydantic's message as the second half of a sentence."""
    subject, should, verb_phrase = message.partition(" should ")
    return f"it should {verb_phrase}" if should and " " not in subject else message
