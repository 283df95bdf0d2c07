"""Spend that grows is forecast by its trend, and every face says so, with its measured error and bias."""

import json

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from advisor.months.forecast_figures import ForecastFigure
from advisor.publishing import routes
from advisor.publishing.exports import review
from advisor.report import report, sentences
from ledger import clock, settings
from tests import conftest, ledgers
from tests.advisor import traffic
from tests.cli.command import CommandLine

pytestmark = pytest.mark.usefixtures("frozen_now")
TODAY = clock.day_of(clock.to_us(conftest.NOW))


@pytest.fixture
def growing(line: CommandLine) -> CommandLine:
    """Sixteen weeks of traffic that grows by 5 % a week, with half of it at weekends."""
    ledgers.add(
        line.database,
        [
            ledgers.event(day * clock.DAY_US + turn)
            for age, day in enumerate(range(TODAY - 112, TODAY))
            for turn in range(round(20 * 1.05 ** (age / 7) * (0.5 if day % 7 in (2, 3) else 1)))
        ],
    )
    ledgers.settle(line.database)
    return line


@pytest.fixture
def forecast(growing: CommandLine) -> ForecastFigure:
    with growing.database.snapshot() as session:
        made = report.build(session, ledgers.SETTINGS, clock.now_us()).forecast
    assert made is not None
    return made


def words_of(text: str) -> str:
    return " ".join(text.split())


def test_the_report_says_how_it_is_made_and_how_good_that_is(
    growing: CommandLine, forecast: ForecastFigure
) -> None:
    text = words_of(growing.said("report"))
    assert forecast.method == "trend"
    assert "from the last 84 days, growing 5" in text
    assert sentences.forecast_basis(forecast) in text
    assert words_of(sentences.forecast_test(forecast) or "") in text
    assert "forecasts of a week made like this were" in text
    assert " off on average, " in text


def test_the_page_says_the_same(growing: CommandLine, forecast: ForecastFigure) -> None:
    app = FastAPI()
    routes.install(app, growing.database, settings.load())
    html = TestClient(app).get("/").text
    assert sentences.forecast_basis(forecast) in html
    assert str(sentences.forecast_test(forecast)) in html


def test_the_api_names_both_methods_with_error_and_bias(
    growing: CommandLine, forecast: ForecastFigure
) -> None:
    figures = json.loads(growing.said("report --json"))["forecast"]
    assert [tested["method"] for tested in figures["tests"]] == ["trend", "weekday_mean"]
    trend, weekdays = figures["tests"]
    assert float(trend["error_ratio"]) < float(weekdays["error_ratio"])
    assert float(weekdays["bias_ratio"]) < -0.05 < float(trend["bias_ratio"])
    assert figures["effects"]["days"] == 84
    assert figures["effects"]["weekly_growth_ratio"] == forecast.effects.weekly_growth_ratio  # type: ignore[union-attr]  # a trend has effects


def test_metrics_and_review_have_them_too(growing: CommandLine, forecast: ForecastFigure) -> None:
    scraped = traffic.scrape(growing.database)
    assert traffic.of(scraped, "month_forecast_info") == {(("method", "trend"),): 1}
    for name in ("error_ratio", "bias_ratio"):
        assert traffic.of(scraped, f"week_forecast_{name}") == {
            (("method", tested.method),): float(getattr(tested, name)) for tested in forecast.tests
        }
    with growing.database.snapshot() as session:
        built = review.build(session, ledgers.SETTINGS, clock.now_us(), "2026-11")
    (headline,) = (section for section in built.sections if section.name == "headline")
    row = headline.rows[0]
    assert row["forecast_method"] == "trend"
    assert str(row["forecast_week_error_ratio"]) == forecast.tests[0].error_ratio
    assert str(row["forecast_week_bias_ratio"]) == forecast.tests[0].bias_ratio


def test_explain_shows_both_methods_and_what_widens_the_band(
    growing: CommandLine, forecast: ForecastFigure
) -> None:
    text = words_of(growing.said("explain 2026-11"))
    assert f"The whole month, forecast {sentences.forecast_basis(forecast)}: $" in text
    assert "times what the fit alone says" in text
    assert "standard errors away from none; it counts above 2 and fades by 2 % a day" in text
    for name, tested in zip(("the trend", "the mean of each weekday"), forecast.tests, strict=True):
        assert f"{name}: {sentences.forecast_error(tested)}, {tested.mornings} mornings" in text
    explained = json.loads(growing.said("explain 2026-11 --json"))
    assert explained["forecast"]["method"] == "trend"
    assert json.loads(growing.said("explain 2026-11 --project search --json"))["forecast"] is None
