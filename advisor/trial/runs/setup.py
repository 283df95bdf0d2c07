"""A run before it begins: its prompts, its models and how they are asked, checked and priced."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from sqlmodel import Session

from advisor.evidence import files, rules
from advisor.evidence.assembly import ImportTerms
from advisor.evidence.gates import QualityGate
from advisor.evidence.judge import JudgeLabels
from advisor.trial.runs import estimate, judging, places, prompts, results
from advisor.trial.runs.estimate import CostEstimate, Estimator
from advisor.trial.runs.graders import Grader
from advisor.trial.runs.journal import History, RunTerms
from advisor.trial.runs.places import Place
from advisor.trial.runs.prompts import Prompt, PromptFile
from advisor.trial.runs.sides import Contender, Pricer
from ledger import clock, pairs, prose
from ledger.errors import UsageError
from ledger.pricing import in_force, names
from ledger.pricing.prices import PriceBook

EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")


@dataclass(frozen=True, slots=True, kw_only=True)
class SideTerms:
    """How one side is asked; what is None is left to the endpoint."""

    sent_name: str | None = None
    effort: str | None = None
    temperature: float | None = None
    seed: int | None = None

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters of its requests."""
        parameters = {
            "reasoning_effort": self.effort,
            "temperature": self.temperature,
            "seed": self.seed,
        }
        return {name: setting for name, setting in parameters.items() if setting is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialRequest:
    """What a person asks for, as texts and paths."""

    file: Path
    pair: str
    endpoint: str
    sides: tuple[SideTerms, SideTerms]
    grader: Grader
    judge: str | None
    judge_labels: Path | None
    gate: QualityGate
    project: str | None
    workload: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialSetup:
    """A run that could begin."""

    request: TrialRequest
    pair: pairs.Pair
    prompt_file: PromptFile
    estimator: Estimator
    place: Place
    labels: JudgeLabels | None

    @property
    def prompts(self) -> Sequence[Prompt]:
        """The prompts in the order of their file."""
        return self.prompt_file.prompts

    def run_terms(self, now_us: int) -> RunTerms:
        """What the journal of this run is about."""
        judge = self.estimator.judge
        return RunTerms(
            prompts_digest=self.prompt_file.digest,
            prompts=len(self.prompts),
            pair=str(self.pair),
            endpoint=self.request.endpoint,
            source_request=_asked(self.estimator.source),
            target_request=_asked(self.estimator.target),
            judge_request=_asked(judge) if judge else "",
            grader=_grader_text(self.request.grader),
            gate=f"{self.request.gate.rule} {self.request.gate.threshold}",
            started_at=now_us,
        )

    def estimates(self, open_prompts: Sequence[Prompt]) -> dict[str, CostEstimate]:
        """What each model's answers to some prompts may cost, by its name."""
        estimator = self.estimator
        costs = {
            side.label: estimate.total(estimator.answer(prompt, side) for prompt in open_prompts)
            for side in (estimator.source, estimator.target)
        }
        judge = estimator.judge
        if judge is not None:
            marks = [
                estimator.mark(prompt, judge)
                for prompt in open_prompts
                if prompt.rule.grader.is_judge
                for _ in judging.ORDERS
            ]
            costs[f"{judge.label} as judge"] = estimate.total(marks)
        return costs

    def names(self, history: History) -> dict[str, object]:
        """The names of every row of the results."""
        source = results.exact_name(self.pair.source, history, "a")
        target = results.exact_name(self.pair.target, history, "b")
        project, workload = self.place
        return {"pair": f"{source}:{target}", "project": project, "workload": workload}

    def import_terms(self, history: History) -> ImportTerms:
        """How the results enter the ledger, as of the day on which the run began."""
        began_us = history.terms.started_at if history.terms else 0
        return ImportTerms(
            gate=self.request.gate,
            measured_day=clock.day_of(began_us),
            source=self._source(),
            judge=self.request.judge if self._is_judged else None,
            labels=self.labels,
            left_out=len(results.left_out(self.prompts, history)),
        )

    @property
    def warnings(self) -> list[str]:
        """What keeps the results from counting, known before anything is paid for."""
        judge = self.request.judge
        if judge is None or not self._is_judged:
            return []
        models = (self.pair.source.model, self.pair.target.model)
        if rules.judge_is_proven(self.estimator.pricer.book, judge, self.labels, models):
            return []
        warning = (
            f"The marks of {judge} will not allow a switch: a judge must be of another vendor than"
            " both models, and its marks checked by hand (--judge-labels)."
        )
        return [warning]

    @property
    def _is_judged(self) -> bool:
        return any(prompt.rule.grader.is_judge for prompt in self.prompts)

    def _source(self) -> str:
        """Where the results come from, and with which parameters: they are part of what is said."""
        estimator = self.estimator
        settings = [
            f"{side.label} with {name} {setting}"
            for side in (estimator.source, estimator.target)
            for name, setting in side.parameters.items()
        ]
        return ", ".join((f"trial run {self.request.file.name}", *settings))


def prepare(session: Session, request: TrialRequest, now_us: int) -> TrialSetup:
    """The setup of a request. Raises UsageError with what is wrong, before anything is sent."""
    pair = pairs.parse_one(request.pair)
    if pair.keeps_model:
        raise UsageError(
            f"--pair {request.pair}: keeps the model: the same model answers, so there is nothing"
            " to compare"
        )
    book = in_force.load_book(session)
    source, target = (
        _contender(book, side, terms)
        for side, terms in zip((pair.source, pair.target), request.sides, strict=True)
    )
    judge = request.judge and _contender(book, pairs.parse_side(request.judge), SideTerms())
    prompt_file = prompts.read_file(request.file, request.grader)
    if judge is None and any(prompt.rule.grader.is_judge for prompt in prompt_file.prompts):
        raise UsageError("the grader judge needs a model that marks: name it with --judge MODEL")
    return TrialSetup(
        request=request,
        pair=pair,
        prompt_file=prompt_file,
        estimator=Estimator(
            pricer=Pricer(book, clock.day_of(now_us)),
            source=source,
            target=target,
            judge=judge or None,
        ),
        place=places.find_place(
            session, book, source, project=request.project, workload=request.workload
        ),
        labels=files.read_labels(request.judge_labels) if request.judge_labels else None,
    )


def _contender(book: PriceBook, side: pairs.Side, terms: SideTerms) -> Contender:
    if side.service_tier == "batch":
        raise UsageError(f"{side}: a batch has no answer at once; try the model without its tier")
    provider = side.provider or names.sole_vendor(book, side.model)
    model = names.canonical_model(book, provider, side.model) if provider else side.model
    facts = book.facts_of(provider or "", model)
    _check_effort(side, terms.effort, facts.efforts)
    return Contender(
        label=str(side),
        provider=provider,
        model=model,
        can_reason=bool(facts.can_reason),
        sent_name=terms.sent_name or side.model,
        service_tier=side.service_tier,
        parameters=terms.parameters,
    )


def _check_effort(side: pairs.Side, effort: str | None, known_efforts: Sequence[str]) -> None:
    """Raise UsageError for an effort that is none, or that the model is known not to have."""
    efforts = known_efforts or EFFORTS
    if effort is not None and effort not in efforts:
        raise UsageError(f"{effort!r} is no effort of {side}; use {prose.one_of(efforts)}")


def _asked(contender: Contender) -> str:
    parameters: Mapping[str, Any] = {
        "model": contender.sent_name,
        "service_tier": contender.service_tier,
        **contender.parameters,
    }
    return msgspec.json.encode(parameters, order="sorted").decode()


def _grader_text(grader: Grader) -> str:
    tolerances = f"{grader.tolerance} {grader.relative_tolerance}"
    return f"{grader.kind} {tolerances}" if grader.kind == "number" else grader.kind
