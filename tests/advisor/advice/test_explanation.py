"""Advice in sentences says the same numbers."""

from dataclasses import replace
from fractions import Fraction

import pytest

from advisor import words
from advisor.advice import explanation, values
from advisor.switching import advice, decision, factors, fit, window, workloads
from advisor.switching.standing import Standing
from ledger import pairs
from tests.advisor import books

REASONS = (
    "too_few_days", "too_few_requests", "coverage_unknown", "low_coverage", "nothing_to_move", "no_saving", "not_material",
    "escalation_beyond_break_even", "inferior", "payback_beyond_life", "no_evidence", "too_little_evidence", "inconclusive",
    "evidence_expired", "risk", "source_retires", "proven", "same_model", "stance",
)  # fmt: skip
LARGE = books.slice_of(books.cell(10**9, output=10**9), books.cell(5, tier="flex"))


SPAN = window.Window(books.AS_OF_DAY - 28, books.AS_OF_DAY - 1)


def _sentences(advised: advice.Advice) -> list[str]:
    return explanation.sentences(values.recommend(advised, SPAN, "by hand"))


def _told(named: str = "gpt-4.1:gpt-4.1-mini") -> tuple[advice.Advice, str]:
    terms = advice.Terms(pairs=pairs.parse(named))
    (found,) = advice.on_slice(
        LARGE,
        Standing(coverage=Fraction(1)),
        terms,
        market=books.MARKET,
    ).ranked
    return found, "\n".join(_sentences(found))


def test_the_three_ends_are_told_with_their_label() -> None:
    found, text = _told()
    assert found.saving is not None
    ends = (
        words.femto_dollars(amount)
        for amount in (
            found.saving.low_femto_usd,
            found.saving.expected_femto_usd,
            found.saving.high_femto_usd,
        )
    )
    assert f"It saves {' / '.join(ends)} per average month (low / expected / high; assumed)" in text
    assert "The price lists alone differ by 80 %." in text
    assert (
        "The low end is cautious: it holds if at most 25 % are redone on gpt-4.1 and answers are"
        " at most 1.5x as long."
    ) in text


def test_each_assumed_factor_has_one_sentence() -> None:
    _, text = _told()
    assert text.count("(assumed).") == 6
    assert "again: 0.25 at the low end, 0.1 expected, 0.05 at the high end (assumed)." in text
    assert "cache: 0 at the low end, as today expected, as today at the high end (assumed)." in text


@pytest.mark.parametrize(
    ("ground", "fact"),
    [
        ("target_reasons", "gpt-4.1-mini reasons by default and gpt-4.1 does not"),
        ("target_unknown", "it is not known whether gpt-4.1-mini reasons"),
        ("other_tokenizer", "gpt-4.1-mini counts tokens otherwise than gpt-4.1"),
        ("tokenizer_unknown", "it is not known whether gpt-4.1-mini counts tokens as gpt-4.1 does"),
    ],
)
def test_an_assumption_says_from_which_fact_it_follows(ground: factors.Ground, fact: str) -> None:
    found, _ = _told()
    eight = [Fraction(8)] * 3
    text = "\n".join(
        _sentences(replace(found, factors=factors.ASSUMED.with_assumed("phi_out", eight, ground)))
    )
    assert f"8 at the high end (assumed, because {fact})." in text


def test_the_break_evens_window_life_and_command_are_told() -> None:
    found, text = _told()
    assert "Break-even as priced: 80 % of requests sent back to gpt-4.1 or" in text
    assert "Break-even at the expected factors: 63.7 % of requests sent back to gpt-4.1 or" in text
    assert (
        "Priced at the rates in force on 2026-11-23, over 28 closed days and 4,000 requests."
        in text
    )
    assert "ends in 52 days" in text
    assert "You must move by 2027-01-14" in text
    assert text.endswith(f"switchwise explain {found.id}")


def test_tokens_that_stay_are_told_with_the_reason() -> None:
    assert "5 tokens, stay on gpt-4.1: source_unpriced." in _told()[1]


def test_a_blocked_target_is_told_without_an_amount_or_a_factor() -> None:
    _, text = _told("gpt-4.1:gpt-9")
    assert "How much it saves per average month is not known yet." in text
    assert "assumed" not in text
    assert (
        "Decision: blocked, because the target has no price for these tokens (target_unpriced)"
        in text
    )


@pytest.mark.parametrize("reason", [*fit.BLOCKS, *REASONS])
def test_every_reason_has_words_for_why_and_for_what_would_change_it(reason: str) -> None:
    found, _ = _told()
    told = _sentences(replace(found, decision=decision.Decision("keep", reason)))
    assert any(f"({reason})" in sentence for sentence in told)


def test_what_a_rate_limit_leaves_is_said_with_its_caveat_and_a_share_that_was_asked_for_is_not_blamed_on_it() -> (
    None
):
    slice_ = books.slice_of(books.cell(10**9, output=10**8))
    limited = replace(slice_, headroom={(books.OPENAI, books.MINI): Fraction(3, 4)})
    pair, standing, terms = (
        pairs.parse_one("gpt-4.1:gpt-4.1-mini"),
        Standing(coverage=Fraction(1)),
        advice.Terms(pairs=()),
    )
    told = {}
    for name, of, share in (
        ("limited", limited, Fraction(1)),
        ("asked", slice_, Fraction(1, 2)),
        ("both", limited, Fraction(1, 2)),
    ):
        band = factors.ASSUMED.with_given("share", [share] * 3)
        found = advice.on_pair(of, pair, band, standing=standing, terms=terms, market=books.MARKET)
        told[name] = (
            " ".join(_sentences(found)),
            found.factors.expected.share,
        )
    limit = "The target's rate limit has room for 75 % of what could move, by hourly means: peaks within an hour are higher."
    assert [limit in text for text, _ in told.values()] == [True, False, True]
    assert [share for _, share in told.values()] == [Fraction(3, 4), Fraction(1, 2), Fraction(3, 8)]
    assert "So 75 % of the requests fit the target." in told["both"][0]


def test_the_parts_the_router_the_class_and_the_payback_are_said() -> None:
    slice_ = books.slice_of(books.cell(10**9), can_wait=True)
    terms = advice.Terms(
        pairs=pairs.parse("gpt-4.1:gpt-4.1-mini,gpt-4.1:gpt-4.1@batch"),
        one_off_femto_usd=100 * books.USD,
    )
    standing = Standing(
        coverage=Fraction(1), workload_class=workloads.WorkloadClass("short_text", "tag")
    )
    decided = advice.on_slice(slice_, standing, terms, market=books.MARKET)
    ranked, joint = decided.ranked, decided.next_step
    assert joint is not None
    first = values.recommend(ranked[0], SPAN, "by hand", next_step=joint)
    told_first = " ".join(explanation.sentences(first))
    assert "It needs no trial. A trial of gpt-4.1-mini@batch instead may add" in told_first
    assert f"switchwise explain {joint.id}" in told_first
    text = " ".join(_sentences(joint))
    assert "at tier batch" in text
    for told in (
        "Of that, the model is worth",
        "Of that, the tier is worth",
        "A router that sends the hard requests",
        "classed as short text (tag), which counts 1 of 4",
        "its one-off cost of $100.00 is paid back in",
    ):
        assert told in text
