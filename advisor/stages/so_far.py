"""What advice has come to so far, as one value that every face shows: each move with what was frozen, realised and missed."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from sqlmodel import Session

from advisor.advice.figures import Ends, RecommendationFigure
from advisor.stages import missed, outcomes, recommendations, store
from advisor.stages.records import MoveFigure, RealisedFigure, SoFar
from advisor.stages.stored import StoredRecommendation
from advisor.switching import window
from ledger import money
from ledger.months import Month

_UNKNOWN = (None, None, None)


def build(session: Session, month: Month, project: str | None = None) -> SoFar:
    """The whole life of advice, of all projects or one; `month` is the one whose missed saving is told beside."""
    every = [
        each
        for each in recommendations.with_a_life(session)
        if project in (None, each.figure.project)
    ]
    so_far, in_month = (
        missed.by_recommendation(session, project),
        missed.by_recommendation(session, project, month),
    )
    moves = moves_of(session, every, so_far, in_month)
    return SoFar(
        money.usd_text(sum(so_far.values())) if so_far else None,
        money.usd_text(sum(in_month.values())) if so_far else None,
        realised_usd(moves),
        moves,
    )


def moves_of(
    session: Session,
    every: Sequence[StoredRecommendation],
    so_far: Mapping[str, int],
    in_month: Mapping[str, int],
) -> tuple[MoveFigure, ...]:
    """What each recommendation came to; the femto-USD that it missed are given."""
    realised, estimates = outcomes.read(session), store.estimates(session)
    return tuple(
        _move(each, estimates, realised.get(each.figure.id, ()), so_far, in_month) for each in every
    )


def realised_usd(moves: Sequence[MoveFigure]) -> dict[str, str]:
    """The known savings of each method added up. Methods say the same thing in different ways, so they are never added."""
    sums: dict[str, int] = {}
    for move in moves:
        for each in move.realised:
            if each.saving_usd is not None:
                sums[each.method] = sums.get(each.method, 0) + money.femto_usd(each.saving_usd)
    return {method: money.usd_text(amount) for method, amount in sums.items()}


def due(frozen: Ends, share: str | None, days: int) -> tuple[str, str, str]:
    """What the frozen estimate says of so many days and this share of the traffic: low, expected and high in USD."""
    part = Fraction(share or 1) * days / window.AVERAGE_MONTH_DAYS
    low, expected, high = (
        money.usd_text(money.round_to_nano_usd(part * money.femto_usd(end)))
        for end in (frozen.low_usd, frozen.expected_usd, frozen.high_usd)
    )
    return low, expected, high


def _move(
    stored: StoredRecommendation,
    estimates: Mapping[str, Mapping[str, str]],
    realised: tuple[RealisedFigure, ...],
    so_far: Mapping[str, int],
    in_month: Mapping[str, int],
) -> MoveFigure:
    figure, record = stored.figure, stored.record
    claimed = estimates.get(figure.id, {}).get("claim") if record.owner else None
    frozen = recommendations.figure_of(claimed).saving_month if claimed else None
    days = max((each.days for each in realised), default=0)
    held = (frozen.low_usd, frozen.expected_usd, frozen.high_usd) if frozen else _UNKNOWN
    by_now = due(frozen, record.share, days) if frozen and realised else _UNKNOWN
    return MoveFigure(
        **_names(figure),
        stage=stored.stage,
        owner=record.owner,
        since=record.since,
        share=record.share,
        counted=figure.counted,
        frozen_low_usd=held[0],
        frozen_expected_usd=held[1],
        frozen_high_usd=held[2],
        due_low_usd=by_now[0],
        due_expected_usd=by_now[1],
        due_high_usd=by_now[2],
        missed_usd=money.usd_text(so_far[figure.id]) if figure.id in so_far else None,
        missed_month_usd=money.usd_text(in_month.get(figure.id, 0))
        if figure.id in so_far
        else None,
        realised=realised,
    )


def _names(figure: RecommendationFigure) -> dict[str, str]:
    named = (
        "id",
        "provider",
        "project",
        "workload",
        "from_model",
        "to_provider",
        "to_model",
        "to_service_tier",
        "decision",
    )
    return {name: getattr(figure, name) for name in named}
