"""Advice in a terminal: the lines of a recommendation add up on both sides, and other models come with their caveat."""

import io
from decimal import Decimal

from rich.console import Console

from advisor import ranking
from advisor.figures import CellFigure, Ends, StoredRecommendation
from deploy.cli import advice_text
from ledger import money, prices
from ledger.tokens import TokenCounts
from tests.advisor import advised

NOW = {
    "uncached_input": 2 * 10**9,
    "cached_input": 10**9,
    "input_audio": 40 * 10**9,
    "output": 8 * 10**9,
    "output_audio": 80 * 10**9,
}
INSTEAD = {"uncached_input": 10**9, "input_audio": 10 * 10**9, "output": 4 * 10**9, "output_audio": 20 * 10**9}
CELL = CellFigure(
    "standard", 0, 10, 9_000_000, 3_000_000, 1_000_000, 5_000_000, 0, NOW, INSTEAD, 2_000_000, 4_000_000, ""
)
COUNTS = TokenCounts(9_000_000, 3_000_000, 1_000_000, 5_000_000, 0, 2_000_000, 4_000_000)


def lines(cell: CellFigure) -> list[list[str]]:
    """The table that `explain` prints, by meter."""
    console = Console(file=io.StringIO(), width=200)
    stored = StoredRecommendation("active", 1, "2026-11-23T00:00:00Z", advised.recommendation(cells=(cell,)))
    advice_text.show_one(console, stored)
    assert isinstance(console.file, io.StringIO)
    printed = (line.split() for line in console.file.getvalue().splitlines())
    return [words for words in printed if words and words[0] in prices.METERS]


def test_the_lines_of_each_side_add_up_to_its_cost_with_audio_at_the_audio_rate() -> None:
    told = lines(CELL)
    for column, rates in ((3, NOW), (-1, INSTEAD)):
        shown = [words[column] for words in told if len(words) == 7 or column == 3]
        added = sum(Decimal(amount.removeprefix("$").replace(",", "")) for amount in shown)
        assert added == money.usd(prices.cost(COUNTS, prices.Rates(**rates)).femto_usd)
    assert ["output_audio", "4,000,000", "80", "$320.00", "4,000,000", "20", "$80.00"] in told


def test_cached_tokens_are_ordinary_input_on_the_side_that_has_no_rate_for_them() -> None:
    found = {words[0]: words[1:] for words in lines(CELL)}
    assert found["uncached_input"] == ["4,000,000", "2", "$8.00", "7,000,000", "1", "$7.00"]
    assert found["cached_input"] == ["3,000,000", "1", "$3.00"]


def test_a_meter_without_a_rate_is_unknown() -> None:
    silent = CellFigure("standard", 0, 10, 5, 0, 0, 0, 0, NOW, {"uncached_input": 10**9}, 5, 0, "")
    assert lines(silent) == [["input_audio", "5", "40", "$0.0002", "5", "unknown", "unknown"]]


def test_other_models_come_with_what_their_gap_leaves_out() -> None:
    console = Console(file=io.StringIO(), width=200)
    with_other = advised.recommendation(other_models=(advised.other(),))
    for found, times in ((with_other, 1), (advised.recommendation(), 0)):
        with console.capture() as shown:
            advice_text.show_list(console, [found], found.saving_month or Ends("0.00", "0.00", "0.00"))
        assert shown.get().count(ranking.CAVEAT) == times
