"""The HTTP face of evidence: store paired results, list them, withdraw a mistake."""

from datetime import date
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from advisor.evidence import assembly, gates, register, rows, store
from advisor.evidence.assembly import ImportTerms
from advisor.evidence.figures import EvidenceFigure, ImportedFigure
from advisor.evidence.judge import JudgeLabels
from advisor.publishing import outlet
from advisor.publishing.outlet import Outlet
from ledger import clock
from ledger.access import Access
from ledger.errors import UsageError
from ledger.pricing import in_force

MOST_ROWS = 20_000
_MOST_NAME = 1_024
Name = Annotated[str | None, Field(default=None, max_length=_MOST_NAME)]


class HandLabels(BaseModel):
    """Answers that a person and the judge both marked, by the person's word first."""

    model_config = ConfigDict(extra="forbid")

    right_right: Annotated[int, Field(ge=0)]
    right_wrong: Annotated[int, Field(ge=0)]
    wrong_right: Annotated[int, Field(ge=0)]
    wrong_wrong: Annotated[int, Field(ge=0)]


class Sent(BaseModel):
    """Paired results, and what is said of all of them."""

    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)

    by: Annotated[
        str, Field(min_length=1, max_length=256, description="Who sends them, for the record")
    ]
    results: Annotated[
        list[dict[str, Any]],
        Field(
            max_length=MOST_ROWS,
            description=f"Rows with {', '.join(rows.NAMES)} and what the answers took",
        ),
    ]
    pair: Name
    project: Name
    workload: Name
    rule: Annotated[str, Field(max_length=16, description="ratio or margin")] = "ratio"
    threshold: Annotated[
        str | None, Field(default=None, max_length=32, description="0.9 of a ratio if not given")
    ]
    measured_on: Annotated[
        date | None, Field(default=None, description="UTC day; today if not given")
    ]
    source: Annotated[
        str, Field(min_length=1, max_length=256, description="Where they come from")
    ] = "api"
    judge: Annotated[
        str | None,
        Field(
            default=None,
            max_length=256,
            description="The model that marked the answers, if one did",
        ),
    ]
    judge_labels: HandLabels | None = None


class Withdrawal(BaseModel):
    """Why a comparison counts no more."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, Field(min_length=1, max_length=1_024)]


class KeptBody(TypedDict):
    """What became of the results sent: each comparison, and the columns that mean nothing here."""

    comparisons: list[ImportedFigure]
    unknown_fields: list[str]


class ListBody(TypedDict):
    """Comparisons, the last measured first."""

    evidence: list[EvidenceFigure]


def install(app: FastAPI, given: Outlet) -> None:
    """Add the routes to an app."""
    _add_list(app, given)
    _add_store(app, given)
    _add_withdraw(app, given)


def _add_list(app: FastAPI, given: Outlet) -> None:
    def list_evidence(
        access: Annotated[Access, Depends(given.reader())],
        project: Annotated[str | None, Query(max_length=_MOST_NAME)] = None,
    ) -> Response:
        """Every comparison of two models that was ever stored, with its verdict and whether it still counts."""
        with given.database.snapshot() as session:
            found = register.list_all(
                session, in_force.load_book(session), clock.now_us(), access.project or project
            )
        return outlet.answer(ListBody(evidence=found))

    app.get("/api/v1/evidence", response_model=ListBody, responses=outlet.REFUSALS)(list_evidence)


def _add_store(app: FastAPI, given: Outlet) -> None:
    def store_evidence(access: Annotated[Access, Depends(given.admin())], sent: Sent) -> Response:
        """Store paired results. All rows or none: one that cannot be read refuses the others."""
        now_us = clock.now_us()
        found = assembly.comparisons(
            enumerate(sent.results, start=1), _terms(sent, clock.day_of(now_us))
        )
        with given.database.transaction() as session:
            imported = register.add(
                session,
                found,
                by=sent.by,
                book=in_force.load_book(session),
                now_us=now_us,
                project=access.project,
            )
        unknown = rows.unknown_columns(sent.results)
        return outlet.answer(KeptBody(comparisons=imported, unknown_fields=unknown))

    app.post("/api/v1/evidence", response_model=KeptBody, responses=outlet.REFUSALS)(store_evidence)


def _add_withdraw(app: FastAPI, given: Outlet) -> None:
    def withdraw_evidence(
        access: Annotated[Access, Depends(given.admin())], id: str, asked: Withdrawal
    ) -> Response:
        """Take a comparison back: it stays listed, and counts no more."""
        now_us = clock.now_us()
        with given.database.transaction() as session:
            stored = store.withdraw(session, id, asked.reason, now_us, project=access.project)
            found = register.evidence_figure(stored, in_force.load_book(session), now_us)
        return outlet.answer(found)

    path = "/api/v1/evidence/{id}/withdraw"
    app.post(path, response_model=EvidenceFigure, responses=outlet.REFUSALS)(withdraw_evidence)


def _terms(sent: Sent, today: int) -> ImportTerms:
    day = today if sent.measured_on is None else clock.day_number(sent.measured_on)
    if day > today:
        raise UsageError(
            f"measured_on is {sent.measured_on}, which is yet to come; give the day of the comparison"
        )
    labels = sent.judge_labels
    return ImportTerms(
        pair=sent.pair,
        project=sent.project,
        workload=sent.workload,
        gate=gates.parse(sent.rule, sent.threshold),
        measured_day=day,
        source=sent.source,
        judge=sent.judge,
        labels=JudgeLabels(**labels.model_dump()) if labels else None,
    )
