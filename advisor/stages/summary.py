"""What advice has come to so far: each move with what was frozen, realised and missed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from sqlmodel import Session

from advisor import words
from advisor.advice import values
from advisor.advice.values import Recommendation
from advisor.stages import missed_savings, outcomes, recommendations, store
from advisor.stages.realisation import Realised
from advisor.stages.records import MoveFigure, RealisedFigure, SoFar
from advisor.stages.stored_recommendation import StoredRecommendation
from advisor.switching import window
from advisor.switching.candidates import Estimate
from ledger import clock, money
from ledger.months import Month


@dataclass(frozen=True, slots=True, kw_only=True)
class _Results:
    """What is stored of all moves, by recommendation; missed amounts are femto-USD."""

    frozen: Mapping[str, Mapping[str, str]]
    """The frozen documents, by action."""
    realised: Mapping[str, tuple[Realised, ...]]
    missed: Mapping[str, int]
    missed_in_month: Mapping[str, int]

    def realised_of(self, row: StoredRecommendation) -> tuple[Realised, ...]:
        return self.realised.get(row.recommendation.id, ())

    def frozen_of(self, row: StoredRecommendation) -> Recommendation | None:
        """The recommendation that was frozen by the claim that still holds."""
        document = self.frozen.get(row.recommendation.id, {}).get("claim")
        return values.decode(document) if document and row.record.owner else None


def build(session: Session, month: Month, project: str | None = None) -> SoFar:
    """What became of all advice, of all projects or one, with what was missed in the month."""
    advised = [
        row
        for row in recommendations.read_touched(session)
        if project in (None, row.recommendation.project)
    ]
    results = _load_results(session, month, project)
    outcomes_by_method = _outcomes(advised, results)
    missed = results.missed.values()
    missed_in_month = results.missed_in_month.values()
    return SoFar(
        missed_usd=money.usd_text(sum(missed)) if missed else None,
        missed_month_usd=money.usd_text(sum(missed_in_month)) if missed else None,
        realised_usd=_realised_usd(results.realised_of(row) for row in advised),
        realised_net_usd={
            method: money.usd_text(outcome.net_femto_usd)
            for method, outcome in outcomes_by_method.items()
        },
        realisation_ratio={
            method: outcome.ratio_text
            for method, outcome in outcomes_by_method.items()
            if outcome.ratio_text is not None
        },
        moves=tuple(_move(row, results) for row in advised),
    )


def load_moves(
    session: Session, advised: Iterable[StoredRecommendation], month: Month
) -> tuple[MoveFigure, ...]:
    """What each recommendation came to, with what it missed in all and in the month."""
    results = _load_results(session, month)
    return tuple(_move(row, results) for row in advised)


def due(frozen: Estimate, share: str | None, days: int) -> Estimate:
    """What the frozen estimate says of so many days and this share of the traffic."""
    part = Fraction(share or 1) * days / window.AVERAGE_MONTH_DAYS
    return Estimate(
        money.round_to_nano_usd(part * frozen.low_femto_usd),
        money.round_to_nano_usd(part * frozen.expected_femto_usd),
        money.round_to_nano_usd(part * frozen.high_femto_usd),
    )


def _realised_usd(moves: Iterable[Sequence[Realised]]) -> dict[str, str]:
    """The known savings of each method added up.

    Methods say the same thing in different ways, so they are never added to each other.
    """
    sums: dict[str, int] = {}
    for by_method in moves:
        for realised in by_method:
            if realised.saving_femto_usd is not None:
                sums[realised.method] = sums.get(realised.method, 0) + realised.saving_femto_usd
    return {method: money.usd_text(amount) for method, amount in sums.items()}


def _load_results(session: Session, month: Month, project: str | None = None) -> _Results:
    return _Results(
        frozen=store.load_estimates(session),
        realised=outcomes.load_realised(session),
        missed=missed_savings.by_recommendation(session, project),
        missed_in_month=missed_savings.by_recommendation(session, project, month),
    )


def _move(row: StoredRecommendation, results: _Results) -> MoveFigure:
    recommendation, record = row.recommendation, row.record
    realised, frozen_advice = results.realised_of(row), results.frozen_of(row)
    frozen = frozen_advice.saving if frozen_advice else None
    days = max((by_method.days for by_method in realised), default=0)
    due_now = due(frozen, record.share, days) if frozen and realised else None
    missed = results.missed.get(recommendation.id)
    missed_in_month = results.missed_in_month.get(recommendation.id, 0)
    return MoveFigure(
        id=recommendation.id,
        provider=recommendation.provider,
        project=recommendation.project,
        workload=recommendation.workload,
        from_model=recommendation.from_model,
        to_provider=recommendation.to_provider,
        to_model=recommendation.to_model,
        to_service_tier=recommendation.to_service_tier,
        decision=recommendation.decision.kind,
        stage=row.stage,
        owner=record.owner,
        since=record.since,
        share=record.share,
        counted=recommendation.counted,
        frozen_low_name=words.low_name(is_proven=frozen_advice.factors.is_proven)
        if frozen_advice
        else None,
        frozen_low_usd=_usd(frozen.low_femto_usd if frozen else None),
        frozen_expected_usd=_usd(frozen.expected_femto_usd if frozen else None),
        frozen_high_usd=_usd(frozen.high_femto_usd if frozen else None),
        due_low_usd=_usd(due_now.low_femto_usd if due_now else None),
        due_expected_usd=_usd(due_now.expected_femto_usd if due_now else None),
        due_high_usd=_usd(due_now.high_femto_usd if due_now else None),
        missed_usd=_usd(missed),
        missed_month_usd=None if missed is None else _usd(missed_in_month),
        realised=tuple(_realised(row, by_method, frozen_advice) for by_method in realised),
    )


def _realised(
    row: StoredRecommendation, realised: Realised, frozen: Recommendation | None
) -> RealisedFigure:
    last_day = realised.first_day + realised.days - 1
    outcome = _outcome(row, realised, frozen)
    return RealisedFigure(
        method=realised.method,
        label=realised.label,
        reason=realised.reason,
        first_day=clock.date_of(realised.first_day).isoformat(),
        last_day=clock.date_of(last_day).isoformat() if realised.days else None,
        days=realised.days,
        requests=realised.requests,
        instead_usd=_usd(realised.instead_femto_usd),
        cost_usd=_usd(realised.cost_femto_usd),
        saving_usd=_usd(realised.saving_femto_usd),
        volume_effect_usd=_usd(realised.volume_effect_femto_usd),
        realisation_ratio=outcome.ratio_text if outcome else None,
        net_usd=money.usd_text(outcome.net_femto_usd) if outcome else None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    """A realised saving next to what was expected of it, and what the move was to cost once."""

    saving_femto_usd: int
    expected_femto_usd: int
    one_off_femto_usd: int

    def __add__(self, other: "_Outcome") -> "_Outcome":
        return _Outcome(
            saving_femto_usd=self.saving_femto_usd + other.saving_femto_usd,
            expected_femto_usd=self.expected_femto_usd + other.expected_femto_usd,
            one_off_femto_usd=self.one_off_femto_usd + other.one_off_femto_usd,
        )

    @property
    def net_femto_usd(self) -> int:
        return self.saving_femto_usd - self.one_off_femto_usd

    @property
    def ratio_text(self) -> str | None:
        """None where nothing was expected."""
        if self.expected_femto_usd <= 0:
            return None
        return money.ratio_text(Fraction(self.saving_femto_usd, self.expected_femto_usd))


def _outcome(
    row: StoredRecommendation, realised: Realised, frozen: Recommendation | None
) -> _Outcome | None:
    """None while the saving is unknown, or where no estimate was frozen."""
    saving = realised.saving_femto_usd
    if saving is None or frozen is None or frozen.saving is None:
        return None
    return _Outcome(
        saving_femto_usd=saving,
        expected_femto_usd=due(frozen.saving, row.record.share, realised.days).expected_femto_usd,
        one_off_femto_usd=frozen.one_off_femto_usd,
    )


def _outcomes(advised: Iterable[StoredRecommendation], results: _Results) -> dict[str, _Outcome]:
    """The outcomes of all moves by method."""
    sums: dict[str, _Outcome] = {}
    for row in advised:
        frozen = results.frozen_of(row)
        for realised in results.realised_of(row):
            outcome = _outcome(row, realised, frozen)
            if outcome is not None:
                method = realised.method
                sums[method] = sums[method] + outcome if method in sums else outcome
    return sums


def _usd(amount_femto_usd: int | None) -> str | None:
    return None if amount_femto_usd is None else money.usd_text(amount_femto_usd)
