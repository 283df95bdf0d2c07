"""What each reason code of a decision means in words, and what would change the decision."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from advisor.switching import decision


class Reason(NamedTuple):
    """Why the decision is what it is, to follow "because", and what would change it."""

    why: str
    change: str


REASONS: Mapping[str, Reason] = MappingProxyType(
    {
        "opted_out": Reason(
            "a person took this traffic out of advice",
            "taking it in again: switchwise opt in",
        ),
        "target_retires": Reason(
            "the target shuts down in 30 days or fewer", "a target that is not shut down soon"
        ),
        "context_too_small": Reason(
            "the prompts do not fit the target",
            "shorter prompts or a larger context",
        ),
        "output_too_small": Reason(
            "the largest answer seen is longer than the target can write", "shorter answers"
        ),
        "unsupported_feature": Reason(
            "the target cannot take an input that this traffic sends", "another target"
        ),
        "committed_capacity": Reason(
            "this traffic runs on committed capacity, which is paid for anyway",
            "the end of the commitment",
        ),
        "cannot_wait": Reason(
            "this workload is not marked as able to wait for its answers",
            "a target without batch or flex",
        ),
        "no_headroom": Reason(
            "the target's rate limit has no room in the busiest hour", "a higher rate limit"
        ),
        "not_in_region": Reason(
            "the target is not sold in the region that this traffic runs in",
            "another target or region",
        ),
        "not_sold_here": Reason(
            "the provider of this traffic does not sell the target",
            "a pair that names a provider of the target",
        ),
        "target_unpriced": Reason(
            "the target has no price for these tokens", "a price: switchwise prices set"
        ),
        "too_few_days": Reason("fewer than 7 closed days of traffic are known", "more days"),
        "too_few_requests": Reason(
            "fewer than 1,000 requests were seen in the window", "more traffic"
        ),
        "coverage_unknown": Reason(
            "the coverage cannot be measured", "usage reported by the provider"
        ),
        "low_coverage": Reason(
            "less than 99 % of the traffic is priced and reported by the provider",
            "a higher coverage",
        ),
        "target_unknown": Reason(
            "it is not known whether the target reasons, so its answers have no longest length",
            "a comparison that counts tokens: switchwise trial run",
        ),
        "unlisted_seller": Reason(
            "another seller may serve the same model otherwise",
            "a trial, or the seller in SWITCHWISE_TRUSTED_SELLERS",
        ),
        "nothing_to_move": Reason(
            "no part of the slice can move", "prices for its tiers, or another pair"
        ),
        "escalation_beyond_break_even": Reason(
            "more requests run on the source again than the saving pays for",
            "a lower escalation rate",
        ),
        "no_saving": Reason(
            "the low end of the saving is not above zero", "cheaper prices or measured factors"
        ),
        "not_material": Reason(
            "the low end is too small to be worth the work", "a lower threshold or more traffic"
        ),
        "inferior": Reason(
            "paired results say that the target answers worse",
            "another snapshot or prompt version, or a comparison with more pairs than that one",
        ),
        "payback_beyond_life": Reason(
            "the move would not pay back before a model shuts down", "a smaller one-off cost"
        ),
        decision.CONTROL: Reason(
            "the workload is the hold-out of an adopted move, which is measured against it",
            "a rollback of that move, or the end of its claim",
        ),
        "no_evidence": Reason(
            "the two models have not been compared on this workload",
            "paired results of 200 items",
        ),
        "too_little_evidence": Reason(
            "fewer than 50 pairs were compared", "more pairs, 200 in all"
        ),
        "judge_unproven": Reason(
            "the judge is of the same maker as one of the models, or was not checked by hand",
            "a judge of another maker, with 50 of its answers marked by hand too",
        ),
        "new_snapshot": Reason(
            "one of the models is a later snapshot now than when it was compared",
            "a new comparison",
        ),
        "drifted": Reason(
            "the requests have changed in size since the comparison", "a new comparison"
        ),
        "evidence_expired": Reason(
            "the paired results are 90 days old or older", "a new comparison"
        ),
        "unanswered_failure": Reason(
            "a comparison that came out inferior was withdrawn, and fewer pairs have taken its"
            " place",
            "at least as many pairs as the withdrawn comparison had",
        ),
        "inconclusive": Reason("the paired results do not settle it", "more pairs"),
        "cache_unproven": Reason(
            "no traffic has shown that share from the cache yet",
            "a part of the traffic with that share from the cache",
        ),
        "risk": Reason("the risk is 3 or more", "a lower risk from its worst driver"),
        decision.SOURCE_RETIRES: Reason(
            "the source shuts down within 90 days, so the traffic has to move", "nothing"
        ),
        decision.SOURCE_GONE: Reason(
            "the source was shut down, so the traffic has to move, and nothing is left to compare"
            " with",
            "another target that suits this work better",
        ),
        "stance": Reason(
            "the stance prove_incumbent asks for proof that the source is worth its price, and"
            " there is none",
            "paired results that favour the source, or the stance prove_target",
        ),
        "same_model": Reason(
            "the same model answers, so there is nothing to prove",
            "a workload that needs its tier",
        ),
        "proven": Reason(
            "paired results show that the target answers well enough", "results that say otherwise"
        ),
    }
)

_REMEDIES = {
    "evidence": "paired results that show the target to be as good",
    "workload": "a workload class with less risk, set with the tag class:",
    "factors": (
        "paired results with tokens, attempts and escalations, so that the factors are measured"
    ),
    "life": "a target that is not shut down soon",
    "drift": "a new comparison",
}
"""By driver of the risk, what would lower it."""


def why(code: str) -> str:
    """What a reason code says of a decision, to follow "because"."""
    return REASONS[code].why


def change(code: str, drivers: Sequence[str] = ()) -> str:
    """What would change a decision of this reason.

    Where its risk decides, it is what would lower the `drivers` that set it.
    """
    if code == "risk" and drivers:
        return "; ".join(_REMEDIES[name] for name in drivers)
    return REASONS[code].change
