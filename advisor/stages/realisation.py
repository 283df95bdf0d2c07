"""What an adopted move saved, by three methods that are shown together and never mixed.

Each compares what the work would have cost on the source with all that it did cost: repeats,
escalated runs on the source and the verifier are costs of the move. Less traffic is never a saving.
Amounts are femto-USD.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from ledger.pricing.prices import Rates
from ledger.tokens import TokenCounts

Method = Literal["hold_out", "before_after", "repricing"]
METHODS: tuple[Method, ...] = ("hold_out", "before_after", "repricing")
ONE, ZERO = Fraction(1), Fraction(0)


@dataclass(frozen=True, slots=True)
class Spend:
    """Some traffic: how many requests of people it answered, each counted once, and its cost."""

    requests: Fraction = ZERO
    cost_femto_usd: Fraction = ZERO

    def __add__(self, other: "Spend") -> "Spend":
        return Spend(self.requests + other.requests, self.cost_femto_usd + other.cost_femto_usd)

    def over(self, days: int) -> "Spend":
        """The same a day; nothing over no days."""
        return Spend(self.requests / days, self.cost_femto_usd / days) if days else Spend()


@dataclass(frozen=True, slots=True)
class Saving:
    """What the work would have cost and what it did cost; the volume effect is no saving."""

    instead_femto_usd: Fraction = ZERO
    cost_femto_usd: Fraction = ZERO
    volume_femto_usd: Fraction = ZERO

    @property
    def saving_femto_usd(self) -> Fraction:
        """Negative where the move cost more."""
        return self.instead_femto_usd - self.cost_femto_usd

    def __add__(self, other: "Saving") -> "Saving":
        return Saving(
            self.instead_femto_usd + other.instead_femto_usd,
            self.cost_femto_usd + other.cost_femto_usd,
            self.volume_femto_usd + other.volume_femto_usd,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Realised:
    """What an adopted move saved by one method over the claimed days, rounded once.

    The amounts are None where the method cannot tell; `reason` then says why.
    """

    method: Method
    label: str
    """Where the figure comes from: measured, or the label of the frozen factors."""
    reason: str | None
    first_day: int
    days: int
    """The closed UTC days from `first_day` on that are claimed."""
    requests: int
    """What the target answered on these days."""
    instead_femto_usd: int | None
    """What the work would have cost on the source."""
    cost_femto_usd: int | None
    volume_effect_femto_usd: int | None
    """What more or fewer requests cost or spared (before_after alone): never a saving."""

    @property
    def saving_femto_usd(self) -> int | None:
        """The difference of the two amounts; negative where the move cost more."""
        if self.instead_femto_usd is None or self.cost_femto_usd is None:
            return None
        return self.instead_femto_usd - self.cost_femto_usd


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """How the target behaves, by the frozen estimate: token inflation and repeats as expected.

    Escalation is the estimate's worst: of what runs on the source beyond the planned stay, up to
    that share counts as second runs of moved requests.
    """

    phi_in: Fraction = ONE
    phi_out: Fraction = ONE
    extra_attempts: Fraction = ZERO
    escalation_rate: Fraction = ZERO
    sigma: Fraction = ONE
    verifier_femto_usd: Fraction = ZERO
    """Per moved request."""
    share: Fraction = ONE
    """The part of the requests that the claim moves (over 0); the others stay by plan."""

    def answered(
        self, on_source: Fraction, on_target: Fraction, moved: Fraction | None = None
    ) -> Fraction:
        """How many requests of people these first attempts answered.

        An escalated request ran on both and counts once. `moved` are those on the target that the
        move brought there, by default all of them.
        """
        unplanned = self._unplanned(on_source, on_target if moved is None else moved)
        return on_target + on_source - min(unplanned, self.escalation_rate * on_target)

    def escalated_cost(self, on_source: Spend, moved: Fraction) -> Fraction:
        """What the source cost beyond the planned stay, in femto-USD.

        An escalated request costs sigma times what one costs that stays.
        """
        unplanned = self._unplanned(on_source.requests, moved) * self.sigma
        stays = min(on_source.requests, self._stay(moved))
        both = unplanned + stays
        return on_source.cost_femto_usd * unplanned / both if both else ZERO

    def _stay(self, moved: Fraction) -> Fraction:
        """The requests that stay on the source by plan, next to so many that moved."""
        return moved * (1 - self.share) / self.share

    def _unplanned(self, on_source: Fraction, moved: Fraction) -> Fraction:
        return max(ZERO, on_source - self._stay(moved))


@dataclass(frozen=True, slots=True)
class InputSplit:
    """The shares of the source's input that its cache served and stored, at the adoption."""

    cached: Fraction = ZERO
    written: Fraction = ZERO


def hold_out(source_arm: Spend, target_arm: Spend) -> Saving | None:
    """The target arm's requests at the cost of one in the source arm, less its own costs.

    None where either arm is empty.
    """
    if not source_arm.requests or not target_arm.requests:
        return None
    cost_per_request = source_arm.cost_femto_usd / source_arm.requests
    return Saving(cost_per_request * target_arm.requests, target_arm.cost_femto_usd)


def before_after(before: Spend, after: Spend) -> Saving | None:
    """The requests after at what one cost before, less all costs after, on source and target.

    `before` is repriced at the prices of the later date and scaled to as many days. The volume
    effect is what more or fewer requests would have cost or spared on the source. None where there
    was nothing before or after.
    """
    if not before.requests or not after.requests:
        return None
    cost_per_request = before.cost_femto_usd / before.requests
    return Saving(
        cost_per_request * after.requests,
        after.cost_femto_usd,
        (after.requests - before.requests) * cost_per_request,
    )


def repricing(
    work_on_source: Fraction, on_target: Spend, source_cost: Fraction, at: Behaviour
) -> Saving:
    """The target's tokens as the source's work, less the costs of the move.

    Those are the target, escalated runs on the source, and the verifier. `work_on_source` comes
    from `source_work`; of the source's cost beyond the planned stay no more counts than the worst
    escalation explains.
    """
    escalated = min(source_cost, min(ONE, at.escalation_rate * at.sigma) * work_on_source)
    verified = at.verifier_femto_usd * on_target.requests
    return Saving(work_on_source, on_target.cost_femto_usd + escalated + verified)


def source_work(
    counts: TokenCounts, rates: Rates, split: InputSplit, at: Behaviour
) -> Fraction | None:
    """What the target's tokens cost as the source's work, with its input split as it was there.

    They are divided by inflation and repeats. Audio keeps its meters. None where the source has no
    rate for a meter that has tokens.
    """
    per_input = at.phi_in * (1 + at.extra_attempts)
    per_output = at.phi_out * (1 + at.extra_attempts)
    audio_in, audio_out = counts.input_audio_tokens, counts.output_audio_tokens
    text_in, text_out = counts.input_tokens - audio_in, counts.output_tokens - audio_out
    cached = split.cached if rates.cached_input is not None else ZERO
    written = split.written if rates.cache_write_input is not None else ZERO
    parts = (
        (text_in * (1 - cached - written) / per_input, rates.uncached_input),
        (text_in * cached / per_input, rates.cached_input),
        (text_in * written / per_input, rates.cache_write_input),
        (audio_in / per_input, rates.input_audio),
        (text_out / per_output, rates.output),
        (audio_out / per_output, rates.output_audio),
    )
    if any(tokens and rate is None for tokens, rate in parts):
        return None
    return sum((tokens * (rate or 0) for tokens, rate in parts), ZERO)


def moved_share(on_target: Fraction, before_a_day: Fraction) -> Fraction:
    """The part of a day's requests on the target that the move brought there."""
    return max(ZERO, 1 - before_a_day / on_target) if on_target else ZERO
