"""Instants, labels and tiers are read exactly, and what is none is refused."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.parsing import fields
from ledger import clock, events

NOON_US = 1_795_435_200_000_000


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23T12:00:00Z",
        "2026-11-23t12:00:00z",
        "2026-11-23 12:00:00.000Z",
        "2026-11-23T13:30:00+01:30",
        "2026-11-22T20:00:00.0-16:00",
        "2026-11-23T12:00:00.0000009-00:00",
    ],
)
def test_one_instant_has_many_spellings(text: str) -> None:
    assert fields.parse_instant_us(text) == NOON_US


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "2026-11-23",
        "2026-11-23T12:00:00",
        "2026-11-23T12:00Z",
        "20261123T120000Z",
        "2026-02-30T12:00:00Z",
        "2026-11-23T24:00:01Z",
        "2026-11-23T12:00:00+24:00",
        "1795435200",
        "٢٠٢٦-11-23T12:00:00Z",
        "0000-01-01T00:00:00Z",
        "1969-12-31T23:59:59Z",
        "2026-11-23T12:00:00.Z",
        "2026-11-23T12:00:00Z ",
        -1,
        -0.1,
        1e300,
        float("inf"),
        float("nan"),
        10**400,
        1_795_435_200_000,
    ],
)
def test_what_is_no_instant_is_refused(sent: str | float) -> None:
    assert fields.parse_instant_us(sent) is None


@given(
    st.datetimes(datetime(1970, 1, 2), datetime(9999, 12, 30)),  # noqa: DTZ001  # made aware
    st.integers(-23 * 60, 23 * 60),
)
def test_an_instant_survives_being_written_with_any_offset(
    naive: datetime, offset_minutes: int
) -> None:
    instant = naive.replace(tzinfo=UTC)
    written = instant.astimezone(timezone(timedelta(minutes=offset_minutes))).isoformat()
    assert fields.parse_instant_us(written) == clock.to_us(instant)


@given(st.floats(0, 4_000_000_000))
def test_a_float_is_rounded_half_even_on_its_exact_value(seconds: float) -> None:
    exact = Decimal(seconds).quantize(Decimal("1e-6"), ROUND_HALF_EVEN)
    assert fields.parse_instant_us(seconds) == int(exact * 1_000_000)


@given(st.integers(0, clock.SECOND_US - 1), st.integers(0, 999))
def test_decimals_beyond_the_sixth_are_cut(microseconds: int, beyond: int) -> None:
    text = f"2026-11-23T12:00:00.{microseconds:06}{beyond:03}Z"
    assert fields.parse_instant_us(text) == NOON_US + microseconds


def test_a_duration_is_whole_milliseconds_and_never_negative() -> None:
    assert fields.duration_ms(1.0, 1.0015) == 2
    assert fields.duration_ms(1, 1) == 0
    assert fields.duration_ms(2.0, 1.0) is None
    assert fields.duration_ms(None, 1.0) is None
    assert fields.duration_ms(0, 9_000_000_000) == events.MAX_COUNT


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("gpt-4.1", "gpt-4.1"),
        (" a b ", "a b"),
        ("a\0b\x07", "ab"),
        ("a\nb\u2028c", "a b c"),
        ("\ud800x", "?x"),
        ("Müller & Söhne", "Müller & Söhne"),
        ("", None),
        (" \0\t", None),
        (None, None),
        ("x" * 500, "x" * 128),
    ],
)
def test_a_label_is_clean_and_short(text: str | None, label: str | None) -> None:
    assert fields.clean_label(text) == label


@given(st.text(st.characters(codec=None), max_size=300))
def test_every_label_can_be_stored_and_is_its_own_label(text: str) -> None:
    label = fields.clean_label(text)
    if label is not None:
        assert 0 < len(label) <= events.MAX_LABEL_CHARACTERS
        assert label.isprintable()
        assert label.encode()
        assert fields.clean_label(label) == label


@pytest.mark.parametrize(
    ("answered", "requested", "tiers"),
    [
        (None, None, ("standard", "standard")),
        (None, "auto", ("standard", "standard")),
        (None, "default", ("standard", "standard")),
        (None, "flex", ("unknown", "flex")),
        (None, "fast", ("unknown", "priority")),
        (None, "scale", ("unknown", "scale")),
        ("default", "flex", ("standard", "flex")),
        ("standard", None, ("standard", "standard")),
        ("fast", "fast", ("priority", "priority")),
        ("priority", "auto", ("priority", "unknown")),
        ("Flex", "FLEX", ("flex", "flex")),
        ("batch", None, ("batch", "unknown")),
        ("turbo", None, ("unknown", "unknown")),
        ("ultrafast", "flex", ("unknown", "unknown")),
        ("on_demand", None, ("standard", "standard")),
        ("ON_DEMAND_FLEX", None, ("flex", "unknown")),
        ("", "", ("standard", "standard")),
        (None, "turbo", ("unknown", "unknown")),
        ("auto", "auto", ("unknown", "standard")),
    ],
)
def test_a_tier_is_what_was_served_and_unknown_only_if_a_special_one_was_asked_for(
    answered: str | None, requested: str | None, tiers: tuple[str, str]
) -> None:
    assert fields.parse_tiers(answered, requested) == tiers
