"""Measured latency: bounds that hold the true quantile, of the right requests, and the same on every face."""

import itertools
from collections.abc import Iterator
from fractions import Fraction

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from advisor.advice import latency, rendering, values
from advisor.advice.latency_figures import Between, LatencyFigure, SideFigure, TimesFigure
from advisor.advice.values import Recommendation
from advisor.publishing import routes
from advisor.publishing.exports import review
from advisor.report import whatif
from advisor.stages import recommendations
from cli.text import advice_list, advice_text
from ledger import clock, settings
from ledger.database import Database
from ledger.events import Event
from tests import conftest, ledgers
from tests.advisor import traffic

NOW_US = clock.to_us(conftest.NOW)
TODAY = clock.day_of(NOW_US)
TIMES = st.lists(st.integers(0, 10**6), min_size=1)
SHARES = st.fractions(Fraction(1, 100), 1)


def counted(times: list[int]) -> dict[int, int]:
    """Times as a distribution holds them."""
    return {
        power: len(list(held)) for power, held in itertools.groupby(sorted(times), int.bit_length)
    }


@given(times=TIMES, share=SHARES)
def test_the_true_quantile_lies_within_its_bounds(times: list[int], share: Fraction) -> None:
    true = sorted(times)[-(-share * len(times) // 1) - 1]
    found = latency.quantile(counted(times), share)
    assert found is not None
    assert found.low_ms <= true <= found.high_ms
    assert found.high_ms.bit_length() == true.bit_length()


@given(parts=st.lists(TIMES, max_size=4), data=st.data())
def test_parts_in_any_order_are_the_whole(parts: list[list[int]], data: st.DataObject) -> None:
    whole = latency.times(counted([each for part in parts for each in part]))
    assert latency.times(latency.add_up(map(counted, data.draw(st.permutations(parts))))) == whole


def test_quantiles_by_hand() -> None:
    # 19 of 20 requests took at most 2,047 ms, so the 95th percentile does; the slowest is beyond it.
    found = latency.times({10: 9, 11: 10, 15: 1})
    assert found == TimesFigure(20, Between(1_024, 2_047), Between(1_024, 2_047))
    assert latency.times({10: 10, 11: 8, 15: 2}) == TimesFigure(
        20, Between(512, 1_023), Between(16_384, 32_767)
    )
    assert latency.times({0: 3}) == TimesFigure(3, Between(0, 0), None)
    assert latency.times({}) is None


@pytest.mark.parametrize(
    ("low_ms", "high_ms", "said"),
    [
        (0, 0, "under 1 ms"),
        (256, 511, "between 256 and 511 ms"),
        (512, 1_023, "between 0.51 and 1.03 s"),
        (1_024, 2_047, "between 1.02 and 2.05 s"),
        (65_536, 131_071, "between 65.53 and 131.08 s"),
    ],
)
def test_bounds_in_words_are_rounded_outwards(low_ms: int, high_ms: int, said: str) -> None:
    assert latency.between(Between(low_ms, high_ms)) == said


def asked(
    model: str,
    latency_ms: int,
    requests: int = 20,
    first_token_ms: int | None = None,
    **names: object,
) -> Iterator[Event]:
    """Requests of yesterday that took this long."""
    for turn in range(requests):
        yield ledgers.event(
            (TODAY - 1) * clock.DAY_US + turn,
            label_set=ledgers.labels(model=model, **names),
            latency_ms=latency_ms,
            first_token_ms=first_token_ms,
        )


def advice(
    database: Database, *groups: Iterator[Event], **overrides: object
) -> list[Recommendation]:
    """The stored advice for these requests."""
    ledgers.add(database, [event for group in groups for event in group])
    ledgers.settle(database, settings.load(**{"pairs": "gpt-4.1:gpt-4.1-mini", **overrides}))
    with database.snapshot() as session:
        return [each.recommendation for each in recommendations.read_current(session)]


def only(found: list[Recommendation]) -> LatencyFigure:
    (item,) = found
    assert item.latency is not None
    return item.latency


@pytest.mark.usefixtures("frozen_now")
def test_both_sides_of_the_workload_are_measured(database: Database) -> None:
    groups = (
        asked("gpt-4.1", 1_500, first_token_ms=300),
        asked("gpt-4.1-2025-04-14", 9_000, 2),
        asked("gpt-4.1-mini", 700),
    )
    found = only(advice(database, *groups, asked("gpt-4.1-mini", 60_000, project="lab")))
    assert found == LatencyFigure(
        SideFigure(
            provider="openai",
            model="gpt-4.1",
            service_tiers=("standard",),
            measured_in="workload",
            latency=TimesFigure(22, Between(1_024, 2_047), Between(8_192, 16_383)),
            first_token=TimesFigure(20, Between(256, 511), Between(256, 511)),
        ),
        SideFigure(
            provider="openai",
            model="gpt-4.1-mini",
            service_tiers=("standard",),
            measured_in="workload",
            latency=TimesFigure(20, Between(512, 1_023), Between(512, 1_023)),
            first_token=None,
        ),
    )


@pytest.mark.usefixtures("frozen_now")
def test_a_target_that_the_workload_never_used_is_measured_across_its_provider(
    database: Database,
) -> None:
    elsewhere = (
        asked("gpt-4.1-mini", 700, 3, project=project, workload=workload)
        for project, workload in (("lab", "a"), ("b", "c"))
    )
    azure = asked("gpt-4.1-mini", 60_000, provider="azure.ai.openai", project="lab")
    found = only(advice(database, asked("gpt-4.1", 1_500), *elsewhere, azure)).target
    assert (found.measured_in, found.latency) == (
        "provider",
        TimesFigure(6, Between(512, 1_023), None),
    )
    assert "in other traffic at openai" in latency.describe(found)


@pytest.mark.usefixtures("frozen_now")
def test_what_nobody_measured_is_nowhere_and_no_zero(database: Database) -> None:
    old = ledgers.event(
        (TODAY - 60) * clock.DAY_US, label_set=ledgers.labels(model="gpt-4.1-mini"), latency_ms=5
    )
    found = only(advice(database, asked("gpt-4.1", 1_500), iter([old]))).target
    assert (found.measured_in, found.latency, found.first_token) == ("nowhere", None, None)
    assert latency.describe(found) == "none in the window"


@pytest.mark.usefixtures("frozen_now")
def test_where_neither_side_was_measured_there_is_nothing_to_list(database: Database) -> None:
    unmeasured = (ledgers.event((TODAY - 1) * clock.DAY_US + turn) for turn in range(3))
    found = only(advice(database, unmeasured))
    assert (found.source.measured_in, list(latency.lines(found)), list(latency.lines(None))) == (
        "nowhere",
        [],
        [],
    )


@pytest.mark.usefixtures("frozen_now")
def test_failures_and_other_tiers_do_not_count(database: Database) -> None:
    found = only(
        advice(
            database,
            asked("gpt-4.1", 1_500),
            asked("gpt-4.1", 90_000, 50, status="failure"),
            asked("gpt-4.1-mini", 90_000, 50, status="cancelled"),
            asked("gpt-4.1-mini", 700, 4),
            asked("gpt-4.1-mini", 90_000, 50, service_tier="flex", service_tier_requested="flex"),
        )
    )
    assert (found.source.latency, found.target.latency) == (
        TimesFigure(20, Between(1_024, 2_047), Between(1_024, 2_047)),
        TimesFigure(4, Between(512, 1_023), None),
    )


@pytest.mark.usefixtures("frozen_now")
def test_a_move_of_tier_alone_compares_the_tiers(database: Database) -> None:
    priority = asked("gpt-4.1", 700, service_tier="priority", service_tier_requested="priority")
    found = only(
        advice(database, asked("gpt-4.1", 1_500, 30), priority, pairs="gpt-4.1:gpt-4.1@priority")
    )
    assert (found.source.service_tiers, found.target.service_tiers) == (
        ("standard",),
        ("priority",),
    )
    assert (found.source.latency, found.target.latency) == (
        TimesFigure(30, Between(1_024, 2_047), Between(1_024, 2_047)),
        TimesFigure(20, Between(512, 1_023), Between(512, 1_023)),
    )


@pytest.mark.usefixtures("frozen_now")
def test_every_face_shows_what_is_stored(database: Database) -> None:
    (item,) = advice(
        database, asked("gpt-4.1", 1_500, first_token_ms=300), asked("gpt-4.1-mini", 700, 5)
    )
    assert item.latency is not None
    app = FastAPI()
    routes.install(app, database, settings.load())
    client = TestClient(app)
    (short,) = client.get("/api/v1/report").json()["savings"]["recommendations"]
    whole = client.get(f"/api/v1/recommendations/{item.id}").json()
    assert short["latency"] == whole["latency"]
    assert whole["latency"]["source"]["latency"] == {
        "requests": 20,
        "p50": {"low_ms": 1_024, "high_ms": 2_047},
        "p95": {"low_ms": 1_024, "high_ms": 2_047},
    }
    with database.snapshot() as session:
        made = review.build(session, ledgers.SETTINGS, clock.now_us(), "2026-11")
        stored = recommendations.find(session, item.id)
        assert (
            whatif.run(session, ledgers.SETTINGS, clock.now_us(), whatif.Question()).latency
            == item.latency
        )
    (section,) = (each for each in made.sections if each.name == "latency")
    assert [
        (row["side"], row["measure"], row["p50_high_ms"], row["p95_high_ms"])
        for row in section.rows
    ] == [
        ("source", "latency", 2_047, 2_047),
        ("source", "first_token", 511, 511),
        ("target", "latency", 1_023, None),
    ]
    place = {
        "provider": "openai",
        "project": "search",
        "workload": "chat",
        "from_model": "gpt-4.1",
        "to_model": "gpt-4.1-mini",
    }
    assert traffic.of(traffic.scrape(database), "latency_high_seconds") == {
        traffic.named(**place, side="source", share="0.5"): 2.047,
        traffic.named(**place, side="source", share="0.95"): 2.047,
        traffic.named(**place, side="target", share="0.5"): 1.023,
    }
    assert (
        "search / chat, measured latency: gpt-4.1: p50 between 1.02 and 2.05 s"
        in client.get("/").text
    )
    console = Console(width=300)
    with console.capture() as shown:
        advice_text.show_one(console, stored)
        advice_list.show(console, [rendering.figure_of(item)], values.total([item]))
    said = "gpt-4.1: p50 between 1.02 and 2.05 s, p95 between 1.02 and 2.05 s (20 requests); first token p50 between"
    assert shown.get().count(said) == 2
    assert (
        shown.get().count(
            "p50 between 0.51 and 1.03 s, too few requests for a p95 (5 requests); in this workload"
        )
        == 2
    )
