"""Two reporters of the same calls: equal sums hour by hour. Their calls count twice."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec
from sqlmodel import Session

from ledger import clock, facts, senders
from ledger.senders import HourSums, Reporter

FACT = "twins"
"""The fact that holds the twins of the last days with traffic."""
WINDOW_HOURS = 7 * 24
"""How far back from the last event hours are compared."""
LEAST_REQUESTS = 20
"""Equal hours of fewer requests may be chance."""
_LEAST_SHARE = (9, 10)
"""Of the smaller reporter's requests, so many must lie in equal hours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Twins:
    """Two reporters whose sums are equal in some UTC hours, and what these hours come to.

    The hours are numbers since 1970-01-01; requests and tokens are those of one of the two.
    """

    first: Reporter
    second: Reporter
    first_hour: int
    last_hour: int
    hours: int
    requests: int
    tokens: int


@dataclass(slots=True)
class _EqualHours:
    hours: list[int] = field(default_factory=list)
    requests: int = 0
    tokens: int = 0

    def add(self, hour: int, sums: HourSums) -> None:
        self.hours.append(hour)
        self.requests += sums.requests
        self.tokens += sums.input_tokens + sums.output_tokens


def find_twins(sums: Mapping[Reporter, Mapping[int, HourSums]]) -> list[Twins]:
    """The pairs of reporters that report the same calls. Pure."""
    reporters: dict[tuple[int, HourSums], list[Reporter]] = {}
    for reporter, hours in sums.items():
        for hour, of_hour in hours.items():
            reporters.setdefault((hour, of_hour), []).append(reporter)
    equal: dict[tuple[Reporter, Reporter], _EqualHours] = {}
    for (hour, of_hour), alike in sorted(reporters.items()):
        for pair in itertools.combinations(sorted(alike), 2):
            equal.setdefault(pair, _EqualHours()).add(hour, of_hour)
    requests = {
        reporter: sum(of_hour.requests for of_hour in hours.values())
        for reporter, hours in sums.items()
    }
    share, whole = _LEAST_SHARE
    return [
        Twins(
            first=pair[0],
            second=pair[1],
            first_hour=same.hours[0],
            last_hour=same.hours[-1],
            hours=len(same.hours),
            requests=same.requests,
            tokens=same.tokens,
        )
        for pair, same in sorted(equal.items())
        if same.requests >= LEAST_REQUESTS
        and same.requests * whole >= share * min(requests[reporter] for reporter in pair)
    ]


def search(session: Session) -> list[Twins]:
    """The twins in the hours before the last event; sample traffic has none."""
    last_us = senders.last_event_at(session)
    if last_us is None:
        return []
    last_hour = clock.hour_of(last_us)
    hours = range(last_hour - WINDOW_HOURS + 1, last_hour + 1)
    samples = set(facts.sample_projects(session))
    sums = senders.hourly_sums(session, hours)
    return find_twins(
        {reporter: own for reporter, own in sums.items() if reporter.project not in samples}
    )


def remember(session: Session, twins: list[Twins]) -> None:
    """Store the twins that were found last."""
    content = msgspec.json.encode(twins).decode()
    if content != (facts.get(session, FACT) or "[]"):
        facts.put(session, FACT, content)


def load(session: Session) -> list[Twins]:
    """The twins that were found last."""
    return msgspec.json.decode(facts.get(session, FACT) or "[]", type=list[Twins])
