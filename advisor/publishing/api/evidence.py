"""Evidence over HTTP: store paired results, list the comparisons they make, withdraw one."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from advisor.evidence import assembly, gates, register, rows, store
from advisor.evidence.assembly import ImportTerms
from advisor.evidence.figures import EvidenceFigure, ImportedFigure
from advisor.evidence.judge import JudgeLabels
from advisor.publishing import answers
from advisor.publishing.outlet import Outlet
from ledger import clock
from ledger.access import Access
from ledger.errors import UsageError
from ledger.pricing import in_force

MOST_ROWS = 20_000
_MOST_NAME = 1_024
Name = Annotated[str | None, Field(default=None, max_length=_MOST_NAME)]


class HandLabels(BaseModel):
    """Counts of answers that both a person and the judge marked: first the person's mark."""

    model_config = ConfigDict(extra="forbid")

    right_right: Annotated[int, Field(ge=0)]
    right_wrong: Annotated[int, Field(ge=0)]
    wrong_right: Annotated[int, Field(ge=0)]
    wrong_wrong: Annotated[int, Field(ge=0)]


class PairedResults(BaseModel):
    """Paired results, and what holds for all of them."""

    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)

    by: Annotated[str, Field(min_length=1, max_length=256, description="who sends them")]
    results: Annotated[
        list[dict[str, Any]],
        Field(
            max_length=MOST_ROWS,
            description=f"rows with {', '.join(rows.NAMES)} and the tokens of both answers",
        ),
    ]
    pair: Name
    project: Name
    workload: Name
    rule: Annotated[str, Field(max_length=16, description="ratio or margin")] = "ratio"
    threshold: Annotated[
        str | None, Field(default=None, max_length=32, description="a ratio of 0.9 if not given")
    ]
    measured_on: Annotated[
        date | None, Field(default=None, description="UTC day; today if not given")
    ]
    source: Annotated[
        str, Field(min_length=1, max_length=256, description="where they come from")
    ] = "api"
    judge: Annotated[
        str | None,
        Field(
            default=None,
            max_length=256,
            description="the model that marked the answers, if one did",
        ),
    ]
    judge_labels: HandLabels | None = None
    prompt_version: Annotated[
        str | None,
        Field(
            default=None,
            max_length=256,
            description="of the compared prompt; another one begins a new comparison",
        ),
    ]


class Withdrawal(BaseModel):
    """Why a comparison no longer counts."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[
        str, Field(min_length=1, max_length=1_024, description="why it no longer counts")
    ]
    by: Annotated[
        str | None, Field(default=None, min_length=1, max_length=256, description="who says so")
    ]


@dataclass(frozen=True, slots=True)
class StoredEvidence:
    """The comparisons that the results made, and the columns that have no meaning here."""

    comparisons: list[ImportedFigure]
    unknown_fields: list[str]


@dataclass(frozen=True, slots=True)
class EvidenceList:
    """Comparisons, the last measured first."""

    evidence: list[EvidenceFigure]


def install(app: FastAPI, outlet: Outlet) -> None:
    """Add the routes to an app."""
    _add_list(app, outlet)
    _add_store(app, outlet)
    _add_withdraw(app, outlet)


def _add_list(app: FastAPI, outlet: Outlet) -> None:
    def list_evidence(
        access: Annotated[Access, Depends(outlet.reader())],
        project: Annotated[str | None, Query(max_length=_MOST_NAME)] = None,
    ) -> Response:
        """Every stored comparison of two models, with its verdict and whether it still counts."""
        with outlet.database.snapshot() as session:
            figures = register.list_all(
                session, in_force.load_book(session), clock.now_us(), access.project or project
            )
        return answers.json_of(EvidenceList(figures))

    app.get("/api/v1/evidence", response_model=EvidenceList, responses=answers.REFUSALS)(
        list_evidence
    )


def _add_store(app: FastAPI, outlet: Outlet) -> None:
    def store_evidence(
        access: Annotated[Access, Depends(outlet.admin())], body: PairedResults
    ) -> Response:
        """Store paired results. All rows or none: one that cannot be read refuses the others."""
        now_us = clock.now_us()
        comparisons = assembly.comparisons(
            enumerate(body.results, start=1), _terms(body, clock.day_of(now_us))
        )
        with outlet.database.transaction() as session:
            imported = register.add(
                session,
                comparisons,
                by=body.by,
                book=in_force.load_book(session),
                now_us=now_us,
                project=access.project,
            )
        return answers.json_of(StoredEvidence(imported, rows.unknown_columns(body.results)))

    app.post("/api/v1/evidence", response_model=StoredEvidence, responses=answers.REFUSALS)(
        store_evidence
    )


def _add_withdraw(app: FastAPI, outlet: Outlet) -> None:
    def withdraw_evidence(
        access: Annotated[Access, Depends(outlet.admin())], id: str, body: Withdrawal
    ) -> Response:
        """Take a comparison back: it stays listed with who did it and why, and counts no more."""
        now_us = clock.now_us()
        with outlet.database.transaction() as session:
            withdrawn = store.withdraw(
                session, id, body.reason, now_us, by=body.by, project=access.project
            )
            figure = register.evidence_figure(
                session, withdrawn, in_force.load_book(session), now_us
            )
        return answers.json_of(figure)

    path = "/api/v1/evidence/{id}/withdraw"
    app.post(path, response_model=EvidenceFigure, responses=answers.REFUSALS)(withdraw_evidence)


def _terms(body: PairedResults, today: int) -> ImportTerms:
    day = today if body.measured_on is None else clock.day_number(body.measured_on)
    if day > today:
        raise UsageError(
            f"measured_on is {body.measured_on}, which is yet to come; give the day of the"
            " comparison"
        )
    labels = body.judge_labels
    return ImportTerms(
        pair=body.pair,
        project=body.project,
        workload=body.workload,
        gate=gates.parse(body.rule, body.threshold),
        measured_day=day,
        source=body.source,
        judge=body.judge,
        labels=JudgeLabels(**labels.model_dump()) if labels else None,
        prompt_version=body.prompt_version,
    )
