"""Stages as rows: only the method's changes, each a row of a history that only grows, and of two at once exactly one."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import time_machine
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import delete, update

from advisor.report import report
from advisor.stages import recommendations, store, transitions
from advisor.stages.transitions import TRANSITIONS, Action
from ledger import clock, money, settings, tables
from ledger.database import Database
from ledger.errors import NotAllowed, NotFound
from tests import conftest, ledgers
from tests.advisor.stages import advised_ledger
from tests.advisor.stages.advised_ledger import NOW_US, change, fill, found, only

pytestmark = pytest.mark.usefixtures("frozen_now")
PEOPLE: list[Action] = [action for action, each in TRANSITIONS.items() if each.by_people]


def test_a_claim_freezes_the_estimate_whatever_prices_do_later(database: Database) -> None:
    before = fill(database)
    assert change(
        database, before.recommendation.id, "claim", share="0.5", note="after the release"
    ) == (
        "claimed",
        2,
    )
    with database.transaction() as session:
        session.add(
            tables.pricing.ListPrice(
                provider="openai",
                model="gpt-4.1-mini",
                service_tier="standard",
                over_input_tokens=0,
                source="by hand",
                effective_from=advised_ledger.TODAY - 60,
                uncached_input=10**9,
                output=4 * 10**9,
                created_at=0,
            )
        )
    ledgers.settle(database)
    after = found(database, before.recommendation.id)
    assert after.recommendation.saving != before.recommendation.saving
    assert after.frozen == before.recommendation
    assert (after.stage, after.record.owner, after.record.share) == ("claimed", "ada", "0.50")
    assert [
        (each.from_stage, each.to_stage, each.by, each.note) for each in after.record.history
    ] == [("active", "claimed", "ada", "after the release")]
    assert after.record.since == clock.rfc3339(NOW_US)


@hypothesis_settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(PEOPLE), max_size=12))
def test_whatever_people_try_the_history_is_a_path_of_the_table(
    database: Database, tried: list[Action]
) -> None:
    _forget(database)
    recommendation_id = fill(database).recommendation.id
    stage, version = "active", 1
    for action in tried:
        allowed = transitions.after(stage, action)  # type: ignore[arg-type]  # a stage that the store gave
        if allowed is None:
            with pytest.raises(NotAllowed, match=rf"switchwise [a-z]+ {recommendation_id}"):
                change(database, recommendation_id, action)
        else:
            stage, version = change(database, recommendation_id, action)
            assert stage == allowed
    held = found(database, recommendation_id)
    assert (held.stage, held.version) == (stage, version)
    assert [each.version for each in held.record.history] == list(range(2, version + 1))
    path = ["active", *(each.to_stage for each in held.record.history)]
    assert [each.from_stage for each in held.record.history] == path[:-1]
    assert path[-1] == stage


def _forget(database: Database) -> None:
    with database.transaction() as session:
        for name in ("recommendation", "stage_change", "fact", "missed_day"):
            session.execute(delete(tables.metadata.tables[name]))


def test_a_stale_version_is_refused_with_the_present_one(database: Database) -> None:
    recommendation_id = fill(database).recommendation.id
    change(database, recommendation_id, "claim", version=1)
    with pytest.raises(
        NotAllowed,
        match="since version 1: it is claimed by ada at version 2 now; look again with: switchwise",
    ):
        change(database, recommendation_id, "unclaim", version=1)
    assert change(database, recommendation_id, "unclaim", version=2) == ("active", 3)


def test_a_refusal_names_who_holds_it_and_what_can_be_done(database: Database) -> None:
    recommendation_id = fill(database).recommendation.id
    change(database, recommendation_id, "claim", by="grace")
    with pytest.raises(
        NotAllowed,
        match=r"^grace has already claimed this; to take it over: switchwise unclaim .* claim \w+$",
    ):
        change(database, recommendation_id, "claim")
    with pytest.raises(NotFound, match="switchwise advise"):
        change(database, "0" * 16, "claim")


@pytest.mark.parametrize("versions", [(None, None, None, None), (1, 1, 1, 1)])
def test_of_several_claimers_at_once_exactly_one_wins(
    database: Database, versions: tuple[int | None, ...]
) -> None:
    recommendation_id = fill(database).recommendation.id
    start = threading.Barrier(len(versions))

    def claim(name: str, version: int | None) -> str | None:
        start.wait()
        try:
            change(database, recommendation_id, "claim", by=name, version=version)
        except NotAllowed as refused:
            assert "claimed" in str(refused)  # noqa: PT017  # the threads' own
            return None
        return name

    with ThreadPoolExecutor(len(versions)) as threads:
        names = [
            name for name in threads.map(claim, ("ada", "grace", "joan", "mary"), versions) if name
        ]
    held = found(database, recommendation_id)
    assert names == [held.record.owner]
    assert (held.stage, held.version, len(held.record.history)) == ("claimed", 2, 1)


def test_a_change_that_a_rival_overtakes_between_reading_and_writing_changes_nothing(
    database: Database,
) -> None:
    if database.is_sqlite:
        pytest.skip("a writer on SQLite is alone")
    recommendation_id = fill(database).recommendation.id
    row_of = tables.RECOMMENDATION
    overtaken = threading.Event()
    with database.transaction() as rival:
        rival.execute(
            update(row_of)
            .where(row_of.c.id == recommendation_id)
            .values(stage="claimed", version=2)
        )

        def late() -> str:
            overtaken.set()
            with pytest.raises(NotAllowed) as refused:
                change(database, recommendation_id, "claim")
            return str(refused.value)

        with ThreadPoolExecutor(1) as threads:
            waiting = threads.submit(late)
            overtaken.wait()
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.3)
            rival.commit()
            assert "has already claimed this" in waiting.result()


def test_what_was_dismissed_or_adopted_leaves_the_total_and_comes_back(database: Database) -> None:
    recommendation_id = fill(database).recommendation.id

    def total() -> int:
        with database.snapshot() as session:
            savings = report.build(session, ledgers.SETTINGS, clock.now_us()).savings
        assert savings.total is not None
        return money.femto_usd(savings.total.low_usd)

    whole = total()
    assert whole > 0
    for action, expected in (
        ("dismiss", 0),
        ("undismiss", whole),
        ("claim", whole),
        ("pilot", whole),
        ("adopt", 0),
    ):
        change(database, recommendation_id, action)  # type: ignore[arg-type]  # actions by name
        assert total() == expected, action


def test_a_dismissal_ends_by_itself_and_the_history_says_so(database: Database) -> None:
    recommendation_id = fill(database).recommendation.id
    change(database, recommendation_id, "dismiss", until_day=advised_ledger.TODAY + 2)
    with time_machine.travel(conftest.NOW.replace(day=24), tick=False):
        ledgers.settle(database)
        assert (only(database).stage, only(database).record.until) == ("dismissed", "2026-11-25")
    with time_machine.travel(conftest.NOW.replace(day=25), tick=False):
        ledgers.settle(database)
        held = only(database)
    assert (held.stage, held.version) == ("active", 3)
    assert [(each.action, each.by) for each in held.record.history] == [
        ("dismiss", "ada"),
        ("undismiss", "switchwise"),
    ]


def test_advice_that_is_gone_expires_and_returns_under_the_same_id(database: Database) -> None:
    recommendation_id = fill(database).recommendation.id
    without = settings.load(pairs="gpt-4o:gpt-4o-mini")
    ledgers.settle(database, without)
    assert (
        found(database, recommendation_id).stage,
        found(database, recommendation_id).version,
    ) == ("expired", 2)
    with database.snapshot() as session:
        assert recommendations.read_current(session) == []
    ledgers.settle(database)
    assert (only(database).recommendation.id, only(database).stage, only(database).version) == (
        recommendation_id,
        "active",
        3,
    )


def test_a_claim_that_is_not_advised_any_more_stays_in_hand(database: Database) -> None:
    claimed = fill(database).recommendation
    change(database, claimed.id, "claim")
    ledgers.settle(database, settings.load(pairs="gpt-4o:gpt-4o-mini"))
    with database.snapshot() as session:
        (held,) = recommendations.read_in_hand(session)
        assert recommendations.read_current(session) == []
    assert (held.recommendation, held.stage, held.record.owner) == (
        replace(claimed, set_aside=True),
        "claimed",
        "ada",
    )


def test_a_claim_stays_with_its_target_when_another_becomes_the_best(database: Database) -> None:
    claimed = fill(database).recommendation
    change(database, claimed.id, "claim")
    both = settings.load(pairs="gpt-4.1:gpt-4.1-mini,gpt-4.1:gpt-6-luna")
    ledgers.settle(database, both)
    held = only(database)
    assert (held.recommendation.id, held.recommendation.to_model, held.stage) == (
        claimed.id,
        "gpt-4.1-mini",
        "claimed",
    )
    assert [each.to_model for each in held.recommendation.other_targets] == ["gpt-6-luna"]
    change(database, claimed.id, "unclaim")
    ledgers.settle(database, both)
    assert only(database).recommendation.to_model == "gpt-6-luna"
    assert found(database, claimed.id).stage == "expired"


def test_an_alert_is_not_raised_by_what_was_dismissed(database: Database) -> None:
    recommendation_id = fill(database).recommendation.id
    states = tables.ALERT_STATE
    with database.transaction() as session:
        session.execute(delete(states))
    change(database, recommendation_id, "dismiss")
    ledgers.settle(database)
    with database.snapshot() as session:
        assert not any(
            row.fired for row in session.execute(states.select().where(states.c.rule == "savings"))
        )


def test_counts_follow_every_recommendation(database: Database) -> None:
    recommendation_id = fill(database).recommendation.id
    change(database, recommendation_id, "claim")
    with database.snapshot() as session:
        assert store.count(session) == {("pilot", "claimed"): 1}
