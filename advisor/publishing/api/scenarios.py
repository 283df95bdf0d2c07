"""Scenarios over HTTP: the same question by query or by JSON body. Stores nothing."""

from dataclasses import replace
from typing import Annotated

from fastapi import Depends, FastAPI, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from advisor.advice import rendering
from advisor.advice.figures import RecommendationFigure
from advisor.publishing import answers
from advisor.publishing.outlet import Outlet
from advisor.report import whatif
from ledger import clock
from ledger.access import Access
from ledger.errors import NotFound

_VALUE = "a value, or LOW,EXPECTED,HIGH; what the advisor assumes if not given"
Factor = Annotated[str | None, Field(default=None, max_length=64, description=_VALUE)]
Amount = Annotated[str | None, Field(default=None, max_length=32, description="USD, 0 or more")]
Name = Annotated[str | None, Field(default=None, max_length=256)]


class Scenario(BaseModel):
    """A scenario: which slice, where to, and with which factors."""

    # A misspelt name would otherwise leave its factor as assumed, and nobody would notice.
    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)

    pair: Annotated[
        str | None,
        Field(default=None, max_length=512, description="FROM:TO, each [provider/]model[@tier]"),
    ]
    service_tier: Name
    provider: Name
    project: Name
    workload: Name
    month: Annotated[
        str | None,
        Field(default=None, max_length=16, description="YYYY-MM; the last weeks if not given"),
    ]
    share: Factor
    phi_in: Factor
    phi_out: Factor
    escalation_rate: Factor
    extra_attempts: Factor
    sigma: Factor
    cached_share: Factor
    written_share: Factor
    verifier_usd: Amount
    one_off_usd: Amount
    pass_rates: Annotated[
        str | None,
        Field(default=None, max_length=64, description="SOURCE,TARGET: shares that are right"),
    ]
    can_wait: bool = False


def install(app: FastAPI, outlet: Outlet) -> None:
    """Add the routes to an app."""
    reader = outlet.reader()

    def by_query(
        access: Annotated[Access, Depends(reader)], scenario: Annotated[Scenario, Query()]
    ) -> Response:
        """What moving one slice would save with the factors in the query.

        The answer has break-evens and a sensitivity table too.
        """
        return answers.json_of(_run(outlet, access, scenario))

    def by_body(access: Annotated[Access, Depends(reader)], scenario: Scenario) -> Response:
        """The same with the factors in a JSON body."""
        return answers.json_of(_run(outlet, access, scenario))

    path = "/api/v1/whatif"
    for add, route in ((app.get, by_query), (app.post, by_body)):
        add(path, response_model=RecommendationFigure, responses=answers.REFUSALS)(route)


def _run(outlet: Outlet, access: Access, scenario: Scenario) -> RecommendationFigure:
    terms = whatif.Question(**scenario.model_dump())
    if access.project is not None:
        if terms.project not in (None, access.project):
            raise NotFound("no slice of that project; this key is fixed to one project")
        terms = replace(terms, project=access.project)
    with outlet.database.snapshot() as session:
        recommendation = whatif.run(session, outlet.settings, clock.now_us(), terms)
    return rendering.figure_of(recommendation)
