"""Advice on every slice, computed from usage, prices, evidence and the user's policy."""

from collections.abc import Iterable
from dataclasses import replace

from sqlmodel import Session

from advisor.advice import latencies, slices, terms, values
from advisor.advice.slices import SliceKey
from advisor.advice.values import Recommendation
from advisor.months import statements, track_record
from advisor.months.statement_store import MonthStatement
from advisor.switching import advice, ranking
from advisor.switching.market import Market
from ledger import clock, months
from ledger.months import Month
from ledger.settings import Settings


def compute(
    session: Session,
    pricing: statements.Pricing,
    settings: Settings,
    now_us: int,
    *,
    month: Month | None = None,
    computed: Iterable[MonthStatement] = (),
    claimed: frozenset[str] = frozenset(),
    dismissed: frozenset[str] = frozenset(),
    controls: frozenset[SliceKey] = frozenset(),
) -> list[Recommendation]:
    """The chosen advice of every slice that a pair starts at, the best low end first.

    It rests on the look-back window, or on the closed days of one `month`. A target whose id is in
    `claimed` stays the chosen one, one in `dismissed` is chosen only where there is no other; the
    slices of `controls` stay where they are. `computed` are statements of the same run that are not
    written yet: the confidence follows from their back-tests.
    """
    policy, today = terms.from_settings(settings), clock.day_of(now_us)
    forecast_error = track_record.error_ratio(
        session, month or months.containing(now_us, settings.zone), computed
    )
    recommendations = []
    market = Market(pricing.book, today)
    for reading in slices.read_slices(session, pricing, now_us, month=month, terms=policy):
        standing = replace(
            reading.standing,
            forecast_error=forecast_error,
            is_control=slices.key_of(reading.slice) in controls,
        )
        decided = advice.on_slice(
            reading.slice, standing, policy, market, claimed=claimed, dismissed=dismissed
        )
        if decided.ranked:
            chosen, *others = decided.ranked
            recommendations.append(
                values.recommend(
                    chosen,
                    reading.window,
                    pricing.book.version,
                    others=others,
                    next_step=decided.next_step,
                    other_models=ranking.other_models(
                        reading.slice, market, {other.to_model for other in decided.ranked}
                    )
                    if reading.slice.opt_out_reason is None
                    else (),
                )
            )
    return sorted(
        latencies.measure(session, pricing, recommendations, today),
        key=values.rank,
    )
