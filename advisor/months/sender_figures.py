"""What every face shows of the senders of a month: their last events, and what silence leaves out.

Pure.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from advisor.months import figures, silent_senders
from advisor.months.figures import UsageFigure
from advisor.months.missed_spend import MissedSpend
from advisor.months.silent_senders import SilentSender
from ledger import clock, money
from ledger.months import Month
from ledger.senders import LastEvent, UsageSender


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderFigure:
    """A namespace and project that sent events, its last one, and whether it is silent.

    `missed_usd` and `missed_requests` are its usual amounts for the part of the month in which it
    was silent; they are None where it is not, or where no statement has been computed since.
    """

    namespace: str
    project: str
    last_event: str
    silent: bool
    missed_usd: str | None
    missed_requests: int | None


def sender_figures(
    month: Month,
    last_events: Mapping[UsageSender, LastEvent],
    silent: Iterable[SilentSender],
    missed: Iterable[MissedSpend],
) -> tuple[SenderFigure, ...]:
    """The senders of a month: all that sent an event since a month before it began.

    Of one that is silent in it, the last event is the one before the silence.
    """
    missed_by = {UsageSender(spend.namespace, spend.project): spend for spend in missed}
    silent_since = {sender.sender: sender.last_occurred_at for sender in silent}
    silent_since |= {sender: spend.last_occurred_at for sender, spend in missed_by.items()}
    first = month.start_us - silent_senders.CARRIED_DAYS * clock.DAY_US
    return tuple(
        SenderFigure(
            namespace=sender.namespace,
            project=sender.project,
            last_event=clock.rfc3339(silent_since.get(sender, last.occurred_at)),
            silent=sender in silent_since,
            missed_usd=_missed_usd(missed_by.get(sender)),
            missed_requests=missed_by[sender].missed_requests if sender in missed_by else None,
        )
        for sender, last in last_events.items()
        if last.occurred_at >= first
    )


def with_silence(usage: UsageFigure, missed: Sequence[MissedSpend]) -> UsageFigure:
    """Usage whose coverage says how much of it silent senders leave out.

    The share is of dollars where the senders' usual cost is known, else of requests.
    """
    if not missed:
        return usage
    missed_femto_usd = sum(spend.missed_femto_usd for spend in missed)
    if missed_femto_usd and usage.cost_usd is not None:
        spent = money.femto_usd(usage.cost_usd)
        share = Fraction(missed_femto_usd, missed_femto_usd + spent)
    else:
        requests = sum(spend.missed_requests for spend in missed)
        share = Fraction(requests, max(1, requests + usage.requests))
    return figures.with_gap(usage, "silent", share)


def of_project(missed: Iterable[MissedSpend], project: str | None) -> list[MissedSpend]:
    """What the senders of one project leave out, or those of all."""
    return [spend for spend in missed if project in (None, spend.project)]


def _missed_usd(spend: MissedSpend | None) -> str | None:
    return None if spend is None else money.usd_text(spend.missed_femto_usd)
