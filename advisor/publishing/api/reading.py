"""The read API: reports, usage and recommendations as JSON, each answer from one snapshot. Changes nothing."""

from typing import Annotated

from fastapi import Depends, FastAPI, Query, Response
from typing_extensions import TypedDict

from advisor.months import statement_store
from advisor.publishing import outlet
from advisor.publishing.api import wire
from advisor.publishing.outlet import Outlet
from advisor.report import report
from advisor.stages import recommendations
from ledger import clock, months
from ledger.access import Access

DEFAULT_GROUPS = "provider,model,project"
Month = Annotated[
    str | None, Query(description="YYYY-MM in the reporting zone; the current month if not given")
]
Groups = Annotated[
    str,
    Query(
        description="A comma list of provider, model, service_tier, project, workload; empty for one total"
    ),
]


class GroupedUsage(TypedDict):
    """A month's usage by the names asked for, the dearest first. The groups add up to the month's total.

    Where the state is closed, this is the usage that it was closed with; the report has the adjustments.
    """

    month: str
    state: str
    currency: str
    group_by: list[str]
    usage: list[wire.UsageBody]


class ListedAdvice(wire.AdviceBody):
    """A recommendation in short, with its stage and whoever claimed it where it is stored."""

    stage: str | None
    version: int | None
    owner: str | None


class AdviceList(TypedDict):
    """The recommendations of a month, the best low end first."""

    month: str
    basis: str
    recommendations: list[ListedAdvice]


def install(app: FastAPI, given: Outlet) -> None:
    """Add the read API to an app."""
    _add_report(app, given)
    _add_usage(app, given)
    _add_recommendations(app, given)
    _add_recommendation(app, given)


def _add_report(app: FastAPI, given: Outlet) -> None:
    def read_report(
        access: Annotated[Access, Depends(given.reader())], month: Month = None
    ) -> Response:
        """A month: spend, usage, coverage, forecast and savings. `switchwise report --json` prints the same."""
        with given.database.snapshot() as session:
            found = report.build(session, given.settings, clock.now_us(), month, access.project)
        return outlet.answer(wire.report_body(found))

    app.get("/api/v1/report", response_model=wire.ReportBody, responses=outlet.REFUSALS)(
        read_report
    )


def _add_usage(app: FastAPI, given: Outlet) -> None:
    def read_usage(
        access: Annotated[Access, Depends(given.reader())],
        month: Month = None,
        group_by: Groups = DEFAULT_GROUPS,
    ) -> Response:
        """A month's usage and its cost, by any of the names that a statement keeps."""
        names = list(dict.fromkeys(name.strip() for name in group_by.split(",") if name.strip()))
        chosen = months.parse_or_current(month, given.settings.zone, clock.now_us())
        with given.database.snapshot() as session:
            statement = statement_store.read(session, chosen)
        lines = {
            key: line
            for key, line in (statement.lines if statement else {}).items()
            if access.project in (None, key.project)
        }
        usage = [wire.usage_body(each) for each in report.grouped_by(lines, names)]
        state = "closed" if statement and statement.closing else "open"
        return outlet.answer(
            GroupedUsage(
                month=str(chosen), state=state, currency="USD", group_by=names, usage=usage
            )
        )

    app.get("/api/v1/usage", response_model=GroupedUsage, responses=outlet.REFUSALS)(read_usage)


def _add_recommendations(app: FastAPI, given: Outlet) -> None:
    def list_recommendations(
        access: Annotated[Access, Depends(given.reader())], month: Month = None
    ) -> Response:
        """The chosen advice of every slice: now, or as it would have been on an earlier month at today's prices."""
        with given.database.snapshot() as session:
            found = report.build(session, given.settings, clock.now_us(), month)
            held = {stored.figure.id: stored for stored in recommendations.read(session)}
        listed = [
            ListedAdvice(
                **wire.advice_body(each),
                stage=held[each.id].stage if each.id in held else None,
                version=held[each.id].version if each.id in held else None,
                owner=held[each.id].record.owner if each.id in held else None,
            )
            for each in found.savings.recommendations
            if access.project in (None, each.project)
        ]
        return outlet.answer(
            AdviceList(month=found.month, basis=found.savings.basis, recommendations=listed)
        )

    app.get("/api/v1/recommendations", response_model=AdviceList, responses=outlet.REFUSALS)(
        list_recommendations
    )


def _add_recommendation(app: FastAPI, given: Outlet) -> None:
    def read_recommendation(
        access: Annotated[Access, Depends(given.reader())], id: str
    ) -> Response:
        """One recommendation with every input that recomputes it, its stage and its explanation."""
        with given.database.snapshot() as session:
            stored = recommendations.find(session, id, access.project)
            found = wire.body(
                session, stored, months.parse_or_current(None, given.settings.zone, clock.now_us())
            )
        return outlet.answer(found)

    path = "/api/v1/recommendations/{id}"
    app.get(path, response_model=wire.RecommendationBody, responses=outlet.REFUSALS)(
        read_recommendation
    )
