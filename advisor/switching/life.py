"""How long a saving lasts: until either model is shut down. Days are counted from a given day."""

from dataclasses import dataclass
from fractions import Fraction

SOURCE_NOTICE_DAYS = 90
TARGET_BLOCK_DAYS = 30
MONTHS_PER_YEAR, DAYS_PER_YEAR = 12, 365


def count_days(shutdown_day: int | None, as_of_day: int) -> int | None:
    """Days until a model is shut down, 0 once it is; None with no shutdown announced.

    A shutdown that is past cannot be told from this count: its day is the model's own.
    """
    return None if shutdown_day is None else max(0, shutdown_day - as_of_day)


def shorter(*days: int | None) -> int | None:
    """The days until the first of the models is shut down; None when none is known to be."""
    return min((count for count in days if count is not None), default=None)


def retires(source_days: int | None) -> bool:
    """Whether the source has to be left within 90 days."""
    return source_days is not None and source_days <= SOURCE_NOTICE_DAYS


def is_forced(source_days: int | None, target_days: int | None) -> bool:
    """Whether the source has to be left within 90 days, and the target lasts longer than it."""
    return retires(source_days) and shorter(source_days, target_days) != target_days


def payback_horizon(source_days: int | None, target_days: int | None) -> int | None:
    """The days within which a one-off cost has to come back; None with no end in sight.

    Until the first of the models is shut down. Where a move is forced, the cost has to be paid
    for the cheapest other move too, so it counts over the life of the target.
    """
    if is_forced(source_days, target_days):
        return target_days
    return shorter(source_days, target_days)


def earning_months(days: int | None) -> Fraction:
    """The average months that a saving lasts in the next year: 12 x min(365, days left) / 365.

    A saving per average month times this is the saving of the next year, until a model is gone.
    """
    earning = DAYS_PER_YEAR if days is None else min(DAYS_PER_YEAR, days)
    return Fraction(MONTHS_PER_YEAR * earning, DAYS_PER_YEAR)


def payback_days(one_off_femto_usd: int, low_month_femto_usd: Fraction | int) -> Fraction | None:
    """Days until the low saving has paid a one-off cost back; None when it never does."""
    if low_month_femto_usd <= 0:
        return None
    return (
        Fraction(one_off_femto_usd)
        * DAYS_PER_YEAR
        / (MONTHS_PER_YEAR * Fraction(low_month_femto_usd))
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetime:
    """How long a move lasts, from the announced shutdowns of its two models; UTC day numbers."""

    as_of_day: int
    """The day whose prices everything is computed at."""
    source_shutdown_day: int | None
    """The first day on which the source no longer serves; None with no shutdown announced."""
    target_shutdown_day: int | None

    @property
    def source_days_left(self) -> int | None:
        """The days that the source still serves, 0 once it is gone."""
        return count_days(self.source_shutdown_day, self.as_of_day)

    @property
    def target_days_left(self) -> int | None:
        """The days that the target still serves, 0 once it is gone."""
        return count_days(self.target_shutdown_day, self.as_of_day)

    @property
    def end_day(self) -> int | None:
        """The day on which the first of the two models shuts down, past or to come."""
        return shorter(self.source_shutdown_day, self.target_shutdown_day)

    @property
    def days_left(self) -> int | None:
        """The days until the first of the two models shuts down; None when neither is known to."""
        return shorter(self.source_days_left, self.target_days_left)

    @property
    def is_source_gone(self) -> bool:
        """Whether the source has been shut down."""
        return self.source_days_left == 0

    @property
    def is_forced(self) -> bool:
        """Whether the source has to be left within 90 days, and the target lasts longer."""
        return is_forced(self.source_days_left, self.target_days_left)

    @property
    def ends_with_source(self) -> bool:
        """Whether the source has to be left soon, and the target no later."""
        return retires(self.source_days_left) and not self.is_forced
