"""A target that bills what it writes to its cache, where today's record shows no writes or other ones."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.switching import advice, candidates, cost, counterfactual, factors, levers, ranking
from advisor.switching.market import Market
from advisor.switching.standing import Standing
from ledger import pairs
from ledger.pricing import prices
from tests.advisor import books, strategies
from tests.advisor.evidence import examples

NEUTRAL = ranking.NEUTRAL_BAND
CLAUDE, OPUS = "claude-haiku-5", "global.anthropic.claude-opus-5"
RATE = st.integers(0, 10**11)
RATES = st.builds(
    prices.Rates,
    uncached_input=RATE,
    cached_input=st.none() | RATE,
    cache_write_input=st.none() | RATE,
    output=RATE,
)


def _book(now: prices.Rates, instead: prices.Rates, source: str, target: str) -> prices.PriceBook:
    """A book of two models at the standard tier."""
    found = {
        prices.PriceKey(books.OPENAI, model, "standard"): (
            prices.Price(
                key=prices.PriceKey(books.OPENAI, model, "standard"),
                effective_from=0,
                rates=rates,
                list_rates=rates,
                source="by hand",
                checked="2026-11-01",
            ),
        )
        for model, rates in ((source, now), (target, instead))
    }
    facts = {(books.OPENAI, model): books.PLAIN_FACTS for model in (source, target)}
    return prices.PriceBook(version="by hand", prices=found, facts=facts)


def _assess(
    cells: list[cost.Cell],
    now: prices.Rates,
    instead: prices.Rates,
    *,
    band: factors.Band = NEUTRAL,
    models: tuple[str, str] = (books.BIG, books.LUNA),
) -> candidates.Alternative:
    """A move of cells between two models with these rates."""
    source, target = models
    slice_ = replace(books.slice_of(*cells), model=source)
    market = Market(_book(now, instead, source, target), books.AS_OF_DAY)
    return candidates.assess(slice_, pairs.parse_one(f'"{source}":"{target}"'), market, band)


def _window_usd(found: candidates.Alternative) -> list[Fraction]:
    """The saving over the window at the three ends, in USD."""
    ends = (found.factors.low, found.factors.expected, found.factors.high)
    return [counterfactual.saving(found.cells, end) / books.USD for end in ends]


PLAIN = books.rates("1", "0.50", "4")
WRITES = books.rates("0.80", "0.08", "4", "1")


def test_long_prompts_are_written_at_the_low_end_and_as_expected() -> None:
    # Now 1M x 1 = 1 USD. Written 1M x 1, plain 1M x 0.80.
    found = _assess([books.cell(10**6, requests=900)], PLAIN, WRITES)
    assert _window_usd(found) == [0, 0, Fraction("0.20")]
    assert found.price_gap == 0


def test_short_prompts_are_written_at_the_low_end_alone() -> None:
    found = _assess([books.cell(10**6, requests=1_000)], PLAIN, WRITES)
    assert _window_usd(found) == [0, Fraction("0.20"), Fraction("0.20")]


def test_what_is_read_from_the_cache_is_not_written() -> None:
    # Now 600k x 1 + 400k x 0.50 = 0.80; there 600k x 1 written + 400k x 0.08 = 0.632.
    found = _assess([books.cell(10**6, cached=400_000, requests=1)], PLAIN, WRITES)
    assert _window_usd(found)[0] == Fraction("0.168")


@pytest.mark.parametrize(
    ("now", "instead", "models", "input_usd"),
    [
        (WRITES, WRITES, (books.BIG, books.LUNA), "0.84"),
        (WRITES, PLAIN, (books.BIG, books.LUNA), "1"),
        (PLAIN, books.rates("1", "0.5", "4", "0.5"), (books.BIG, books.LUNA), "0.9"),
        (WRITES, WRITES, (CLAUDE, OPUS), "0.84"),
        (WRITES, WRITES, (CLAUDE, books.LUNA), "1"),
        (PLAIN, WRITES, (CLAUDE, OPUS), "1"),
    ],
    ids=[
        "both bill writes of one family: as the source wrote",
        "only the source bills writes: plain input there",
        "writing is cheaper than plain input: as the source wrote",
        "both bill writes of one family, under its names at two sellers",
        "both bill writes, of two families that write by other rules: all is written",
        "only the target bills writes: all is written",
    ],
)
def test_who_bills_writes_decides_what_is_written(
    now: prices.Rates, instead: prices.Rates, models: tuple[str, str], input_usd: str
) -> None:
    # 1M tokens, 200k of them written by the source.
    found = _assess([books.cell(10**6, written=200_000)], now, instead, models=models)
    costs = counterfactual.legs(found.cells, found.factors.low)
    assert costs.input_femto_usd == Fraction(input_usd) * books.USD


@given(st.lists(strategies.cells(("standard",)), min_size=1, max_size=3), RATES, RATES)
def test_the_low_end_holds_with_every_uncached_token_written(
    cells: list[cost.Cell], now: prices.Rates, instead: prices.Rates
) -> None:
    now = replace(now, cache_write_input=None)
    for band in (NEUTRAL, factors.ASSUMED, factors.TIER_ALONE):
        found = _assess(cells, now, instead, band=band)
        end = found.factors.low
        legs = counterfactual.legs(found.cells, end)
        written = Fraction(sum(_all_written(each, instead, end.cached_share) for each in cells))
        worst = counterfactual.Legs(legs.stay_femto_usd, written, legs.output_femto_usd)
        assert counterfactual.saving_of(legs, end) <= counterfactual.saving_of(worst, end)


def _all_written(of: cost.Cell, rates: prices.Rates, cached_share: Fraction | None) -> int:
    """Femto-USD of a cell's input where nothing is plain: it is read from the cache or written."""
    cached = of.counts.cached_input_tokens if cached_share is None else 0
    if rates.cached_input is None:
        cached = 0
    rate = rates.uncached_input if rates.cache_write_input is None else rates.cache_write_input
    return (of.counts.input_tokens - cached) * (rate or 0) + cached * (rates.cached_input or 0)


@given(st.lists(strategies.cells(("standard",)), min_size=1, max_size=3), RATES, RATES)
def test_writes_keep_the_ends_in_order(
    cells: list[cost.Cell], now: prices.Rates, instead: prices.Rates
) -> None:
    low, expected, high = _window_usd(_assess(cells, now, instead))
    assert low <= expected <= high


def test_a_share_that_is_given_or_measured_is_taken_at_every_end() -> None:
    cells = [books.cell(10**6)]
    half = NEUTRAL.with_given("written_share", [Fraction(1, 2)] * 3)
    found = _assess(cells, PLAIN, WRITES, band=half)
    assert _window_usd(found) == [Fraction("0.10")] * 3
    assert (found.factors.label_of("written_share"), found.price_gap) == ("given", Fraction("0.1"))
    seen = factors.ASSUMED.with_measured({"written_share": examples.measurement("0", "0.5", "1.5")})
    ends = _assess(cells, PLAIN, WRITES, band=seen).factors
    assert [end.written_share for end in (ends.low, ends.expected, ends.high)] == [
        1,
        Fraction(1, 2),
        0,
    ]
    assert ends.label_of("written_share") == "measured"


def test_writes_that_were_measured_count_for_nothing_where_none_are_billed() -> None:
    seen = factors.ASSUMED.with_measured({"written_share": examples.measurement("0.1", "0.5", "1")})
    found = _assess([books.cell(10**6)], PLAIN, PLAIN, band=seen)
    assert (found.factors.sets_writes, found.factors.unmeasured) == (False, 4)


def test_writes_are_assumed_until_they_are_measured_and_lower_what_the_band_rests_on() -> None:
    seen = examples.measurement("0.9", "0.95", "1")
    names = ("phi_in", "phi_out", "cached_share", "escalation_rate", "extra_attempts")
    band = factors.ASSUMED.with_measured(dict.fromkeys(names, seen))
    assert (band.basis, band.unmeasured) == ("measured", 0)
    found = _assess([books.cell(10**6)], PLAIN, WRITES, band=band).factors
    assert (found.basis, found.unmeasured, found.label_of("written_share")) == (
        "partly measured",
        1,
        "assumed",
    )
    assert _assess([books.cell(10**6)], PLAIN, WRITES).factors.basis == "assumed"


@given(st.lists(strategies.cells(("standard",)), min_size=1, max_size=3), strategies.SHARES)
def test_the_parts_of_a_move_with_added_writes_add_up(
    cells: list[cost.Cell], share: Fraction
) -> None:
    band = factors.ASSUMED.with_given("cached_share", [share] * 3)
    pair = pairs.parse_one("gpt-4.1:gpt-6-luna")
    found = candidates.assess(books.slice_of(*cells), pair, books.MARKET, band)
    parts = levers.split(found, books.MARKET, factors.ASSUMED)
    assert found.estimate is not None
    for end in candidates.ENDS:
        assert sum(part.saving.at(end) for part in parts.values()) == found.estimate.at(end)


def test_the_break_even_of_the_price_lists_and_the_price_gap_have_the_same_writes() -> None:
    pair = pairs.parse_one("gpt-4.1:gpt-6-luna")
    found = advice.on_pair(
        books.slice_of(books.cell(10**6)),
        pair,
        factors.ASSUMED,
        standing=Standing(),
        terms=advice.Terms(pairs=()),
        market=books.MARKET,
    )
    # 1M x 2 now, 1M x 0.125 written there.
    assert found.price_gap == Fraction("0.9375")
    assert found.at_neutral is not None
    assert found.at_neutral.escalation_rate == found.price_gap
    assert "written_share" in {swing.factor for swing in found.swings}


def test_a_model_that_no_pair_names_is_compared_with_its_writes() -> None:
    slice_ = books.slice_of(books.cell(10**6, requests=2_000))
    luna = ranking.other_models(slice_, books.MARKET, {books.MINI})[0]
    # 1.875 of 2 USD over 28 days, however short the prompts are.
    month = Fraction("1.875") * 365 / 12 / 28
    assert (luna.model, luna.price_gap) == (books.LUNA, Fraction("0.9375"))
    assert luna.month_femto_usd == round(month * 10**9) * 10**6
