"""Marks an answer by its rule, within a time limit: a pattern can take for ever on some texts."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from advisor.evidence.items import NANO
from advisor.trial.runs.graders import Rule, TooSlow

LONGEST_SECONDS = 2.0


def mark(rule: Rule, text: str, seconds: float = LONGEST_SECONDS) -> int:
    """The mark of an answer in billionths. Raises TooSlow; call it in the main thread."""
    with _time_limit(seconds):
        return NANO if rule.accepts(text) else 0


@contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Interrupt what runs inside after so many seconds, a search of `re` too."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise TooSlow

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
