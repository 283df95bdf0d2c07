"""How much of a slice a target's rate limit has room for, by the hour.

Limits are tokens a minute, from a setting.
"""

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import NamedTuple

from ledger import lists
from ledger.pricing import names

MINUTES_PER_HOUR = 60
CAVEAT = "by hourly means: peaks within an hour are higher"

_CUT = 10**9
_PROVIDER = lists.name_pattern(r'[^",/=\s]+')
_MODEL = lists.name_pattern(r'[^",=\s]+')
_GRAMMAR = lists.Grammar(
    variable="SWITCHWISE_RATE_LIMITS",
    noun="a rate limit",
    form="[provider/]model=TOKENS_A_MINUTE, ...",
    part=re.compile(
        rf"(?:(?P<provider>{_PROVIDER})/)?(?P<model>{_MODEL})\s*=\s*(?P<tokens>\d{{1,15}})"
    ),
)


class Limited(NamedTuple):
    """A model under a rate limit; without a provider it is the slice's own."""

    provider: str | None
    model: str


def parse(text: str) -> dict[Limited, int]:
    """The setting `[provider/]model=tokens_a_minute, ...`. Raises UsageError with the bad part."""
    limits = {}
    for match in _GRAMMAR.match_all(text):
        provider = names.provider_name(lists.unquote(match["provider"] or ""))
        model = lists.unquote(match["model"])
        limits[Limited(provider if match["provider"] else None, model)] = int(match["tokens"])
    return limits


def share(
    limit_tokens_per_minute: int,
    slice_tokens_by_hour: Mapping[int, int],
    target_tokens_by_hour: Mapping[int, int],
) -> Fraction:
    """The share of a slice that fits into a target's limit in every hour, from 0 to 1.

    An hour has room for limit x 60 tokens, less what the target serves already. The share is the
    same for all hours, so the tightest hour decides; it is cut to 9 decimals. It rests on hourly
    means, and peaks within an hour are higher.
    """
    room = limit_tokens_per_minute * MINUTES_PER_HOUR
    shares = (
        Fraction(max(0, room - target_tokens_by_hour.get(hour, 0)), tokens)
        for hour, tokens in slice_tokens_by_hour.items()
        if tokens
    )
    return Fraction(int(min([Fraction(1), *shares]) * _CUT), _CUT)
