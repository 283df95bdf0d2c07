"""The transitions of a recommendation: those of the method, those that figures alone bring about, and no other."""

from hypothesis import given
from hypothesis import strategies as st

from advisor.stages import transitions
from advisor.stages.transitions import TRANSITIONS, Action, Change, Stage
from ledger import clock

ALLOWED = """
active -> claimed
claimed -> active
claimed -> piloting
piloting -> adopted
adopted -> measured
active -> dismissed
dismissed -> active
active -> expired
expired -> active
adopted -> rolled_back
measured -> rolled_back
"""
STAGES: tuple[Stage, ...] = (
    "active", "claimed", "piloting", "adopted", "measured", "dismissed", "expired", "rolled_back",
)  # fmt: skip
NOON_US = clock.DAY_US // 2


def change(version: int, action: Action, made_at: int, until_day: int | None = None) -> Change:
    transition = TRANSITIONS[action]
    return Change(
        version=version,
        action=action,
        from_stage=transition.sources[0],
        to_stage=transition.target,
        made_by="ada",
        made_at=made_at,
        until_day=until_day,
    )


@given(st.sampled_from(STAGES), st.sampled_from(list(TRANSITIONS)))
def test_no_action_leads_anywhere_but_where_the_method_says(stage: Stage, action: Action) -> None:
    target = transitions.after(stage, action)
    assert target is None or f"{stage} -> {target}" in ALLOWED.split("\n")


def test_every_transition_of_the_method_has_an_action() -> None:
    found = {
        f"{source} -> {each.target}" for each in TRANSITIONS.values() for source in each.sources
    }
    assert found == set(ALLOWED.split("\n")) - {""}


def test_figures_alone_measure_expire_and_bring_back() -> None:
    assert {action for action, each in TRANSITIONS.items() if not each.by_people} == {
        "measure",
        "expire",
        "return",
    }
    assert transitions.open_to_people("active") == ("claim", "dismiss")
    assert transitions.open_to_people("rolled_back") == ()


def test_a_history_says_the_stage_of_each_instant() -> None:
    history = [change(2, "claim", 10), change(3, "pilot", 20), change(4, "adopt", 30)]
    assert [transitions.stage_at(history, at) for at in (9, 10, 19, 20, 29, 30)] == [
        "active",
        "claimed",
        "claimed",
        "piloting",
        "piloting",
        "adopted",
    ]
    assert transitions.stage_at([], 5) == "active"


@given(st.integers(1, 400), st.integers(0, 500))
def test_a_dismissal_ends_by_itself_when_its_day_begins(lasts_days: int, later_days: int) -> None:
    history = [change(2, "dismiss", NOON_US, until_day=lasts_days)]
    stage = transitions.stage_at(history, NOON_US + later_days * clock.DAY_US)
    assert stage == ("dismissed" if later_days < lasts_days else "active")


def test_only_the_claim_that_was_not_given_back_holds() -> None:
    claimed, gone, again = change(2, "claim", 10), change(3, "unclaim", 20), change(4, "claim", 30)
    assert transitions.current_claim([claimed]) == claimed
    assert transitions.current_claim([claimed, gone]) is None
    assert transitions.current_claim([claimed, gone, again]) == again


def test_the_shortest_way_to_an_action_is_named() -> None:
    assert transitions.path_to("active", "adopt") == ("claim", "pilot")
    assert transitions.path_to("claimed", "claim") == ("unclaim",)
    assert transitions.path_to("dismissed", "claim") == ("undismiss",)
    assert transitions.path_to("claimed", "pilot") == ()
    assert transitions.path_to("adopted", "claim") is None
