"""The budget of a trial: what is spent, what may have been, and what is reserved. Pure.

A prompt begins only if all that it may cost still fits, so that only what the requests in flight
take beyond their estimate can exceed the budget.
"""

from dataclasses import dataclass


@dataclass(slots=True, kw_only=True)
class TrialBudget:
    """Amounts in femto-USD; without a limit everything fits."""

    limit_femto_usd: int | None
    spent_femto_usd: int = 0
    """What answers cost."""
    unclear_femto_usd: int = 0
    """At most, of attempts that ended without an answer and of answers without usage."""
    reserved_femto_usd: int = 0

    @property
    def claimed_femto_usd(self) -> int:
        """All that is spent, may have been spent, or is reserved."""
        return self.spent_femto_usd + self.unclear_femto_usd + self.reserved_femto_usd

    def fits(self, estimate_femto_usd: int) -> bool:
        """Whether a further estimate fits."""
        if self.limit_femto_usd is None:
            return True
        return self.claimed_femto_usd + estimate_femto_usd <= self.limit_femto_usd

    def reserve(self, estimate_femto_usd: int) -> None:
        """Set an estimate aside until its prompt has ended."""
        self.reserved_femto_usd += estimate_femto_usd

    def release(self, estimate_femto_usd: int) -> None:
        """Give back what `reserve` set aside."""
        self.reserved_femto_usd -= estimate_femto_usd

    def settle(self, cost_femto_usd: int | None, unclear_femto_usd: int) -> None:
        """Count an answer's cost, or what an unknown one cost at most."""
        self.spent_femto_usd += cost_femto_usd or 0
        self.unclear_femto_usd += unclear_femto_usd
