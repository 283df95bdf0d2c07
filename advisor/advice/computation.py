"""Advice on every slice, computed from usage, prices, evidence and the user's policy. It writes no row."""

from collections.abc import Iterable
from dataclasses import replace

from sqlmodel import Session

from advisor.advice import as_figures, latencies, slices
from advisor.advice import figures as advice_figures
from advisor.months import statements, track_record
from advisor.months.statement_store import MonthStatement
from advisor.switching import advice, headroom, workloads
from ledger import clock, money, months, pairs
from ledger.months import Month
from ledger.settings import Settings


def terms_of(settings: Settings) -> advice.Terms:
    """The user's policy, as the advisor needs it. Raises UsageError with a bad setting's name."""
    return advice.Terms(
        pairs=pairs.parse(settings.pairs),
        threshold_femto_usd=money.femto_usd(str(settings.alert_threshold_usd)),
        one_off_femto_usd=money.femto_usd(str(settings.move_cost_usd)),
        stance=settings.default_stance,
        said=workloads.parse(settings.workload_classes, settings.can_wait),
        rate_limits=headroom.parse(settings.rate_limits),
    )


def compute(
    session: Session,
    pricing: statements.Pricing,
    settings: Settings,
    now_us: int,
    month: Month | None = None,
    computed: Iterable[MonthStatement] = (),
    claimed: frozenset[str] = frozenset(),
) -> list[advice_figures.RecommendationFigure]:
    """The chosen advice of every slice that a pair starts at, over its look-back or over one month's closed days.

    A target in `claimed` (ids) stays the chosen one. `computed` are statements of
    the same run, from whose back-tests the confidence follows where they are not written yet.
    """
    error = track_record.error_ratio(
        session, month or months.containing(now_us, settings.zone), computed
    )
    terms, today = terms_of(settings), clock.day_of(now_us)
    found = []
    for reading in slices.read(session, pricing, now_us, month, terms):
        standing = replace(reading.standing, forecast_error=error)
        ranked = advice.on_slice(reading.slice, standing, terms, pricing.book, today, claimed)
        if ranked:
            others = advice.other_models(reading.slice, terms, pricing.book, today)
            chosen, *beside = ranked
            found.append(
                as_figures.of(chosen, reading.window, standing, others, pricing.book, beside)
            )
    return sorted(
        latencies.beside(session, pricing, found, today),
        key=lambda each: (-advice_figures.low_femto_usd(each), each.id),
    )


def total(
    found: Iterable[advice_figures.RecommendationFigure], *, until_retirement: bool = False
) -> advice_figures.Ends:
    """The sum over slices decided pilot or switch_now, each once: exact decimal text in USD."""
    sums = [0, 0, 0]
    for each in found:
        ends = each.saving_until_retirement if until_retirement else each.saving_month
        if each.counted and ends is not None:
            parts = (ends.low_usd, ends.expected_usd, ends.high_usd)
            sums = [held + money.femto_usd(part) for held, part in zip(sums, parts, strict=True)]
    return advice_figures.Ends(*(money.usd_text(amount) for amount in sums))
