"""What to do about one alternative of a slice, and the single reason why.

It knows amounts and days, no models.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from advisor.evidence.rules import Evidence
from advisor.months import coverage
from advisor.switching import life, risk, window

FEWEST_REQUESTS = 1_000
MATERIAL_SHARE = Fraction("0.05")
MOST_RISK_TO_SWITCH = 2
SOURCE_RETIRES, SOURCE_GONE = "source_retires", "source_gone"
CONTROL = "control"
Stance = Literal["prove_target", "prove_incumbent"]
"""What has to be proven without a comparison: the target, or the model in use."""
Kind = Literal["blocked", "not_enough_data", "keep", "pilot", "switch_now"]
COUNTED = ("pilot", "switch_now")
"""The decisions whose savings enter the total."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """All that a decision rests on. Amounts are femto-USD per average month; None is unknown."""

    days: int
    requests: int
    coverage: Fraction | None
    low_month_femto_usd: int | None
    slice_month_femto_usd: int | None
    threshold_femto_usd: int
    risk_level: int
    blocks: tuple[str, ...] = ()
    source_days_left: int | None = None
    target_days_left: int | None = None
    escalation_rate: Fraction = Fraction(0)
    breakeven_escalation_rate: Fraction | None = None
    one_off_femto_usd: int = 0
    evidence: Evidence | None = None
    keeps_model: bool = False
    at_unlisted_seller: bool = False
    """Whether the model stays, at another seller that nobody has listed as trusted."""
    is_bounded: bool = True
    """Whether answers of the target have a longest length, so that the low end is one."""
    stance: Stance = "prove_target"
    class_level: int = risk.UNLABELLED_RISK
    cached_share_is_given: bool = False
    """Whether the share of input from the cache is a scenario's, which no traffic has shown."""
    is_control: bool = False
    """Whether it is the hold-out of an adopted move, which has to stay on the source."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do, the code of the one reason, and notices."""

    kind: Kind
    reason: str
    notices: tuple[str, ...] = ()

    @property
    def counted(self) -> bool:
        """Whether its saving enters the total."""
        return self.kind in COUNTED


def decide(situation: Situation) -> Decision:
    """The first that applies of blocked, not_enough_data, keep, pilot, switch_now, with its reason.

    A source that retires within 90 days blocks nothing: it is a notice, and the saving need not be
    material then. In its last 30 days, and after them, a target that lasts is moved to whatever
    it saves: the source cannot be kept. Once it is gone, that is the reason, whatever else is
    known.
    """
    source_days, target_days = situation.source_days_left, situation.target_days_left
    retires, is_forced = life.retires(source_days), life.is_forced(source_days, target_days)
    notices = (SOURCE_RETIRES,) if retires else ()
    if situation.is_control and source_days != 0:
        return Decision("keep", CONTROL, notices)
    if situation.blocks:
        return Decision("blocked", situation.blocks[0], notices)
    if reason := _missing(situation):
        return Decision("not_enough_data", reason, notices)
    if not situation.is_bounded:
        return Decision("not_enough_data", "target_unknown", notices)
    low, cost = situation.low_month_femto_usd, situation.slice_month_femto_usd
    if low is None or cost is None:
        return Decision("not_enough_data", "nothing_to_move", notices)
    # The same model may be served longer elsewhere; at another tier it ends with its source, and
    # must be worth it by itself.
    has_to_move = is_forced or (retires and not situation.keeps_model)
    material = low >= material_femto_usd(situation.threshold_femto_usd, cost)
    reason = _against(situation, low, material or has_to_move)
    # Gone, or as good as gone: it cannot be kept.
    is_leaving = is_forced and source_days is not None and source_days <= life.TARGET_BLOCK_DAYS
    if reason and not is_leaving:
        return Decision("keep", reason, notices)
    doubt = _doubt(situation)
    if source_days == 0 and is_forced:
        return Decision("pilot" if doubt else "switch_now", SOURCE_GONE, notices)
    reason = SOURCE_RETIRES if reason or not material else doubt or _trust(situation)
    return Decision("pilot" if doubt else "switch_now", reason, notices)


def material_femto_usd(threshold_femto_usd: int, slice_month_femto_usd: int) -> Fraction:
    """The least low end worth a move: the threshold, or 5 % of the slice's cost if that is more."""
    return max(Fraction(threshold_femto_usd), MATERIAL_SHARE * slice_month_femto_usd)


def _missing(situation: Situation) -> str | None:
    if situation.days < window.ENOUGH_DAYS:
        return "too_few_days"
    if situation.requests < FEWEST_REQUESTS:
        return "too_few_requests"
    if situation.coverage is None:
        return "coverage_unknown"
    if not coverage.is_enough(situation.coverage):
        return "low_coverage"
    return None


def _against(situation: Situation, low_month_femto_usd: int, worth_it: bool) -> str | None:
    """Why to keep the source.

    The strongest reason comes first: a loss is not reported as a saving too small to matter.
    """
    limit = situation.breakeven_escalation_rate
    if limit is not None and 0 < limit <= situation.escalation_rate:
        return "escalation_beyond_break_even"
    if low_month_femto_usd <= 0:
        return "no_saving"
    if not worth_it:
        return "not_material"
    if situation.evidence is not None and situation.evidence.says_inferior:
        return "inferior"
    days_left = life.payback_horizon(situation.source_days_left, situation.target_days_left)
    payback_days = life.payback_days(situation.one_off_femto_usd, low_month_femto_usd)
    if days_left is not None and payback_days is not None and payback_days >= days_left:
        return "payback_beyond_life"
    return None


def _doubt(situation: Situation) -> str | None:
    """Why to try it on a part first. Where the same model answers, its answers need no evidence."""
    if situation.at_unlisted_seller:
        return "unlisted_seller"
    if situation.keeps_model:
        return "cache_unproven" if situation.cached_share_is_given else _risk(situation)
    if situation.evidence is None:
        trusted = (
            situation.stance == "prove_incumbent" and situation.class_level <= MOST_RISK_TO_SWITCH
        )
        return None if trusted else "no_evidence"
    return situation.evidence.doubt or _risk(situation)


def _risk(situation: Situation) -> str | None:
    return "risk" if situation.risk_level > MOST_RISK_TO_SWITCH else None


def _trust(situation: Situation) -> str:
    """Why not to wait for a trial."""
    if situation.keeps_model:
        return "same_model"
    return "proven" if situation.evidence else "stance"
