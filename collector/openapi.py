"""What the write API says about itself in `/openapi.json`: bodies, answers and errors."""

from typing import Any

from fastapi import Response
from pydantic import BaseModel

from collector.parsing.format import JsonFormat, Schema
from collector.receipts import NativeReceipt, Receipt

RouteOptions = dict[str, Any]
"""Keyword arguments of FastAPI's `add_api_route`."""


class Refused(BaseModel):
    """The one shape of error: what is wrong, and what to do about it."""

    error: str


_REFUSALS = {
    400: "No element of the body was complete; do not send it again",
    401: "No valid API key",
    403: "The key may not write",
    408: "The body stopped arriving",
    413: "The body is larger than this route takes; send fewer events at once",
    415: "A content encoding other than identity and gzip",
    503: "Nothing was acknowledged; send it again after Retry-After seconds",
}
_SCRAPE_REFUSALS = {
    401: _REFUSALS[401],
    403: "The key may not scrape",
    503: "Ask again after Retry-After seconds",
}


def describe_write(format: JsonFormat) -> RouteOptions:
    """The description of a format's route.

    A body is one element, an array of them, or one a line: the first byte tells them apart,
    whatever the content type is.
    """
    schema: Schema = {"anyOf": [format.schema, {"type": "array", "items": format.schema}]}
    receipt = Receipt if format.unknown_fields is None else NativeReceipt
    return {
        "summary": f"Store {format.name} records",
        "openapi_extra": {
            "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}
        },
        "responses": {
            200: {"model": receipt, "description": "Committed: what became of each element"},
            **_describe_refusals(_REFUSALS),
        },
    }


def _describe_refusals(descriptions: dict[int, str]) -> dict[int, RouteOptions]:
    return {
        status: {"model": Refused, "description": description}
        for status, description in descriptions.items()
    }


PROBE: RouteOptions = {"responses": _describe_refusals({503: "Not now; the reason is in `error`"})}
METRICS: RouteOptions = {
    "response_class": Response,
    "responses": _describe_refusals(_SCRAPE_REFUSALS),
}
