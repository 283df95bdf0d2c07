"""How often the forecast's 80 % band holds a simulated month: `python -m bench.forecasting`.

The band assumes days that are independent about the mean of their weekday. Real days carry noise
over to the next day, so such months are simulated too. The band holds fewer of them, which is why
its back-tested coverage is published.
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
    """Months forecast on one morning.

    Days closed by then, days of history, and the share of its noise that a day carries over.
    """

    closed_days: int
    history_days: int
    carry_over: float = 0.0

    @property
    def name(self) -> str:
        """The case in words."""
        noise = (
            f"{self.carry_over:.0%} of the noise carried over to the next day"
            if self.carry_over
            else "independent days"
        )
        return (
            f"{noise}, {self.history_days} days of history,"
            f" {self.closed_days} of {DAYS} days closed"
        )


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
    earlier_days = max(0, case.history_days - case.closed_days)
    today = earlier_days + case.closed_days
    hits = 0
    for _ in range(months):
        days = _days(draws, earlier_days, case.carry_over)
        spent = sum(days[earlier_days:today])
        month = forecast.MonthSoFar(
            first_day=FIRST_DAY,
            days=DAYS,
            today=FIRST_DAY + case.closed_days,
            spent_femto_usd=spent,
        )
        estimate = forecast.for_month(month, days[today - case.history_days : today])
        if estimate is None or estimate.low_femto_usd is None or estimate.high_femto_usd is None:
            raise ValueError(f"{case.name}: too short a history for a band")
        hits += estimate.low_femto_usd <= sum(days[earlier_days:]) <= estimate.high_femto_usd
    return hits / months


def _days(draws: random.Random, earlier_days: int, carry_over: float) -> list[int]:
    """Femto-USD of each day of a month and of some earlier days: whole micro-USD, 0 or more."""
    fresh, noise = math.sqrt(1 - carry_over**2), draws.gauss(0, 1)
    costs = []
    for day in range(FIRST_DAY - earlier_days, FIRST_DAY + DAYS):
        mean_usd = WEEKDAY_USD[day % forecast.DAYS_PER_WEEK]
        costs.append(max(0, round((mean_usd + NOISE_USD * noise) * 10**6)) * 10**9)
        noise = carry_over * noise + fresh * draws.gauss(0, 1)
    return costs


def section() -> str:
    """The results as Markdown."""
    rows = [
        f"| {case.name} | {coverage(case, seed):.1%} |"
        for seed, case in enumerate((*INDEPENDENT, *CORRELATED))
    ]
    return "\n".join(
        [
            f"`python -m bench.forecasting`, {clock.now():%Y-%m-%d}: {MONTHS:,} simulated months a",
            "row, seeded. A day costs the mean of its weekday",
            f"({min(WEEKDAY_USD)} to {max(WEEKDAY_USD)} USD) and noise of {NOISE_USD} USD.",
            "The band assumes independent days; the last rows show what it holds elsewhere.",
            "",
            "| months | within the band |",
            "| --- | --- |",
            *rows,
            "",
        ]
    )


if __name__ == "__main__":
    results.replace(TITLE, section())
