"""How far the latest forecasts were off: the error that grades how sure advice is."""

from collections.abc import Iterable
from fractions import Fraction

from sqlmodel import Session

from advisor.months import statement_store
from advisor.months.backtest import Backtest
from advisor.months.statement_store import MonthStatement
from ledger.months import Month

JUDGED_MONTHS = 3
"""Finished months whose forecasts count. Earlier ones say little of how traffic behaves now."""
_READ_MONTHS = 12


def error_ratio(
    session: Session, through: Month, computed: Iterable[MonthStatement] = ()
) -> Fraction | None:
    """The mean error of the forecasts of the last up to three back-tested months.

    It is the plain mean of the months' own errors, each a share of what the month came to; None
    where no month through this one was tested. It judges the forecast of all spend, as no other is
    made. `computed` are statements that the same run has made and not yet written: they replace the
    stored ones.
    """
    backtests: dict[str, Backtest | None] = {
        **statement_store.read_backtests(session, through, _READ_MONTHS)
    }
    backtests |= {str(statement.month): statement.backtest for statement in computed}
    latest_first = [backtests[month] for month in sorted(backtests, reverse=True)]
    errors = [backtest.error_ratio for backtest in latest_first if backtest is not None][
        :JUDGED_MONTHS
    ]
    return sum(errors, Fraction(0)) / len(errors) if errors else None
