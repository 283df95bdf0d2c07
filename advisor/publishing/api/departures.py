"""The plan for models that shut down, over HTTP: as JSON, and as a calendar to subscribe to."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, FastAPI, Response

from advisor.months import pricings
from advisor.publishing import answers
from advisor.publishing.outlet import Outlet
from advisor.report import calendar_file, departure_plan
from advisor.report.departure_plan import PlannedDepartureFigure
from ledger import clock
from ledger.access import Access


@dataclass(frozen=True, slots=True, kw_only=True)
class DeparturePlan:
    """The workloads of the last 30 days whose model shuts down, the most dollars first."""

    as_of: str
    departures: tuple[PlannedDepartureFigure, ...]


def install(app: FastAPI, outlet: Outlet) -> None:
    """Add the routes to an app."""

    def plan(access: Access) -> DeparturePlan:
        now_us = clock.now_us()
        with outlet.database.snapshot() as session:
            departures = departure_plan.build(
                session, pricings.in_force(session), now_us, access.project
            )
        return DeparturePlan(as_of=clock.rfc3339(now_us), departures=departures)

    def plan_departures(access: Annotated[Access, Depends(outlet.reader())]) -> Response:
        """Where work on models that shut down can go, what it costs there, and by when."""
        return answers.json_of(plan(access))

    def write_calendar(access: Annotated[Access, Depends(outlet.reader())]) -> Response:
        """The shutdowns, and the last days on which trials can start, as a calendar."""
        planned = plan(access)
        return Response(
            calendar_file.write_calendar(planned.departures, planned.as_of),
            media_type=calendar_file.MEDIA_TYPE,
        )

    app.get("/api/v1/departures", response_model=DeparturePlan, responses=answers.REFUSALS)(
        plan_departures
    )
    app.get("/api/v1/departures.ics", response_class=Response, responses=answers.REFUSALS)(
        write_calendar
    )
