"""Requests that asked for one service tier and were served, and are priced, at another. Reads only."""

from typing import NamedTuple

from sqlmodel import Session

from advisor import monthly, statements
from advisor.statements import Line
from ledger.months import Month


class Served(NamedTuple):
    """A project's model at a provider, the tier that was asked for, and the one that served."""

    project: str
    provider: str
    model: str
    asked: str
    served: str


def of_month(session: Session, month: Month, pricing: statements.Pricing) -> dict[Served, Line]:
    """The sums of every such group of a month, the most requests first."""
    found: dict[Served, Line] = {}
    for part in monthly.parts(session, month):
        for series_id, amounts in part.amounts.items():
            stored = pricing.series[series_id]
            labels = stored.labels
            if statements.is_other_tier(labels):
                priced = pricing.of(series_id, part.day)
                served = Served(
                    labels.project, priced.provider, priced.model, labels.service_tier_requested, labels.service_tier
                )
                found.setdefault(served, Line()).add(stored, amounts, priced.price)
    return dict(sorted(found.items(), key=lambda item: (-item[1].requests, item[0])))
