"""What a trial is planned for: the gate, and what people know better than the assumptions. Pure."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from advisor.evidence import gates
from advisor.evidence.gates import QualityGate
from advisor.trial import sample_size
from ledger import money
from ledger.errors import ParameterError, UsageError

_FINEST = Decimal("1e-9")
_HIGHEST = 10**6
_MOST_PER_CONVERSATION = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialTerms:
    """The gate and what is known; a rate that is None is measured where evidence exists.

    Without evidence it is assumed.
    """

    gate: QualityGate = gates.DEFAULT
    power: Fraction = sample_size.POWER
    discordant: Fraction | None = None
    """The share of pairs that only one of the two models gets right."""
    pass_rate: Fraction | None = None
    """The source's."""
    requests_per_conversation: int = 1
    judge_femto_usd: int = 0
    """What marking one pair costs."""

    def __post_init__(self) -> None:
        """Raises UsageError on a conversation without requests, or with too many."""
        if not 1 <= self.requests_per_conversation <= _MOST_PER_CONVERSATION:
            raise UsageError(
                f"a conversation has from 1 to {_MOST_PER_CONVERSATION:,} requests,"
                f" not {self.requests_per_conversation}"
            )


def parse(
    *,
    rule: str = "ratio",
    threshold: str | None = None,
    power: str | None = None,
    discordant: str | None = None,
    pass_rate: str | None = None,
    requests_per_conversation: int = 1,
    judge_usd: str | None = None,
) -> TrialTerms:
    """The terms from texts, as options and queries give them. Raises UsageError naming the text."""
    parsed_power = _number("power", power)
    judge = _number("judge_usd", judge_usd) or Fraction(0)
    return TrialTerms(
        gate=gates.parse(rule, threshold),
        power=sample_size.POWER if parsed_power is None else parsed_power,
        discordant=_number("discordant", discordant),
        pass_rate=_number("pass_rate", pass_rate),
        requests_per_conversation=requests_per_conversation,
        judge_femto_usd=int(judge * money.FEMTO_PER_USD),
    )


def _number(name: str, text: str | None) -> Fraction | None:
    """A number from 0 to 1,000,000 with at most 9 decimals; None stays None."""
    if text is None:
        return None
    try:
        number = Decimal(text.strip()[:32])
        rounded = number.quantize(_FINEST)
    except InvalidOperation as error:
        raise ParameterError(name, text[:32], "write a number such as 0.1") from error
    if not number.is_finite() or rounded != number or not 0 <= rounded <= _HIGHEST:
        remedy = f"write a number from 0 to {_HIGHEST:,} with at most 9 decimals"
        raise ParameterError(name, text[:32], remedy)
    return Fraction(rounded)
