"""How figures read for people: dollars, percentages, short token counts, labels and lists. Pure."""

import math
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

from ledger import meters, money

UNKNOWN = "unknown"
PAID_TWICE = "at most: a retry is paid twice only if the first attempt was billed too"
"""What the cost of requests sent again is."""
_CENT, _SMALLEST = Decimal("0.01"), Decimal("0.000001")
_SHORT_FROM = 10**6
_THREE_DIGITS = Context(prec=3, rounding=ROUND_HALF_EVEN)
_DECISIONS = {
    "switch_now": "switch now",
    "pilot": "try on a part first",
    "keep": "keep",
    "blocked": "blocked",
    "not_enough_data": "not enough data yet",
}
_NEXT = {"pilot": "switchwise trial plan {}", "switch_now": "switchwise claim {}"}
_METHODS = {
    "actual": "the month is over",
    "trend": "by a trend",
    "weekday_mean": "from the last 28 days",
    "short_history": "from a short history",
    "run_rate": "at the run rate of fewer than 14 days",
}
GAPS = {
    "unpriced": "Tokens without a price",
    "tier_unknown": "Tokens served at an unknown tier",
    "estimated": "Requests whose usage the proxy estimated",
    "missing": "Successes without usage",
    "detail_unknown": "Requests whose cached part is unknown, on models that sell it cheaper",
    "unpriced_fee": "Requests with a fee that has no rate",
    "total_mismatch": "Tokens in the sender's total alone",
    "audio_unread": "Requests whose audio tokens were not counted",
    "folded": "Requests under names beyond the limit",
    "refused": "Requests refused at the door",
    "silent": "Usual spend of senders that fell silent",
    "late": "Requests that came after the month was closed",
}


def dollars(usd_text: str | None) -> str:
    """`$2,657.01`, `-$3.00`, `$0.0019` below a cent; `unknown` for None.

    The one way in which a sentence writes money: whole cents, and below a cent up to six decimals.
    An amount that is not 0 never reads $0. Exact digits stand in JSON and in printed arithmetic.
    """
    if usd_text is None:
        return UNKNOWN
    amount = Decimal(usd_text)
    has_cents = abs(amount) >= _CENT or not amount
    rounded = abs(amount).quantize(_CENT if has_cents else _SMALLEST, ROUND_HALF_EVEN)
    if amount and not rounded:
        return f"under ${_SMALLEST:f}" if amount > 0 else "just below $0"
    digits = f"{rounded:,f}" if has_cents else f"{rounded:f}".rstrip("0")
    return f"{'-' if amount < 0 else ''}${digits}"


def femto_dollars(amount_femto_usd: int | None) -> str:
    """Femto-USD as `dollars` writes them."""
    return dollars(money.optional_usd_text(amount_femto_usd))


def whole_dollars(amount_femto_usd: int) -> str:
    """`$5`, `$500`, `$2.08`: cents only where there are some."""
    return femto_dollars(amount_femto_usd).removesuffix(".00")


def percent(ratio: Fraction | str | None, *, decimals: int = 1) -> str:
    """`80 %`, `63.7 %`; `unknown` for None. Rounded half-even.

    A share short of everything never reads 100 %, nor a share of something 0 %.
    """
    if ratio is None:
        return UNKNOWN
    share = Fraction(ratio) * 100
    rounded = Decimal(round(share * 10**decimals)).scaleb(-decimals)
    if rounded == 100 and share < 100:
        return "just under 100 %"
    if not rounded and share:
        return f"under {Decimal(1).scaleb(-decimals)} %" if share > 0 else "just below 0 %"
    units, _, places = f"{rounded:f}".partition(".")
    return f"{'.'.join(filter(None, (units, places.rstrip('0'))))} %"


def ratio(ratio_text: str) -> str:
    """A ratio with three decimals at most, half-even: `0.958`, `1`."""
    rounded = Decimal(ratio_text).quantize(Decimal("0.001"), ROUND_HALF_EVEN)
    return f"{rounded:f}".rstrip("0").rstrip(".")


def covered(ratio: Fraction | str | None) -> str:
    """A coverage as a percentage, rounded down, so that none below the floor seems to reach it."""
    return percent(None if ratio is None else Fraction(math.floor(Fraction(ratio) * 1000), 1000))


def count(number: int) -> str:
    """`1.03 bn`, `358 M`, `28,185`: from a million on three digits."""
    if number < _SHORT_FROM:
        return f"{number:,}"
    # Rounded before the unit is chosen, as 999,999,999 rounds to a billion.
    short = int(_THREE_DIGITS.create_decimal(number))
    size, unit = (10**9, "bn") if short >= 10**9 else (10**6, "M")
    return f"{Decimal(short) / size:,f} {unit}"


def rate(nano_usd_per_mtok: int | None) -> str:
    """A rate in USD per million tokens."""
    if nano_usd_per_mtok is None:
        return UNKNOWN
    return f"{Decimal(nano_usd_per_mtok).scaleb(-9).normalize():f}"


def target(model: str, service_tier: str | None) -> str:
    """Where a move goes, as in a pair: `gpt-4.1-mini`, or `gpt-4.1-mini@batch` to another tier."""
    return f"{model}@{service_tier}" if service_tier else model


def decision(kind: str) -> str:
    """A decision as an instruction: `try on a part first` for a pilot."""
    return _DECISIONS.get(kind, label(kind))


def low_name(*, is_proven: bool) -> str:
    """What the low end of a saving is called: a least only where nothing in it is assumed."""
    return "at least" if is_proven else "cautious"


def low_amount(amount: str, low: str) -> str:
    """An amount in a sentence by the name of its low end: `at least $5`, `$5 (cautious)`."""
    return f"{low} {amount}" if low == "at least" else f"{amount} ({low})"


def next_command(kind: str, recommendation_id: str, *, is_source_gone: bool = False) -> str | None:
    """The command that takes a decision further; None where there is nothing to do.

    Once the source is gone a trial has nothing to compare with, so the move is claimed at once.
    """
    if kind == "pilot" and is_source_gone:
        kind = "switch_now"
    return _NEXT[kind].format(recommendation_id) if kind in _NEXT else None


def forecast_method(method: str) -> str:
    """How a month was forecast, to follow the word."""
    return _METHODS.get(method, label(method))


def realised_method(method: str) -> str:
    """How a realised saving was found, in words."""
    return {
        "hold_out": "against a hold-out",
        "before_after": "before and after",
        "repricing": "by repricing the target's tokens",
    }[method]


def gap(name: str) -> str:
    """What a gap in the coverage is a share of."""
    return GAPS.get(name, label(name))


def days_left(days: int | None) -> str:
    """How long a model lasts: `900 days left`, `no end announced` for None."""
    return "no end announced" if days is None else f"{counted(days, 'day')} left"


def metered(quantity: int, meter: str) -> str:
    """`4 web searches`, `1 image`, `60 seconds of input audio`."""
    names = meters.BY_NAME[meter]
    if names.unit == "ms":
        return f"{Decimal(quantity).scaleb(-3).normalize():,f} {names.plural}"
    return f"{count(quantity)} {names.label if quantity == 1 else names.plural}"


def label(code: str) -> str:
    """A code as words: `detail_unknown` is `detail unknown`."""
    return code.replace("_", " ")


def counted(number: int, noun: str) -> str:
    """`1 request`, `28,185 requests`, `1.03 bn tokens`."""
    return f"{count(number)} {noun}" if number == 1 else f"{count(number)} {noun}s"
