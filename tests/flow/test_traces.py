"""Both real traces imported as files: every total equals an independent integer sum."""

from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import select

from advisor.report import figures as report_figures
from advisor.report import report
from collector import files
from collector.parsing.naming import Naming
from deploy import demo
from ledger import checks, clock, readings, tables
from ledger.database import Database
from tests import ledgers

SAMPLE = Path(demo.__file__).parent / "sample"
TRACES = {"code": "azure-llm-2023-code.csv", "conversation": "azure-llm-2023-conversation.csv"}


def plain_sums(name: str) -> tuple[int, int, int]:
    """Requests, input and output of a trace, added up without any of our code."""
    rows = [line.split(",") for line in (SAMPLE / name).read_text().splitlines()[1:]]
    return len(rows), sum(int(row[1]) for row in rows), sum(int(row[2]) for row in rows)


def import_traces(database: Database) -> list[files.ImportReceipt]:
    receipts = [
        files.import_file(
            database,
            ledgers.SETTINGS,
            str(SAMPLE / name),
            format_name="auto",
            naming=Naming(model="gpt-4.1", project=project),
            progress=lambda *_: None,
        )
        for project, name in TRACES.items()
    ]
    ledgers.settle(database)
    return receipts


def report_of_november_2023(database: Database) -> report_figures.Report:
    with database.snapshot() as session:
        return report.build(session, ledgers.SETTINGS, clock.now_us(), "2023-11")


@pytest.mark.usefixtures("frozen_now")
def test_every_total_of_both_traces_equals_an_independent_sum(database: Database) -> None:
    receipts = import_traces(database)
    november = report_of_november_2023(database)
    sums = {project: plain_sums(name) for project, name in TRACES.items()}
    assert [receipt.accepted for receipt in receipts] == [8_819, 19_366]
    assert [requests for requests, _, _ in sums.values()] == [8_819, 19_366]
    for usage in november.projects:
        requests, input_tokens, output_tokens = sums[usage.names["project"]]
        assert (usage.requests, usage.input_tokens, usage.output_tokens) == (
            requests,
            input_tokens,
            output_tokens,
        )
        assert Decimal(usage.cost_usd or 0) == Decimal(2 * input_tokens + 8 * output_tokens) / 10**6
    total = november.total
    totals = [sum(amounts) for amounts in zip(*sums.values(), strict=True)]
    assert [total.requests, total.input_tokens, total.output_tokens] == totals
    assert all(check.findings == () for check in checks.verify(database))


@pytest.mark.usefixtures("frozen_now")
def test_the_price_per_mtok_is_the_one_as_used_and_the_price_gap_is_exactly_80_percent(
    database: Database,
) -> None:
    import_traces(database)
    november = report_of_november_2023(database)
    tokens = november.total.tokens
    assert november.total.usd_per_mtok is not None
    exact = Decimal(november.total.cost_usd or 0) * 10**6 / tokens
    assert abs(Decimal(november.total.usd_per_mtok) - exact) <= Decimal("5e-10")
    assert Decimal(2) < Decimal(november.total.usd_per_mtok) < Decimal(3)
    assert [item.price_gap_ratio for item in november.savings.recommendations] == ["0.80", "0.80"]


@pytest.mark.usefixtures("frozen_now")
def test_importing_again_changes_nothing_and_says_so(database: Database) -> None:
    import_traces(database)
    before = report_of_november_2023(database)
    again = import_traces(database)
    assert [(receipt.accepted, receipt.duplicate) for receipt in again] == [(0, 8_819), (0, 19_366)]
    assert all(
        "every event is in the ledger already" in (receipt.remark() or "") for receipt in again
    )
    assert report_of_november_2023(database) == before


@pytest.mark.usefixtures("frozen_now")
def test_a_trace_without_cached_counts_is_priced_in_full_and_counted_as_detail_unknown(
    database: Database,
) -> None:
    import_traces(database)
    november = report_of_november_2023(database)
    assert november.total.coverage.ratio == "1.00"
    assert november.total.coverage.gaps["detail_unknown"] == "1.00"
    with database.snapshot() as session:
        event = tables.EVENT
        assert set(session.execute(select(event.c.cached_input_tokens)).scalars()) == {None}
        assert len(readings.all_series(session)) == 2
