"""How figures read for people."""

from fractions import Fraction

import pytest

from advisor import words


@pytest.mark.parametrize(
    ("usd_text", "text"),
    [
        ("2657.014", "$2,657.01"),
        ("-3.00", "-$3.00"),
        ("0.00", "$0.00"),
        ("0.0019", "$0.0019"),
        (None, "unknown"),
        ("0.125", "$0.12"),
        ("0.0000001", "under $0.000001"),
        ("-0.0000001", "just below $0"),
        ("0.0000006", "$0.000001"),
        ("1000000000000000000000.00", "$1,000,000,000,000,000,000,000.00"),
    ],
)
def test_dollars_have_cents_and_less_than_a_cent_is_not_nothing(
    usd_text: str | None, text: str
) -> None:
    assert words.dollars(usd_text) == text


@pytest.mark.parametrize(
    ("ratio", "text"),
    [
        ("0.80", "80 %"),
        ("0.637", "63.7 %"),
        (Fraction("0.6368"), "63.7 %"),
        (Fraction(2, 3), "66.7 %"),
        (Fraction(1, 800), "0.1 %"),
        ("1.00", "100 %"),
        (Fraction(1), "100 %"),
        ("1.20", "120 %"),
        ("0.9996", "just under 100 %"),
        (Fraction("0.9996"), "just under 100 %"),
        ("0.00", "0 %"),
        ("0.00001", "under 0.1 %"),
        ("-0.25", "-25 %"),
        (Fraction("-0.02"), "-2 %"),
        ("-0.0001", "just below 0 %"),
        (None, "unknown"),
    ],
)
def test_only_everything_reads_100_percent_and_only_nothing_reads_0(
    ratio: Fraction | str | None, text: str
) -> None:
    assert words.percent(ratio) == text


@pytest.mark.parametrize(
    ("ratio", "text"),
    [
        (Fraction("0.123456"), "12.3456 %"),
        (Fraction("0.5"), "50 %"),
        (Fraction("0.9999999"), "just under 100 %"),
        (Fraction("0.0000001"), "under 0.0001 %"),
    ],
)
def test_a_share_that_somebody_typed_keeps_four_decimals(ratio: Fraction, text: str) -> None:
    assert words.percent(ratio, decimals=4) == text


@pytest.mark.parametrize(
    ("ratio", "text"),
    [
        ("0.98999999", "98.9 %"),
        ("0.99", "99 %"),
        ("0.99999", "99.9 %"),
        ("1.00", "100 %"),
        ("0.00", "0 %"),
        (None, "unknown"),
    ],
)
def test_a_coverage_is_rounded_down_so_that_none_seems_to_reach_the_floor(
    ratio: str | None, text: str
) -> None:
    assert words.covered(ratio) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (28_185, "28,185"),
        (999_999, "999,999"),
        (358_000_000, "358 M"),
        (1_030_000_000, "1.03 bn"),
        (2_000_000_000_000, "2,000 bn"),
        (999_999_999, "1 bn"),
        (999_499_999, "999 M"),
        (999_999_999_999, "1,000 bn"),
        (1_000_000, "1 M"),
        (20_000_000, "20 M"),
    ],
)
def test_large_counts_are_short(number: int, text: str) -> None:
    assert words.count(number) == text
