"""A closed month's adjustments as figures, and what they make of its total. Pure."""

from collections.abc import Mapping
from dataclasses import replace

from advisor.months import figures as month_figures
from advisor.months import statements
from advisor.months.adjustments import Adjustment
from advisor.months.statements import Line, LineKey
from ledger import clock, money
from ledger.late_usage import LATE
from ledger.pricing import prices

Booked = Mapping[int, Adjustment]
"""The adjustments of a month by number."""


def of_project(booked: Booked, project: str) -> dict[int, Adjustment]:
    """The adjustments that touch a project, each with its lines of that project alone."""
    own = {
        number: {key: line for key, line in each.lines.items() if key.project == project}
        for number, each in booked.items()
    }
    return {number: replace(booked[number], lines=lines) for number, lines in own.items() if lines}


def adjustment_figures(booked: Booked) -> tuple[month_figures.AdjustmentFigure, ...]:
    """The adjustments in the order in which they were booked."""
    return tuple(_figure(number, each) for number, each in booked.items())


def together(lines: Mapping[LineKey, Line], booked: Booked) -> dict[LineKey, Line]:
    """The lines of a closed month with all of its adjustments."""
    return statements.together([lines, *(each.lines for each in booked.values())])


def late_requests(booked: Booked) -> dict[LineKey, int]:
    """The requests that came after the month was closed, by line."""
    late = statements.together(each.lines for each in booked.values() if each.kind == LATE)
    return {key: line.requests for key, line in late.items()}


def _figure(number: int, booked: Adjustment) -> month_figures.AdjustmentFigure:
    lines = list(booked.lines.values())
    spent = prices.sum_costs(line.cost for line in lines)
    return month_figures.AdjustmentFigure(
        number=number,
        dated=clock.date_of(booked.dated_day).isoformat(),
        kind=booked.kind,
        reason=booked.reason,
        made_by=booked.made_by,
        price_book_version=booked.price_book_version,
        cost_usd=money.usd_text(spent.femto_usd) if any(line.is_priced for line in lines) else None,
        requests=sum(line.requests for line in lines),
        tokens=sum(line.counts.total_tokens for line in lines),
        unpriced_tokens=spent.unpriced_tokens,
        lines=tuple(_line(key, line) for key, line in sorted(booked.lines.items())),
    )


def _line(key: LineKey, line: Line) -> month_figures.AdjustmentLine:
    return month_figures.AdjustmentLine(
        **key._asdict(),
        cost_usd=money.usd_text(line.cost.femto_usd) if line.is_priced else None,
        list_cost_usd=money.usd_text(line.list_cost_femto_usd) if line.is_priced else None,
        requests=line.requests,
        tokens=line.counts.total_tokens,
        unpriced_tokens=line.cost.unpriced_tokens,
    )
