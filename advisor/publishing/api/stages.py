"""Stages over HTTP: a route for each action, each a short transaction.

`advisor/stages/store.py` decides.
"""

from datetime import date
from typing import Annotated

from fastapi import Depends, FastAPI, Response
from pydantic import BaseModel, ConfigDict, Field

from advisor.publishing import answers
from advisor.publishing.api import recommendation_body
from advisor.publishing.api.recommendation_body import RecommendationBody
from advisor.publishing.outlet import Outlet
from advisor.stages import recommendations, store, transitions
from advisor.stages.change_requests import ChangeRequest
from advisor.stages.transitions import Action
from ledger import clock, months, prose
from ledger.access import Access

_TITLES: dict[Action, str] = {
    "claim": "Take a recommendation on: its estimate is frozen, and it stays with its target.",
    "unclaim": "Give a claim back.",
    "dismiss": "Set a recommendation aside until a day, with the reason.",
    "undismiss": "Take a dismissal back before it ends by itself.",
    "pilot": "Note that a share of the traffic runs on the target now.",
    "adopt": "Note that the traffic has moved; what it saves is measured from the next day on.",
    "rollback": "Note that the traffic is back on the source.",
}


class StageChangeBody(BaseModel):
    """Who changes the stage, and which version of the recommendation they have read."""

    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)

    by: Annotated[str, Field(description="who does it")]
    version: Annotated[
        int, Field(ge=1, description="the version that was read; any other is refused with 409")
    ]
    share: Annotated[
        str | None, Field(max_length=32, description="of a claim or pilot: the part that moves")
    ] = None
    until: Annotated[
        date | None, Field(description="of a dismissal: the UTC day on which it has ended")
    ] = None
    note: Annotated[
        str | None, Field(description="a line for the history; of a dismissal the reason")
    ] = None
    hold_out: Annotated[
        str | None,
        Field(description="of a pilot or adoption: the workload of the traffic that stays behind"),
    ] = None


def install(app: FastAPI, outlet: Outlet) -> None:
    """Add a route for each action that people may take."""
    for action, title in _TITLES.items():
        _add(app, outlet, action, title)


def _add(app: FastAPI, outlet: Outlet, action: Action, title: str) -> None:
    def act(
        access: Annotated[Access, Depends(outlet.admin())], id: str, body: StageChangeBody
    ) -> Response:
        request = ChangeRequest(
            action=action,
            by=body.by,
            version=body.version,
            key_id=access.key_id,
            share=body.share,
            note=body.note,
            until_day=None if body.until is None else clock.day_number(body.until),
            hold_out=body.hold_out,
        )
        with outlet.database.transaction() as session:
            store.change(session, id, request, clock.now_us(), project=access.project)
            recommendation = recommendations.find(session, id, access.project)
            month = months.containing(clock.now_us(), outlet.settings.zone)
            full = recommendation_body.load_one(session, recommendation, month)
        return answers.json_of(full)

    sources = prose.one_of(transitions.TRANSITIONS[action].sources)
    app.post(
        f"/api/v1/recommendations/{{id}}/{action}",
        response_model=RecommendationBody,
        responses=answers.REFUSALS,
        summary=title,
        description=f"From {sources}."
        " Any other stage, and any version but the present one, is refused with 409.",
        operation_id=f"{action}_recommendation",
    )(act)
