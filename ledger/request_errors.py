"""What is wrong with a request that does not fit its route, in one line with the remedy.

Reads no request body itself.
"""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from ledger import prose
from ledger.errors import UsageError

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


def check_query(request: Request) -> None:
    """Raise UsageError for a query parameter that the request's route does not have."""
    sent = list(request.query_params)
    if not sent:
        return
    valid = list(_parameters(request))
    for name in sent:
        if name not in valid:
            shown = name[:_QUOTED_CHARACTERS]
            raise UsageError(
                f"`{shown}` is no parameter of {request.url.path}; {_hint(name, valid)}"
            )


def describe_missing_route(request: Request) -> str:
    """The message for a path that no route has, with the nearest path."""
    paths = [getattr(route, "path", "") for route in request.app.routes]
    near = difflib.get_close_matches(request.url.path, paths, n=1, cutoff=0.7)
    hint = f"did you mean {near[0]}?" if near else "GET /docs lists every route"
    return f"there is no {request.url.path[: 2 * _QUOTED_CHARACTERS]} here; {hint}"


def _parameters(request: Request) -> Iterator[str]:
    """The names of the query parameters of a request's route."""
    for parameter in _query_fields(getattr(request.scope.get("route"), "dependant", None)):
        model = parameter.field_info.annotation
        if isinstance(model, type) and issubclass(model, BaseModel):
            yield from (field.alias or name for name, field in model.model_fields.items())
        else:
            yield parameter.alias


def _query_fields(dependant: Any) -> Iterator[Any]:
    """The fields that a route and what it depends on read from the query."""
    if dependant is not None:
        yield from dependant.query_params
        for dependency in dependant.dependencies:
            yield from _query_fields(dependency)


def _hint(name: str, valid: Sequence[str]) -> str:
    near = difflib.get_close_matches(name.lower(), valid, n=1)
    if near:
        return f"did you mean `{near[0]}`?"
    if valid:
        return f"it takes {prose.all_of(f'`{other}`' for other in valid)}"
    return "it takes none"


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
