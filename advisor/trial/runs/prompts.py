"""The prompts of a trial, from a file of JSON lines. They stay in memory. Pure but for the file."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from advisor.trial.runs import graders
from advisor.trial.runs.graders import Grader, Rule
from ledger import prose
from ledger.errors import UsageError

MOST_PROMPTS = 100_000
MOST_BYTES = 512 * 2**20
ASSUMED_PART_BYTES = 8_000
"""What an image, a sound or a file counts as: 2,000 tokens expected, and four times that at most.
Its address or its encoding says little of the tokens that it takes.
"""
_LONGEST_ID = 128
_MOST_FAULTS_NAMED = 5
_KEYS = frozenset(
    {"id", "messages", "prompt", "expected", "cluster", "conversation", "grader", "parameters"}
)
PARAMETERS = frozenset(
    {
        "max_tokens",
        "max_completion_tokens",
        "response_format",
        "tools",
        "tool_choice",
        "parallel_tool_calls",
        "stop",
        "temperature",
        "top_p",
        "seed",
        "presence_penalty",
        "frequency_penalty",
        "logit_bias",
        "reasoning_effort",
        "verbosity",
    }
)
"""The fields of a request that a line may set. Others could change what is answered or logged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """One input for both models, and the rule for its answers."""

    id: str
    cluster: str
    messages: tuple[Mapping[str, Any], ...]
    parameters: Mapping[str, Any]
    rule: Rule

    @property
    def input_bytes(self) -> int:
        """The bytes of what a model reads, as JSON; an assumption for each image and the like."""
        texts, others = list[object]([self.parameters]), 0
        for message in self.messages:
            content = message.get("content")
            parts = content if isinstance(content, list) else [content]
            texts += [part for part in parts if _is_text(part)]
            texts.append({name: part for name, part in message.items() if name != "content"})
            others += sum(not _is_text(part) for part in parts)
        text_bytes = sum(len(msgspec.json.encode(part)) for part in texts)
        return text_bytes + others * ASSUMED_PART_BYTES

    @property
    def output_limit(self) -> int | None:
        """The most tokens that an answer may have; None where the line sets no limit."""
        for name in ("max_completion_tokens", "max_tokens"):
            limit = self.parameters.get(name)
            if isinstance(limit, int) and not isinstance(limit, bool) and limit > 0:
                return limit
        return None


@dataclass(frozen=True, slots=True)
class PromptFile:
    """The prompts of a file in its order, and the hash of its bytes."""

    prompts: tuple[Prompt, ...]
    digest: str


def read_file(path: Path, default: Grader) -> PromptFile:
    """The prompts of a file; `default` grades the lines that name no grader.

    Raises UsageError naming the file and its first faults, never their text.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise UsageError(f"{path.name} is larger than {MOST_BYTES // 2**20} MiB; send a sample")
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}") from error
    return PromptFile(parse(content, path.name, default), sha256(content).hexdigest())


def parse(content: bytes, name: str, default: Grader) -> tuple[Prompt, ...]:
    """The prompts of JSON lines. One bad line refuses all: a sample that leaves some out misleads.

    Raises UsageError.
    """
    prompts: dict[str, Prompt] = {}
    faults = list[str]()
    for number, line in _numbered_lines(content):
        try:
            prompt = _prompt(_object(line), default)
            if prompt.id in prompts:
                raise UsageError(f"has the id {prompt.id!r} of an earlier line")
            prompts[prompt.id] = prompt
        except UsageError as fault:
            faults.append(f"line {number} {fault}")
        if len(prompts) > MOST_PROMPTS:
            raise UsageError(f"{name}: more than {MOST_PROMPTS:,} prompts; send a sample")
    if faults:
        raise UsageError(f"{name}: {_in_words(faults)}. Nothing was sent")
    if not prompts:
        raise UsageError(f"{name}: no prompt in it; write one JSON object a line")
    return tuple(prompts.values())


def _numbered_lines(content: bytes) -> Iterator[tuple[int, bytes]]:
    lines = content.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    return ((number, line) for number, line in enumerate(lines, start=1) if line.strip())


def _in_words(faults: Iterable[str]) -> str:
    first = list(faults)
    more = len(first) - _MOST_FAULTS_NAMED
    return "; ".join(first[:_MOST_FAULTS_NAMED]) + (
        f"; and {more:,} lines more" if more > 0 else ""
    )


def _object(line: bytes) -> dict[str, Any]:
    try:
        fields = msgspec.json.decode(line, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError) as error:
        raise UsageError("is not a JSON object") from error
    unknown = sorted(set(fields) - _KEYS)
    if unknown:
        raise UsageError(
            f"has the unknown key {unknown[0][:40]!r}; use {prose.one_of(sorted(_KEYS))}"
        )
    return fields


def _prompt(fields: Mapping[str, Any], default: Grader) -> Prompt:
    id = _name(fields, "id")
    if id is None:
        raise UsageError("has no id; give each prompt its own")
    parameters = fields.get("parameters") or {}
    if not isinstance(parameters, dict):
        raise UsageError("has parameters that are no JSON object")
    unknown = sorted(set(parameters) - PARAMETERS)
    if unknown:
        allowed = prose.one_of(sorted(PARAMETERS))
        raise UsageError(f"has the parameter {unknown[0][:40]!r}; use {allowed}")
    grader = graders.parse_grader(fields.get("grader"), default)
    return Prompt(
        id=id,
        cluster=_name(fields, "cluster") or _name(fields, "conversation") or id,
        messages=_messages(fields),
        parameters=parameters,
        rule=graders.make_rule(grader, fields.get("expected"), parameters),
    )


def _is_text(part: object) -> bool:
    """Whether a part of a message is text, and no image, sound or file."""
    return not isinstance(part, dict) or part.get("type") in (None, "text", "refusal")


def _name(fields: Mapping[str, Any], key: str) -> str | None:
    name = fields.get(key)
    if name is None:
        return None
    text = str(name).strip() if isinstance(name, str | int) else ""
    if not text or len(text) > _LONGEST_ID or not text.isprintable():
        raise UsageError(
            f"has a {key} that is no name; use 1 to {_LONGEST_ID} printable characters"
        )
    return text


def _messages(fields: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    prompt, messages = fields.get("prompt"), fields.get("messages")
    if (prompt is None) == (messages is None):
        raise UsageError("needs either prompt or messages")
    if isinstance(prompt, str) and prompt:
        return ({"role": "user", "content": prompt},)
    is_list = isinstance(messages, list) and bool(messages)
    if is_list and all(isinstance(part, dict) and "role" in part for part in messages or ()):
        return tuple(messages or ())
    raise UsageError("has messages that are none; each is an object with role and content")
