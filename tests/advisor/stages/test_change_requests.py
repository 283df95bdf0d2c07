"""What may be asked for: a pilot is for a part of the traffic, a dismissal has a reason and an end, and names are a line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.stages.change_requests import DISMISSED_DAYS, ChangeRequest, complete
from ledger.errors import UsageError

TODAY = 20_780


@pytest.mark.parametrize(
    ("change_request", "says"),
    [
        (ChangeRequest(action="claim", by=" "), "the name has to be one line"),
        (ChangeRequest(action="claim", by="a\nb"), "the name has to be one line"),
        (ChangeRequest(action="claim", by="ada", note="x" * 501), "the note has to be one line"),
        (ChangeRequest(action="claim", by="ada", share="1.1"), "at most 1"),
        (ChangeRequest(action="claim", by="ada", share="0"), "over 0"),
        (ChangeRequest(action="pilot", by="ada", share="10"), "over 0 and under 1, not '10'"),
        (ChangeRequest(action="claim", by="ada", share="half"), "for 10 % write 0.1"),
        (ChangeRequest(action="claim", by="ada", share="NaN"), "for 10 % write 0.1"),
        (ChangeRequest(action="claim", by="ada", share="-inf"), "for 10 % write 0.1"),
        (ChangeRequest(action="claim", by="ada", share="1e99999999"), "for 10 % write 0.1"),
        (
            ChangeRequest(action="claim", by="ada", share="1e-99999999"),
            "too many decimals; use at most 9",
        ),
        (ChangeRequest(action="claim", by="\ud800"), "the name has to be one line"),
        (
            ChangeRequest(action="claim", by="ada", share="0.1234567891"),
            "too many decimals; use at most 9",
        ),
        (
            ChangeRequest(action="claim", by="ada", hold_out="x"),
            "--hold-out belongs to pilot and adopt",
        ),
        (ChangeRequest(action="pilot", by="ada"), "a pilot needs the share"),
        (ChangeRequest(action="pilot", by="ada", share="1"), "under 1"),
        (
            ChangeRequest(action="adopt", by="ada", share="0.5"),
            "--share belongs to claim and pilot",
        ),
        (
            ChangeRequest(action="adopt", by="ada", until_day=TODAY + 1),
            "--until belongs to dismiss",
        ),
        (ChangeRequest(action="dismiss", by="ada"), "needs a reason: --reason TEXT"),
        (
            ChangeRequest(action="dismiss", by="ada", note="no", until_day=TODAY),
            "is not after today",
        ),
    ],
)
def test_what_cannot_be_asked_for_is_refused_with_the_remedy(
    change_request: ChangeRequest, says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        complete(change_request, TODAY)


def test_what_is_left_open_is_filled_in() -> None:
    assert complete(ChangeRequest(action="claim", by="ada"), TODAY).share == "1.00"
    assert (
        complete(ChangeRequest(action="dismiss", by="ada", note="no"), TODAY).until_day
        == TODAY + DISMISSED_DAYS
    )


@given(st.integers(1, 999_999_999))
def test_any_share_of_nine_decimals_is_kept_exactly(billionths: int) -> None:
    share = complete(ChangeRequest(action="pilot", by="ada", share=f"{billionths}e-9"), TODAY).share
    assert share is not None
    assert int(share.replace(".", "").ljust(10, "0")) == billionths
