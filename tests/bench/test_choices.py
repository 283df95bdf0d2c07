"""The low end of the chosen move holds: before a pilot mostly, after pilots nearly always."""

import pytest

from bench import choices


def test_the_low_end_holds_for_the_chosen_moves_of_everyday_slices() -> None:
    before, after = choices.simulate("everyday", 96)
    assert choices.coverage(before) >= 0.8
    assert choices.coverage(after) >= 0.95
    assert len({outcome.kind for outcome in before}) >= 4


def test_pilots_make_the_low_end_hold_where_nothing_is_as_it_was_assumed() -> None:
    before, after = choices.simulate("stress", 96)
    assert choices.coverage(before) < 0.8
    assert choices.coverage(after) >= 0.95


@pytest.mark.full
def test_over_2000_chosen_moves_a_measured_low_end_holds_for_95_percent() -> None:
    for life in choices.LIVES:
        _, after = choices.simulate(life)
        assert choices.coverage(after) >= 0.95
        assert choices.coverage(outcome for outcome in after if outcome.is_advised) >= 0.95
