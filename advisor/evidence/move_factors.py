"""The factors of a move as paired results show them, in place of the assumptions. Pure."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from advisor.evidence import items, measurement, rates
from advisor.evidence.items import Item
from advisor.evidence.measurement import Measurement

_RATIOS = {
    "phi_in": ("b_input_tokens", "a_input_tokens"),
    "phi_out": ("b_output_tokens", "a_output_tokens"),
    "cached_share": ("b_cached_input_tokens", "b_input_tokens"),
}
"""By factor, the two counts whose ratio of sums over conversations it is."""


def measure(conversations: Sequence[Sequence[Item]]) -> Mapping[str, Measurement]:
    """The factors that at least 20 conversations show.

    The names are those of the fields of `advisor.switching.factors.Factors`.
    """
    measurements = {
        name: measurement.ratio_of_sums(
            items.sums_by_conversation(conversations, numerator, denominator)
        )
        for name, (numerator, denominator) in _RATIOS.items()
    }
    measurements["extra_attempts"] = _extra_attempts(conversations)
    measurements["escalation_rate"] = _escalation_rate(conversations)
    if measurements["phi_in"] is None or measurements["phi_out"] is None:
        # One half of the token inflation would pass for all of it.
        measurements["phi_in"] = measurements["phi_out"] = None
    return {name: factor for name, factor in measurements.items() if factor is not None}


def _extra_attempts(conversations: Sequence[Sequence[Item]]) -> Measurement | None:
    attempts_by_conversation = [
        [item.b_attempts for item in conversation if item.b_attempts is not None]
        for conversation in conversations
    ]
    return measurement.ratio_of_sums(
        [
            (sum(attempts) - len(attempts), len(attempts))
            for attempts in attempts_by_conversation
            if attempts
        ]
    )


def _escalation_rate(conversations: Sequence[Sequence[Item]]) -> Measurement | None:
    """A share of conversations, one item of each, between one-sided Wilson bounds."""
    outcomes = [
        item.escalated
        for item in items.one_per_conversation(conversations)
        if item.escalated is not None
    ]
    if len(outcomes) < measurement.FEWEST_GROUPS:
        return None
    escalations = sum(outcomes)
    low, high = rates.wilson_bounds(escalations, len(outcomes))
    return Measurement(
        least=measurement.round_ratio(low),
        expected=measurement.round_ratio(Fraction(escalations, len(outcomes))),
        most=measurement.round_ratio(high),
        groups=len(outcomes),
    )
