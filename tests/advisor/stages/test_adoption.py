"""For how long a saving is claimed, which traffic is whose, and what the frozen estimate says of the target."""

from dataclasses import replace
from fractions import Fraction

import pytest

from advisor.advice.figures import CellFigure, FactorFigure
from advisor.months.statements import Priced
from advisor.stages import adoption
from advisor.stages.adoption import CLAIMED_DAYS, Adoption
from advisor.stages.realised import Split
from ledger import clock
from tests import ledgers
from tests.advisor import advised

DAY = 20_780
ADOPTED = Adoption(
    "a" * 16, advised.recommendation(), advised.recommendation(), DAY * clock.DAY_US + 5, None, None
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
    ("changed", "later_us", "taken"),
    [
        ({"from_model": "gpt-4.1-mini", "to_model": "gpt-6-luna"}, 1, True),
        ({"to_model": "gpt-6-luna"}, 1, True),
        ({"to_model": "gpt-6-luna"}, -1, False),
        ({"to_model": "gpt-6-luna", "project": "support"}, 1, False),
        ({"from_model": "gpt-4o", "to_model": "gpt-6-luna"}, 1, False),
    ],
)
def test_a_newer_adoption_of_the_same_work_takes_over(
    changed: dict[str, object], later_us: int, taken: bool
) -> None:
    figure = advised.recommendation(**changed)  # type: ignore[arg-type]  # fields by name
    other = Adoption("b" * 16, figure, figure, ADOPTED.adopted_at + later_us, None, None)
    assert ADOPTED.is_taken_by(other) is taken
    assert adoption.taken_at(ADOPTED, [ADOPTED, other]) == (other.adopted_at if taken else None)


def test_a_move_of_tier_tells_its_sides_apart_by_tier() -> None:
    figure = advised.recommendation(to_model="gpt-4.1", to_service_tier="batch")
    moved = replace(ADOPTED, claimed=figure)
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
        CellFigure("standard", 0, 10, 900, 300, 90, 5, 0, {}, {}, 0, 0, ""),
        CellFigure("priority", 0, 20, 100, 0, 10, 5, 0, {}, {}, 0, 0, "eu"),
    )
    factors = (
        FactorFigure("phi_out", "1.50", "1.10", "0.80", "assumed"),
        FactorFigure("escalation_rate", "0.25", "0.10", "0.05", "assumed"),
        FactorFigure("sigma", "1.50", "1.25", "1.00", "assumed"),
        FactorFigure("extra_attempts", "0.05", "0.02", "0.00", "assumed"),
        FactorFigure("cached_share", "0.00", "as today", "as today", "assumed"),
        FactorFigure("verifier_femto_usd", "20.00", "20.00", "20.00", "given"),
    )
    frozen = replace(
        ADOPTED,
        claimed=advised.recommendation(factors=factors),
        adopted=advised.recommendation(cells=cells),
    )
    assert frozen.split == Split(Fraction(3, 10), Fraction(1, 10))
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
