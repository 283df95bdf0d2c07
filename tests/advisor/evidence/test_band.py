"""The band of a saving whose factors a pilot measured holds what the switch then saves."""

import pytest

from bench import switches


def test_the_band_holds_nearly_every_simulated_switch() -> None:
    places = [each.place for each in switches.outcomes(60)]
    assert places.count(0) >= 57


@pytest.mark.full
def test_the_band_holds_at_least_95_percent_of_2000_simulated_switches() -> None:
    found = switches.outcomes()
    assert sum(each.place == 0 for each in found) >= 0.95 * len(found)
    assert sum(each.saved < each.low for each in found) <= 0.025 * len(found)
