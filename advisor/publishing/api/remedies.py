"""Errors as the API words them: a route in the place of a command that shows the same."""

import re

_ROUTES = (
    (r"switchwise evidence list", "GET /api/v1/evidence"),
    (r"switchwise report --month (\S+)", r"GET /api/v1/report?month=\1"),
    (r"switchwise report\b", "GET /api/v1/report"),
    (r"switchwise explain (\d{4}-\d\d)", r"GET /api/v1/report?month=\1"),
    (r"switchwise explain (\w+)", r"GET /api/v1/recommendations/\1"),
    (r"switchwise advise", "GET /api/v1/recommendations"),
    (r"switchwise trial plan (\w+)", r"GET /api/v1/recommendations/\1/trial"),
)
"""Commands that only read, and their routes. A remedy without a route here keeps its command."""


def over_http(message: str) -> str:
    """An error's message for a client of the API."""
    for command, route in _ROUTES:
        message = re.sub(command, route, message)
    return message
