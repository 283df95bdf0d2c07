"""What paired results say of a target's answers, as the decision reads it. Holds no statistics and no prompt text."""

from dataclasses import dataclass
from typing import Literal

FEWEST_PAIRS = 50
FRESH_DAYS = 90
Verdict = Literal["non_inferior", "inconclusive", "inferior"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """The verdict of a paired test of a slice and target, how many pairs it rests on, and how old it is."""

    verdict: Verdict
    pairs: int
    age_days: int


def risk(evidence: Evidence | None) -> int:
    """0 proven and fresh, 1 proven but older, 2 inconclusive or too few pairs, 3 none, 4 inferior."""
    if evidence is None:
        return 3
    if evidence.verdict == "inferior":
        return 4
    if evidence.verdict == "inconclusive" or evidence.pairs < FEWEST_PAIRS:
        return 2
    return 0 if evidence.age_days < FRESH_DAYS else 1
