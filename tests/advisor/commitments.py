"""Fixed costs for tests."""

from dataclasses import replace
from datetime import date

from ledger import clock
from ledger.pricing.fixed_costs import FixedCost

_COMMITMENT = FixedCost(
    kind="commitment",
    provider="openai",
    amount_nano_usd=1_000 * 10**9,
    per="month",
    effective_from=clock.day_number(date(2026, 11, 1)),
    effective_until=None,
    source="order 4711",
    shares_ppm={},
)


def commitment(**changed: object) -> FixedCost:
    """A commitment of 1,000 USD a month at OpenAI from November 2026 on."""
    return replace(_COMMITMENT, **changed)  # type: ignore[arg-type]  # any field, as a test needs
