"""Least squares with an effect of each weekday and up to two regressors, in closed form. Pure.

The weekdays are taken out first, by subtracting their means (Frisch and Waugh,
https://www.jstor.org/stable/1907330), so the normal equations that are left have two unknowns.
Floats: it describes shapes, never money.
"""

import functools
import math
import operator
from collections.abc import Sequence
from dataclasses import dataclass

from advisor.months.weekday_mean import DAYS_PER_WEEK

_MOST_CORRELATION = 0.9
_NOTHING = 1e-20
"""Squares that are rounding errors of a perfect fit."""
_NO_EFFECT = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A value by day without the mean of its weekday; those means, and the number of days."""

    counts: Sequence[int]
    means: Sequence[float]
    residuals: Sequence[float]


@dataclass(frozen=True, kw_only=True)
class Regression:
    """A fit of y = effect of the weekday + sum of coefficients x regressors.

    `means` and `counts` are by weekday, of y and of the days; `regressor_means` those of each
    regressor. `inverse` is that of the normal equations.
    """

    counts: Sequence[int]
    means: Sequence[float]
    regressor_means: Sequence[Sequence[float]]
    coefficients: Sequence[float]
    inverse: Sequence[Sequence[float]]
    residuals: Sequence[float]

    @functools.cached_property
    def squares(self) -> float:
        """The sum of the squared residuals."""
        return _dot(self.residuals, self.residuals)

    @property
    def variance(self) -> float:
        """That of a day about the fit."""
        weekdays = sum(1 for count in self.counts if count)
        return self.squares / (len(self.residuals) - weekdays - len(self.coefficients))

    @functools.cached_property
    def correlation(self) -> float:
        """How far a day's noise is like that of the day before, 0 to 0.9.

        Residuals about a trend show (2 + 4 r) / n too little of it (Kendall,
        https://doi.org/10.1093/biomet/41.3-4.403).
        """
        if self.squares < _NOTHING:
            return 0.0
        residuals = _dot(self.residuals[1:], self.residuals[:-1]) / self.squares
        shortfall = (2 + 4 * residuals) / len(self.residuals)
        return min(_MOST_CORRELATION, max(0.0, residuals + shortfall))

    @property
    def inflation(self) -> float:
        """By how much correlated days raise the variance of what many days have in common."""
        return (1 + self.correlation) / (1 - self.correlation)

    def t(self, regressor: int, inflation: float = 1.0) -> float:
        """How many standard errors a coefficient is away from 0, without its sign."""
        coefficient = abs(self.coefficients[regressor])
        error = math.sqrt(self.variance * self.inverse[regressor][regressor] * inflation)
        if self.squares < _NOTHING or not error:
            return math.inf if coefficient > _NO_EFFECT else 0.0
        return coefficient / error

    def predict(self, weekday: int, regressors: Sequence[float]) -> float:
        """The expected y of a day."""
        return self.means[weekday] + sum(
            coefficient * (regressor - means[weekday])
            for coefficient, regressor, means in zip(
                self.coefficients, regressors, self.regressor_means, strict=True
            )
        )

    def sum_variance(
        self,
        weekdays: Sequence[int],
        weights: Sequence[float],
        regressors: Sequence[Sequence[float]],
    ) -> float:
        """The variance of a weighted sum of the y of days in a row, and of its prediction.

        It counts the noise of the days, which carry over to the next, and that of the fit.
        """
        carried, noise = 0.0, 0.0
        by_weekday = [0.0] * DAYS_PER_WEEK
        sums = [0.0] * len(self.coefficients)
        for weekday, weight, row in zip(weekdays, weights, regressors, strict=True):
            carried *= self.correlation
            noise += weight * (weight + 2 * carried)
            carried += weight
            by_weekday[weekday] += weight
            for index, regressor in enumerate(row):
                sums[index] += weight * (regressor - self.regressor_means[index][weekday])
        fit = math.fsum(
            weight * weight / count
            for weight, count in zip(by_weekday, self.counts, strict=True)
            if count
        )
        fit += math.fsum(
            left * right * self.inverse[row][column]
            for row, left in enumerate(sums)
            for column, right in enumerate(sums)
        )
        return self.variance * (noise + self.inflation * fit)


def centre(weekdays: Sequence[int], values: Sequence[float]) -> Column:
    """Values of days less the mean of their weekday."""
    sums, counts = [0.0] * DAYS_PER_WEEK, [0] * DAYS_PER_WEEK
    for weekday, number in zip(weekdays, values, strict=True):
        sums[weekday] += number
        counts[weekday] += 1
    means = [total / count if count else 0.0 for total, count in zip(sums, counts, strict=True)]
    rest = [number - means[weekday] for weekday, number in zip(weekdays, values, strict=True)]
    return Column(counts=counts, means=means, residuals=rest)


def fit(y: Column, regressors: Sequence[Column]) -> Regression:
    """The fit. A regressor that the weekdays or the first regressor explain has no effect."""
    columns = [regressor.residuals for regressor in regressors]
    inverse = _invert([[_dot(left, right) for right in columns] for left in columns])
    moments = [_dot(column, y.residuals) for column in columns]
    coefficients = [_dot(row, moments) for row in inverse]
    residuals = y.residuals
    for coefficient, column in zip(coefficients, columns, strict=True):
        residuals = [
            residual - coefficient * regressor
            for residual, regressor in zip(residuals, column, strict=True)
        ]
    return Regression(
        counts=y.counts,
        means=y.means,
        regressor_means=[regressor.means for regressor in regressors],
        coefficients=coefficients,
        inverse=inverse,
        residuals=residuals,
    )


def _invert(matrix: Sequence[Sequence[float]]) -> list[list[float]]:
    """The inverse of a symmetric matrix of up to two rows; 0 for a row that says nothing new."""
    if not matrix:
        return []
    if len(matrix) == 1:
        return [[_reciprocal(matrix[0][0])]]
    (first, mixed), (_, second) = matrix
    determinant = first * second - mixed * mixed
    if determinant <= _NO_EFFECT * first * second:
        return [[_reciprocal(first), 0.0], [0.0, 0.0]]
    return [
        [second / determinant, -mixed / determinant],
        [-mixed / determinant, first / determinant],
    ]


def _reciprocal(number: float) -> float:
    return 1 / number if number > _NO_EFFECT else 0.0


def _dot(left: Sequence[float], right: Sequence[float]) -> float:
    return float(sum(map(operator.mul, left, right)))
