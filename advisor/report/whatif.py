"""A scenario: advice on one slice with a target and factors that somebody asks for. Reads the
ledger; stores nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from sqlmodel import Session

from advisor.advice import latencies, slices, values
from advisor.advice import terms as advice_terms
from advisor.advice.values import Recommendation
from advisor.months import pricings, statements, track_record
from advisor.switching import advice, breakeven, candidates, factors, window
from advisor.switching.market import Market
from ledger import clock, money, months, pairs, prose
from ledger.errors import NotFound, UsageError
from ledger.pricing import prices
from ledger.settings import Settings

_RATIOS = (
    "share",
    "phi_in",
    "phi_out",
    "escalation_rate",
    "extra_attempts",
    "sigma",
    "cached_share",
)
_ENDS = 3
_FINEST, _LARGEST = Decimal("1e-9"), 10**9
_SHOWN_SLICES = 5


@dataclass(frozen=True, slots=True)
class Asked:
    """A scenario as asked, all in text. What is None stays as the advisor takes it.

    A factor is one value for all three ends, or its values at the low, expected and high end with
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
    verifier_usd: str | None = None
    one_off_usd: str | None = None
    pass_rates: str | None = None
    can_wait: bool = False


def run(session: Session, settings: Settings, now_us: int, asked: Asked) -> Recommendation:
    """A scenario as a recommendation; its id is the one that its target would have.

    Raises UsageError naming what cannot be read or fits several slices, NotFound where no slice
    fits.
    """
    terms = advice_terms.from_settings(settings)
    if asked.one_off_usd is not None:
        terms = replace(terms, one_off_femto_usd=_amount("one_off_usd", asked.one_off_usd))
    pricing, today = pricings.in_force(session), clock.day_of(now_us)
    month = months.parse_or_current(asked.month, settings.zone, now_us) if asked.month else None
    # A rate limit is held against all slices that may come, the one of the scenario among them.
    policy = (
        replace(terms, pairs=(*terms.pairs, _parsed(asked.pair, asked))) if asked.pair else terms
    )
    reading, pair = _chosen(
        slices.read(session, pricing, now_us, month=month, terms=policy), asked, terms, pricing
    )
    slice_ = replace(reading.slice, can_wait=True) if asked.can_wait else reading.slice
    error = track_record.error_ratio(
        session, month or months.parse_or_current(None, settings.zone, now_us)
    )
    standing = replace(
        reading.standing, pass_rates=_pass_rates(asked.pass_rates), forecast_error=error
    )
    band = band_of(asked, standing.band(slice_, pair.target.model), slice_.days)
    chosen = advice.on_pair(
        slice_,
        pair,
        band,
        standing=standing,
        terms=terms,
        market=Market(pricing.book, today),
    )
    recommendation = values.recommend(
        chosen, reading.window, pricing.book.version, is_scenario=True
    )
    (measured,) = latencies.measure(session, pricing, [recommendation], today)
    return measured


def band_of(asked: Asked, band: factors.Band, days: int) -> factors.Band:
    """The factors of a scenario over a window of some days: those asked for, else the band's
    own."""
    for name in _RATIOS:
        text = getattr(asked, name)
        if text is not None:
            band = band.with_given(name, _at_ends(name, text))
    if asked.verifier_usd is not None:
        amount = _amount("verifier_usd", asked.verifier_usd)
        of_window = (
            money.round_to_nano_usd(amount / window.per_average_month(1, days)) if days else 0
        )
        band = band.with_given("verifier_femto_usd", [of_window] * _ENDS)
    return band


def _chosen(
    found: Sequence[slices.SliceReading],
    asked: Asked,
    terms: advice.Terms,
    pricing: statements.Pricing,
) -> tuple[slices.SliceReading, pairs.Pair]:
    """The one slice that fits the names asked for and the pair, as its provider reads it."""
    fitting = [
        (reading, pair)
        for reading in found
        if _is_asked(reading.slice, asked)
        and (pair := _pair(reading.slice, asked, terms, pricing.book)) is not None
    ]
    if not fitting:
        raise NotFound(
            "no slice with traffic fits the names and the pair; list what there is with:"
            " switchwise advise, or name a pair"
        )
    if len(fitting) > 1:
        names = ", ".join(
            f"{each.slice.project} / {each.slice.workload}" for each, _ in fitting[:_SHOWN_SLICES]
        )
        more = f" and {len(fitting) - _SHOWN_SLICES} more" if len(fitting) > _SHOWN_SLICES else ""
        raise UsageError(
            f"{len(fitting)} slices fit: {names}{more}; name one by its project, workload"
            " and provider"
        )
    return fitting[0]


def _is_asked(slice_: candidates.Slice, asked: Asked) -> bool:
    wanted = (
        (asked.provider, slice_.provider),
        (asked.project, slice_.project),
        (asked.workload, slice_.workload),
    )
    return all(name in (None, held) for name, held in wanted)


def _pair(
    slice_: candidates.Slice, asked: Asked, terms: advice.Terms, book: prices.PriceBook
) -> pairs.Pair | None:
    """The pair asked for, else the first configured one, where it starts at a slice; at the tier
    asked for."""
    given = (_parsed(asked.pair, asked),) if asked.pair is not None else terms.pairs
    read = (pairs.canonicalise(pair, slice_.provider, book) for pair in given)
    pair = next((pair for pair in read if candidates.applies(pair, slice_)), None)
    if pair is None or asked.service_tier is None:
        return pair
    if asked.service_tier not in pairs.TIERS:
        raise UsageError(
            f"{asked.service_tier!r} is not a tier to move to; use {prose.one_of(pairs.TIERS)}"
        )
    return replace(pair, target=replace(pair.target, service_tier=asked.service_tier))


def _parsed(pair: str, asked: Asked) -> pairs.Pair:
    """The pair asked for.

    A model may stay where it is if its tier or its cached share is asked about.
    """
    return pairs.parse_one(
        pair, may_stay=asked.service_tier is not None or asked.cached_share is not None
    )


def _at_ends(name: str, text: str) -> list[Fraction]:
    values = [_number(name, part) for part in text.split(",")]
    if len(values) not in (1, _ENDS):
        raise UsageError(
            f"{name}: {text!r} is neither one value nor three; write a value, or LOW,POINT,HIGH"
        )
    return values * _ENDS if len(values) == 1 else values


def _pass_rates(text: str | None) -> breakeven.PassRates | None:
    if text is None:
        return None
    rates = [_number("pass_rates", part) for part in text.split(",")]
    if len(rates) != 2 or not all(0 <= rate <= 1 for rate in rates):
        raise UsageError(
            f"pass_rates: {text!r} is not two shares from 0 to 1; write SOURCE,TARGET such"
            " as 0.95,0.91"
        )
    return breakeven.PassRates(*rates)


def _amount(name: str, text: str) -> int:
    """Femto-USD of an amount that is not negative."""
    amount = _number(name, text)
    if amount < 0:
        raise UsageError(f"{name} is {text}; give an amount that is not negative")
    return int(amount * money.FEMTO_PER_USD)


def _number(name: str, text: str) -> Fraction:
    """A number under a billion with at most 9 decimals, as every figure is shown."""
    try:
        value = Decimal(text.strip())
        kept = value.quantize(_FINEST)
    except InvalidOperation as error:
        raise UsageError(
            f"{name}: {text!r} is not a number; write a plain decimal such as 0.1"
        ) from error
    if kept != value or abs(kept) >= _LARGEST:
        raise UsageError(
            f"{name}: {text!r} is too large or too fine; write at most 9 digits on either"
            " side of the point"
        )
    return Fraction(kept)
