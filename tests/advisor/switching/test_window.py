"""The look-back window and its scale."""

from fractions import Fraction

import pytest

from advisor.switching import window

TODAY = 20_780


@pytest.mark.parametrize(
    ("closed_days", "days"),
    [(0, 0), (1, 1), (6, 6), (7, 7), (13, 7), (14, 14), (27, 21), (28, 28), (400, 28)],
)
def test_a_window_is_whole_weeks_once_there_is_one(closed_days: int, days: int) -> None:
    found = window.look_back((TODAY - closed_days) * 24, TODAY)
    assert (found.days, found.last_day) == (days, TODAY - 1)


def test_a_first_day_that_begins_after_its_first_hour_is_not_full() -> None:
    assert [window.look_back((TODAY - 7) * 24 + hour, TODAY).days for hour in (0, 1, 23)] == [
        7,
        6,
        6,
    ]


def test_a_longer_window_may_be_asked_for_up_to_twelve_weeks() -> None:
    assert [window.look_back(0, TODAY, weeks).days for weeks in (1, 12, 52)] == [7, 84, 84]


def test_traffic_that_began_today_has_no_closed_day() -> None:
    assert window.look_back(TODAY * 24 + 5, TODAY).days == 0


def test_a_month_runs_from_its_first_to_its_last_closed_day_with_traffic() -> None:
    found = window.for_month(
        range(TODAY - 20, TODAY + 10), {TODAY - 30, TODAY - 12, TODAY - 3, TODAY}, TODAY
    )
    assert (found, found.days) == (window.Window(TODAY - 12, TODAY - 3), 10)


def test_a_month_without_traffic_has_no_window() -> None:
    assert window.for_month(range(TODAY - 20, TODAY + 10), {TODAY}, TODAY).days == 0


def test_28_days_scale_to_an_average_month_of_730_hours() -> None:
    assert window.per_average_month(28, 28) * 24 == 730
    assert window.per_average_month(28, 28) == Fraction(365, 12)
