"""Case of a public thread in which the target bills cache writes that the source's record does not show."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest
import time_machine

from advisor.advice import rendering
from advisor.advice.figures import RecommendationFigure
from advisor.report import whatif
from collector import files, vendors
from collector.parsing.naming import Naming
from ledger import clock, settings
from ledger.database import Database
from worker import rollup

CASE = (
    Path(__file__).parents[1]
    / "golden"
    / "cases"
    / "coder-mux-3705-target-bills-cache-writes.jsonl"
)
SETTINGS = settings.Settings()
FIRST = datetime(2026, 11, 2, tzinfo=UTC)
NEUTRAL = whatif.Question(phi_out="1", escalation_rate="0", extra_attempts="0", sigma="1")


@pytest.fixture
def case(database: Database, tmp_path: Path) -> Iterator[Database]:
    """A hundred requests like each line of the case on each of 28 days."""
    lines = [json.loads(line) for line in CASE.read_text().splitlines()]
    copies = tmp_path / "input.jsonl"
    copies.write_text(
        "".join(
            json.dumps(
                line
                | {
                    "id": f"{line['project']}-{day}-{turn}",
                    "time": (FIRST + timedelta(days=day, minutes=turn)).isoformat(),
                }
            )
            + "\n"
            for line in lines
            for day in range(28)
            for turn in range(100)
        )
    )
    with time_machine.travel(FIRST + timedelta(days=28, hours=9), tick=False):
        receipt = files.import_file(
            database,
            SETTINGS,
            str(copies),
            format_name="auto",
            naming=Naming(vendor_of=vendors.vendor_of),
            progress=lambda *_: None,
        )
        assert (receipt.accepted, receipt.rejected) == (5_600, 0)
        rollup.roll_up(database, SETTINGS.max_metric_sets)
        yield database


def _scenario(database: Database, question: whatif.Question) -> RecommendationFigure:
    with database.snapshot() as session:
        return rendering.figure_of(whatif.run(session, SETTINGS, clock.now_us(), question))


def _window_usd(month_usd: str) -> Fraction:
    """USD of the 28 days, of USD per average month with 9 decimals."""
    return round(Fraction(month_usd) * 28 * 12 / 365, 6)


def test_mux_3705_the_low_end_has_every_token_written_and_the_price_gap_too(case: Database) -> None:
    figure = _scenario(case, replace(NEUTRAL, pair="gpt-5-mini:gpt-5.6-luna"))
    assert figure.saving_month is not None
    assert figure.cost_month_usd is not None
    # Now 43,055,600 x 0.25 + 280,000 x 2 = 11.3239. There, all written: 10.7639 + 0.336 = 11.0999.
    assert _window_usd(figure.cost_month_usd) == Fraction("11.3239")
    assert _window_usd(figure.saving_month.low_usd) == Fraction("0.224")
    assert _window_usd(figure.saving_month.expected_usd) == Fraction("0.224")
    assert _window_usd(figure.saving_month.high_usd) == Fraction("2.37678")
    # Measured there, 3 of the 15,377 tokens of a request stayed unwritten: 0.22442. The low end is at most that.
    assert 0 <= Fraction("0.22442") - Fraction("0.224") < Fraction("0.0001") * Fraction("11.3239")
    assert round(Fraction(figure.price_gap_ratio or 0), 4) == Fraction("0.0198")
    rows = {factor.name: factor for factor in figure.factors}
    written = rows["written_share"]
    assert (written.low, written.expected, written.high) == ("1.00", "1.00", "as today")
    assert written.label == "assumed"
    told = " ".join(figure.explanation)
    assert "The price lists alone differ by 2 %, with the cache writes of the low end." in told
    assert (
        "gpt-5.6-luna bills what it writes to its cache, which the record of gpt-5-mini does not"
        " show; a pilot measures it." in told
    )


def test_mux_3705_what_a_pilot_measured_can_be_given(case: Database) -> None:
    measured = Fraction(15_374, 15_377)
    share = f"{float(measured):.9f}"
    figure = _scenario(case, replace(NEUTRAL, pair="gpt-5-mini:gpt-5.6-luna", written_share=share))
    assert figure.saving_month is not None
    assert _window_usd(figure.saving_month.low_usd) == Fraction("0.22442")


def test_mux_3705_the_named_successor_saves_93_8_percent_of_the_price_lists(case: Database) -> None:
    figure = _scenario(case, replace(NEUTRAL, pair="gpt-4.1:gpt-6-luna"))
    assert round(Fraction(figure.price_gap_ratio or 0), 3) == Fraction("0.938")
