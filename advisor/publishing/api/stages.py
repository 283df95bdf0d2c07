"""The HTTP face of stages: one route an action, each a short transaction. The rest is in `store`."""

from datetime import date
from typing import Annotated

from fastapi import Depends, FastAPI, Response
from pydantic import BaseModel, ConfigDict, Field

from advisor.publishing import outlet
from advisor.publishing.api import wire
from advisor.publishing.outlet import Outlet
from advisor.stages import recommendations, store, table
from advisor.stages.table import Action
from advisor.stages.wishes import Wish
from ledger import clock, months
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


class Asked(BaseModel):
    """Who asks, and for which version of the recommendation: the one that was read before."""

    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)

    by: Annotated[str, Field(description="Who does it, for the history")]
    version: Annotated[
        int, Field(ge=1, description="The version that was read; another one is refused with 409")
    ]
    share: Annotated[
        str | None, Field(max_length=32, description="Of a claim or pilot: the part that moves")
    ] = None
    until: Annotated[
        date | None, Field(description="Of a dismissal: the UTC day on which it has ended")
    ] = None
    note: Annotated[
        str | None, Field(description="A line for the history; of a dismissal the reason")
    ] = None
    hold_out: Annotated[
        str | None,
        Field(
            description="Of a pilot or adoption: the workload under which the rest is sent to the source"
        ),
    ] = None


def install(app: FastAPI, given: Outlet) -> None:
    """Add a route for each action that people may take."""
    for action, title in _TITLES.items():
        _add(app, given, action, title)


def _add(app: FastAPI, given: Outlet, action: Action, title: str) -> None:
    def act(access: Annotated[Access, Depends(given.admin())], id: str, asked: Asked) -> Response:
        wish = Wish(
            action=action,
            by=asked.by,
            version=asked.version,
            key_id=access.key_id,
            share=asked.share,
            note=asked.note,
            until_day=None if asked.until is None else clock.day_number(asked.until),
            hold_out=asked.hold_out,
        )
        with given.database.transaction() as session:
            store.change(session, id, wish, clock.now_us(), access.project)
            stored = recommendations.find(session, id, access.project)
            found = wire.body(
                session, stored, months.containing(clock.now_us(), given.settings.zone)
            )
        return outlet.answer(found)

    sources = ", ".join(table.TRANSITIONS[action].sources)
    description = f"From {sources}. Refused with 409 at any other stage, and for a version that is not the present one."
    app.post(
        f"/api/v1/recommendations/{{id}}/{action}",
        response_model=wire.RecommendationBody,
        responses=outlet.REFUSALS,
        summary=title,
        description=description,
        operation_id=f"{action}_recommendation",
    )(act)
