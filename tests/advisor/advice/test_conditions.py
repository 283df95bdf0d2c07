"""The condition of a cautious low end: always there, true, and without what was measured."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.advice import conditions
from advisor.switching import assumptions, factors
from tests.advisor import advised, books
from tests.advisor.evidence import examples

ONE = examples.measurement("0.9", "1", "1.1")
NONE = examples.measurement("0", "0", "0")
MEASURED = {
    "phi_in": ONE,
    "phi_out": ONE,
    "escalation_rate": NONE,
    "extra_attempts": NONE,
    "cached_share": NONE,
}
CELLS = (books.moved(books.cell(10**6)),)
OTHER = replace(books.PLAIN_FACTS, reasons=True, tokenizer="claude-4.7")


def condition_of(band: factors.Band) -> str | None:
    return conditions.write_condition(advised.recommendation(factors=band, cells=CELLS))


@pytest.mark.parametrize(
    ("band", "condition"),
    [
        (factors.TIER_ALONE, None),
        (factors.ASSUMED.with_measured(MEASURED), None),
        (
            factors.ASSUMED,
            "if at most 25 % are redone on gpt-4.1 and answers are at most 1.5x as long",
        ),
        (
            assumptions.of_another_model(books.PLAIN_FACTS, OTHER),
            (
                "if at most 25 % are redone on gpt-4.1, answers are at most 8x as long and prompts"
                " are at most 1.35x the tokens"
            ),
        ),
        (
            factors.ASSUMED.with_measured({"phi_in": ONE, "phi_out": ONE}),
            "if at most 25 % are redone on gpt-4.1",
        ),
        (
            factors.ASSUMED.with_measured({**MEASURED, "extra_attempts": ONE}),
            None,
        ),
        (
            factors.ASSUMED.with_measured(
                {name: factor for name, factor in MEASURED.items() if name != "extra_attempts"}
            ),
            "if at most 5 % are tried again",
        ),
        (
            factors.TIER_ALONE.with_given("cached_share", [Fraction(3, 5)] * 3),
            "if at least 60 % of the input is read from the cache",
        ),
    ],
)
def test_it_says_what_is_guessed_and_nothing_else(
    band: factors.Band, condition: str | None
) -> None:
    assert condition_of(band) == condition


@given(
    st.sets(st.sampled_from(sorted(MEASURED))),
    st.sampled_from([factors.ASSUMED, assumptions.ANOTHER_SELLER, factors.TIER_ALONE]),
    st.dictionaries(
        st.sampled_from(["cached_share", factors.WRITTEN, "phi_in", "phi_out", "escalation_rate"]),
        st.sampled_from([Fraction(0), Fraction(1, 3), Fraction(1)]),
    ),
)
def test_no_low_end_is_cautious_without_a_condition(
    names: set[str], band: factors.Band, shares: dict[str, Fraction]
) -> None:
    if band.label != "neutral":
        band = band.with_measured({name: MEASURED[name] for name in names})
    for name, share in shares.items():
        band = band.with_given(name, [share] * 3)
    condition = condition_of(band)
    assert (condition is None) == band.is_proven
    assert condition != "if "
