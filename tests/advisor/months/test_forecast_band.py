"""The forecast's band holds as often as it says where days are independent, and the simulation sees where they are not."""

import pytest

from bench import forecasting
from bench.forecasting import Case

pytestmark = pytest.mark.full


@pytest.mark.parametrize("case", forecasting.INDEPENDENT, ids=lambda case: case.name)
def test_the_band_holds_80_percent_of_independent_months(case: Case) -> None:
    assert 0.75 <= forecasting.coverage(case, seed=7) <= 0.85


def test_it_holds_less_where_days_carry_their_noise_over() -> None:
    assert forecasting.coverage(Case(15, 28, 0.6), seed=7) < 0.75
