"""Label sets: interned once, and folded into `other` beyond the limit without losing an event."""

import msgspec
import pytest

from ledger import readings, series, settings
from ledger.database import Database
from ledger.events import Labels
from tests import ledgers


def test_a_label_set_is_stored_once(database: Database) -> None:
    ledgers.add(database, [ledgers.event() for _ in range(3)])
    ledgers.add(database, [ledgers.event()])
    with database.snapshot() as session:
        assert [one_series.labels for one_series in readings.all_series(session).values()] == [
            ledgers.labels()
        ]


def test_labels_that_join_to_the_same_text_are_two_series() -> None:
    one, other = (
        ledgers.labels(project="a,b", workload="c"),
        ledgers.labels(project="a", workload="b,c"),
    )
    assert series.digest_of(one) != series.digest_of(other)


def test_beyond_the_limit_names_fold_but_never_provider_model_or_tier(database: Database) -> None:
    few = settings.Settings(max_series=2)
    groups = [
        ledgers.event(label_set=ledgers.labels(project=f"p{number}", model=f"m{number % 2}"))
        for number in range(6)
    ]
    for event in groups:
        ledgers.add(database, [event], few)
    with database.snapshot() as session:
        all_series = readings.all_series(session).values()
        folded = [one_series.labels for one_series in all_series if one_series.folded]
    assert len([one_series for one_series in all_series if not one_series.folded]) == 2
    assert {
        (one_series.project, one_series.workload, one_series.key, one_series.request_model)
        for one_series in folded
    } == {("other",) * 4}
    assert {one_series.model for one_series in folded} <= {"m0", "m1"}


def test_folding_keeps_every_label_that_sets_a_price() -> None:
    labels = ledgers.labels(model="x", provider="y", service_tier="batch", context_band=32_768)
    folded = series.fold(labels)
    priced = (
        "namespace",
        "provider",
        "model",
        "service_tier",
        "service_tier_requested",
        "context_band",
        "usage_source",
    )
    assert all(getattr(folded, name) == getattr(labels, name) for name in priced)
    assert {field.name for field in msgspec.structs.fields(Labels)} >= set(series.FOLDED)


def test_names_of_models_that_do_not_exist_fold_once_there_are_many_unless_they_used_tokens(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(series, "MAX_UNPRICED_NAMES", 2)
    for number in range(5):
        labels = ledgers.labels(model=f"probe-{number}", status="failure", usage_source="none")
        ledgers.add(
            database, [ledgers.event(label_set=labels, input_tokens=None, output_tokens=None)]
        )
    ledgers.add(
        database,
        [
            ledgers.event(label_set=ledgers.labels(model="probe-9")),
            ledgers.event(label_set=ledgers.labels()),
        ],
    )
    with database.snapshot() as session:
        models = {one_series.labels.model for one_series in readings.all_series(session).values()}
    assert models == {"probe-0", "probe-1", "other", "probe-9", "gpt-4.1"}
