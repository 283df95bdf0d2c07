"""Recommendations as values, ordinary ones that a test changes where it matters."""

from fractions import Fraction

from advisor.advice.values import Recommendation
from advisor.switching import breakeven, decision, factors, ranking, risk, workloads
from advisor.switching.candidates import Estimate
from advisor.switching.window import Window
from ledger import clock, money
from ledger.pricing import prices

USD = money.FEMTO_PER_USD
AS_OF_DAY = clock.day_number(clock.EPOCH.replace(year=2026, month=11, day=23).date())


def estimate(low_usd: str) -> Estimate:
    """A saving of at least this, 200 USD expected and 300 at most."""
    return Estimate(money.femto_usd(low_usd), 200 * USD, 300 * USD)


def recommendation(low_usd: str | None = "100.00", **changed: object) -> Recommendation:
    """A pilot of GPT-4.1 Mini that saves at least this per average month, with changes.

    Without an amount none is known. `decision` and `reason` are given by their codes.
    """
    saving = None if low_usd is None else estimate(low_usd)
    kind, reason = changed.pop("decision", "pilot"), changed.pop("reason", "no_evidence")
    ordinary: dict[str, object] = {
        "id": "8a409b66e80aaa0a",
        "provider": "openai",
        "project": "search",
        "workload": "ranking",
        "from_model": "gpt-4.1",
        "to_provider": "openai",
        "to_model": "gpt-4.1-mini",
        "to_service_tier": None,
        "as_of_day": AS_OF_DAY,
        "price_book_version": "by hand",
        "window": Window(AS_OF_DAY - 28, AS_OF_DAY - 1),
        "requests": 20_000,
        "coverage": Fraction(1),
        "workload_class": workloads.UNLABELLED,
        "forecast_error": None,
        "cells": (),
        "stuck_tokens": {},
        "room": Fraction(1),
        "fitting_share": Fraction(1),
        "factors": factors.ASSUMED,
        "pass_rates": None,
        "evidence": None,
        "cost": prices.Cost(400 * USD, 160 * 10**6),
        "cost_month_femto_usd": 400 * USD,
        "price_gap": Fraction("0.80"),
        "saving": saving,
        "until_retirement": saving,
        "router_femto_usd": None,
        "one_off_femto_usd": 0,
        "payback_days": None,
        "good_answer_now_femto_usd": None,
        "good_answer_instead_femto_usd": None,
        "at_neutral": breakeven.BreakEven(Fraction("0.80"), Fraction(5)),
        "at_expected": None,
        "source_shutdown_day": AS_OF_DAY + 52,
        "target_shutdown_day": AS_OF_DAY + 52,
        "decision": decision.Decision(kind, reason),  # type: ignore[arg-type]  # codes by name
        "confidence": risk.Confidence({"volume": "low"}),
        "risk": risk.Risk({"evidence": 3}),
    }
    return Recommendation(**{**ordinary, **changed})  # type: ignore[arg-type]  # a test that misspells a field fails at once


def other(model: str = "gpt-6-luna") -> ranking.OtherModel:
    """A model that no pair names."""
    return ranking.OtherModel(
        model=model,
        is_successor=True,
        price_gap=Fraction("0.90"),
        month_femto_usd=250 * USD,
        target_days_left=None,
        blocks=(),
        pair=f"gpt-4.1:{model}",
    )
