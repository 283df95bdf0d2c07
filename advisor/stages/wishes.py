"""What somebody wants done with a recommendation, checked before anything is read. Pure."""

from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

from advisor.stages.table import Action
from ledger import clock, money
from ledger.errors import UsageError

DISMISSED_DAYS = 90
"""How long a dismissal lasts where nobody says otherwise."""
_SHARED: tuple[Action, ...] = ("claim", "pilot")
_FINEST_SHARE = Decimal("1e-9")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """An action and who asks for it. `version` is the one they looked at; None takes the recommendation as it is.

    `share` is the part of the traffic that moves, `until_day` the first UTC day after a dismissal, `hold_out` the workload
    under which the traffic that stays on the source is sent.
    """

    action: Action
    by: str
    version: int | None = None
    key_id: str | None = None
    share: str | None = None
    until_day: int | None = None
    note: str | None = None
    hold_out: str | None = None


def checked(wish: Wish, today: int) -> Wish:
    """The wish with what it leaves open filled in. Raises UsageError naming what is missing or out of range."""
    for what, text, most in (
        ("name", wish.by, 128),
        ("note", wish.note, 500),
        ("workload", wish.hold_out, 128),
    ):
        if text is not None and not (0 < len(text) <= most and text.isprintable() and text.strip()):
            raise UsageError(
                f"the {what} given is not 1 to {most} printable characters; write it in one line"
            )
    if wish.share is not None and wish.action not in _SHARED:
        raise UsageError(f"a share belongs to a claim or a pilot; leave it out to {wish.action}")
    if wish.until_day is not None and wish.action != "dismiss":
        raise UsageError(f"only a dismissal has an end; leave it out to {wish.action}")
    if wish.hold_out is not None and wish.action not in ("pilot", "adopt"):
        raise UsageError("a hold-out is declared with a pilot or an adoption; leave it out here")
    if wish.action == "dismiss":
        return _dismissal(wish, today)
    if wish.action in _SHARED:
        return replace(wish, share=_share(wish))
    return wish


def _dismissal(wish: Wish, today: int) -> Wish:
    if wish.note is None:
        raise UsageError("a dismissal needs its reason, for whoever wonders later")
    until = wish.until_day if wish.until_day is not None else today + DISMISSED_DAYS
    if until <= today:
        raise UsageError(
            f"a dismissal ends on a later day than today; {clock.date_of(until)} is not one"
        )
    return replace(wish, until_day=until)


def _share(wish: Wish) -> str:
    """The share as exact text. A claim is for all of the traffic unless it says less, a pilot for less than all of it."""
    if wish.share is None and wish.action == "pilot":
        raise UsageError(
            "a pilot needs the share that runs on the target, over 0 and under 1, such as 0.1"
        )
    given = (wish.share or "1")[:32]
    try:
        share = Decimal(given)
    except InvalidOperation as error:
        raise UsageError(f"{given!r} is not a share; give a number such as 0.1") from error
    least = "over 0 and under 1" if wish.action == "pilot" else "over 0 and at most 1"
    # In Decimal throughout: as a fraction, a number such as 1e-99999999 would be as long as it says.
    if not share.is_finite() or not 0 < share <= 1 or (share == 1 and wish.action == "pilot"):
        raise UsageError(f"{given!r} is no share to {wish.action}; give a number {least}")
    exact = share.quantize(_FINEST_SHARE)
    if exact != share:
        raise UsageError(f"{given!r} is finer than a share needs to be; give at most 9 decimals")
    return money.text(exact)
