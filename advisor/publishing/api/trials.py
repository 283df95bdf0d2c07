"""Plans for comparing two models, over HTTP. Stores nothing."""

from typing import Annotated

from fastapi import Depends, FastAPI, Query, Response

from advisor.publishing import answers
from advisor.publishing.outlet import Outlet
from advisor.stages import recommendations
from advisor.trial import figures, plan, terms
from advisor.trial.figures import PlanFigure
from ledger.access import Access

Ratio = Annotated[str | None, Query(max_length=32, description="from 0 to 1")]
Amount = Annotated[str | None, Query(max_length=32, description="USD, 0 or more")]


def install(app: FastAPI, outlet: Outlet) -> None:
    """Add the route to an app."""

    def plan_trial(
        access: Annotated[Access, Depends(outlet.reader())],
        id: str,
        rule: Annotated[str, Query(max_length=16, description="ratio or margin")] = "ratio",
        threshold: Ratio = None,
        power: Ratio = None,
        discordant: Ratio = None,
        pass_rate: Ratio = None,
        requests_per_conversation: Annotated[int, Query(ge=1, le=10_000)] = 1,
        judge_usd: Amount = None,
    ) -> Response:
        """How many pairs a comparison of the two models needs, its days and its cost.

        The plan includes routing weights for LiteLLM.
        """
        trial_terms = terms.parse(
            rule=rule,
            threshold=threshold,
            power=power,
            discordant=discordant,
            pass_rate=pass_rate,
            requests_per_conversation=requests_per_conversation,
            judge_usd=judge_usd,
        )
        with outlet.database.snapshot() as session:
            row = recommendations.find(session, id, access.project)
        return answers.json_of(figures.figure_of(plan.make(row.recommendation, trial_terms)))

    app.get(
        "/api/v1/recommendations/{id}/trial", response_model=PlanFigure, responses=answers.REFUSALS
    )(plan_trial)
