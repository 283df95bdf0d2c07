"""How far forecasts of simulated months are off, and how often their 80 % band holds them.

`python -m bench forecasting` writes the section into RESULTS.md. With months of history the band is
calibrated by the errors of past weeks. With 28 days it is the formula of independent days, so it
holds fewer months where days carry their noise over to the next.
"""

import calendar
import concurrent.futures
import math
import random
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from advisor.months import forecast, weekday_mean
from bench import results
from ledger import clock

MONTHS, DAYS = 2_000, 30
FIRST_DAY = 20_758
"""A Sunday; which weekday a month begins with matters little."""
WEEKDAY_USD = (100, 105, 110, 105, 95, 40, 30)
NOISE_USD = 15
TITLE = "The forecast and its 80 % band"
SCENARIO_MONTHS = 160
HISTORIES = (84, 180)
"""Days of history before the month."""
MORNINGS = (0, 15)
"""Days of the month that have closed: its first morning and its sixteenth."""
NOISE_SHARE = 0.12
_STARTS = (date(2026, 6, 1), date(2026, 7, 1), date(2026, 11, 1))
"""The months that are simulated in turn, of 30 and 31 days."""


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
        estimate = _banded(forecast.for_month(month, days[today - case.history_days : today]))
        hits += _holds(estimate, sum(days[earlier_days:]))
    return hits / months


def _banded(estimate: forecast.Forecast | None) -> forecast.Forecast:
    if estimate is None or estimate.low_femto_usd is None:
        raise ValueError("too short a history for a band")
    return estimate


def _holds(estimate: forecast.Forecast, actual_femto_usd: int) -> bool:
    low, high = estimate.low_femto_usd or 0, estimate.high_femto_usd or 0
    return low <= actual_femto_usd <= high


def _days(draws: random.Random, earlier_days: int, carry_over: float) -> list[int]:
    """Femto-USD of each day of a month and of some earlier days: whole micro-USD, 0 or more."""
    noises = _noises(draws, carry_over)
    costs = []
    for day in range(FIRST_DAY - earlier_days, FIRST_DAY + DAYS):
        mean_usd = WEEKDAY_USD[day % weekday_mean.DAYS_PER_WEEK]
        costs.append(max(0, round((mean_usd + NOISE_USD * next(noises)) * 10**6)) * 10**9)
    return costs


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """How a day's cost comes about: weekday x growth x month-end x noise."""

    name: str
    weekdays: Sequence[int] = WEEKDAY_USD
    weekly_growth: float = 0.0
    month_end_days: int = 0
    month_end_factor: float = 1.0
    carry_over: float = 0.0


SCENARIOS = (
    Scenario(name="the same every day", weekdays=(85,) * 7),
    Scenario(name="weekdays and weekends"),
    Scenario(name="growth of 2 % a week", weekly_growth=0.02),
    Scenario(name="growth of 5 % a week", weekly_growth=0.05),
    Scenario(name="decline of 2 % a week", weekly_growth=-0.02),
    Scenario(name="decline of 5 % a week", weekly_growth=-0.05),
    Scenario(name="the last 2 days of a month double", month_end_days=2, month_end_factor=2.0),
    Scenario(
        name="growth of 2 % a week, and the last 2 days double",
        weekly_growth=0.02,
        month_end_days=2,
        month_end_factor=2.0,
    ),
    Scenario(name="30 % of the noise carried over", carry_over=0.3),
    Scenario(name="60 % of the noise carried over", carry_over=0.6),
)


@dataclass(frozen=True, slots=True)
class Morning:
    """A forecast of a simulated month: its error as a share of the month, and whether it held."""

    error: float
    held: bool
    by_trend: bool
    formula_error: float
    formula_held: bool


@dataclass(frozen=True, slots=True)
class Measured:
    """The forecasts of simulated months that were made on the same morning."""

    mornings: Sequence[Morning]

    @property
    def error(self) -> float:
        """The mean distance from what the months came to, as a share of it."""
        return statistics.fmean(abs(morning.error) for morning in self.mornings)

    @property
    def bias(self) -> float:
        """The same with signs."""
        return statistics.fmean(morning.error for morning in self.mornings)

    @property
    def coverage(self) -> float:
        """How many lie in the band that is forecast."""
        return statistics.fmean(morning.held for morning in self.mornings)

    @property
    def by_trend(self) -> float:
        """How many the trend made."""
        return statistics.fmean(morning.by_trend for morning in self.mornings)

    @property
    def formula_error(self) -> float:
        """The error of the weekday method alone."""
        return statistics.fmean(abs(morning.formula_error) for morning in self.mornings)

    @property
    def formula_coverage(self) -> float:
        """How many lie in the band of the weekday method's own formula."""
        return statistics.fmean(morning.formula_held for morning in self.mornings)


def measure(scenario: Scenario, history_days: int, seed: int, months: int) -> list[Measured]:
    """Simulated months, each forecast on the same mornings; `history_days` are those before it."""
    draws = random.Random(seed)
    simulated = [
        _simulate(draws, scenario, history_days, _STARTS[number % len(_STARTS)])
        for number in range(months)
    ]
    return [Measured(mornings) for mornings in zip(*simulated, strict=True)]


def _simulate(
    draws: random.Random, scenario: Scenario, history_days: int, start: date
) -> list[Morning]:
    first_day = clock.day_number(start)
    days = calendar.monthrange(start.year, start.month)[1]
    costs = draw_costs(draws, scenario, range(first_day - history_days, first_day + days))
    return [_forecast(costs, first_day, days, closed_days) for closed_days in MORNINGS]


def draw_costs(draws: random.Random, scenario: Scenario, days: range) -> list[int]:
    """Femto-USD of each of some days: whole micro-USD, 0 or more."""
    noises = _noises(draws, scenario.carry_over)
    costs = []
    for age, day in enumerate(days):
        usd = scenario.weekdays[day % weekday_mean.DAYS_PER_WEEK]
        usd *= (1 + scenario.weekly_growth) ** (age / weekday_mean.DAYS_PER_WEEK)
        if clock.date_of(day + scenario.month_end_days).day <= scenario.month_end_days:
            usd *= scenario.month_end_factor
        costs.append(max(0, round(usd * (1 + NOISE_SHARE * next(noises)) * 10**6)) * 10**9)
    return costs


def _noises(draws: random.Random, carry_over: float) -> Iterator[float]:
    """Noise day by day, of which a share is carried over."""
    fresh, noise = math.sqrt(1 - carry_over**2), draws.gauss(0, 1)
    while True:
        yield noise
        noise = carry_over * noise + fresh * draws.gauss(0, 1)


def _forecast(costs: Sequence[int], first_day: int, days: int, closed_days: int) -> Morning:
    actual, open_days = sum(costs[-days:]), days - closed_days
    closed, month = (
        costs[:-open_days],
        forecast.MonthSoFar(
            first_day=first_day,
            days=days,
            today=first_day + closed_days,
            spent_femto_usd=sum(costs[-days:-open_days]),
        ),
    )
    made = _banded(forecast.for_month(month, closed))
    by_formula = _banded(forecast.for_month(month, closed[-weekday_mean.FULL_HISTORY_DAYS :]))
    return Morning(
        error=made.cost_femto_usd / actual - 1,
        held=_holds(made, actual),
        by_trend=made.method == "trend",
        formula_error=by_formula.cost_femto_usd / actual - 1,
        formula_held=_holds(by_formula, actual),
    )


def section() -> str:
    """The results as Markdown. Scenarios are shared out over the cores."""
    scenarios = [(scenario, history) for scenario in SCENARIOS for history in HISTORIES]
    with concurrent.futures.ProcessPoolExecutor() as pool:
        measured = list(pool.map(_measure_scenario, *zip(*scenarios, strict=True)))
    rows = [
        _row(scenario, history, *mornings)
        for (scenario, history), mornings in zip(scenarios, measured, strict=True)
    ]
    header = (
        "| days | history | error | bias | within the band | by trend | weekdays: error | within |"
    )
    return "\n".join(
        [
            f"`python -m bench forecasting`, {clock.now():%Y-%m-%d}: {SCENARIO_MONTHS} simulated",
            f"months a row, seeded, with noise of {NOISE_SHARE * 100:.0f} % a day. Each is",
            "forecast on its first morning and its sixteenth (after the slash). Errors are shares",
            "of the month; within counts the forecasts whose 80 % band held what the month came",
            "to. The last two columns are the weekday method alone, with the band of its formula.",
            "",
            header,
            "| --- | --- | --- | --- | --- | --- | --- | --- |",
            *rows,
            "",
            "The formula of the weekday method's band assumes independent days. With 28 days of",
            f"history nothing calibrates it: {MONTHS:,} simulated months a row, of",
            f"{min(WEEKDAY_USD)} to {max(WEEKDAY_USD)} USD a day and noise of {NOISE_USD} USD.",
            "",
            "| months | within the band |",
            "| --- | --- |",
            *(
                f"| {case.name} | {coverage(case, seed):.1%} |"
                for seed, case in enumerate((*INDEPENDENT, *CORRELATED))
            ),
            "",
        ]
    )


def _measure_scenario(scenario: Scenario, history_days: int) -> list[Measured]:
    seed = SCENARIOS.index(scenario) + history_days
    return measure(scenario, history_days, seed=seed, months=SCENARIO_MONTHS)


def _row(scenario: Scenario, history_days: int, first: Measured, sixteenth: Measured) -> str:
    both = Measured([*first.mornings, *sixteenth.mornings])
    cells = (
        scenario.name,
        f"{history_days} days",
        f"{first.error:.1%} / {sixteenth.error:.1%}",
        f"{first.bias:+.1%} / {sixteenth.bias:+.1%}",
        f"{both.coverage:.0%}",
        f"{both.by_trend:.0%}",
        f"{first.formula_error:.1%} / {sixteenth.formula_error:.1%}",
        f"{both.formula_coverage:.0%}",
    )
    return f"| {' | '.join(cells)} |"


def write() -> None:
    """Write the section into RESULTS.md."""
    results.replace(TITLE, section())


if __name__ == "__main__":
    write()
