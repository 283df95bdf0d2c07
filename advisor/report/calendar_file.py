"""Shutdowns and the last starts of trials as a calendar file (iCalendar, RFC 5545). Pure.

Source: https://www.rfc-editor.org/rfc/rfc5545
"""

import hashlib
from collections.abc import Iterable, Iterator

from advisor.report.departure_plan import PlannedDepartureFigure

MEDIA_TYPE = "text/calendar; charset=utf-8"
_MOST_BYTES = 75
"""Of a line, without its end."""
_ESCAPES = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n", "\r": ""})


def write_calendar(departures: Iterable[PlannedDepartureFigure], as_of: str) -> bytes:
    """A day-long event for each shutdown, and one for each last start of a trial.

    `as_of` is the instant (RFC 3339, UTC) at which the plan was made. An event keeps its UID when
    its day moves, so that a calendar that reads the file again moves it.
    """
    stamp = "".join(character for character in as_of[:19] if character.isalnum()) + "Z"
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Switchwise//Departures//EN",
        "CALSCALE:GREGORIAN",
        *_events(departures, stamp),
        "END:VCALENDAR",
    ]
    return b"".join(map(_folded, lines))


def _events(departures: Iterable[PlannedDepartureFigure], stamp: str) -> Iterator[str]:
    shutdowns: dict[tuple[str, str], list[PlannedDepartureFigure]] = {}
    for departure in departures:
        shutdowns.setdefault((departure.provider, departure.model), []).append(departure)
        if departure.last_trial_start is not None:
            yield from _event(
                ("trial", *_place(departure)),
                day=departure.last_trial_start,
                summary=f"Last day to start a trial: {departure.project} / {departure.workload}",
                description=departure.sentence,
                stamp=stamp,
            )
    for (provider, model), group in shutdowns.items():
        yield from _event(
            ("shutdown", provider, model),
            day=group[0].shutdown_day,
            summary=f"{model} at {provider} shuts down",
            description="\n".join(
                f"{departure.project} / {departure.workload}: {departure.sentence}"
                for departure in group
            ),
            stamp=stamp,
        )


def _place(departure: PlannedDepartureFigure) -> tuple[str, str, str, str]:
    return departure.provider, departure.model, departure.project, departure.workload


def _event(
    names: tuple[str, ...], *, day: str, summary: str, description: str, stamp: str
) -> Iterator[str]:
    digest = hashlib.sha256("\0".join(names).encode()).hexdigest()[:32]
    yield "BEGIN:VEVENT"
    yield f"UID:{digest}@switchwise"
    yield f"DTSTAMP:{stamp}"
    yield f"DTSTART;VALUE=DATE:{day.replace('-', '')}"
    yield f"SUMMARY:{summary.translate(_ESCAPES)}"
    yield f"DESCRIPTION:{description.translate(_ESCAPES)}"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _folded(line: str) -> bytes:
    """A line with its end; cut into pieces of 75 bytes, never within a character."""
    pieces, piece = [], b""
    for character in line:
        encoded = character.encode("utf-8", "replace")
        if len(piece) + len(encoded) > _MOST_BYTES:
            pieces.append(piece)
            piece = b" "
        piece += encoded
    return b"\r\n".join([*pieces, piece]) + b"\r\n"
