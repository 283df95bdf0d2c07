"""The factors of a move as paired results show them, in place of the assumptions. Pure."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from advisor.evidence import items, rates, sums
from advisor.evidence.items import Item
from advisor.evidence.sums import Measured

_RATIOS = {
    "phi_in": ("b_input_tokens", "a_input_tokens"),
    "phi_out": ("b_output_tokens", "a_output_tokens"),
    "cached_share": ("b_cached_input_tokens", "b_input_tokens"),
}
"""By factor, the two counts whose ratio of sums over conversations it is."""


def factors(conversations: Sequence[Sequence[Item]]) -> Mapping[str, Measured]:
    """The factors that at least 20 conversations measure, by the name they have in `advisor.switching.factors.Factors`."""
    found = {
        name: sums.ratio(items.sums(conversations, *counts)) for name, counts in _RATIOS.items()
    }
    found["extra_attempts"] = _extra_attempts(conversations)
    found["escalation_rate"] = _escalation_rate(conversations)
    if found["phi_in"] is None or found["phi_out"] is None:
        # Half of the token inflation would count as the whole of it.
        found["phi_in"] = found["phi_out"] = None
    return {name: each for name, each in found.items() if each is not None}


def _extra_attempts(conversations: Sequence[Sequence[Item]]) -> Measured | None:
    known = [
        [each.b_attempts for each in group if each.b_attempts is not None]
        for group in conversations
    ]
    return sums.ratio([(sum(group) - len(group), len(group)) for group in known if group])


def _escalation_rate(conversations: Sequence[Sequence[Item]]) -> Measured | None:
    """A share of conversations, one item of each, between one-sided Wilson bounds."""
    known = [each for each in items.one_each(conversations) if each.escalated is not None]
    if len(known) < sums.FEWEST_GROUPS:
        return None
    escalated = sum(1 for each in known if each.escalated)
    low, high = rates.wilson(escalated, len(known))
    expected = Fraction(escalated, len(known))
    return Measured(sums.rounded(low), sums.rounded(expected), sums.rounded(high), len(known))
