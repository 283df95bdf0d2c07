"""How often the forecast's 80 % band holds what a simulated month comes to: `python -m bench.forecasting`.

The band is one for days that are independent about the mean of their weekday. Days that carry their noise over to the next
stand beside them, because real ones do: there the band holds less, which is why its back-tested coverage is published.
"""

import math
import random
from dataclasses import dataclass

from advisor.months import forecast
from bench import results
from ledger import clock

MONTHS, DAYS = 2_000, 30
FIRST_DAY = 20_758
"""A Sunday; which weekday a month begins with matters little."""
WEEKDAY_USD = (100, 105, 110, 105, 95, 40, 30)
NOISE_USD = 15
TITLE = "The forecast's 80 % band"


@dataclass(frozen=True, slots=True)
class Case:
    """Months forecast on one morning: days closed by then, days of history, and the share of noise that a day carries over."""

    closed_days: int
    history_days: int
    carried: float = 0.0

    @property
    def name(self) -> str:
        """The case in words."""
        noise = (
            f"{self.carried:.0%} of the noise carried over to the next day"
            if self.carried
            else "independent days"
        )
        return f"{noise}, {self.history_days} days of history, {self.closed_days} of {DAYS} days closed"


INDEPENDENT = (
    Case(0, 28),
    Case(7, 28),
    Case(15, 28),
    Case(24, 28),
    Case(29, 28),
    Case(15, 14),
    Case(15, 21),
)
CORRELATED = (Case(15, 28, 0.3), Case(15, 28, 0.6))


def coverage(case: Case, seed: int, months: int = MONTHS) -> float:
    """The share of simulated months that end within the band forecast for them."""
    draws = random.Random(seed)
    before = max(0, case.history_days - case.closed_days)
    today = before + case.closed_days
    held = 0
    for _ in range(months):
        days = _days(draws, before, case.carried)
        spent = sum(days[before:today])
        month = forecast.MonthSoFar(FIRST_DAY, DAYS, FIRST_DAY + case.closed_days, spent)
        found = forecast.for_month(month, days[today - case.history_days : today])
        if found is None or found.low_femto_usd is None or found.high_femto_usd is None:
            raise ValueError(f"{case.name}: too short a history for a band")
        held += found.low_femto_usd <= sum(days[before:]) <= found.high_femto_usd
    return held / months


def _days(draws: random.Random, before: int, carried: float) -> list[int]:
    """Femto-USD of each day of a month and of some before it, in whole micro-USD and never below 0."""
    fresh, noise = math.sqrt(1 - carried**2), draws.gauss(0, 1)
    costs = []
    for day in range(FIRST_DAY - before, FIRST_DAY + DAYS):
        mean_usd = WEEKDAY_USD[day % forecast.DAYS_PER_WEEK]
        costs.append(max(0, round((mean_usd + NOISE_USD * noise) * 10**6)) * 10**9)
        noise = carried * noise + fresh * draws.gauss(0, 1)
    return costs


def section() -> str:
    """The results as Markdown."""
    rows = [
        f"| {case.name} | {coverage(case, seed):.1%} |"
        for seed, case in enumerate((*INDEPENDENT, *CORRELATED))
    ]
    return "\n".join(
        [
            f"`python -m bench.forecasting`, {clock.now():%Y-%m-%d}: {MONTHS:,} simulated months a row, seeded. A day costs the",
            f"mean of its weekday ({min(WEEKDAY_USD)} to {max(WEEKDAY_USD)} USD) and noise of {NOISE_USD} USD. The band is one for",
            "independent days; the last rows show what it holds where they are not.",
            "",
            "| months | within the band |",
            "| --- | --- |",
            *rows,
            "",
        ]
    )


if __name__ == "__main__":
    results.replace(TITLE, section())
