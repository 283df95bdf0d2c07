"""The last day on which a trial of a move can start and still end before its source does. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from advisor.advice.values import Recommendation
from advisor.trial import plan
from advisor.trial.terms import TrialTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class LastStart:
    """What the shortest trial that is offered takes, and the UTC day by which it has to start.

    The day may be past: then there is no time for a trial any more.
    """

    pairs: int
    share: Fraction
    """The share of the traffic that both models answer."""
    days: int
    cost_femto_usd: int | None
    day: int


def find_last_start(recommendation: Recommendation) -> LastStart | None:
    """The last start of a trial.

    None where the source does not end, where no trial is needed (the same model answers, or
    evidence has decided already), where none can be made (the target cannot take over, the source
    is gone) and where there is no traffic to go by.
    """
    shutdown_day = recommendation.source_shutdown_day
    is_open = recommendation.decision.kind not in ("switch_now", "blocked")
    if shutdown_day is None or recommendation.is_source_gone or not is_open:
        return None
    if recommendation.to_model == recommendation.from_model:
        return None
    trial = plan.make(recommendation, TrialTerms())
    shortest = trial.splits[-1]
    if shortest.days is None:
        return None
    return LastStart(
        pairs=trial.size.pairs,
        share=shortest.share,
        days=shortest.days,
        cost_femto_usd=trial.cost_femto_usd,
        day=shutdown_day - shortest.days,
    )


def find_days(recommendations: Iterable[Recommendation]) -> dict[str, int]:
    """By recommendation that needs a trial, the UTC day by which that has to start."""
    starts = {
        recommendation.id: find_last_start(recommendation) for recommendation in recommendations
    }
    return {id_: start.day for id_, start in starts.items() if start is not None}
