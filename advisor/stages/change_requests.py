"""What people want done with a recommendation, checked before anything is read."""

from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

from advisor.stages.transitions import Action
from ledger import clock, money
from ledger.errors import UsageError

DISMISSED_DAYS = 90
"""How long a dismissal lasts by default."""
_SHARED: tuple[Action, ...] = ("claim", "pilot")
_FINEST_SHARE = Decimal("1e-9")
_LONGEST_SHARE = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRequest:
    """An action and who asks for it.

    `version` is the one that they looked at; None takes the recommendation as it is. `share` is
    the part of the traffic that moves, as decimal text, `until_day` the first UTC day after a
    dismissal, `hold_out` the workload under which the traffic that stays on the source is sent.
    """

    action: Action
    by: str
    version: int | None = None
    key_id: str | None = None
    share: str | None = None
    until_day: int | None = None
    note: str | None = None
    hold_out: str | None = None


def complete(request: ChangeRequest, today: int) -> ChangeRequest:
    """The request with its defaults filled in.

    Raises UsageError naming what is missing, out of range or belongs to another action.
    """
    for what, text, most in (
        ("name", request.by, 128),
        ("note", request.note, 500),
        ("workload", request.hold_out, 128),
    ):
        if text is not None and not (0 < len(text) <= most and text.isprintable() and text.strip()):
            raise UsageError(f"the {what} has to be one line of 1 to {most} printable characters")
    if request.share is not None and request.action not in _SHARED:
        raise UsageError(f"--share belongs to claim and pilot; leave it out of {request.action}")
    if request.until_day is not None and request.action != "dismiss":
        raise UsageError(f"--until belongs to dismiss; leave it out of {request.action}")
    if request.hold_out is not None and request.action not in ("pilot", "adopt"):
        raise UsageError(f"--hold-out belongs to pilot and adopt; leave it out of {request.action}")
    if request.action == "dismiss":
        return _complete_dismissal(request, today)
    if request.action in _SHARED:
        return replace(request, share=_share(request))
    return request


def _complete_dismissal(request: ChangeRequest, today: int) -> ChangeRequest:
    if request.note is None:
        raise UsageError("a dismissal needs a reason: --reason TEXT")
    until_day = today + DISMISSED_DAYS if request.until_day is None else request.until_day
    if until_day <= today:
        raise UsageError(
            f"--until {clock.date_of(until_day)} is not after today; use a later day, or leave it"
            f" out for {DISMISSED_DAYS} days"
        )
    return replace(request, until_day=until_day)


def _share(request: ChangeRequest) -> str:
    """The share as exact text; the default of a claim is all of the traffic."""
    is_pilot = request.action == "pilot"
    if request.share is None and is_pilot:
        raise UsageError("a pilot needs the share that runs on the target, such as --share 0.1")
    text = (request.share or "1")[:_LONGEST_SHARE]
    bounds = "over 0 and under 1" if is_pilot else "over 0 and at most 1"
    refusal = UsageError(f"--share is a fraction {bounds}, not {text!r}: for 10 % write 0.1")
    try:
        share = Decimal(text)
    except InvalidOperation as error:
        raise refusal from error
    # In Decimal throughout: as a fraction, a number such as 1e-99999999 would fill the memory.
    if not share.is_finite() or not 0 < share <= 1 or (share == 1 and is_pilot):
        raise refusal
    exact = share.quantize(_FINEST_SHARE)
    if exact != share:
        raise UsageError(f"--share {text} has too many decimals; use at most 9")
    return money.text(exact)
