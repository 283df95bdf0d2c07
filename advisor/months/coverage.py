"""The one rule of coverage: how much of a figure is known, and how much is enough. Pure."""

from collections.abc import Iterable
from fractions import Fraction
from typing import NamedTuple

from advisor.months import meter_sums
from advisor.months.meter_sums import MeterSums
from ledger import meters

FLOOR = Fraction("0.99")
"""Below this share of known tokens or successes no advice is given."""


class Gap(NamedTuple):
    """What is not known: `part` of a `total` of tokens or requests."""

    part: int
    total: int


NO_GAP = Gap(0, 0)


def ratio(
    *,
    priced_tokens: int,
    tokens: int,
    known_successes: int,
    successes: int,
    gaps: Iterable[Gap] = (),
) -> Fraction | None:
    """How much is known, as a share.

    It is the least of several: the share of tokens with a price, the share of successes whose usage
    the provider reported, and what each further gap leaves. None where there is nothing to measure
    it by.
    """
    if not successes:
        return None
    shares = [Fraction(known_successes, successes)]
    if tokens:
        shares.append(Fraction(priced_tokens, tokens))
    shares += [1 - Fraction(gap.part, gap.total) for gap in gaps if gap.part]
    return min(shares)


def meter_gaps(sums: MeterSums, requests: int, tokens: int) -> dict[str, Gap]:
    """The gaps of meters that few requests have, by reason.

    A fee without a rate counts by its requests, for nobody knows what it costs; of several such
    fees the most frequent one. Tokens that a sender counted in its total alone count as tokens.
    """
    fees = [total.unpriced_requests for name, total in sums if name not in meters.WITHOUT_RATE]
    by_name = dict(sums)
    unaccounted = by_name.get("unaccounted_tokens", meter_sums.NOTHING).quantity
    unread = by_name.get("unread_audio_requests", meter_sums.NOTHING).requests
    return {
        "unpriced_fee": Gap(max(fees, default=0), requests),
        "total_mismatch": Gap(unaccounted, tokens + unaccounted),
        "audio_unread": Gap(unread, requests),
    }


def is_enough(ratio: Fraction | None) -> bool:
    """Whether a figure of this coverage may be advised on; what cannot be measured may not."""
    return ratio is not None and ratio >= FLOOR
