"""For how long a saving is claimed, which traffic is whose, and what the frozen estimate says of the target."""

from dataclasses import replace
from fractions import Fraction

import pytest

from advisor.months.statements import Priced
from advisor.stages.adoption import CLAIMED_DAYS, Adoption
from advisor.stages.realisation import InputSplit
from advisor.stages.transitions import Change
from advisor.switching import factors
from ledger import clock
from tests import ledgers
from tests.advisor import advised, books

DAY = 20_780
ADOPTED = Adoption(
    id="a" * 16,
    claimed=advised.recommendation(),
    adopted=advised.recommendation(),
    adopted_at=DAY * clock.DAY_US + 5,
    hold_out=None,
    rolled_back_at=None,
)


@pytest.mark.parametrize(
    ("retires_day", "rolled_back_day", "taken_day", "end_day"),
    [
        (None, None, None, DAY + 1 + CLAIMED_DAYS),
        (DAY + 52, None, None, DAY + 52),
        (None, DAY + 9, None, DAY + 9),
        (DAY + 52, DAY + 9, DAY + 4, DAY + 4),
        (DAY - 3, None, None, DAY + 1),
    ],
)
def test_a_claim_stops_after_twelve_months_or_with_its_reason(
    retires_day: int | None, rolled_back_day: int | None, taken_day: int | None, end_day: int
) -> None:
    back, taken = (
        None if day is None else day * clock.DAY_US for day in (rolled_back_day, taken_day)
    )
    assert replace(ADOPTED, rolled_back_at=back).end_day(retires_day, taken) == end_day


@pytest.mark.parametrize(
    ("changed", "later_us", "superseded"),
    [
        ({"from_model": "gpt-4.1-mini", "to_model": "gpt-6-luna"}, 1, True),
        ({"to_model": "gpt-6-luna"}, 1, True),
        ({"to_model": "gpt-6-luna"}, -1, False),
        ({"to_model": "gpt-6-luna", "project": "support"}, 1, False),
        ({"from_model": "gpt-4o", "to_model": "gpt-6-luna"}, 1, False),
    ],
)
def test_a_newer_adoption_of_the_same_work_takes_over(
    changed: dict[str, object], later_us: int, superseded: bool
) -> None:
    moved = advised.recommendation(**changed)  # type: ignore[arg-type]  # fields by name
    other = replace(
        ADOPTED,
        id="b" * 16,
        claimed=moved,
        adopted=moved,
        adopted_at=ADOPTED.adopted_at + later_us,
    )
    assert ADOPTED.is_superseded_by(other) is superseded
    assert ADOPTED.superseded_at([ADOPTED, other]) == (other.adopted_at if superseded else None)


def test_a_move_of_tier_tells_its_sides_apart_by_tier() -> None:
    tier_alone = advised.recommendation(to_model="gpt-4.1", to_service_tier="batch")
    moved = replace(ADOPTED, claimed=tier_alone)
    priced = Priced("openai", "gpt-4.1", "", None)
    batch, standard = (
        ledgers.labels(service_tier="batch", service_tier_requested="batch"),
        ledgers.labels(),
    )
    assert (moved.is_target(priced, batch), moved.is_source(priced, batch)) == (True, False)
    assert (moved.is_target(priced, standard), moved.is_source(priced, standard)) == (False, True)
    assert not moved.is_source(Priced("openai", "gpt-4o", "", None), standard)


def test_the_split_and_the_behaviour_are_those_that_were_frozen() -> None:
    cells = (
        books.cell(900, 300, 5, requests=10, written=90),
        replace(books.cell(100, 0, 5, "priority", requests=20, written=10), region="eu"),
    )
    band = factors.ASSUMED.with_given("verifier_femto_usd", [20 * books.USD] * 3)
    band = band.with_given("phi_out", [Fraction("1.5"), Fraction("1.1"), Fraction("0.8")])
    frozen = replace(
        ADOPTED,
        claimed=advised.recommendation(factors=band),
        adopted=advised.recommendation(cells=tuple(map(books.moved, cells))),
    )
    assert frozen.input_split == InputSplit(Fraction(3, 10), Fraction(1, 10))
    assert frozen.usual_cell == cells[1]
    at = frozen.behaviour
    assert (at.phi_in, at.phi_out, at.extra_attempts) == (
        Fraction(1),
        Fraction("1.1"),
        Fraction("0.02"),
    )
    assert (at.escalation_rate, at.sigma) == (Fraction(1, 4), Fraction(3, 2))
    assert at.verifier_femto_usd == 10**12  # 20 USD over the 20,000 requests of the window
    assert len(frozen.window) == 28


@pytest.mark.parametrize(
    ("claimed_share", "fitting_share", "moved_share"),
    [
        (None, Fraction(1), Fraction(1)),
        ("0.5", Fraction(1), Fraction(1, 2)),
        (None, Fraction(9, 10), Fraction(9, 10)),
        ("0.5", Fraction(9, 10), Fraction(9, 20)),
    ],
)
def test_what_does_not_fit_the_target_stays_by_plan(
    claimed_share: str | None, fitting_share: Fraction, moved_share: Fraction
) -> None:
    claim = Change(
        version=2,
        action="claim",
        from_stage="active",
        to_stage="claimed",
        made_by="ada",
        made_at=1,
        share=claimed_share,
    )
    adoption = replace(
        claim, version=3, action="adopt", from_stage="claimed", to_stage="adopted", made_at=2
    )
    claimed = advised.recommendation(fitting_share=fitting_share)
    frozen = {"claim": claimed, "adopt": claimed}
    adopted = Adoption.from_history("a" * 16, [claim, adoption], frozen)
    assert adopted is not None
    assert adopted.share == moved_share
