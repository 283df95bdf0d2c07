"""The HTTP face of scenarios: the same question by query or by JSON body. Stores nothing."""

from dataclasses import replace
from typing import Annotated

from fastapi import Depends, FastAPI, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from advisor.advice import figures as advice_figures
from advisor.publishing import outlet
from advisor.publishing.outlet import Outlet
from advisor.report import whatif
from ledger import clock
from ledger.access import Access
from ledger.errors import NotFound

_VALUE = "a value, or LOW,POINT,HIGH; as the advisor assumes it if not given"
Factor = Annotated[str | None, Field(default=None, max_length=64, description=_VALUE)]
Amount = Annotated[str | None, Field(default=None, max_length=32, description="USD, 0 or more")]
Name = Annotated[str | None, Field(default=None, max_length=256)]


class Scenario(BaseModel):
    """A scenario: which slice, where to, and with which factors."""

    # A name that is misspelt would leave its factor as assumed, silently.
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
    verifier_usd: Amount
    one_off_usd: Amount
    pass_rates: Annotated[
        str | None,
        Field(default=None, max_length=64, description="SOURCE,TARGET: shares that are right"),
    ]
    can_wait: bool = False


def install(app: FastAPI, given: Outlet) -> None:
    """Add the routes to an app."""
    reader = given.reader()

    def by_query(
        access: Annotated[Access, Depends(reader)], asked: Annotated[Scenario, Query()]
    ) -> Response:
        """What a move of one slice would save at factors of one's own, with its break-evens and sensitivity."""
        return outlet.answer(_run(given, access, asked))

    def by_body(access: Annotated[Access, Depends(reader)], asked: Scenario) -> Response:
        """The same, asked in a JSON body."""
        return outlet.answer(_run(given, access, asked))

    path = "/api/v1/whatif"
    app.get(path, response_model=advice_figures.RecommendationFigure, responses=outlet.REFUSALS)(
        by_query
    )
    app.post(path, response_model=advice_figures.RecommendationFigure, responses=outlet.REFUSALS)(
        by_body
    )


def _run(given: Outlet, access: Access, asked: Scenario) -> advice_figures.RecommendationFigure:
    wanted = whatif.Asked(**asked.model_dump())
    if access.project is not None:
        if wanted.project not in (None, access.project):
            raise NotFound("no slice of that project; this key is fixed to one project")
        wanted = replace(wanted, project=access.project)
    with given.database.snapshot() as session:
        return whatif.run(session, given.settings, clock.now_us(), wanted)
