"""An adopted recommendation: the days on which its saving is claimed, its source and its target."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from advisor.advice.values import Recommendation
from advisor.months import statements
from advisor.stages import transitions
from advisor.stages.realisation import Behaviour, InputSplit
from advisor.stages.transitions import Change
from advisor.switching.cost import Cell
from ledger import clock, events

CLAIMED_DAYS = 365
"""A saving is claimed for twelve months at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption:
    """One adoption, from its history. Instants are UTC epoch microseconds, days UTC day numbers."""

    id: str
    claimed: Recommendation
    """As it was claimed: the saving is compared with this."""
    adopted: Recommendation
    """As it was adopted: how the source's input was split."""
    adopted_at: int
    hold_out: str | None
    rolled_back_at: int | None
    share: Fraction = Fraction(1)
    """The part of the traffic that the claim moves; the rest stays on the source by plan.

    What does not fit the target is no part of it.
    """

    @property
    def first_day(self) -> int:
        """The first whole UTC day after the adoption."""
        return clock.day_of(self.adopted_at) + 1

    def end_day(self, retires_day: int | None, superseded_at: int | None) -> int:
        """The first day that is not claimed any more.

        The claim stops after twelve months, when the source shuts down, when the move is rolled
        back, or when another adoption takes the work over.
        """
        instants = (self.rolled_back_at, superseded_at)
        days = [clock.day_of(instant) for instant in instants if instant is not None]
        if retires_day is not None:
            days.append(retires_day)
        return max(self.first_day, min([self.first_day + CLAIMED_DAYS, *days]))

    def is_superseded_by(self, other: "Adoption") -> bool:
        """Whether a newer adoption moves the same work: from the same source or this target."""
        mine, theirs = self.claimed, other.claimed
        same_work = (mine.project, mine.workload) == (theirs.project, theirs.workload)
        sources = {(mine.provider, mine.from_model), (mine.to_provider, mine.to_model)}
        later = (other.adopted_at, other.id) > (self.adopted_at, self.id)
        return later and same_work and (theirs.provider, theirs.from_model) in sources

    def is_target(self, priced: statements.Priced, labels: events.Labels) -> bool:
        """Whether traffic runs on the target."""
        target = (self.claimed.to_provider, self.claimed.to_model)
        tier_fits = self.claimed.to_service_tier in (None, statements.priced_tier(labels))
        return (priced.provider, priced.model) == target and tier_fits

    def is_source(self, priced: statements.Priced, labels: events.Labels) -> bool:
        """Whether traffic runs on the source."""
        source = (self.claimed.provider, self.claimed.from_model)
        return (priced.provider, priced.model) == source and not self.is_target(priced, labels)

    @property
    def window(self) -> range:
        """The UTC days before the adoption that the claimed estimate rests on."""
        return self.claimed.window.day_numbers

    @property
    def usual_cell(self) -> Cell | None:
        """How most of the source's requests were bought: their tier and region."""
        cells = (priced.cell for priced in self.adopted.cells)
        return max(cells, key=lambda cell: cell.requests, default=None)

    @property
    def input_split(self) -> InputSplit:
        """How the source's input was split when the move was adopted."""
        counts = [priced.cell.counts for priced in self.adopted.cells]
        input_tokens = sum(count.input_tokens for count in counts)
        if not input_tokens:
            return InputSplit()
        return InputSplit(
            Fraction(sum(count.cached_input_tokens for count in counts), input_tokens),
            Fraction(sum(count.cache_write_input_tokens for count in counts), input_tokens),
        )

    @property
    def behaviour(self) -> Behaviour:
        """How the target was expected to behave; its escalation is the worst of the estimate."""
        low, expected = self.claimed.factors.low, self.claimed.factors.expected
        requests = self.claimed.requests
        return Behaviour(
            phi_in=expected.phi_in,
            phi_out=expected.phi_out,
            extra_attempts=expected.extra_attempts,
            escalation_rate=low.escalation_rate,
            sigma=low.sigma,
            verifier_femto_usd=Fraction(expected.verifier_femto_usd, requests)
            if requests
            else Fraction(0),
            share=self.share,
        )

    def superseded_at(self, adoptions: Iterable["Adoption"]) -> int | None:
        """When a newer adoption took the work over; None while none has."""
        newer = (other.adopted_at for other in adoptions if self.is_superseded_by(other))
        return min(newer, default=None)

    @classmethod
    def from_history(
        cls, recommendation_id: str, history: Sequence[Change], frozen: Mapping[str, Recommendation]
    ) -> "Adoption | None":
        """The adoption in a history; None where there is none.

        `frozen` are the stored estimates, by action.
        """
        adoption = transitions.last_of(history, "adopt")
        rollback = transitions.last_of(history, "rollback")
        if adoption is None:
            return None
        claim = transitions.current_claim(history)
        share = claim.share if claim else None
        hold_outs = [change.hold_out for change in history if change.hold_out is not None]
        return cls(
            id=recommendation_id,
            claimed=frozen["claim"],
            adopted=frozen["adopt"],
            adopted_at=adoption.made_at,
            hold_out=hold_outs[-1] if hold_outs else None,
            rolled_back_at=rollback.made_at if rollback else None,
            share=Fraction(share or 1) * (frozen["claim"].fitting_share or 1),
        )
