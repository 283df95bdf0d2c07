"""What every face shows of two reporters of the same calls. Pure."""

from dataclasses import dataclass

from advisor import words
from advisor.months import silence_words
from advisor.months.twins import Twins
from ledger import clock
from ledger.senders import Reporter, UsageSender


@dataclass(frozen=True, slots=True, kw_only=True)
class TwinFigure:
    """Two reporters with equal sums in some hours.

    Requests and tokens are those of one of the two: what counts twice if they are the same calls.
    """

    first: str
    second: str
    first_hour: str
    last_hour: str
    hours: int
    requests: int
    tokens: int


def twin_figure(twins: Twins) -> TwinFigure:
    """Twins by their names and instants."""
    return TwinFigure(
        first=_name(twins.first),
        second=_name(twins.second),
        first_hour=silence_words.write_instant(twins.first_hour * clock.HOUR_US),
        last_hour=silence_words.write_instant(twins.last_hour * clock.HOUR_US),
        hours=twins.hours,
        requests=twins.requests,
        tokens=twins.tokens,
    )


def write_twins(twins: TwinFigure) -> str:
    """`a (key x) and b (key y) seem to report the same calls: equal sums in 3 hours ...`."""
    return (
        f"{twins.first} and {twins.second} seem to report the same calls: equal sums in"
        f" {words.counted(twins.hours, 'hour')} from {twins.first_hour} to {twins.last_hour},"
        f" {words.counted(twins.requests, 'request')} and {words.counted(twins.tokens, 'token')}"
        " each"
    )


def _name(reporter: Reporter) -> str:
    sender = silence_words.write_sender(UsageSender(reporter.namespace, reporter.project))
    return f"{sender} (key {reporter.key})"
