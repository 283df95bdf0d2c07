"""What takes the place of a model that is gone costs, in a sentence for every face. Pure."""

from advisor import words
from advisor.advice.values import Recommendation


def write_replacement(recommendation: Recommendation) -> str | None:
    """`the same work costs $571.41 a month on gpt-6-luna, $248.94 to $1,494.82; it cost ...`.

    None while the source serves, and where nothing can take its place or it costs nobody knows
    what.
    """
    costs, cost_now = recommendation.replacement, recommendation.cost_month_femto_usd
    is_shown = recommendation.is_source_gone and recommendation.decision.kind != "blocked"
    if not is_shown or costs is None or cost_now is None:
        return None
    target = words.target(recommendation.to_model, recommendation.to_service_tier)
    least, expected, most = map(
        words.femto_dollars,
        (costs.low_femto_usd, costs.expected_femto_usd, costs.high_femto_usd),
    )
    before = f"{words.femto_dollars(cost_now)} on {recommendation.from_model}"
    return (
        f"The same work costs {expected} a month on {target} as expected, from {least} to {most};"
        f" it cost {before}"
    )
