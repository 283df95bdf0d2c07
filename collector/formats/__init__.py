"""The registry of sender formats: one module of this package a format, each with a value `FORMAT`.

A new format is one more module here and its golden records in `tests/golden/formats`. Routes,
`/openapi.json`, `import`, `tail`, `report --direct` and the detection of a file's format follow.
"""

import importlib
import pkgutil

from collector.parsing.format import Format, JsonFormat, LineFormat
from ledger import prose
from ledger.errors import UsageError

_OWN = "native"
"""Our own format, which comes first wherever formats are listed."""


def _load_formats() -> tuple[Format, ...]:
    modules = [module.name for module in pkgutil.iter_modules(__path__)]
    loaded: list[Format] = [
        importlib.import_module(f"{__name__}.{module}").FORMAT for module in modules
    ]
    return tuple(sorted(loaded, key=lambda format: (format.name != _OWN, format.name)))


FORMATS = _load_formats()
JSON_FORMATS = tuple(format for format in FORMATS if isinstance(format, JsonFormat))
LINE_FORMATS = tuple(format for format in FORMATS if isinstance(format, LineFormat))
NAMES = tuple(format.name for format in FORMATS)
NAMES_WITH_IDS = tuple(format.name for format in JSON_FORMATS)
"""The formats whose records have ids of their own, so that a growing file can be followed."""


def by_name(name: str) -> Format:
    """The format of a name. Raises UsageError for an unknown one."""
    for format in FORMATS:
        if format.name == name:
            return format
    raise UsageError(f"unknown format {name!r}; use {prose.one_of(['auto', *NAMES])}")


def list_titles() -> str:
    """What we read, for the end of a sentence: `native events, LiteLLM payloads or trace CSV`."""
    titles = [format.title for format in FORMATS]
    return prose.one_of(titles)
