"""What is billed besides plain tokens is priced to the digit, or named as missing, on every face."""

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from rich.console import Console

from advisor import refresh
from advisor.months import pricings, statements, unpriced_usage
from advisor.publishing import routes
from advisor.publishing.exports import review
from advisor.report import report
from cli.text import report_text
from collector import files, vendors
from collector.parsing.naming import Naming
from ledger import clock, meters, months, settings, usage
from ledger.database import Database
from ledger.events import Event
from ledger.pricing import charges, price_book, prices
from ledger.readings import StoredSeries
from tests import conftest, ledgers
from tests.advisor import traffic
from worker import rollup

pytestmark = pytest.mark.usefixtures("frozen_now")
CASES = Path(__file__).parent.parent / "golden" / "cases"
NOW_US = clock.to_us(conftest.NOW)
SETTINGS = settings.Settings()
PARTS = {name: meters.BY_NAME[name].part_of for name in meters.SENT if meters.BY_NAME[name].part_of}
FEES = sorted(name for name in meters.SENT if name not in PARTS)


def load(database: Database, case: str) -> None:
    """Import a case as the command does, and publish what follows."""
    naming = Naming(vendor_of=vendors.vendor_of)
    path = str(CASES / f"{case}.jsonl")
    receipt = files.import_file(
        database, SETTINGS, path, format_name="auto", naming=naming, progress=lambda *_: None
    )
    assert receipt.rejected == 0
    rollup.roll_up(database, SETTINGS.max_metric_sets)
    refresh.refresh(database, SETTINGS)


def api(database: Database) -> Any:
    app = FastAPI()
    routes.install(app, database, SETTINGS)
    return TestClient(app).get("/api/v1/report?month=2026-11").json()


def printed(database: Database) -> str:
    console = Console(width=200, record=True, file=io.StringIO())
    with database.snapshot() as session:
        report_text.show(console, report.build(session, SETTINGS, NOW_US, "2026-11"))
    return console.export_text()


@pytest.mark.parametrize(
    ("case", "cost_usd"),
    [
        ("litellm-31316-web-search-fee", "0.0435"),
        ("archestra-5466-cache-write-one-hour", "1.01"),
        ("opik-7253-native-audio", "0.0343435"),
        ("bolna-479-tier-asked-is-unknown", "6.30"),
        # 0.00415 of tokens, 0.006 for a minute of audio, 0.16665 for an image; the rerank has no rate.
        ("aisix-868-not-billed-by-tokens", "0.1768"),
        ("kong-14816-hidden-output", "0.000062"),
    ],
)
def test_a_case_of_a_public_thread_costs_what_it_costs(
    database: Database, case: str, cost_usd: str
) -> None:
    load(database, case)
    assert Decimal(api(database)["total"]["cost_usd"]) == Decimal(cost_usd)


def test_a_total_beyond_its_parts_is_a_gap_on_every_face(database: Database) -> None:
    load(database, "kong-14816-hidden-output")
    body = api(database)
    assert body["total"]["coverage"]["gaps"]["total_mismatch"].startswith("0.966")
    assert body["total"]["coverage"]["provisional"]
    assert "288 tokens of gpt-4.1 that the sender counts in its total" in printed(database)
    scrape = traffic.scrape(database)
    reason = scrape["coverage_gap_ratio", (("reason", "total_mismatch"),)]
    assert reason == pytest.approx(288 / 298, abs=1e-6)


def test_a_search_without_a_rate_is_named_and_counted(database: Database) -> None:
    load(database, "aisix-868-not-billed-by-tokens")
    body = api(database)
    (rerank,) = [meter for meter in body["total"]["meters"] if meter["unpriced_quantity"]]
    assert (rerank["meter"], rerank["quantity"], rerank["cost_usd"]) == ("rerank_searches", 1, None)
    assert body["total"]["coverage"]["gaps"]["unpriced_fee"] == "0.20"
    assert "Not in the figure: 1 rerank search of rerank-v3.5" in printed(database)


def test_no_tier_is_compared_where_nobody_said_which_was_asked_for(database: Database) -> None:
    load(database, "bolna-479-tier-asked-is-unknown")
    body = api(database)
    assert body["total"]["tier_mismatch_requests"] == 0
    assert body["waste"]["other_tier"]["groups"] == []


def test_a_fee_without_a_rate_stops_no_move_that_leaves_it_as_it_is(database: Database) -> None:
    """Ten code sessions a day, which have no rate at OpenAI, on a tenth of the requests."""
    for meter, kind in (("code_sessions", "pilot"), ("unread_audio_requests", "not_enough_data")):
        ledgers.add(
            database,
            (
                ledgers.event(
                    NOW_US - age * clock.DAY_US - clock.HOUR_US + turn,
                    label_set=ledgers.labels(workload=meter),
                    input_tokens=300_000,
                    meters=((meter, 1),) if turn < 10 else (),
                )
                for age in range(35)
                for turn in range(100)
            ),
        )
        ledgers.settle(database)
        listed = api(database)["savings"]["recommendations"]
        (decided,) = [row["decision"] for row in listed if row["workload"] == meter]
        assert decided == kind
    assert Decimal(api(database)["total"]["coverage"]["gaps"]["unpriced_fee"]) > 0


def searching(meter: str = "web_searches") -> Event:
    """A request of GPT-5 mini with four searches, an hour before now."""
    return ledgers.event(
        NOW_US - clock.HOUR_US,
        label_set=ledgers.labels(model="gpt-5-mini"),
        meters=((meter, 4),),
    )


def faces(database: Database) -> Iterator[str]:
    """Every face of the month that says how much is known."""
    yield printed(database)
    body = api(database)
    yield json.dumps([body["total"]["coverage"], body["total"]["meters"], body["notes"]])
    with database.snapshot() as session:
        sections = review.build(session, SETTINGS, NOW_US, "2026-11").sections
    for section in sections:
        if section.name in ("meters", "data_quality", "method_notes"):
            yield repr(section.rows)
    yield repr(sorted(traffic.scrape(database).items()))
    app = FastAPI()
    routes.install(app, database, SETTINGS)
    yield TestClient(app).get("/?month=2026-11").text


def test_every_face_changes_when_a_rate_is_not_in_the_book(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledgers.add(database, [searching()])
    ledgers.settle(database)
    known = list(faces(database))
    book = price_book.shipped()
    rows = {key: tuple(without_rare(row) for row in listed) for key, listed in book.prices.items()}
    without = replace_book(book, rows)
    monkeypatch.setattr(price_book, "shipped", lambda: without)
    refresh.refresh(database, SETTINGS)
    unknown = list(faces(database))
    assert len(known) == len(unknown) == 7
    for before, after in zip(known, unknown, strict=True):
        assert before != after
        assert "web" in after or "unpriced_fee" in after


def without_rare(row: prices.Price) -> prices.Price:
    return replace(
        row, rates=replace(row.rates, rare=()), list_rates=replace(row.list_rates, rare=())
    )


def replace_book(
    book: prices.PriceBook, rows: dict[prices.PriceKey, tuple[prices.Price, ...]]
) -> prices.PriceBook:
    return prices.PriceBook(
        version="without", prices=rows, facts=book.facts, aliases=book.aliases, checked=book.checked
    )


rate = st.integers(0, 10**6)
counts = st.integers(0, 5_000)


@st.composite
def requests(draw: st.DrawFn) -> Event:
    """Any request with any meters, whose parts fit into the tokens they are parts of."""
    room = {
        "uncached_input": draw(counts),
        "cached_input": draw(counts),
        "cache_write_input": draw(counts),
        "output": draw(counts),
    }
    left = dict(room)
    quantities = {name: draw(st.integers(0, 50)) for name in FEES if draw(st.booleans())}
    for name, whole in sorted(PARTS.items()):
        if draw(st.booleans()):
            quantities[name] = draw(st.integers(0, left[whole]))
            left[whole] -= quantities[name]
    return ledgers.event(
        input_tokens=sum(room.values()) - room["output"],
        cached_input_tokens=room["cached_input"],
        cache_write_input_tokens=room["cache_write_input"],
        output_tokens=room["output"],
        reasoning_tokens=0,
        meters=tuple(sorted((name, count) for name, count in quantities.items() if count)),
    )


rates = st.dictionaries(st.sampled_from(sorted((*prices.METERS, *meters.SENT))), rate)


def oracle(event: Event, by_meter: dict[str, int]) -> tuple[Fraction, dict[str, int]]:
    """Femto-USD of one request from its meters taken apart first, and what has no rate, by meter."""
    quantities = dict(event.meters)
    cached, written = event.cached_input_tokens or 0, event.cache_write_input_tokens or 0
    plain = {
        "uncached_input": (event.input_tokens or 0) - cached - written,
        "cached_input": cached,
        "cache_write_input": written,
        "output": event.output_tokens or 0,
    }
    for name, whole in PARTS.items():
        if name in by_meter or not meters.BY_NAME[name].is_plain_without_rate:
            plain[whole] -= quantities.get(name, 0)
        else:
            quantities.pop(name, None)
    cost, missing = Fraction(0), dict[str, int]()
    for name, quantity in [*plain.items(), *quantities.items()]:
        own = by_meter.get(name)
        if own is None and name in ("cached_input", "cache_write_input"):
            own = by_meter.get("uncached_input")
        if own is not None:
            cost += Fraction(quantity) * own
        elif quantity:
            missing[name] = missing.get(name, 0) + quantity
    return cost, missing


@hypothesis_settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(event=requests(), by_meter=rates)
def test_any_request_is_priced_to_the_digit_or_carries_the_gap(
    event: Event, by_meter: dict[str, int]
) -> None:
    line = priced_line(event, by_meter)
    cost, missing = oracle(event, by_meter)
    assert line.cost.femto_usd == cost
    fees = {name: total.unpriced_quantity for name, total in line.meters if total.unpriced_quantity}
    assert fees == {name: count for name, count in missing.items() if name in FEES}
    tokens = sum(count for name, count in missing.items() if name not in FEES)
    assert line.cost.unpriced_tokens == tokens
    assert line.cost.priced_tokens + tokens == (event.input_tokens or 0) + (
        event.output_tokens or 0
    )


def priced_line(event: Event, by_meter: dict[str, int]) -> statements.Line:
    """The line of one request at these rates, from the series it is stored as."""
    rates_of_model = prices.from_meters(by_meter)
    line = statements.Line()
    tally = usage.Tally()
    label_sets = [event.labels]

    def number(labels: Any) -> int:
        label_sets.append(labels)
        return len(label_sets) - 1

    tally.add(event, 0)
    tally.add_meters(event, number)
    price = prices.Price(
        key=prices.PriceKey("openai", "gpt-4.1", "standard"),
        effective_from=0,
        rates=rates_of_model,
        list_rates=rates_of_model,
        source="",
        checked="",
    )
    for series_id, amounts in usage.unpack(tally.pack()).totals().items():
        line.add(StoredSeries(series_id, label_sets[series_id], folded=False), amounts, price)
    return line


@pytest.mark.parametrize(
    ("modifiers", "factor"),
    [("geo=us", "1.1"), ("speed=fast", "2"), ("geo=us speed=fast", "2.2"), ("geo=eu", None)],
)
def test_a_modifier_multiplies_the_token_rates_or_leaves_them_unknown(
    modifiers: str, factor: str | None
) -> None:
    book = price_book.shipped()
    price = book.at("anthropic", "claude-opus-4-8", "standard", context_band=0, day=20_780)
    assert price is not None
    multipliers = book.facts_of("anthropic", "claude-opus-4-8").multipliers
    modified = charges.modify_price(price, modifiers, multipliers)
    if factor is None:
        assert modified is None
        return
    assert modified is not None
    plain, changed = price.rates.by_meter, modified.rates.by_meter
    assert changed["output"] == plain["output"] * Fraction(factor)
    assert changed["web_searches"] == plain["web_searches"]


def told(usd: str, **changed: object) -> Event:
    """A request of an hour ago whose sender says what it cost."""
    values: dict[str, Any] = {"label_set": ledgers.labels(), **changed}
    return ledgers.event(
        NOW_US - clock.HOUR_US, sender_cost_pico_usd=int(Decimal(usd) * 10**12), **values
    )


# 1,000 input and 100 output tokens of GPT-4.1 cost 0.0028 USD.
@pytest.mark.parametrize(
    ("event", "cause", "difference_usd"),
    [
        (told("0.0028"), "agrees", "0.00"),
        (told("0.0028001"), "agrees", "0.0000001"),
        (told("0.0028", meters=(("web_searches", 1),)), "fees", "-0.01"),
        (told("0.0028", label_set=ledgers.labels(service_tier="priority")), "tier", "-0.0021"),
        (told("0.0028", cached_input_tokens=1_000), "cache", "0.0015"),
        (told("0.01", label_set=ledgers.labels(model="house-model")), "unpriced", None),
        (told("0.01"), "unknown", "0.0072"),
    ],
)
def test_what_the_sender_says_stands_beside_our_figure_with_its_likely_cause(
    database: Database, event: Event, cause: str, difference_usd: str | None
) -> None:
    ledgers.add(database, [event])
    ledgers.settle(database)
    costs = api(database)["sender_costs"]
    (model,), (day,) = costs["models"], costs["days"]
    assert (model["cause"], day["cause"]) == (cause, cause)
    assert model["difference_usd"] == day["difference_usd"] == difference_usd
    with database.snapshot() as session:
        section = review.build(session, SETTINGS, NOW_US, "2026-11").section("sender_costs")
    (row,) = section.rows
    assert (row["day"], row["cause"]) == ("2026-11-23", cause)
    scrape = traffic.scrape(database)
    names = {name for name, _ in scrape}
    assert "month_sender_cost_usd" in names
    assert ("month_sender_difference_usd" in names) == (difference_usd is not None)
    assert ("the sender says" in printed(database)) == (cause != "agrees")


def test_requests_whose_cost_only_some_senders_say_are_not_compared(database: Database) -> None:
    ledgers.add(database, [told("0.01"), ledgers.event(NOW_US - clock.HOUR_US)])
    ledgers.settle(database)
    assert api(database)["sender_costs"] is None


@pytest.mark.parametrize(
    ("event", "reason", "command"),
    [
        (
            searching("rerank_searches"),
            "no rate for rerank searches",
            "--meter file_searches=0.0025 --meter web_searches=0.01 --meter rerank_searches=RATE",
        ),
        (told("1", label_set=ledgers.labels(modifiers="geo=eu")), "no rate with geo=eu", None),
    ],
)
def test_what_has_no_rate_stands_in_the_inbox_with_its_remedy(
    database: Database, event: Event, reason: str, command: str | None
) -> None:
    ledgers.add(database, [event])
    ledgers.settle(database)
    with database.snapshot() as session:
        month = months.parse("2026-11", SETTINGS.zone)
        (unpriced,) = unpriced_usage.in_month(session, month, pricings.in_force(session))
    assert unpriced_usage.reason_text(unpriced.why) == reason
    assert unpriced.requests == 1
    assert (unpriced.command is None) == (command is None)
    assert (unpriced.command or "").endswith(command or "")
