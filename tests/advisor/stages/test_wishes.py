"""What may be asked for: a pilot is for a part of the traffic, a dismissal has a reason and an end, and names are a line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.stages.wishes import DISMISSED_DAYS, Wish, checked
from ledger.errors import UsageError

TODAY = 20_780


@pytest.mark.parametrize(
    ("wish", "says"),
    [
        (Wish(action="claim", by=" "), "the name given"),
        (Wish(action="claim", by="a\nb"), "the name given"),
        (Wish(action="claim", by="ada", note="x" * 501), "the note given"),
        (Wish(action="claim", by="ada", share="1.1"), "at most 1"),
        (Wish(action="claim", by="ada", share="0"), "over 0"),
        (Wish(action="claim", by="ada", share="half"), "is not a share"),
        (Wish(action="claim", by="ada", share="NaN"), "is no share"),
        (Wish(action="claim", by="ada", share="-inf"), "is no share"),
        (Wish(action="claim", by="ada", share="1e99999999"), "is no share"),
        (Wish(action="claim", by="ada", share="1e-99999999"), "at most 9 decimals"),
        (Wish(action="claim", by="\ud800"), "the name given"),
        (Wish(action="claim", by="ada", share="0.1234567891"), "at most 9 decimals"),
        (Wish(action="claim", by="ada", hold_out="x"), "a hold-out is declared with a pilot"),
        (Wish(action="pilot", by="ada"), "a pilot needs the share"),
        (Wish(action="pilot", by="ada", share="1"), "under 1"),
        (Wish(action="adopt", by="ada", share="0.5"), "a share belongs to"),
        (Wish(action="adopt", by="ada", until_day=TODAY + 1), "only a dismissal has an end"),
        (Wish(action="dismiss", by="ada"), "needs its reason"),
        (Wish(action="dismiss", by="ada", note="no", until_day=TODAY), "a later day than today"),
    ],
)
def test_a_wish_that_cannot_be_is_refused_with_the_remedy(wish: Wish, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        checked(wish, TODAY)


def test_what_is_left_open_is_filled_in() -> None:
    assert checked(Wish(action="claim", by="ada"), TODAY).share == "1.00"
    assert (
        checked(Wish(action="dismiss", by="ada", note="no"), TODAY).until_day
        == TODAY + DISMISSED_DAYS
    )


@given(st.integers(1, 999_999_999))
def test_any_share_of_nine_decimals_is_kept_exactly(billionths: int) -> None:
    share = checked(Wish(action="pilot", by="ada", share=f"{billionths}e-9"), TODAY).share
    assert share is not None
    assert int(share.replace(".", "").ljust(10, "0")) == billionths
