"""What a move changes besides the price: the factors, neutral by default, and our assumptions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal

from advisor.evidence.measurement import Measurement
from ledger.errors import ParameterError

ONE, ZERO = Fraction(1), Fraction(0)
Label = Literal["neutral", "assumed", "measured", "given"]
Ground = Literal["target_reasons", "target_unknown", "other_tokenizer", "tokenizer_unknown"]
"""Why a factor is assumed other than for two models of one kind."""
MEASURABLE = frozenset({"phi", "escalation_rate", "extra_attempts", "cached_share"})
"""The factors that count as measured or not.

They are token inflation, escalation, retries and the cached share.
"""
_SHARES = frozenset({"escalation_rate", "cached_share", "written_share"})
_SAVES = frozenset({"cached_share"})
"""The factors of which more means a larger saving."""
WRITTEN = "written_share"
"""The factor that counts only where the target bills cache writes and the source does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Factors:
    """How the same work behaves on the target model.

    The defaults are neutral: the target does exactly what the source did. `phi_in` and `phi_out`
    are the target's tokens over the source's, `extra_attempts` the retries per moved request,
    `escalation_rate` the share that fails and runs on the source again, `sigma` what those cost
    over an average request, `cached_share` the share of input served from cache (None: as today),
    `written_share` the share of the text input not read from the cache that the target bills as
    written to it (None: the tokens that the source wrote), `share` the part of the slice that
    moves, `verifier_femto_usd` what checking would cost if the whole slice moved. Raises UsageError
    on a value out of range.
    """

    phi_in: Fraction = ONE
    phi_out: Fraction = ONE
    escalation_rate: Fraction = ZERO
    extra_attempts: Fraction = ZERO
    sigma: Fraction = ONE
    cached_share: Fraction | None = None
    written_share: Fraction | None = None
    verifier_femto_usd: int = 0
    share: Fraction = ONE
    unknown_input_is_cached: bool = False
    """The pessimistic end for input whose cached part is unknown.

    It then counts as cached on the source and as uncached on the target.
    """

    def __post_init__(self) -> None:
        for name in ("escalation_rate", "share", "cached_share", "written_share"):
            share: Fraction | None = getattr(self, name)
            if share is not None and not 0 <= share <= 1:
                raise ParameterError(name, _decimal(share), "write a fraction from 0 to 1")
        for name in ("phi_in", "phi_out", "extra_attempts", "verifier_femto_usd"):
            factor: Fraction | int = getattr(self, name)
            if factor < 0:
                raise ParameterError(name, _decimal(factor), "write a number of 0 or more")
        if self.sigma <= 0:
            raise ParameterError("sigma", _decimal(self.sigma), "write a number over 0")

    @property
    def escalated_cost_share(self) -> Fraction:
        """The share of the source's cost that comes back with escalation: e x sigma, at most 1."""
        return min(ONE, self.escalation_rate * self.sigma)


def _decimal(factor: Fraction | int) -> str:
    return f"{Decimal(factor.numerator) / factor.denominator:f}"


NEUTRAL = Factors()
ASSUMED_LOW = Factors(
    phi_out=Fraction("1.5"),
    escalation_rate=Fraction("0.25"),
    extra_attempts=Fraction("0.05"),
    sigma=Fraction("1.5"),
    cached_share=ZERO,
    unknown_input_is_cached=True,
)
ASSUMED_EXPECTED = Factors(
    escalation_rate=Fraction("0.10"), extra_attempts=Fraction("0.02"), sigma=Fraction("1.25")
)
ASSUMED_HIGH = Factors(phi_out=Fraction("0.8"), escalation_rate=Fraction("0.05"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """Factors at the low, expected and high end of a saving, and where they come from."""

    low: Factors
    expected: Factors
    high: Factors
    label: Label
    measured: frozenset[str] = frozenset()
    given_factors: frozenset[str] = frozenset()
    """The factors that were set: those of a scenario, and the share that a rate limit leaves."""
    grounds: Mapping[str, Ground] = field(default_factory=dict)
    """By factor, the fact of the two models that its assumption follows from."""

    @property
    def unmeasured(self) -> int:
        """How many of the measurable factors are not measured, at most four.

        Of a neutral band only those count that were given; cache writes that the target adds count
        in any band.
        """
        measurable = MEASURABLE & self.given_factors if self.label == "neutral" else MEASURABLE
        written = frozenset({WRITTEN} if self.sets_writes else ())
        return min(len((measurable | written) - self.measured), len(MEASURABLE))

    @property
    def is_proven(self) -> bool:
        """Whether its low end is the least that a move saves: nothing in it is guessed.

        A factor need not be measured where its low end is the worst there can be: nothing read from
        the cache, everything written to it.
        """
        set_names = {"phi" if name.startswith("phi") else name for name in self.given_factors}
        guessed = set_names & (MEASURABLE | {WRITTEN})
        if self.label != "neutral":
            guessed |= MEASURABLE - self.measured
        if self.low.cached_share == 0:
            guessed.discard("cached_share")
        if self.low.written_share == 1:
            guessed.discard(WRITTEN)
        return not guessed

    @property
    def is_bounded(self) -> bool:
        """Whether its low end is one: how long answers are is known, measured or given."""
        unknown = (name for name, ground in self.grounds.items() if ground == "target_unknown")
        return all(self.label_of(name) in ("measured", "given") for name in unknown)

    @property
    def sets_writes(self) -> bool:
        """Whether the writes to the target's cache are other than the source's, at any end."""
        return any(end.written_share is not None for end in (self.low, self.expected, self.high))

    @property
    def price_lists(self) -> Factors:
        """Neutral factors, with the cache writes of the low end: what the price lists say."""
        return replace(NEUTRAL, written_share=self.low.written_share)

    @property
    def basis(self) -> str:
        """What the band as a whole rests on."""
        if not self.measured:
            if self.label != "neutral":
                return self.label
            if self.given_factors & (MEASURABLE | {WRITTEN}):
                return "given"
            return "assumed" if self.sets_writes else self.label
        return "partly measured" if self.unmeasured else "measured"

    def label_of(self, name: str) -> Label:
        """Where one factor comes from."""
        if name in self.given_factors:
            return "given"
        if not self.measured.isdisjoint({name, name.partition("_")[0]}):
            return "measured"
        return "assumed" if name == WRITTEN else self.label

    def with_assumed(self, name: str, at_ends: Sequence[Fraction], ground: Ground) -> "Band":
        """The same band with one factor assumed otherwise, for a fact of the two models."""
        return replace(self._with(name, at_ends), grounds={**self.grounds, name: ground})

    def with_given(self, name: str, at_ends: Sequence[Fraction | int]) -> "Band":
        """The same band with one factor set at the three ends.

        Raises UsageError on a value out of range.
        """
        return replace(self._with(name, at_ends), given_factors=self.given_factors | {name})

    def _with(self, name: str, at_ends: Sequence[Fraction | int | None]) -> "Band":
        changes: list[dict[str, Any]] = [{name: factor} for factor in at_ends]
        low, expected, high = (
            replace(end, **change)
            for end, change in zip((self.low, self.expected, self.high), changes, strict=True)
        )
        return replace(self, low=low, expected=expected, high=high)

    def with_measured(self, measurements: Mapping[str, Measurement]) -> "Band":
        """The same band with factors as measured: the bound that saves least is the low end."""
        band = self
        for name, measurement in measurements.items():
            ends = [measurement.most, measurement.expected, measurement.least]
            if name in _SAVES:
                ends.reverse()
            if name in _SHARES:
                ends = [min(share, ONE) for share in ends]
            band = band._with(name, ends)
        names = {"phi" if name.startswith("phi") else name for name in measurements}
        return replace(band, measured=self.measured | names)

    def with_writes(self, *, as_expected: bool) -> "Band":
        """The same band for a target that starts to bill what it writes to its cache.

        The low end takes all input not read from the cache as written, the expected end only
        `as_expected`. What was measured or given stays.
        """
        if self.sets_writes:
            return self
        return self._with(WRITTEN, [ONE, ONE if as_expected else None, None])

    def without_measured_writes(self) -> "Band":
        """The same band for a target that bills no writes to its cache."""
        if WRITTEN not in self.measured or WRITTEN in self.given_factors:
            return self
        return replace(self._with(WRITTEN, [None] * 3), measured=self.measured - {WRITTEN})

    def with_cache_of(self, other: "Band") -> "Band":
        """The same band with another's cached share, at each end."""
        return self._with(
            "cached_share", [end.cached_share for end in (other.low, other.expected, other.high)]
        )

    def with_share(self, share: Fraction, verifier_femto_usd: int = 0) -> "Band":
        """The same band for a share of the slice and a verifier's cost."""
        low, expected, high = (
            replace(end, share=share, verifier_femto_usd=verifier_femto_usd)
            for end in (self.low, self.expected, self.high)
        )
        return replace(self, low=low, expected=expected, high=high)


ASSUMED = Band(low=ASSUMED_LOW, expected=ASSUMED_EXPECTED, high=ASSUMED_HIGH, label="assumed")
# A move of tier alone keeps the model, so nothing about the answers changes; only what is unknown
# today stays unknown.
TIER_ALONE = Band(
    low=replace(NEUTRAL, unknown_input_is_cached=True),
    expected=NEUTRAL,
    high=NEUTRAL,
    label="neutral",
)

OF_SOURCE = ("escalation_rate", "sigma", "unknown_input_is_cached")
"""The factors that say what still runs on the source, or what it costs."""


def changed(band: Band) -> list[str]:
    """The names of the factors that are not neutral at every end, in the order of the table.

    Of a move to another model, both halves of the token inflation are among them.
    """
    ends = (band.low, band.expected, band.high)
    always = () if band.label == "neutral" else ("phi_in", "phi_out")
    return [
        factor.name
        for factor in fields(Factors)
        if factor.name in always or any(getattr(end, factor.name) != factor.default for end in ends)
    ]
