"""Graders: whether an answer is right, by a rule that a person chose before it was sent. Pure.

A rule is a pattern or a schema of the user's, and an answer is anybody's: whoever marks sets a
time limit, which `TooSlow` reports.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, get_args

from ledger import prose
from ledger.errors import UsageError

Kind = Literal["exact", "regex", "schema", "number", "judge"]
KINDS: tuple[Kind, ...] = get_args(Kind)
_OPTIONS = {
    "exact": frozenset({"ignore_case"}),
    "regex": frozenset[str](),
    "schema": frozenset({"schema"}),
    "number": frozenset({"tolerance", "relative_tolerance"}),
    "judge": frozenset[str](),
}
_NUMBER = re.compile(r"[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:[eE][-+]?\d{1,3})?|[-+]?\.\d+")
_FENCE = re.compile(r"\A```[a-zA-Z0-9]*\s*\n(.*?)\n?\s*```\Z", re.DOTALL)
_LONGEST_NUMBER = 64


class TooSlow(Exception):
    """A rule took too long on an answer; there is no mark."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grader:
    """A kind of rule with its options; what it expects stands with each prompt."""

    kind: Kind = "exact"
    ignore_case: bool = False
    tolerance: Decimal = Decimal(0)
    relative_tolerance: Decimal = Decimal(0)
    schema: Any = None

    @property
    def is_judge(self) -> bool:
        """Whether a model marks the answers."""
        return self.kind == "judge"


@dataclass(frozen=True, slots=True)
class Rule:
    """A grader with what it expects of one prompt's answer."""

    grader: Grader
    expected: Any
    accepts: Callable[[str], bool]


def parse_grader(choice: object, default: Grader) -> Grader:
    """The grader of a line: a kind, or an object with `type` and its options; absent, the default.

    Raises UsageError with what is wrong.
    """
    if choice is None:
        return default
    options = {"type": choice} if isinstance(choice, str) else choice
    if not isinstance(options, dict) or options.get("type") not in KINDS:
        raise UsageError(f"has a grader that is none; use {prose.one_of(KINDS)}")
    kind: Kind = options["type"]
    unknown = sorted(set(options) - {"type"} - _OPTIONS[kind])
    if unknown:
        allowed = prose.one_of(sorted(_OPTIONS[kind])) or "none"
        raise UsageError(
            f"has the option {unknown[0]!r} for the grader {kind}; its options: {allowed}"
        )
    return Grader(
        kind=kind,
        ignore_case=options.get("ignore_case") is True,
        tolerance=_tolerance(options.get("tolerance", default.tolerance)),
        relative_tolerance=_tolerance(options.get("relative_tolerance", 0)),
        schema=options.get("schema"),
    )


def make_rule(grader: Grader, expected: Any, parameters: Mapping[str, Any]) -> Rule:
    """The rule of one prompt. Raises UsageError where the grader cannot work with what it has."""
    makers: Mapping[Kind, Callable[[], Callable[[str], bool]]] = {
        "exact": lambda: _exact(grader, expected),
        "regex": lambda: _pattern(expected),
        "schema": lambda: _schema(_schema_of(grader, expected, parameters)),
        "number": lambda: _number(grader, expected),
        "judge": lambda: _never,
    }
    return Rule(grader, expected, makers[grader.kind]())


def _exact(grader: Grader, expected: Any) -> Callable[[str], bool]:
    if isinstance(expected, bool) or not isinstance(expected, str | int | float):
        raise UsageError("has no text to compare with; give it as expected")
    expected_text = _plain(str(expected), grader.ignore_case)
    return lambda answer: _plain(answer, grader.ignore_case) == expected_text


def _plain(text: str, ignore_case: bool) -> str:
    """Text as it is compared: one form of each character, and no space at its ends."""
    normal = unicodedata.normalize("NFC", text).strip()
    return normal.casefold() if ignore_case else normal


def _pattern(expected: Any) -> Callable[[str], bool]:
    if not isinstance(expected, str) or not expected:
        raise UsageError("has no pattern; give a regular expression as expected")
    try:
        pattern = re.compile(expected)
    except (re.error, RecursionError, OverflowError) as error:
        raise UsageError("has a pattern that is no regular expression of Python") from error
    return lambda answer: pattern.search(answer) is not None


def _schema_of(grader: Grader, expected: Any, parameters: Mapping[str, Any]) -> Any:
    """The grader's schema, else the expected one, else the one that the request asks for."""
    for schema in (grader.schema, expected):
        if isinstance(schema, dict):
            return schema
    response_format = parameters.get("response_format")
    section = response_format.get("json_schema") if isinstance(response_format, dict) else None
    schema = section.get("schema") if isinstance(section, dict) else None
    if isinstance(schema, dict):
        return schema
    raise UsageError("has no JSON schema; give one as expected, or in response_format")


def _schema(schema: Any) -> Callable[[str], bool]:
    import jsonschema
    import referencing.jsonschema

    validator_class = jsonschema.validators.validator_for(
        schema, default=jsonschema.Draft202012Validator
    )
    try:
        validator_class.check_schema(schema)
    except (jsonschema.exceptions.SchemaError, RecursionError) as error:
        raise UsageError("has a JSON schema that is none; check its keywords") from error
    # With a registry of its own, a reference to an address is refused, never fetched.
    registry: Any = referencing.Registry()
    resource: Any = referencing.Resource.from_contents(
        schema, default_specification=referencing.jsonschema.DRAFT202012
    )
    resolver = registry.with_resource("", resource).resolver()
    try:
        for reference in _references(schema):
            resolver.lookup(reference)
    except referencing.exceptions.Unresolvable as error:
        raise UsageError("has a JSON schema that refers to something outside of it") from error
    validator: Any = validator_class(schema, registry=registry)

    def accepts(answer: str) -> bool:
        try:
            document = json.loads(_without_fence(answer), parse_constant=_refuse_constant)
            return bool(validator.is_valid(document))
        except (ValueError, RecursionError):
            return False

    return accepts


def _references(part: Any) -> Iterator[str]:
    """Every reference in a schema."""
    if isinstance(part, dict):
        reference = part.get("$ref")
        if isinstance(reference, str):
            yield reference
        part = list(part.values())
    if isinstance(part, list):
        for nested in part:
            yield from _references(nested)


def _without_fence(answer: str) -> str:
    """The text in a code fence, where the answer is nothing else."""
    match = _FENCE.match(answer.strip())
    return match[1] if match else answer


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _number(grader: Grader, expected: Any) -> Callable[[str], bool]:
    number = _decimal(expected)
    if number is None:
        raise UsageError("has no number to compare with; give it as expected")
    allowed = max(grader.tolerance, abs(number) * grader.relative_tolerance)

    def accepts(answer: str) -> bool:
        numbers = _NUMBER.findall(answer)
        last = _decimal(numbers[-1].replace(",", "")) if numbers else None
        return last is not None and abs(last - number) <= allowed

    return accepts


def _decimal(number: Any) -> Decimal | None:
    if isinstance(number, bool) or not isinstance(number, int | float | str):
        return None
    try:
        parsed = Decimal(str(number).strip()[:_LONGEST_NUMBER])
    except InvalidOperation:
        return None
    return parsed if parsed.is_finite() else None


def _tolerance(number: object) -> Decimal:
    tolerance = number if isinstance(number, Decimal) else _decimal(number)
    if tolerance is None or tolerance < 0:
        raise UsageError("has a tolerance that is none; use a number of 0 or more, such as 0.01")
    return tolerance


def _never(answer: str) -> bool:
    return False
