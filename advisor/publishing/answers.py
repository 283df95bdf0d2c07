"""JSON answers, and the refusals that the documentation of every route names. Holds no route."""

from typing import Any

from fastapi import Response
from pydantic import BaseModel

from advisor.publishing import wire


class ErrorBody(BaseModel):
    """Why a request was refused, and the remedy, in one line."""

    error: str


# "4XX" keeps FastAPI from documenting a 422, which the app never answers.
REFUSALS: dict[int | str, dict[str, Any]] = {
    "4XX": {"model": ErrorBody, "description": "Refused; the reason and the remedy are in `error`"},
    503: {
        "model": ErrorBody,
        "description": "The ledger cannot be read now; ask again after Retry-After seconds",
    },
}


def json_of(figure: object) -> Response:
    """A figure as a JSON answer."""
    return Response(wire.encode(figure), media_type="application/json")
