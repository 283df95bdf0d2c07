"""Cases of public threads in which a price was there and the request did not reach it."""

from decimal import Decimal
from pathlib import Path

import pytest

from advisor.months import month_computation, pricings, statements, unpriced_usage
from advisor.months.unpriced_usage import Unpriced
from collector import files, vendors
from collector.parsing.naming import Naming
from ledger import months, settings
from ledger.database import Database
from worker import rollup

pytestmark = pytest.mark.usefixtures("frozen_now")
CASES = Path(__file__).parent.parent / "golden" / "cases"
SETTINGS = settings.Settings()
NOVEMBER = months.parse("2026-11", SETTINGS.zone)


def load(database: Database, case: str) -> None:
    """Import a case as the command does."""
    receipt = files.import_file(
        database,
        SETTINGS,
        str(CASES / f"{case}.jsonl"),
        format_name="auto",
        naming=Naming(vendor_of=vendors.vendor_of),
        progress=lambda *_: None,
    )
    assert receipt.rejected == 0
    rollup.roll_up(database, SETTINGS.max_metric_sets)


def costs(database: Database) -> dict[str, tuple[Decimal, int]]:
    """By project, the cost in USD and the tokens without a price."""
    with database.snapshot() as session:
        days = month_computation.usage_by_day(session, NOVEMBER)
        lines = statements.lines(days, pricings.in_force(session))
    return {
        key.project: (Decimal(line.cost.femto_usd).scaleb(-15), line.cost.unpriced_tokens)
        for key, line in lines.items()
    }


def unpriced(database: Database) -> list[Unpriced]:
    with database.snapshot() as session:
        return unpriced_usage.in_month(session, NOVEMBER, pricings.in_force(session))


def test_posthog_74366_every_geography_of_bedrock_has_its_own_price(database: Database) -> None:
    load(database, "posthog-74366-bedrock-profiles")
    assert costs(database) == {
        "p0": (Decimal("2.20"), 0),
        "p1": (Decimal("2.00"), 0),
        "p2": (Decimal("3.30"), 0),
        "p3": (Decimal("3.30"), 0),
        "p4": (Decimal("3.00"), 0),
        "p5": (Decimal("2.20"), 0),
    }
    assert unpriced(database) == []


def test_litellm_39245_a_tier_without_a_price_for_long_requests_is_unpriced(
    database: Database,
) -> None:
    load(database, "litellm-39245-long-context-by-tier")
    assert costs(database) == {
        "xai-at-200k": (Decimal("0.812"), 0),
        "xai-below": (Decimal("0.405998"), 0),
        "pro-cached": (Decimal("7.20"), 0),
        "terra-batch-long": (Decimal("0.609"), 0),
        "gpt55-flex-long": (Decimal("1.51125"), 0),
        "pro-flex-long": (Decimal(0), 301_000),
        "pro-batch-long": (Decimal("9.135"), 0),
        "terra-fast": (Decimal("0.278"), 0),
    }
    (long_flex,) = unpriced(database)
    assert unpriced_usage.reason_text(long_flex.why) == "no flex price over 272,000 tokens"
    assert long_flex.command is not None
    assert "--tier flex --over 272000" in long_flex.command
