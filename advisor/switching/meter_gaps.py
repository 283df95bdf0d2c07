"""How much of a move is known, where a slice uses meters that no token count holds. Pure.

A saving counts tokens. What else is billed, such as a search, cancels in it where the move leaves
its rate as it is: the same rate on both sides, or none on either at the same provider. Else what it
may cost more there is bounded in dollars where it can be, and by its share of requests where not.
"""

from fractions import Fraction

from advisor.switching import candidates
from advisor.switching.cost import MeterUse
from advisor.switching.market import Market
from ledger.pricing import prices

_OF_TOKENS, _UNREAD = "unaccounted_tokens", "unread_audio_requests"
"""What a sender counted in its total alone, and audio whose tokens nobody counted."""


def find_coverage(
    alternative: candidates.Alternative, base: Fraction | None, market: Market
) -> Fraction | None:
    """How much of what a move changes is known, at most the `base` of the slice's own tokens.

    None where that is unknown.
    """
    slice_ = alternative.slice
    if base is None or not slice_.meter_uses:
        return base
    bound_femto_usd, boundless_requests = 0, 0
    for use in slice_.meter_uses:
        bound = _bound_femto_usd(use, alternative, market)
        if bound is None:
            boundless_requests = max(boundless_requests, use.requests)
        else:
            bound_femto_usd += bound
    shares = [base]
    if bound_femto_usd:
        cost = market.cost_of(slice_.cells, slice_.provider, slice_.model).femto_usd
        shares.append(1 - Fraction(bound_femto_usd, max(cost, bound_femto_usd)))
    if boundless_requests:
        shares.append(1 - Fraction(boundless_requests, max(slice_.requests, boundless_requests)))
    return min(shares)


def _bound_femto_usd(
    use: MeterUse, alternative: candidates.Alternative, market: Market
) -> int | None:
    """By how much it may make the target dearer; None without a bound."""
    slice_ = alternative.slice
    tier = alternative.pair.tier_of(use.service_tier)
    is_same_seller = alternative.provider == slice_.provider
    if alternative.keeps_model and is_same_seller and tier == use.service_tier:
        return 0
    now = _rates(use, market, (slice_.provider, slice_.model, use.service_tier), use.region)
    region = use.region if is_same_seller else ""
    instead = _rates(use, market, (alternative.provider, alternative.model, tier), region)
    if use.meter == _OF_TOKENS:
        return _bound_of_tokens(use, instead)
    rate_now, rate_instead = now.get(use.meter), instead.get(use.meter)
    if rate_instead is not None:
        return use.quantity * max(0, rate_instead - (rate_now or 0))
    return 0 if rate_now is None and is_same_seller and use.meter != _UNREAD else None


def _bound_of_tokens(use: MeterUse, instead: dict[str, int]) -> int | None:
    """Tokens of which nobody knows what they are cost at most the dearest rate of the target."""
    rates = [instead[meter] for meter in prices.METERS if meter in instead]
    return use.quantity * max(rates) if rates else None


def _rates(
    use: MeterUse, market: Market, side: tuple[str, str, str], region: str
) -> dict[str, int]:
    price = market.book.at(*side, context_band=use.context_band, day=market.day, region=region)
    return price.rates.by_meter if price else {}
