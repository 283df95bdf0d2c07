"""The HTTP face of plans for a comparison. Stores nothing."""

from typing import Annotated

from fastapi import Depends, FastAPI, Query, Response

from advisor.publishing import outlet
from advisor.publishing.outlet import Outlet
from advisor.stages import recommendations
from advisor.trial import plan
from advisor.trial.figures import PlanFigure
from ledger.access import Access

Text = Annotated[str | None, Query(max_length=32)]


def install(app: FastAPI, given: Outlet) -> None:
    """Add the route to an app."""

    def plan_trial(
        access: Annotated[Access, Depends(given.reader())],
        id: str,
        rule: Annotated[str, Query(max_length=16, description="ratio or margin")] = "ratio",
        threshold: Text = None,
        power: Text = None,
        discordant: Text = None,
        pass_rate: Text = None,
        requests_per_conversation: Annotated[int, Query(ge=1, le=10_000)] = 1,
        judge_usd: Text = None,
    ) -> Response:
        """How many pairs a comparison of the two models needs, how long that takes, what it costs, and LiteLLM's weights."""
        with given.database.snapshot() as session:
            found = recommendations.find(session, id, access.project)
        asked = plan.Asked(
            rule, threshold, power, discordant, pass_rate, requests_per_conversation, judge_usd
        )
        return outlet.answer(plan.of(found.figure, asked))

    app.get(
        "/api/v1/recommendations/{id}/trial", response_model=PlanFigure, responses=outlet.REFUSALS
    )(plan_trial)
