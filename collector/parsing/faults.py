"""What a JSON decoder finds wrong with a record, as a sentence for the sender. Pure."""

import re

from ledger import prose

_TYPE = re.compile(r"Expected `([a-z| ]+)`, got `([a-z]+)`")
_BOUND = re.compile(r"Expected `int` (>=|<=) (\d+)")

_NOUNS = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}

# Fields whose remedy the type alone does not tell. LiteLLM's payloads have times as numbers; the
# rows of its own database table have them as text.
_EPOCH_SECONDS = (
    "send epoch seconds, as LiteLLM's callback does; rows of LiteLLM_SpendLogs are read by"
    " --format litellm-spendlogs"
)
_REMEDIES = dict.fromkeys(("startTime", "endTime", "completionStartTime"), _EPOCH_SECONDS)


def describe_fault(message: str) -> str:
    """A validation message of msgspec in plain English: the field, what is wrong, the remedy.

    ``Expected `str | null`, got `int` - at `$.id` `` becomes `id is a number, not text; send it as
    text`. It never shows content, for msgspec names fields and types only.
    """
    problem, _, path = message.partition(" - at `$")
    field = path.strip(".`")
    subject = field or "the record"
    if bound := _BOUND.match(problem):
        side = "below" if bound[1] == ">=" else "above"
        return f"{subject} is {side} {bound[2]}; {_remedy(field, '')}"
    if types := _TYPE.match(problem):
        expected = _name_types(types[1].split(" | "))
        return f"{subject} is {_name_sent(types[2], expected)}, not {expected}; " + _remedy(
            field, expected
        )
    return f"{subject}: {problem.replace('`', '')}; {_remedy(field, '')}"


def _name_types(types: list[str]) -> str:
    if "float" in types:
        types = [name for name in types if name not in ("int", "bool")]
    nouns = [noun for name, noun in _NOUNS.items() if name in types and name != "null"]
    return prose.one_of(nouns)


def _name_sent(type_name: str, expected: str) -> str:
    if type_name == "float" and expected == _NOUNS["int"]:
        return "a decimal number"
    return _NOUNS["float"] if type_name == "int" else _NOUNS[type_name]


def _remedy(field: str, expected: str) -> str:
    if not field:
        return "send one JSON object"
    if field in _REMEDIES:
        return _REMEDIES[field]
    return "send it as text" if expected == "text" else "leave it out if it is unknown"
