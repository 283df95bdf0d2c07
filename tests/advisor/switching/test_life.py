"""How long a saving lasts."""

from fractions import Fraction

from advisor.switching import life
from advisor.switching.market import Market
from tests.advisor import books


def test_the_shutdown_day_earns_nothing() -> None:
    book = books.book()
    days_left = [
        Market(book, day).days_left(books.OPENAI, books.BIG)
        for day in (
            books.AS_OF_DAY,
            books.SHUTDOWN_DAY - 1,
            books.SHUTDOWN_DAY,
            books.SHUTDOWN_DAY + 9,
        )
    ]
    assert days_left == [52, 1, 0, 0]


def test_a_model_without_an_announced_shutdown_has_no_known_end() -> None:
    assert books.MARKET.days_left(books.OPENAI, books.LUNA) is None


def test_a_move_lives_as_long_as_the_model_that_goes_first() -> None:
    assert [
        life.shorter(52, 142),
        life.shorter(None, 142),
        life.shorter(52, None),
        life.shorter(None, None),
    ] == [
        52,
        142,
        52,
        None,
    ]


def test_a_year_is_never_claimed_of_a_pair_that_ends_in_52_days() -> None:
    assert life.earning_months(52) == Fraction(12 * 52, 365)


def test_a_saving_is_claimed_for_a_year_at_most() -> None:
    assert [life.earning_months(None), life.earning_months(1_000), life.earning_months(365)] == [
        12,
        12,
        12,
    ]


def test_a_one_off_cost_is_paid_back_by_the_low_saving_a_day() -> None:
    # 365 USD a month are 12 USD a day.
    assert life.payback_days(120, 365) == 10


def test_a_loss_never_pays_back() -> None:
    assert life.payback_days(120, 0) is None
    assert life.payback_days(0, -5) is None
