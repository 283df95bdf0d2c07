"""The page of one recommendation: exact figures, every name as text, refusals as pages."""

import pytest

from advisor import words
from advisor.advice.figures import SwingFigure
from advisor.publishing.pages import swing_bars
from advisor.stages import recommendations, store, summary
from ledger import months
from ledger.database import Database
from tests import ledgers
from tests.advisor.evidence import paired_rows
from tests.advisor.publishing.api.test_stages import key_of
from tests.advisor.publishing.pages.test_month import HOSTILE, ParsedPage, client_of
from tests.advisor.stages import advised_ledger

pytestmark = pytest.mark.usefixtures("frozen_now")


def parsed(database: Database, recommendation_id: str, **overrides: object) -> ParsedPage:
    answered = client_of(database, **overrides).get(f"/recommendations/{recommendation_id}")
    assert answered.status_code == 200, answered.text
    page = ParsedPage()
    page.feed(answered.text)
    assert page.open == []
    return page


def test_the_page_shows_the_stored_figures_to_the_last_digit(database: Database) -> None:
    name = advised_ledger.fill(database).recommendation.id
    item = advised_ledger.figure(database)
    page = parsed(database, name)
    amounts = {value for value, _ in page.amounts}
    assert item.saving_month is not None
    assert {
        item.saving_month.low_usd,
        item.saving_month.expected_usd,
        item.saving_month.high_usd,
    } <= amounts
    assert {swing.at_low_usd for swing in item.sensitivity} | {
        swing.at_high_usd for swing in item.sensitivity
    } <= amounts
    assert {item.cost_month_usd, item.router_month_usd} <= amounts
    assert all(text == words.dollars(value or None) for value, text in page.amounts)
    text = " ".join(" ".join(page.text).split())
    assert (
        "The two models have not been compared on this workload. Plan it: switchwise trial plan"
        in text
    )
    assert all(sentence in " ".join(page.text) for sentence in item.explanation)


def test_proof_stage_and_what_became_of_it_are_on_it(database: Database) -> None:
    name = advised_ledger.fill(database).recommendation.id
    paired_rows.store(database, paired_rows.rows())
    advised_ledger.change(database, name, "claim", share="0.5")
    ledgers.settle(database)
    text = " ".join(" ".join(parsed(database, name).text).split())
    assert "Compared on 2026-11-22: 240 conversations" in text
    assert "claimed by ada since 2026-11-23" in text
    assert "2026-11-23 20:00 UTC claim 50 % ada" in text
    with database.snapshot() as session:
        month = months.parse("2026-11", ledgers.SETTINGS.zone)
        (move,) = summary.load_moves(session, [advised_ledger.only(database)], month)
        assert store.load_frozen(session, name) is not None
    assert (
        f"Frozen when it was claimed: {move.frozen_low_name} {words.dollars(move.frozen_low_usd)}"
        in text
    )


def test_names_are_text(database: Database) -> None:
    for number, name in enumerate(HOSTILE):
        ledgers.add(
            database,
            advised_ledger.traffic(range(1, 15), turns=2, project=f"p{number}", workload=name),
        )
    ledgers.settle(database)
    with database.snapshot() as session:
        advised = [row.recommendation for row in recommendations.read_current(session)]
    for recommendation in advised:
        page = parsed(database, recommendation.id)
        assert {tag for tag, _ in page.elements}.isdisjoint({"script", "img", "iframe"})
        assert recommendation.workload in " ".join(page.text)


def test_a_refusal_is_a_page_with_the_remedy(database: Database) -> None:
    name = advised_ledger.fill(database).recommendation.id
    client = client_of(database, require_keys=True)
    _, other = key_of(database, "read", "support")
    for path, headers, status in (
        (name, {}, 401),
        (name, other, 404),
        ("nothing", other, 404),
        ("%00", other, 404),
    ):
        answered = client.get(f"/recommendations/{path}", headers=headers)
        assert (answered.status_code, "This cannot be shown" in answered.text) == (status, True)
    assert "secret" not in client.get(f"/recommendations/{name}", headers=other).text


def test_the_month_links_to_it(database: Database) -> None:
    name = advised_ledger.fill(database).recommendation.id
    assert f'href="/recommendations/{name}"' in client_of(database).get("/").text


def test_bars_lie_on_one_scale_from_the_least_to_the_most() -> None:
    swings = (SwingFigure("sigma", "90.00", "110.00"), SwingFigure("phi_out", "-90.00", "100.00"))
    swing_chart = swing_bars.for_sensitivity(swings, "100.00")
    assert [(bar.factor, bar.start, bar.width) for bar in swing_chart.bars] == [
        ("phi_out", 0, 950),
        ("sigma", 900, 100),
    ]
    assert (swing_chart.from_usd, swing_chart.to_usd, swing_chart.expected) == (
        "-90.00",
        "110.00",
        950,
    )
    alike = swing_bars.for_sensitivity((SwingFigure("sigma", "5.00", "5.00"),), "5.00")
    assert [(bar.start, bar.width) for bar in alike.bars] == [(0, 1)]
