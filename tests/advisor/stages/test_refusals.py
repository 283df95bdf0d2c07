"""A refused change of stage says why, and the commands that lead to it."""

import pytest

from advisor.stages import refusals
from advisor.stages.change_requests import ChangeRequest
from advisor.stages.transitions import Action, Change, Stage

CLAIM = Change(
    version=2, action="claim", from_stage="active", to_stage="claimed", made_by="ada", made_at=5
)


@pytest.mark.parametrize(
    ("stage", "action", "says"),
    [
        (
            "claimed",
            "claim",
            (
                "ada has already claimed this; to take it over: switchwise unclaim X, then switchwise"
                " claim X"
            ),
        ),
        (
            "active",
            "adopt",
            (
                "only a pilot can be adopted; first: switchwise claim X, then switchwise pilot X"
                " --share 0.1"
            ),
        ),
        (
            "dismissed",
            "claim",
            "only an open recommendation can be claimed; first: switchwise undismiss X",
        ),
        ("active", "unclaim", "only a claim can be given back; first: switchwise claim X"),
        (
            "adopted",
            "pilot",
            (
                "only a claimed recommendation can be piloted; it is adopted by ada"
                " now, see: switchwise explain X"
            ),
        ),
        (
            "adopted",
            "claim",
            "ada has already claimed this; it is adopted by ada now, see: switchwise explain X",
        ),
        (
            "expired",
            "claim",
            (
                "only an open recommendation can be claimed; it is expired now, see:"
                " switchwise explain X"
            ),
        ),
    ],
)
def test_a_refusal_names_the_rule_and_the_next_command(
    stage: Stage, action: Action, says: str
) -> None:
    change_request = ChangeRequest(action=action, by="grace")
    refusal = refusals.sentence(change_request, "X", stage=stage, version=2, history=[CLAIM])
    assert refusal == says


def test_a_version_that_is_not_current_any_more_says_how_it_stands() -> None:
    change_request = ChangeRequest(action="claim", by="grace", version=1)
    refusal = refusals.sentence(change_request, "X", stage="claimed", version=2, history=[CLAIM])
    assert refusal == (
        "this has changed since version 1: it is claimed by ada at version 2 now; look again with:"
        " switchwise explain X"
    )
