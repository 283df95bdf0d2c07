"""What is assumed of a move, by what is known of the two models; and where nothing bounds it."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.switching import advice, assumptions, candidates, cost, counterfactual, factors
from advisor.switching.market import Market
from advisor.switching.standing import Standing
from ledger import pairs
from ledger.pricing import price_book, prices
from tests.advisor import books, strategies
from tests.advisor.evidence import examples

PLAIN = books.PLAIN_FACTS
REASONS = replace(PLAIN, reasons=True)
UNKNOWN = replace(PLAIN, reasons=None)
OTHER = replace(PLAIN, tokenizer="claude-4.7")
NAMELESS = replace(PLAIN, tokenizer=None)
KNOWN = Standing(coverage=Fraction(1), class_level=0)
LARGE = books.slice_of(books.cell(10**9, output=10**8))


def _ends(band: factors.Band, name: str) -> list[str]:
    return [str(getattr(end, name)) for end in (band.low, band.expected, band.high)]


@pytest.mark.parametrize(
    ("source", "target", "phi_out", "phi_in", "grounds"),
    [
        (PLAIN, PLAIN, ["3/2", "1", "4/5"], ["1", "1", "1"], {}),
        (REASONS, PLAIN, ["3/2", "1", "4/5"], ["1", "1", "1"], {}),
        (REASONS, REASONS, ["3/2", "1", "4/5"], ["1", "1", "1"], {}),
        (PLAIN, REASONS, ["8", "3", "1"], ["1", "1", "1"], {"phi_out": "target_reasons"}),
        (UNKNOWN, REASONS, ["8", "3", "1"], ["1", "1", "1"], {"phi_out": "target_reasons"}),
        (PLAIN, UNKNOWN, ["8", "3", "1"], ["1", "1", "1"], {"phi_out": "target_unknown"}),
        (
            PLAIN,
            OTHER,
            ["3/2", "1", "4/5"],
            ["27/20", "11/10", "1"],
            {"phi_in": "other_tokenizer"},
        ),
        (
            NAMELESS,
            NAMELESS,
            ["3/2", "1", "4/5"],
            ["27/20", "11/10", "1"],
            {"phi_in": "tokenizer_unknown"},
        ),
    ],
)
def test_factors_follow_from_what_the_models_are(
    source: prices.ModelFacts,
    target: prices.ModelFacts,
    phi_out: list[str],
    phi_in: list[str],
    grounds: dict[str, str],
) -> None:
    band = assumptions.of_another_model(source, target)
    assert (_ends(band, "phi_out"), _ends(band, "phi_in")) == (phi_out, phi_in)
    assert band.grounds == grounds
    assert not band.is_proven
    assert {"phi_in", "phi_out"} <= set(factors.changed(band))


@pytest.mark.parametrize(
    ("source", "target", "phi_out", "phi_in"),
    [
        ("gpt-4.1", "gpt-4.1-mini", "3/2", "1"),
        ("gpt-4.1", "gpt-5-mini", "8", "1"),
        ("gpt-4.1", "gpt-6-luna", "8", "1"),
        ("gpt-4.1", "gpt-4o-mini", "3/2", "1"),
    ],
)
def test_the_shipped_facts_say_which_targets_reason(
    source: str, target: str, phi_out: str, phi_in: str
) -> None:
    book = price_book.shipped()
    band = assumptions.of_another_model(
        book.facts_of("openai", source), book.facts_of("openai", target)
    )
    assert (str(band.low.phi_out), str(band.low.phi_in)) == (phi_out, phi_in)


def _on_mini(facts: prices.ModelFacts, standing: Standing = KNOWN) -> advice.Advice:
    market = Market(books.book({books.DEAR: facts}), books.AS_OF_DAY)
    book = replace(market.book, facts={**market.book.facts, (books.OPENAI, books.MINI): facts})
    (first, *_) = advice.on_slice(
        LARGE,
        standing,
        advice.Terms(pairs=pairs.parse("gpt-4.1:gpt-4.1-mini")),
        Market(book, books.AS_OF_DAY),
    ).ranked
    return first


def test_a_target_whose_answers_have_no_longest_length_has_no_low_end_and_no_money() -> None:
    unknown = _on_mini(UNKNOWN)
    assert (unknown.saving, unknown.until_retirement) == (None, None)
    assert (unknown.decision.kind, unknown.decision.reason) == (
        "not_enough_data",
        "target_unknown",
    )
    assert unknown.price_gap == Fraction("0.80")
    known = _on_mini(PLAIN)
    assert known.saving is not None
    assert known.decision.kind == "pilot"


def test_a_pilot_that_counted_tokens_bounds_what_nobody_knew() -> None:
    band = assumptions.of_another_model(PLAIN, UNKNOWN)
    one = examples.measurement("0.9", "1", "1.1")
    assert not band.is_bounded
    assert band.with_measured({"phi_in": one, "phi_out": one}).is_bounded
    assert band.with_given("phi_out", [Fraction(2)] * 3).is_bounded
    assert not band.with_measured({"extra_attempts": one}).is_bounded


def test_a_low_end_is_proven_once_all_but_the_worst_is_measured() -> None:
    band = assumptions.of_another_model(PLAIN, PLAIN)
    one = examples.measurement("0.9", "1", "1.1")
    half = examples.measurement("0.1", "0.2", "0.3")
    without_retries = band.with_measured({"phi_in": one, "phi_out": one, "escalation_rate": half})
    assert not without_retries.is_proven
    # That nothing is read from the cache is no guess: there is nothing worse.
    proven = without_retries.with_measured({"extra_attempts": half})
    assert proven.is_proven
    assert proven.basis == "partly measured"
    assert not proven.with_given("cached_share", [Fraction(1, 2)] * 3).is_proven
    assert not factors.TIER_ALONE.with_given("cached_share", [Fraction(1, 2)] * 3).is_proven
    assert factors.TIER_ALONE.is_proven


def test_a_model_without_answers_needs_no_bound() -> None:
    embeddings = books.slice_of(books.cell(10**9))
    market = Market(
        replace(books.book(), facts={(books.OPENAI, books.MINI): UNKNOWN}), books.AS_OF_DAY
    )
    found = candidates.assess(embeddings, pairs.parse_one("gpt-4.1:gpt-4.1-mini"), market)
    assert found.estimate is not None


@given(
    st.lists(strategies.cells(("standard",)), min_size=1, max_size=3),
    st.fractions(0, 1, max_denominator=20),
)
def test_a_lost_cache_read_is_billed_as_the_write_it_becomes(
    cells: list[cost.Cell], share: Fraction
) -> None:
    writes = books.rates("1", "0.10", "4", "1.25")
    plain = books.rates("1", "0.10", "4")
    for each in cells:
        priced = books.moved(each)
        for rates in (writes, plain):
            there = replace(priced, instead=replace(priced.instead, rates=rates))
            at = factors.Factors(cached_share=share)
            tokens = counterfactual.target_input(there, at)
            assert sum(tokens.values()) == each.counts.input_tokens
            assert min(tokens.values()) >= 0
            lost = max(0, each.counts.cached_input_tokens - tokens["cached_input"])
            written = tokens["cache_write_input"]
            if rates is plain:
                assert written == 0
            else:
                assert written >= min(
                    lost + each.counts.cache_write_input_tokens,
                    tokens["uncached_input"] + written,
                )


def test_a_lost_read_of_one_family_costs_what_the_calculator_says() -> None:
    # 1M tokens, 800k of them read from the cache. Nothing is read there: 800k become writes at
    # 1.25, 200k stay plain at 1: 1.20 USD, where plain input alone would be 1.00.
    rates = books.rates("1", "0.10", "4", "1.25")
    priced = books.moved(books.cell(10**6, cached=800_000))
    priced = replace(
        priced,
        now=replace(priced.now, rates=rates),
        instead=replace(priced.instead, rates=rates),
    )
    lost = factors.Factors(cached_share=Fraction(0))
    assert counterfactual.legs([priced], lost).input_femto_usd == Fraction("1.20") * books.USD
    as_today = counterfactual.legs([priced], factors.NEUTRAL)
    assert as_today.input_femto_usd == Fraction("0.28") * books.USD
