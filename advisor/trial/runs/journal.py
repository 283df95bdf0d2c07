"""The journal of a trial: a line for each reply, on disk before the next request is sent.

A run that was killed goes on from it. It holds ids, tokens, marks and times, and never a text, a
key or an address with either in it.
"""

import fcntl
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from advisor.trial.runs.answers import AnswerUsage
from advisor.trial.runs.sides import Role
from ledger.errors import UsageError

_MOST_BYTES = 2**30
_LINE_START = b'{"type":'


class RunTerms(msgspec.Struct, frozen=True, kw_only=True, tag="run"):
    """What a run is about. A journal goes on only with the same terms."""

    version: int = 1
    prompts_digest: str
    prompts: int
    pair: str
    endpoint: str
    source_request: str
    """How the source is asked: its name at the endpoint and its parameters."""
    target_request: str
    judge_request: str
    grader: str
    gate: str
    """What is required of the target: it is fixed before the answers are looked at."""
    started_at: int
    """Epoch microseconds."""


class Sent(msgspec.Struct, frozen=True, kw_only=True, tag="sent"):
    """A request that is on its way, and what it may cost at most in femto-USD, if that is known."""

    id: str
    role: Role
    most_femto_usd: int | None


class Reply(msgspec.Struct, frozen=True, kw_only=True, tag="reply", omit_defaults=True):
    """What came of a request: its marks and what it took, or why there is none."""

    id: str
    role: Role
    failure: str = ""
    """Empty, or the reason in one word of ours: such a request has no mark."""
    is_final: bool = True
    """Whether asking again would fail again."""
    attempts: int = 1
    unclear_attempts: int = 0
    """Attempts that ended without an answer, and may have been billed."""
    latency_ms: int = 0
    usage: AnswerUsage | None = None
    is_answered: bool = True
    """Whether the endpoint answered, so that the request is billed."""
    model: str = ""
    service_tier: str = ""
    finish: str = ""
    a_nano: int | None = None
    b_nano: int | None = None


class Finish(msgspec.Struct, frozen=True, kw_only=True, tag="finish"):
    """The run has come to its end: nothing is asked any more."""

    replies: int


Entry = RunTerms | Sent | Reply | Finish
_DECODER = msgspec.json.Decoder(Entry)
_ENCODER = msgspec.json.Encoder()


@dataclass(slots=True)
class History:
    """What a journal tells: every reply, the last of each call, and what was never answered."""

    terms: RunTerms | None = None
    replies: list[tuple[Reply, int | None]] = field(default_factory=list)
    """Each with what its request may have cost at most."""
    last: dict[tuple[str, Role], Reply] = field(default_factory=dict)
    counts: Counter[tuple[str, Role]] = field(default_factory=Counter)
    """How many replies each call has."""
    failed: dict[str, list[Reply]] = field(default_factory=dict)
    """By prompt, the replies that were failures."""
    lost: list[Sent] = field(default_factory=list)
    """Requests that a killed run had in flight."""
    is_finished: bool = False

    def add(self, reply: Reply, most_femto_usd: int | None) -> None:
        """Count a reply, which becomes the last of its call.

        A new answer takes the judge's marks of an earlier one with it.
        """
        if reply.role in ("a", "b"):
            self.last.pop((reply.id, "ab"), None)
            self.last.pop((reply.id, "ba"), None)
        self.replies.append((reply, most_femto_usd))
        self.last[reply.id, reply.role] = reply
        self.counts[reply.id, reply.role] += 1
        if reply.failure:
            self.failed.setdefault(reply.id, []).append(reply)


@dataclass(slots=True)
class Journal:
    """An open journal, which no other process writes to."""

    history: History
    _file: int
    _beginning: RunTerms | None = None
    """What is written before the first entry of a new journal."""

    def append(self, entry: Entry, *, synced: bool = True) -> None:
        """Write an entry; it survives a crash of the machine once this returns, if `synced`."""
        beginning, self._beginning = self._beginning, None
        if beginning is not None:
            self.append(beginning)
        line = _ENCODER.encode(entry) + b"\n"
        try:
            while line:
                line = line[os.write(self._file, line) :]
            if synced:
                os.fsync(self._file)
        except OSError as error:
            raise UsageError(
                f"cannot write to the journal of the run: {error.strerror}; mend that, and run the"
                " same command again"
            ) from error

    def record(self, reply: Reply, most_femto_usd: int | None) -> None:
        """Write a reply through to the disk, and count it."""
        self.append(reply)
        self.history.add(reply, most_femto_usd)

    def finish(self) -> None:
        """Say that the run is finished, so that no later one changes its results."""
        if not self.history.is_finished:
            self.append(Finish(replies=len(self.history.replies)))
            self.history.is_finished = True


@contextmanager
def open_journal(path: Path, terms: RunTerms) -> Iterator[Journal]:
    """The journal of a run, begun or gone on with.

    Raises UsageError where another process writes to it, or it is of another run.
    """
    file = _open(path)
    try:
        content = _lock_and_read(file, path)
        complete = content[: content.rfind(b"\n") + 1]
        history = _parse(complete, path)
        if not content[len(complete) :].startswith(_LINE_START[: len(content) - len(complete)]):
            raise UsageError(f"{path} is no journal of a trial; name another file with --out")
        # What a kill left of a line was never acted on.
        os.ftruncate(file, len(complete))
        os.lseek(file, 0, os.SEEK_END)
        if history.terms is not None:
            _refuse_other(history.terms, terms, path)
            yield Journal(history, file)
        else:
            # A run begins with its first request, not with a question that was answered with no.
            history.terms = terms
            _sync_folder(path.parent)
            yield Journal(history, file, terms)
    finally:
        os.close(file)


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise UsageError(
            f"cannot write to {path}: {error.strerror}; name another place with --out"
        ) from error


def _lock_and_read(file: int, path: Path) -> bytes:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise UsageError(
            f"another run writes to {path}; wait for it, or name another file with --out"
        ) from error
    if os.fstat(file).st_size > _MOST_BYTES:
        raise UsageError(f"{path} is no journal of a trial; name another file with --out")
    chunks = list[bytes]()
    while chunk := os.read(file, 2**20):
        chunks.append(chunk)
    return b"".join(chunks)


def _parse(content: bytes, path: Path) -> History:
    history = History()
    open_calls = dict[tuple[str, Role], Sent]()
    for number, line in enumerate(content.splitlines(), start=1):
        try:
            entry = _DECODER.decode(line)
        except msgspec.DecodeError as error:
            raise UsageError(
                f"{path} is no journal of a trial: line {number} cannot be read;"
                " name another file with --out"
            ) from error
        if isinstance(entry, RunTerms):
            history.terms = entry
        elif isinstance(entry, Finish):
            history.is_finished = True
        elif isinstance(entry, Sent):
            if (entry.id, entry.role) in open_calls:
                history.lost.append(open_calls[entry.id, entry.role])
            open_calls[entry.id, entry.role] = entry
        else:
            sent = open_calls.pop((entry.id, entry.role), None)
            history.add(entry, sent.most_femto_usd if sent else None)
    history.lost += open_calls.values()
    if content and history.terms is None:
        raise UsageError(f"{path} is no journal of a trial; name another file with --out")
    return history


def _refuse_other(journalled: RunTerms, terms: RunTerms, path: Path) -> None:
    """Raise UsageError where a journal is of another run, naming what differs."""
    names = {
        "version": "the format of the journal",
        "prompts_digest": "the prompts",
        "pair": "the pair",
        "endpoint": "the endpoint",
        "source_request": "how the source is asked",
        "target_request": "how the target is asked",
        "judge_request": "the judge",
        "grader": "the grader",
        "gate": "what is asked of the target",
    }
    for name, text in names.items():
        if getattr(journalled, name) != getattr(terms, name):
            raise UsageError(
                f"{path} is the journal of another run: {text} differs;"
                " name another file with --out, or remove that one"
            )


def _sync_folder(folder: Path) -> None:
    """Make the name of a new file survive a crash too."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
