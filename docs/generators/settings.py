"""The page of settings, from the fields of `Settings` and the sentence under each of them."""

import ast
import inspect
import itertools
import textwrap
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Le
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from docs.generators import markdown
from ledger import settings
from ledger.settings import Settings

_INTRODUCTION = """\
Settings are environment variables. A wrong value, or a variable of this prefix that nothing reads,
stops the start with one line that names it; no message shows a secret. An option of a command, such
as `--data` or `--port`, goes before the variable of the same name."""


def generate() -> str:
    """The page `docs/reference/settings.md`."""
    sentences = _sentences()
    rows = [
        (
            markdown.code(settings.PREFIX + name.upper()),
            _default(field),
            _bounds(field),
            sentences[name],
        )
        for name, field in Settings.model_fields.items()
    ]
    columns = ("variable", "default", "values", "what it sets")
    return markdown.page("Settings", _INTRODUCTION, [markdown.table(columns, rows)])


def _sentences() -> dict[str, str]:
    """What stands under each field, by its name."""
    source = ast.parse(textwrap.dedent(inspect.getsource(Settings)))
    statements = [
        line for part in source.body if isinstance(part, ast.ClassDef) for line in part.body
    ]
    return {
        field.target.id: inspect.cleandoc(sentence.value.value)
        for field, sentence in itertools.pairwise(statements)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if isinstance(sentence, ast.Expr) and isinstance(sentence.value, ast.Constant)
        if isinstance(sentence.value.value, str)
    }


def _default(field: FieldInfo) -> str:
    default: Any = field.default
    if default is None or default == "":
        return "none"
    if isinstance(default, bool):
        return "on" if default else "off"
    if isinstance(default, SecretStr):
        default = default.get_secret_value()
    return markdown.code(str(default))


def _bounds(field: FieldInfo) -> str:
    """What a value may be: a choice, a switch, or a range."""
    if get_origin(field.annotation) is Literal:
        return ", ".join(markdown.code(choice) for choice in get_args(field.annotation))
    if field.annotation is bool:
        return "`true`, `false`"
    least = next((str(bound.ge) for bound in field.metadata if isinstance(bound, Ge)), "")
    most = next((str(bound.le) for bound in field.metadata if isinstance(bound, Le)), "")
    return f"{least} to {most}" if most else f"{least} or more" if least else ""
