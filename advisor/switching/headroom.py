"""How much of a slice a target's rate limit has room for, by the hour. Pure; limits are tokens a minute, as set by people."""

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import NamedTuple

from ledger.errors import UsageError
from ledger.pricing import names

MINUTES_PER_HOUR = 60
CAVEAT = "by hourly means: peaks within an hour are higher"

_CUT = 10**9
_LIMIT = re.compile(
    r'\s*(?:(?P<provider>"[^"]+"|[^",/=\s]+)/)?(?P<model>"[^"]+"|[^",=\s]+)\s*=\s*(?P<tokens>\d{1,15})\s*'
)


class Limited(NamedTuple):
    """A model under a rate limit; without a provider it is the slice's own."""

    provider: str | None
    model: str


def parse(text: str) -> dict[Limited, int]:
    """The setting `[provider/]model=tokens_a_minute,...`. Raises UsageError naming the part that is none."""
    limits = {}
    for part in re.split(r',(?=(?:[^"]*"[^"]*")*[^"]*$)', text) if text.strip() else ():
        found = _LIMIT.fullmatch(part)
        if found is None:
            raise UsageError(
                f"SWITCHWISE_RATE_LIMITS: {part.strip()!r} is no limit; write [provider/]model=TOKENS_A_MINUTE, ..."
            )
        provider = found["provider"]
        named = Limited(
            names.provider_name(provider.strip('"')) if provider else None,
            found["model"].strip('"'),
        )
        limits[named] = int(found["tokens"])
    return limits


def share(
    limit_tokens_per_minute: int,
    slice_tokens_by_hour: Mapping[int, int],
    target_tokens_by_hour: Mapping[int, int],
) -> Fraction:
    """The share of a slice that fits into a target's limit in every hour, from 0 to 1.

    An hour has room for limit x 60 tokens, less what the target serves already; a share is kept for all hours alike, so
    the tightest hour decides; it is cut to 9 decimals. It rests on hourly means, and peaks within an hour are higher.
    """
    room = limit_tokens_per_minute * MINUTES_PER_HOUR
    shares = (
        Fraction(max(0, room - target_tokens_by_hour.get(hour, 0)), tokens)
        for hour, tokens in slice_tokens_by_hour.items()
        if tokens
    )
    return Fraction(int(min([Fraction(1), *shares]) * _CUT), _CUT)
