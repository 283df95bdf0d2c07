"""Recommendations as figures, ordinary ones that a test changes where it matters."""

from advisor.advice.figures import BreakEvenFigure, Ends, OtherModelFigure, RecommendationFigure


def recommendation(low_usd: str | None = "100.00", **changed: object) -> RecommendationFigure:
    """A pilot of GPT-4.1 Mini that saves at least this per average month (None: no amount is known), with changes."""
    ends = None if low_usd is None else Ends(low_usd, "200.00", "300.00")
    ordinary: dict[str, object] = {
        "id": "8a409b66e80aaa0a",
        "provider": "openai",
        "project": "search",
        "workload": "ranking",
        "from_model": "gpt-4.1",
        "to_provider": "openai",
        "to_model": "gpt-4.1-mini",
        "to_service_tier": None,
        "decision": "pilot",
        "reason": "no_evidence",
        "notices": (),
        "counted": True,
        "as_of": "2026-11-23",
        "price_book_version": "by hand",
        "window_first_day": "2026-10-26",
        "window_last_day": "2026-11-22",
        "window_days": 28,
        "requests": 20_000,
        "coverage_ratio": "1.00",
        "cost_month_usd": "400.00",
        "usd_per_mtok": "2.50",
        "price_gap_ratio": "0.80",
        "saving_month": ends,
        "saving_until_retirement": ends,
        "saving_label": "estimated",
        "source_days_left": 52,
        "target_days_left": 52,
        "days_left": 52,
        "break_evens": (BreakEvenFigure("neutral", "0.80", "5.00"),),
        "factors": (),
        "risk_level": 3,
        "risk_drivers": {"evidence": 3},
        "confidence": "low",
        "confidence_grades": {},
        "stuck_tokens": {},
        "cells": (),
        "other_models": (),
        "explanation": (),
    }
    return RecommendationFigure(**{**ordinary, **changed})  # type: ignore[arg-type]  # a test that misspells a field fails at once


def other(model: str = "gpt-6-luna") -> OtherModelFigure:
    """A model beside the pairs."""
    return OtherModelFigure(model, True, "0.90", "250.00", None, (), f"gpt-4.1:{model}")
