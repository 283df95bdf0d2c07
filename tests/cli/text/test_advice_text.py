"""Advice in a terminal: the lines of a recommendation add up on both sides, and other models come with their caveat."""

import io
from dataclasses import replace
from decimal import Decimal

from rich.console import Console

from advisor.advice import rendering, values
from advisor.stages.stored_recommendation import StoredRecommendation
from advisor.switching import ranking
from advisor.switching.counterfactual import PricedCell
from cli.text import advice_list, advice_text
from ledger import money
from ledger.pricing import prices
from ledger.tokens import TokenCounts
from tests.advisor import advised, books

NOW = prices.Rates(
    uncached_input=2 * 10**9,
    cached_input=10**9,
    input_audio=40 * 10**9,
    output=8 * 10**9,
    output_audio=80 * 10**9,
)
INSTEAD = prices.Rates(
    uncached_input=10**9,
    input_audio=10 * 10**9,
    output=4 * 10**9,
    output_audio=20 * 10**9,
)
COUNTS = TokenCounts(
    input_tokens=9_000_000,
    cached_input_tokens=3_000_000,
    cache_write_input_tokens=1_000_000,
    output_tokens=5_000_000,
    input_audio_tokens=2_000_000,
    output_audio_tokens=4_000_000,
)


def priced(counts: TokenCounts, instead: prices.Rates) -> PricedCell:
    """A cell of these tokens at the rates of both sides."""
    now = replace(books.price(books.BIG), rates=NOW)
    return PricedCell(
        replace(books.cell(0, requests=10), counts=counts), now, replace(now, rates=instead)
    )


CELL = priced(COUNTS, INSTEAD)


def lines(cell: PricedCell) -> list[list[str]]:
    """The table that `explain` prints, by meter."""
    console = Console(file=io.StringIO(), width=200)
    stored = StoredRecommendation(
        stage="active",
        version=1,
        computed_at_us=0,
        recommendation=advised.recommendation(cells=(cell,)),
    )
    advice_text.show_one(console, stored)
    assert isinstance(console.file, io.StringIO)
    printed = (line.split() for line in console.file.getvalue().splitlines())
    return [words for words in printed if words and words[0] in prices.METERS]


def test_the_lines_of_each_side_add_up_to_its_cost_with_audio_at_the_audio_rate() -> None:
    told = lines(CELL)
    for column, rates in ((3, NOW), (-1, INSTEAD)):
        shown = [words[column] for words in told if len(words) == 7 or column == 3]
        added = sum(Decimal(amount.removeprefix("$").replace(",", "")) for amount in shown)
        assert added == money.usd(prices.cost(COUNTS, rates).femto_usd)
    assert ["output_audio", "4,000,000", "80", "$320.00", "4,000,000", "20", "$80.00"] in told


def test_cached_tokens_are_ordinary_input_on_the_side_that_has_no_rate_for_them() -> None:
    found = {words[0]: words[1:] for words in lines(CELL)}
    assert found["uncached_input"] == ["4,000,000", "2", "$8.00", "7,000,000", "1", "$7.00"]
    assert found["cached_input"] == ["3,000,000", "1", "$3.00"]


def test_a_meter_without_a_rate_is_unknown() -> None:
    silent = priced(
        TokenCounts(input_tokens=5, input_audio_tokens=5), prices.Rates(uncached_input=10**9)
    )
    assert lines(silent) == [["input_audio", "5", "40", "$0.0002", "5", "unknown", "unknown"]]


def test_other_models_come_with_what_their_gap_leaves_out() -> None:
    console = Console(file=io.StringIO(), width=200)
    with_other = advised.recommendation(other_models=(advised.other(),))
    for advice, times in ((with_other, 1), (advised.recommendation(), 0)):
        found = rendering.figure_of(advice)
        with console.capture() as shown:
            advice_list.show(console, [found], values.total([advice]))
        assert shown.get().count(ranking.CAVEAT) == times


def test_a_lead_reads_what_to_do_what_it_is_worth_until_when_how_sure_and_what_would_change_it() -> (
    None
):
    console = Console(file=io.StringIO(), width=200)
    with console.capture() as shown:
        advice_list.show(
            console,
            [rendering.figure_of(advised.recommendation())],
            values.total([advised.recommendation()]),
        )
    told = {
        line.split()[0]: " ".join(line.split()[1:])
        for line in shown.get().splitlines()
        if line.startswith("  ")
    }
    assert told == {
        "do": "try on a part first: the two models have not been compared on this workload",
        "next": "switchwise trial plan 8a409b66e80aaa0a",
        "worth": "cautious $100.00 per average month of $400.00, $200.00 expected, $300.00 at most; price gap 80 %",
        "until": "2027-01-14, in 52 days: the source and the target shut down then; cautious $100.00 in all",
        "sure": "confidence low; risk 3 of 4 (evidence); factors assumed",
        "changes": "paired results of 200 items; break-even: 80 % of requests sent back to gpt-4.1",
    }
    assert (
        "What trials may add is worth $100.00 (cautious) per average month, $200.00 expected, $300.00 at most."
        in shown.get()
    )


def test_the_one_that_shuts_down_first_is_named() -> None:
    for days, whose in (
        ((40, 90), "the source shuts down"),
        ((90, 40), "the target shuts down"),
        ((40, None), "the source shuts"),
    ):
        console = Console(file=io.StringIO(), width=200)
        source, target = (None if left is None else advised.AS_OF_DAY + left for left in days)
        found = advised.recommendation(source_shutdown_day=source, target_shutdown_day=target)
        with console.capture() as shown:
            advice_list.show(console, [rendering.figure_of(found)], values.total([found]))
        assert f"in 40 days: {whose}" in shown.get()
