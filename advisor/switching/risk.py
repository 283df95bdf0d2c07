"""How risky a move is (0 to 4, the worst of its drivers) and how sure the figures are.

Amounts of money have no part in either.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from advisor.evidence import rules

Grade = Literal["low", "medium", "high"]
GRADES: tuple[Grade, ...] = ("low", "medium", "high")
MOST_RISK = 4
UNLABELLED_RISK = 2
CLASS_RISK = {
    "classification": 0,
    "extraction": 0,
    "summarisation": 1,
    "short_text": 1,
    "unlabelled": 2,
    "chat": 2,
    "long_output": 3,
    "ambiguous": 3,
    "code": 3,
    "agentic": 4,
    "multi_step": 4,
    "critical": 4,
}


@dataclass(frozen=True, slots=True)
class Risk:
    """The level of each driver; the risk is their maximum."""

    drivers: dict[str, int]

    @property
    def level(self) -> int:
        """0 (none) to 4."""
        return max(self.drivers.values())

    @property
    def worst(self) -> list[str]:
        """The drivers that set the level."""
        return [name for name, level in self.drivers.items() if level == self.level]


def class_level(workload_class: str | None, guessed: bool = False) -> int:
    """The risk of a workload class; an unknown word is unlabelled, a guess counts 2 at least."""
    level = CLASS_RISK.get(workload_class or "unlabelled", UNLABELLED_RISK)
    return max(level, UNLABELLED_RISK) if guessed else level


def life_level(target_days_left: int | None) -> int:
    """The risk of the days left to the target; with no shutdown announced it is the least."""
    if target_days_left is None or target_days_left > 365:
        return 0
    if target_days_left > 180:
        return 1
    return 2 if target_days_left > 30 else MOST_RISK


def assess(
    evidence: rules.Evidence | None,
    *,
    class_level: int,
    unmeasured_factors: int,
    target_days_left: int | None,
    keeps_model: bool = False,
) -> Risk:
    """The risk of a move by its drivers. Where the model stays, there is nothing to prove."""
    return Risk(
        {
            "evidence": 0 if keeps_model else rules.risk(evidence),
            "workload": class_level,
            "factors": unmeasured_factors,
            "life": life_level(target_days_left),
            "drift": 0 if keeps_model else rules.drift_risk(evidence),
        }
    )


@dataclass(frozen=True, slots=True)
class Confidence:
    """How sure the figures are: the lowest of the grades."""

    grades: dict[str, Grade]

    @property
    def grade(self) -> Grade:
        """The lowest grade."""
        return min(self.grades.values(), key=GRADES.index)


def confidence(
    *,
    days: int,
    requests: int,
    prices_backdated: bool,
    unmeasured_factors: int,
    quality_risk: int,
    forecast_error: Fraction | None,
) -> Confidence:
    """Grades of volume, prices, factors, quality and forecast.

    The forecast error is a share of the actual; None was never tested.
    """
    return Confidence(
        {
            "volume": _graded(days >= 28 and requests >= 10_000, days >= 14 and requests >= 1_000),
            "prices": _graded(not prices_backdated, True),
            "factors": _graded(unmeasured_factors == 0, unmeasured_factors < MOST_RISK),
            "quality": _graded(quality_risk == 0, quality_risk <= 2),
            "forecast": "low"
            if forecast_error is None
            else _graded(
                abs(forecast_error) <= Fraction("0.10"), abs(forecast_error) <= Fraction("0.25")
            ),
        }
    )


def _graded(high: bool, medium: bool) -> Grade:
    return "high" if high else "medium" if medium else "low"
