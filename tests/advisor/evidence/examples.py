"""Evidence made by hand, for tests of what rests on it."""

from fractions import Fraction

from advisor.evidence import gates
from advisor.evidence.comparisons import StoredComparison
from advisor.evidence.evaluation import Evaluation
from advisor.evidence.measurement import Measurement
from advisor.evidence.pair_counts import PairCounts
from advisor.evidence.rules import Evidence
from advisor.evidence.significance import Verdict


def evidence(verdict: Verdict, *, pairs: int = 200, age_days: int = 1) -> Evidence:
    """Evidence of graded scores, which measured no factor, on GPT-4.1 and Mini."""
    return Evidence(comparison=_comparison(verdict, pairs), age_days=age_days)


def counts_of(both: int, only_a: int, only_b: int, neither: int) -> PairCounts:
    """Pairs by who was right, in the order in which they are usually listed."""
    return PairCounts(both=both, only_a=only_a, only_b=only_b, neither=neither)


def measurement(least: str, expected: str, most: str) -> Measurement:
    """A factor over 40 conversations."""
    return Measurement(
        least=Fraction(least), expected=Fraction(expected), most=Fraction(most), groups=40
    )


def _comparison(verdict: Verdict, pairs: int) -> StoredComparison:
    return StoredComparison(
        id="8a409b66e80aaa0a",
        project="search",
        workload="chat",
        from_model="gpt-4.1",
        to_model="gpt-4.1-mini",
        gate=gates.DEFAULT,
        measured_day=20_000,
        imported_at=0,
        imported_by="ada",
        source="results.csv",
        judge=None,
        labels=None,
        left_out=0,
        evaluation=Evaluation(
            kind="graded",
            verdict=verdict,
            items=pairs,
            pairs=pairs,
            conversations=pairs,
            counts=None,
            rates=None,
            spans=None,
            bound=None,
        ),
        withdrawn_at=None,
        withdrawn_note=None,
    )
