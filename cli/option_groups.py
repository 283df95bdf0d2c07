"""Options that several commands take together: a dataclass whose fields Typer sees as options."""

import inspect
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import wraps
from typing import Any


def spread(function: Callable[..., None]) -> Callable[..., None]:
    """Let Typer see the fields of each parameter that is a dataclass as options of the command."""
    signature = inspect.signature(function)
    groups: dict[str, Any] = {
        name: parameter.annotation
        for name, parameter in signature.parameters.items()
        if is_dataclass(parameter.annotation)
    }
    parameters = [
        option.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        for name, parameter in signature.parameters.items()
        for option in (_options(groups[name]) if name in groups else [parameter])
    ]

    @wraps(function)
    def command(**arguments: Any) -> None:
        for name, group in groups.items():
            options = {field.name: arguments.pop(field.name) for field in fields(group)}
            arguments[name] = group(**options)
        function(**arguments)

    # What inspect.signature and typing.get_type_hints read, and Typer through them.
    command.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]  # click reads it
    command.__annotations__ = {option.name: option.annotation for option in parameters}
    return command


def _options(group: Any) -> list[inspect.Parameter]:
    return [
        inspect.Parameter(
            field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=field.type
        )
        for field in fields(group)
    ]
