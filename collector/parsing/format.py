"""What a sender format is: the value `FORMAT` of each module of `collector.formats`. Pure."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Any, Protocol

from collector.parsing.naming import Naming
from collector.parsing.reading import Reading

MIB = 1 << 20
Schema = dict[str, Any]
"""A JSON schema, as OpenAPI shows it."""

Parser = Callable[[bytes, Naming], Reading]
"""Reads one JSON element, given the naming of its sender."""
BodyParser = Callable[[bytes, Naming], list[Reading] | None]
"""Reads all elements of a body in one go; None where they must be cut apart first."""


class LineParser(Protocol):
    """Reads one line of a file, given its number from 1 on and the SHA-256 of the file."""

    def __call__(
        self, line: str, naming: Naming, *, line_number: int, file_sha256: str
    ) -> Reading: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How large one body may be: its bytes as sent and once inflated, and its elements.

    `elements` is None where a body may have as many as the collector has memory for.
    """

    wire_bytes: int
    inflated_bytes: int
    elements: int | None = None

    def with_at_most(self, elements: int) -> "Limits":
        """The same limits, with no more elements than this."""
        return replace(self, elements=min(elements, self.elements or elements))


def _needs_cutting(_body: bytes, _naming: Naming) -> None:
    """The body parser of a format that reads every element on its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonFormat:
    """A format of JSON objects with ids of their own: posted to `route`, or written to a log file.

    `name` is the word for `--format`, for metrics and for the ledger; `title` is for sentences.
    `detect` is given the keys of an object and says whether they give this format away.
    `parse` and `parse_body` give the same readings; both are pure.
    `unknown_fields` names the fields of an element that `parse` ignores; None if any are welcome.
    `schema` describes one element.
    """

    name: str
    title: str
    route: str
    limits: Limits
    schema: Schema
    detect: Callable[[Collection[str]], bool]
    parse: Parser
    parse_body: BodyParser = _needs_cutting
    unknown_fields: Callable[[bytes], tuple[str, ...]] | None = None

    @property
    def field_names(self) -> frozenset[str]:
        """The fields that the schema names."""
        return frozenset(self.schema["properties"])


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFormat:
    """A format of text lines below a header. The file and the line number identify a line.

    So such a file can be imported, but neither posted nor followed while it is written.
    """

    name: str
    title: str
    header: str
    parse_line: LineParser


Format = JsonFormat | LineFormat
