"""The read API: reports, usage and recommendations as JSON, each answer from one snapshot.

Changes nothing.
"""

from dataclasses import dataclass, fields
from typing import Annotated

from fastapi import Depends, FastAPI, Query, Response

from advisor.advice.departures import DepartureFigure
from advisor.advice.figures import RecommendationFigure
from advisor.months.figures import UsageFigure
from advisor.publishing import answers, wire
from advisor.publishing.api import recommendation_body
from advisor.publishing.api.recommendation_body import RecommendationBody
from advisor.publishing.outlet import Outlet
from advisor.report import report
from advisor.report.figures import Report
from advisor.stages import recommendations
from advisor.stages.stored_recommendation import StoredRecommendation
from ledger import clock, months
from ledger.access import Access

DEFAULT_GROUPS = "provider,model,project"
MonthQuery = Annotated[
    str | None, Query(description="YYYY-MM in the reporting zone; the current month if not given")
]
GroupsQuery = Annotated[
    str,
    Query(
        description="A comma list of provider, model, service_tier, project, workload;"
        " empty for one total"
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupedUsage:
    """A month's usage by the names in `group_by`, the most expensive first.

    The groups add up to the month's total.

    Where the state is closed, this is the usage that it was closed with; the report has the
    adjustments.
    """

    month: str
    state: str
    currency: str
    group_by: list[str]
    usage: tuple[UsageFigure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedAdvice(wire.ShortAdvice):
    """A recommendation in short; its stage and owner are null where it is not stored."""

    stage: str | None
    version: int | None
    owner: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AdviceList:
    """The recommendations of a month, the best low end first."""

    month: str
    basis: str
    departures: tuple[DepartureFigure, ...]
    """The models that have to be left within 90 days, the first to go first."""
    recommendations: list[ListedAdvice]


def install(app: FastAPI, outlet: Outlet) -> None:
    """Add the read API to an app."""
    _add_report(app, outlet)
    _add_usage(app, outlet)
    _add_recommendations(app, outlet)
    _add_recommendation(app, outlet)


def _add_report(app: FastAPI, outlet: Outlet) -> None:
    def read_report(
        access: Annotated[Access, Depends(outlet.reader())], month: MonthQuery = None
    ) -> Response:
        """A month: spend, usage, coverage, forecast and savings.

        `switchwise report --json` prints the same.
        """
        with outlet.database.snapshot() as session:
            figures = report.build(
                session,
                outlet.settings,
                clock.now_us(),
                month,
                project=access.project,
                with_movements=True,
            )
        return answers.json_of(figures)

    app.get("/api/v1/report", response_model=wire.schema(Report), responses=answers.REFUSALS)(
        read_report
    )


def _add_usage(app: FastAPI, outlet: Outlet) -> None:
    def read_usage(
        access: Annotated[Access, Depends(outlet.reader())],
        month: MonthQuery = None,
        group_by: GroupsQuery = DEFAULT_GROUPS,
    ) -> Response:
        """A month's usage and its cost, by any of the names that a statement keeps."""
        names = list(dict.fromkeys(name.strip() for name in group_by.split(",") if name.strip()))
        named_month = months.parse_or_current(month, outlet.settings.zone, clock.now_us())
        with outlet.database.snapshot() as session:
            is_closed, usage = report.group_usage(session, named_month, names, access.project)
        grouped = GroupedUsage(
            month=str(named_month),
            state="closed" if is_closed else "open",
            currency="USD",
            group_by=names,
            usage=usage,
        )
        return answers.json_of(grouped)

    app.get("/api/v1/usage", response_model=wire.schema(GroupedUsage), responses=answers.REFUSALS)(
        read_usage
    )


def _add_recommendations(app: FastAPI, outlet: Outlet) -> None:
    def list_recommendations(
        access: Annotated[Access, Depends(outlet.reader())], month: MonthQuery = None
    ) -> Response:
        """The best advice for every slice, now or for an earlier month at today's prices."""
        now_us = clock.now_us()
        named_month = months.parse_or_current(month, outlet.settings.zone, now_us)
        with outlet.database.snapshot() as session:
            savings = report.build_savings(
                session, outlet.settings, now_us, month=named_month, project=access.project
            )
            by_id = {row.recommendation.id: row for row in recommendations.read_current(session)}
        listed = [
            _listed(recommendation, by_id.get(recommendation.id))
            for recommendation in savings.recommendations
        ]
        return answers.json_of(
            AdviceList(
                month=str(named_month),
                basis=savings.basis,
                departures=savings.departures,
                recommendations=listed,
            )
        )

    app.get("/api/v1/recommendations", response_model=AdviceList, responses=answers.REFUSALS)(
        list_recommendations
    )


def _listed(
    figure: RecommendationFigure, recommendation: StoredRecommendation | None
) -> ListedAdvice:
    advice = wire.in_short(figure)
    return ListedAdvice(
        **{field.name: getattr(advice, field.name) for field in fields(advice)},
        stage=recommendation.stage if recommendation else None,
        version=recommendation.version if recommendation else None,
        owner=recommendation.record.owner if recommendation else None,
    )


def _add_recommendation(app: FastAPI, outlet: Outlet) -> None:
    def read_recommendation(
        access: Annotated[Access, Depends(outlet.reader())], id: str
    ) -> Response:
        """One recommendation with every input that recomputes it, its stage and its explanation."""
        with outlet.database.snapshot() as session:
            recommendation = recommendations.find(session, id, access.project)
            month = months.containing(clock.now_us(), outlet.settings.zone)
            body = recommendation_body.load_one(session, recommendation, month)
        return answers.json_of(body)

    path = "/api/v1/recommendations/{id}"
    app.get(path, response_model=RecommendationBody, responses=answers.REFUSALS)(
        read_recommendation
    )
