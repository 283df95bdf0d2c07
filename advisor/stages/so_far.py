"""What advice has come to so far: each move with what was frozen, realised and missed, as every face shows it."""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from sqlmodel import Session

from advisor.advice import values
from advisor.stages import missed, outcomes, recommendations, store
from advisor.stages.realisation import Realised
from advisor.stages.records import MoveFigure, RealisedFigure, SoFar
from advisor.stages.stored_recommendation import StoredRecommendation
from advisor.switching import window
from advisor.switching.candidates import Estimate
from ledger import clock, money
from ledger.months import Month


def build(session: Session, month: Month, project: str | None = None) -> SoFar:
    """The whole life of advice, of all projects or one; `month` is the one whose missed saving is named."""
    stored = [
        each
        for each in recommendations.with_a_life(session)
        if project in (None, each.recommendation.project)
    ]
    missed_so_far = missed.by_recommendation(session, project)
    missed_in_month = missed.by_recommendation(session, project, month)
    realised = outcomes.read(session)
    return SoFar(
        missed_usd=money.usd_text(sum(missed_so_far.values())) if missed_so_far else None,
        missed_month_usd=money.usd_text(sum(missed_in_month.values())) if missed_so_far else None,
        realised_usd=_realised_usd(realised.get(each.recommendation.id, ()) for each in stored),
        moves=_moves(session, stored, realised, missed_so_far, missed_in_month),
    )


def moves_of(
    session: Session,
    stored: Sequence[StoredRecommendation],
    missed_so_far: Mapping[str, int],
    missed_in_month: Mapping[str, int],
) -> tuple[MoveFigure, ...]:
    """What each recommendation came to; the amounts that it missed are femto-USD by id."""
    return _moves(session, stored, outcomes.read(session), missed_so_far, missed_in_month)


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


def _moves(
    session: Session,
    stored: Sequence[StoredRecommendation],
    realised: Mapping[str, tuple[Realised, ...]],
    missed_so_far: Mapping[str, int],
    missed_in_month: Mapping[str, int],
) -> tuple[MoveFigure, ...]:
    documents = store.estimates(session)
    return tuple(
        _move(
            each,
            _frozen(each, documents),
            realised.get(each.recommendation.id, ()),
            missed_so_far,
            missed_in_month,
        )
        for each in stored
    )


def _frozen(
    stored: StoredRecommendation, documents: Mapping[str, Mapping[str, str]]
) -> Estimate | None:
    """The saving that was frozen by the claim that still holds."""
    document = documents.get(stored.recommendation.id, {}).get("claim")
    return values.decode(document).saving if document and stored.record.owner else None


def _move(
    stored: StoredRecommendation,
    frozen: Estimate | None,
    realised: tuple[Realised, ...],
    missed_so_far: Mapping[str, int],
    missed_in_month: Mapping[str, int],
) -> MoveFigure:
    recommendation, record = stored.recommendation, stored.record
    days = max((each.days for each in realised), default=0)
    by_now = due(frozen, record.share, days) if frozen and realised else None
    is_metered = recommendation.id in missed_so_far
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
        stage=stored.stage,
        owner=record.owner,
        since=record.since,
        share=record.share,
        counted=recommendation.counted,
        frozen_low_usd=_usd(frozen.low_femto_usd if frozen else None),
        frozen_expected_usd=_usd(frozen.expected_femto_usd if frozen else None),
        frozen_high_usd=_usd(frozen.high_femto_usd if frozen else None),
        due_low_usd=_usd(by_now.low_femto_usd if by_now else None),
        due_expected_usd=_usd(by_now.expected_femto_usd if by_now else None),
        due_high_usd=_usd(by_now.high_femto_usd if by_now else None),
        missed_usd=_usd(missed_so_far.get(recommendation.id)),
        missed_month_usd=_usd(missed_in_month.get(recommendation.id, 0)) if is_metered else None,
        realised=tuple(_realised(each) for each in realised),
    )


def _realised(realised: Realised) -> RealisedFigure:
    last_day = realised.first_day + realised.days - 1
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
    )


def _usd(amount_femto_usd: int | None) -> str | None:
    return None if amount_femto_usd is None else money.usd_text(amount_femto_usd)
