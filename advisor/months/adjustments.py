"""Dated adjustments: what changes a closed month's money without changing its statement. Pure.

Late usage becomes one adjustment for each UTC day on which it was rolled up. A repricing is one
that somebody books. Each keeps its own arithmetic.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from advisor.months import statements, trace
from advisor.months.statements import Line, LineKey
from ledger.late_usage import LATE

BY_THE_LEDGER = "the ledger"
"""Who makes the adjustments for late usage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedLine:
    """A line before a repricing, in the closed statement (number 0) or an earlier adjustment.

    Costs are None where nothing is priced.
    """

    number: int
    provider: str
    model: str
    service_tier: str
    project: str
    workload: str
    requests: int
    tokens: int
    unpriced_tokens: int
    cost_femto_usd: int | None
    list_cost_femto_usd: int | None

    @property
    def key(self) -> LineKey:
        """The line."""
        return LineKey(
            provider=self.provider,
            model=self.model,
            service_tier=self.service_tier,
            project=self.project,
            workload=self.workload,
        )


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """How an adjustment comes about: the cost of its rows, less what was booked before."""

    rows: tuple[trace.TraceRow, ...]
    less: tuple[BookedLine, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """An adjustment as it is booked. Its lines add to the closed statement's.

    The amounts of a repricing may be below 0. `dated_day` is a UTC day number, `created_at` UTC
    epoch microseconds.
    """

    month: str
    kind: str
    dated_day: int
    after_number: int
    reason: str
    made_by: str
    price_book_version: str
    names_version: str
    created_at: int
    lines: Mapping[LineKey, Line]

    @property
    def requests(self) -> int:
        """The requests of all of its lines."""
        return sum(line.requests for line in self.lines.values())


ByNumber = Mapping[int, Adjustment]
"""The adjustments of a month by number, in the order in which they were booked."""


def for_project(adjustments: ByNumber, project: str) -> dict[int, Adjustment]:
    """The adjustments that touch a project, each with the lines of that project alone."""
    lines_of_project = {
        number: {key: line for key, line in adjustment.lines.items() if key.project == project}
        for number, adjustment in adjustments.items()
    }
    return {
        number: replace(adjustments[number], lines=lines)
        for number, lines in lines_of_project.items()
        if lines
    }


def apply(lines: Mapping[LineKey, Line], adjustments: ByNumber) -> dict[LineKey, Line]:
    """The lines of a closed month with all of its adjustments."""
    return statements.merge([lines, *(adjustment.lines for adjustment in adjustments.values())])


def late_requests(adjustments: ByNumber) -> dict[LineKey, int]:
    """The requests that came after the month was closed, by line."""
    late = statements.merge(
        adjustment.lines for adjustment in adjustments.values() if adjustment.kind == LATE
    )
    return {key: line.requests for key, line in late.items()}
