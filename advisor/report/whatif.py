"""A scenario: advice on one slice with the target and factors of a question. It stores nothing."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from sqlmodel import Session

from advisor.advice import latencies, slices, values
from advisor.advice import terms as advice_terms
from advisor.advice.slices import SliceReading
from advisor.advice.values import Recommendation
from advisor.months import pricings, track_record
from advisor.switching import advice as advices
from advisor.switching import breakeven, candidates, factors, proposals, window
from advisor.switching.market import Market
from ledger import clock, money, months, pairs, prose
from ledger.errors import NotFound, ParameterError, UsageError
from ledger.settings import Settings

_RATIOS = (
    "share",
    "phi_in",
    "phi_out",
    "escalation_rate",
    "extra_attempts",
    "sigma",
    "cached_share",
    "written_share",
)
_ENDS = 3
_FINEST, _LARGEST = Decimal("1e-9"), 10**9
_LISTED_SLICES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A scenario as it is asked for, all in text. What is None stays as the advisor takes it.

    A factor is one number for all three ends, or its numbers at the low, expected and high end with
    commas between them. `verifier_usd` is what checking would cost per average month if the whole
    slice moved.
    """

    pair: str | None = None
    service_tier: str | None = None
    provider: str | None = None
    project: str | None = None
    workload: str | None = None
    month: str | None = None
    share: str | None = None
    phi_in: str | None = None
    phi_out: str | None = None
    escalation_rate: str | None = None
    extra_attempts: str | None = None
    sigma: str | None = None
    cached_share: str | None = None
    written_share: str | None = None
    verifier_usd: str | None = None
    one_off_usd: str | None = None
    pass_rates: str | None = None
    can_wait: bool = False

    def fits(self, slice_: candidates.Slice) -> bool:
        """Whether a slice has the names that are asked for."""
        return (
            self.provider in (None, slice_.provider)
            and self.project in (None, slice_.project)
            and self.workload in (None, slice_.workload)
        )


def run(session: Session, settings: Settings, now_us: int, question: Question) -> Recommendation:
    """A scenario as a recommendation; its id is the one that its target would have.

    Raises UsageError naming what cannot be read or fits several slices, NotFound where no slice
    fits.
    """
    terms = advice_terms.from_settings(settings)
    if question.one_off_usd is not None:
        terms = replace(terms, one_off_femto_usd=_amount("one_off_usd", question.one_off_usd))
    pricing, today = pricings.in_force(session), clock.day_of(now_us)
    month = months.parse_or_current(question.month or None, settings.zone, now_us)
    # A rate limit is for all slices that may move to the target, that of the scenario included.
    policy, all_terms = terms, terms
    if question.pair is not None:
        pair = _parse_pair(question.pair, question)
        policy = replace(terms, pairs=(pair,), proposes=False)
        all_terms = replace(terms, pairs=(*terms.pairs, pair))
    readings = slices.read_slices(
        session, pricing, now_us, month=month if question.month else None, terms=all_terms
    )
    market = Market(pricing.book, today)
    reading, pair = _find_slice(readings, question, policy, market)
    slice_ = replace(reading.slice, can_wait=True) if question.can_wait else reading.slice
    standing = replace(
        reading.standing,
        pass_rates=_pass_rates(question.pass_rates),
        forecast_error=track_record.error_ratio(session, month),
    )
    market = Market(pricing.book, today)
    advice = advices.on_pair(
        slice_,
        pair,
        make_band(question, standing.band(slice_, pair.target, market), slice_.days),
        standing=standing,
        terms=terms,
        market=market,
    )
    recommendation = values.recommend(
        advice, reading.window, pricing.book.version, is_scenario=True
    )
    (with_latency,) = latencies.measure(session, pricing, [recommendation], today)
    return with_latency


def make_band(question: Question, band: factors.Band, days: int) -> factors.Band:
    """The factors of a scenario over some days: those of the question, else the band's own."""
    for name in _RATIOS:
        text = getattr(question, name)
        if text is not None:
            band = band.with_given(name, _at_ends(name, text))
    if question.verifier_usd is not None:
        month = _amount("verifier_usd", question.verifier_usd)
        of_window = month / window.per_average_month(1, days) if days else Fraction(0)
        band = band.with_given("verifier_femto_usd", [money.round_to_nano_usd(of_window)] * _ENDS)
    return band


def _find_slice(
    readings: Iterable[SliceReading], question: Question, policy: advices.Terms, market: Market
) -> tuple[SliceReading, pairs.Pair]:
    """The one slice that fits the names and a move, and the move as its provider names it.

    Where no pair of the policy starts at such a slice, it is what facts propose, if they may.
    """
    named = [reading for reading in readings if question.fits(reading.slice)]
    fitting = _fitting(named, question, replace(policy, proposes=False), market)
    if not fitting and policy.proposes:
        fitting = _fitting(named, question, policy, market)
    if not fitting:
        raise NotFound(
            "no slice with traffic fits the names and the pair; list what there is with:"
            " switchwise advise, or name a pair"
        )
    if len(fitting) > 1:
        fitting_slices = [reading.slice for reading, _ in fitting]
        names = ", ".join(
            f"{slice_.project} / {slice_.workload}" for slice_ in fitting_slices[:_LISTED_SLICES]
        )
        more = len(fitting) - _LISTED_SLICES
        raise UsageError(
            f"{len(fitting)} slices fit: {names}{f' and {more} more' if more > 0 else ''}; name one"
            " by its project, workload and provider"
        )
    return fitting[0]


def _fitting(
    readings: Iterable[SliceReading], question: Question, policy: advices.Terms, market: Market
) -> list[tuple[SliceReading, pairs.Pair]]:
    """The slices with a move, each with the first one, at the tier that is asked about."""
    return [
        (reading, _at_tier(moves[0], question.service_tier))
        for reading in readings
        if (
            moves := proposals.find_states(
                reading.slice, policy.pairs, market, proposes=policy.proposes
            )
        )
    ]


def _at_tier(pair: pairs.Pair, service_tier: str | None) -> pairs.Pair:
    if service_tier is None:
        return pair
    if service_tier not in pairs.TIERS:
        raise UsageError(
            f"{service_tier!r} is not a tier to move to; use {prose.one_of(pairs.TIERS)}"
        )
    return replace(pair, target=replace(pair.target, service_tier=service_tier))


def _parse_pair(text: str, question: Question) -> pairs.Pair:
    """The pair of a question. Its model may stay if tier or cached share are asked about."""
    may_stay = question.service_tier is not None or question.cached_share is not None
    return pairs.parse_one(text, may_stay=may_stay)


def _at_ends(name: str, text: str) -> list[Fraction]:
    numbers = [_number(name, part) for part in text.split(",")]
    if len(numbers) not in (1, _ENDS):
        raise ParameterError(name, text, "write one value, or three as LOW,EXPECTED,HIGH")
    return numbers * _ENDS if len(numbers) == 1 else numbers


def _pass_rates(text: str | None) -> breakeven.PassRates | None:
    if text is None:
        return None
    rates = [_number("pass_rates", part) for part in text.split(",")]
    if len(rates) != 2 or not all(0 <= rate <= 1 for rate in rates):
        remedy = "write two fractions from 0 to 1 as SOURCE,TARGET, such as 0.95,0.91"
        raise ParameterError("pass_rates", text, remedy)
    return breakeven.PassRates(*rates)


def _amount(name: str, text: str) -> int:
    """Femto-USD of an amount that is not negative."""
    amount = _number(name, text)
    if amount < 0:
        raise ParameterError(name, text, "write USD of 0 or more")
    return int(amount * money.FEMTO_PER_USD)


def _number(name: str, text: str) -> Fraction:
    """A number under a billion with at most 9 decimals, as every figure is shown."""
    try:
        number = Decimal(text.strip())
        exact = number.quantize(_FINEST)
    except InvalidOperation as error:
        raise ParameterError(name, text, "write a number such as 0.1") from error
    if exact != number or abs(exact) >= _LARGEST:
        raise ParameterError(name, text, "write at most 9 digits on either side of the point")
    return Fraction(exact)
