"""An adopted recommendation: on which days its saving is claimed, which traffic is its source and target, what was frozen. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from advisor.advice.figures import CellFigure, RecommendationFigure
from advisor.months import statements
from advisor.stages import table
from advisor.stages.realised import Behaviour, Split
from advisor.stages.table import Change
from ledger import clock, events, money

CLAIMED_DAYS = 365
"""A saving is claimed for twelve months at most."""


@dataclass(frozen=True, slots=True)
class Adoption:
    """One adoption, from its history. Days are UTC days; `end_day` is the first that is not claimed any more."""

    id: str
    claimed: RecommendationFigure
    """As it was claimed: what the saving is compared with."""
    adopted: RecommendationFigure
    """As it was adopted: how the source's input was split."""
    adopted_at: int
    hold_out: str | None
    rolled_back_at: int | None

    @property
    def first_day(self) -> int:
        """The first whole UTC day after the adoption."""
        return clock.day_of(self.adopted_at) + 1

    def end_day(self, retires_day: int | None, taken_at: int | None) -> int:
        """Where the claim stops: after twelve months, at the source's end, on the way back, or when another takes the slice."""
        ends = [self.first_day + CLAIMED_DAYS]
        ends += [retires_day] if retires_day is not None else []
        ends += [
            clock.day_of(instant)
            for instant in (self.rolled_back_at, taken_at)
            if instant is not None
        ]
        return max(self.first_day, min(ends))

    def is_taken_by(self, other: "Adoption") -> bool:
        """Whether a newer adoption moves the same work: from the same source, or on from this one's target."""
        mine, its = self.claimed, other.claimed
        same_work = (mine.project, mine.workload) == (its.project, its.workload)
        sources = {(mine.provider, mine.from_model), (mine.to_provider, mine.to_model)}
        later = (other.adopted_at, other.id) > (self.adopted_at, self.id)
        return later and same_work and (its.provider, its.from_model) in sources

    def is_target(self, priced: statements.Priced, labels: events.Labels) -> bool:
        """Whether traffic runs where this moved it."""
        figure = self.claimed
        tier_fits = figure.to_service_tier in (None, statements.priced_tier(labels))
        return (priced.provider, priced.model) == (
            figure.to_provider,
            figure.to_model,
        ) and tier_fits

    def is_source(self, priced: statements.Priced, labels: events.Labels) -> bool:
        """Whether traffic runs where this moved it from."""
        here = (priced.provider, priced.model) == (self.claimed.provider, self.claimed.from_model)
        return here and not self.is_target(priced, labels)

    @property
    def window(self) -> range:
        """The UTC days before, on which the claimed estimate rests."""
        first, last = (
            date.fromisoformat(day)
            for day in (self.claimed.window_first_day, self.claimed.window_last_day)
        )
        return range(clock.day_number(first), clock.day_number(last) + 1)

    @property
    def usual_cell(self) -> CellFigure | None:
        """How most of the source's requests were bought: their tier and region."""
        return max(self.adopted.cells, key=lambda cell: cell.requests, default=None)

    @property
    def split(self) -> Split:
        """How the source's input was split when the move was adopted."""
        cells = self.adopted.cells
        read = sum(cell.input_tokens for cell in cells)
        if not read:
            return Split()
        cached, written = (sum(getattr(cell, name) for cell in cells) for name in _PARTS)
        return Split(Fraction(cached, read), Fraction(written, read))

    @property
    def behaviour(self) -> Behaviour:
        """How the target was expected to behave."""
        ends = {factor.name: (factor.low, factor.expected) for factor in self.claimed.factors}
        low = {
            name: Fraction(each[0])
            for name, each in ends.items()
            if name in ("escalation_rate", "sigma")
        }
        expected = {
            name: Fraction(each[1])
            for name, each in ends.items()
            if name in ("phi_in", "phi_out", "extra_attempts")
        }
        verifier = ends.get("verifier_femto_usd")
        requests = self.claimed.requests
        each_femto_usd = (
            Fraction(money.femto_usd(verifier[1]), requests)
            if verifier and requests
            else Fraction(0)
        )
        return Behaviour(verifier_femto_usd=each_femto_usd, **low, **expected)


_PARTS = ("cached_input_tokens", "cache_write_input_tokens")


def of(
    recommendation_id: str, history: Sequence[Change], figures: Mapping[str, RecommendationFigure]
) -> Adoption | None:
    """The adoption in a history; None where there is none. `figures` are the frozen ones, by action."""
    adopted, back = table.last_of(history, "adopt"), table.last_of(history, "rollback")
    if adopted is None:
        return None
    holding = [change.hold_out for change in history if change.hold_out is not None]
    return Adoption(
        recommendation_id,
        figures["claim"],
        figures["adopt"],
        adopted.made_at,
        holding[-1] if holding else None,
        back.made_at if back else None,
    )


def taken_at(mine: Adoption, every: Iterable[Adoption]) -> int | None:
    """When a newer adoption took the work over; None while none has."""
    return min((other.adopted_at for other in every if mine.is_taken_by(other)), default=None)
