"""How far the latest forecasts were off: the error that grades how sure advice is. Reads statements only."""

from collections.abc import Iterable
from fractions import Fraction

from sqlmodel import Session

from advisor.months import statement_store
from advisor.months.figures import BacktestFigure
from advisor.months.statement_store import MonthStatement
from ledger.months import Month

JUDGED_MONTHS = 3
"""Finished months whose forecasts count; what happened before says little of how traffic behaves now."""
_LOOKED_AT_MONTHS = 12


def error_ratio(
    session: Session, through: Month, computed: Iterable[MonthStatement] = ()
) -> Fraction | None:
    """The mean absolute error of the forecasts of the last up to three back-tested months, as a share of what they came to.

    It is the plain mean of the months' own errors, each the mean distance of a month's daily forecasts from its actual over
    that actual; None where no month through this one was tested. It judges the forecast of all spend, as no other is made.
    `computed` are statements that the same run has made and not yet written: they stand in for the stored ones.
    """
    told: dict[str, BacktestFigure | None] = {
        each.month: each for each in statement_store.backtests(session, through, _LOOKED_AT_MONTHS)
    }
    for statement in computed:
        told[str(statement.month)] = statement.forecast.backtest if statement.forecast else None
    tested = [told[month] for month in sorted(told, reverse=True)]
    errors = [Fraction(each.error_ratio) for each in tested if each is not None][:JUDGED_MONTHS]
    return sum(errors, Fraction(0)) / len(errors) if errors else None
