"""Receipts add up to what was sent, and name each rejected record by its index."""

from hypothesis import given
from hypothesis import strategies as st

from collector.parsing.reading import Ignored, Reading, Rejected
from collector.receipts import Readings, RejectedRecord
from ledger import clock, store
from ledger.outcomes import Outcome
from tests import samples

NOW_US = clock.to_us(clock.EPOCH.replace(year=2026, month=11, day=23))
GOOD = samples.event(1)
LATE = samples.event(2, time="2026-11-25T00:00:00Z")

kinds = st.sampled_from([GOOD, LATE, Ignored("no usage"), Rejected("not an event")])
outcomes = st.sampled_from(list(Outcome))


@given(st.lists(kinds), st.data())
def test_the_numbers_of_a_receipt_add_up_to_what_was_sent(
    sent: list[Reading], data: st.DataObject
) -> None:
    readings = Readings()
    for reading in sent:
        readings.add(reading, NOW_US)
    drawn = data.draw(
        st.lists(outcomes, min_size=len(readings.events), max_size=len(readings.events))
    )
    receipt = readings.receipt(drawn)
    counted = (
        receipt.accepted
        + receipt.duplicate
        + receipt.grown
        + receipt.conflict
        + receipt.ignored
        + receipt.spooled
    )
    assert counted + len(receipt.rejected) == len(sent) == readings.count
    indexes = [record.index for record in receipt.rejected]
    assert indexes == sorted(set(indexes))
    not_stored = {
        index
        for index, reading in enumerate(sent)
        if reading is LATE or isinstance(reading, Rejected)
    }
    assert not_stored <= set(indexes)


def test_an_event_from_the_future_is_refused_with_its_index_and_the_remedy() -> None:
    readings = Readings()
    readings.add(GOOD, NOW_US)
    readings.add(LATE, NOW_US)
    (record,) = readings.receipt([Outcome.ACCEPTED]).rejected
    assert record.index == 1
    assert "clock" in record.reason


def test_an_event_of_a_sealed_day_is_rejected_at_its_own_place() -> None:
    readings = Readings()
    for reading in (Rejected("no"), GOOD, Ignored("no usage"), GOOD):
        readings.add(reading, NOW_US)
    receipt = readings.receipt([Outcome.ACCEPTED, Outcome.SEALED])
    assert receipt.rejected == [RejectedRecord(0, "no"), RejectedRecord(3, store.SEALED)]
    assert (receipt.accepted, receipt.ignored) == (1, 1)


def test_a_native_receipt_names_the_first_ten_unknown_fields_once_each() -> None:
    readings = Readings()
    for number in range(30):
        readings.note_unknown(("colour", f"field_{number}"))
    assert readings.native_receipt([]).unknown_fields == [
        "colour",
        *(f"field_{number}" for number in range(9)),
    ]
