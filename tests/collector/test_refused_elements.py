"""On every way in, what is refused is counted in the ledger before the sender has its answer."""

import json
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from collector import spool
from collector.formats import litellm, native
from collector.parsing import glimpses
from collector.parsing.naming import Naming
from collector.parsing.reading import Reading
from collector.receipts import Readings
from collector.spool import Spool
from ledger import clock, events, months, refusals, tables
from ledger.database import Database
from ledger.events import Event
from ledger.refusals import RefusedSum
from tests import serving

CASE = Path(__file__).parents[1] / "golden/cases/berriai-litellm-27745/input.jsonl"
NOVEMBER = months.parse("2026-11", ZoneInfo("UTC"))
TIME = "2026-11-20T10:00:00Z"
EVENT = {"id": "a", "time": TIME, "model": "gpt-4.1", "input_tokens": 10, "output_tokens": 1}
EXCEEDS = {**EVENT, "id": "b", "cached_input_tokens": 11}
NUMBERED = {**EVENT, "id": 7}
PAYLOAD = {"id": "x", "status": "success", "prompt_tokens": 12, "completion_tokens": 82}
IMPOSSIBLE = {
    **PAYLOAD,
    "startTime": 1795168800.0,
    "metadata": {"usage_object": {"prompt_tokens_details": {"cached_tokens": 2495}}},
}


def refused(database: Database) -> dict[str, RefusedSum]:
    """What November has, by reason."""
    with database.snapshot() as session:
        return {total.reason: total for total in refusals.list_month(session, NOVEMBER)}


@pytest.mark.parametrize("way", serving.WAYS)
def test_a_refused_element_is_counted_with_its_tokens_on_every_way(
    database: Database, way: str
) -> None:
    with serving.collector(database, way) as collector:
        for _ in range(2):
            answer = serving.post(collector, [EVENT, EXCEEDS, NUMBERED])
            assert len(answer.json()["rejected"]) == 2
        assert serving.post(collector, [EXCEEDS]).status_code == 200
        assert serving.post(collector, [IMPOSSIBLE], "/v1/litellm").status_code == 200
    totals = refused(database)
    assert totals.keys() == {"parts_exceed_total", "wrong_type"}
    exceeding, numbered = totals["parts_exceed_total"], totals["wrong_type"]
    assert (exceeding.requests, exceeding.input_tokens, exceeding.output_tokens) == (2, 22, 83)
    assert (numbered.requests, numbered.input_tokens, numbered.output_tokens) == (1, 10, 1)


def test_a_refused_payload_of_an_old_day_counts_in_that_day(database: Database) -> None:
    with serving.collector(database) as collector:
        sent = {**PAYLOAD, "startTime": "2026-11-02T10:00:00+00:00"}
        serving.post(collector, [sent], "/v1/litellm")
    with database.snapshot() as session:
        rows = session.execute(tables.REFUSED_ELEMENTS.select()).mappings().all()
    assert [clock.date_of(row["day"]).isoformat() for row in rows] == ["2026-11-02"]


def test_an_answer_about_refused_elements_alone_waits_for_their_commit(
    database: Database,
) -> None:
    with serving.collector(database) as collector, database.transaction() as session:
        if database.is_sqlite:
            serving.block_writers(session)
            assert serving.post(collector, [EXCEEDS]).status_code == 503


def test_refusals_wait_in_the_spool_with_the_events_of_their_request(tmp_path: Path) -> None:
    readings = Readings("eu")
    readings.add(glimpse_of(NUMBERED), clock.now_us())
    opened = Spool(tmp_path, 1 << 20)
    opened.append(readings.events, readings.refusals)
    (group,) = opened.oldest(100)
    assert group.decode() == spool.Contents([], readings.refusals)
    assert group.decode().refusals[0].namespace == "eu"
    opened.close()


def glimpse_of(record: dict[str, object]) -> Reading:
    """What the native format makes of a record."""
    return glimpses.parse_element(native.FORMAT, json.dumps(record).encode(), Naming())


def test_parts_beside_the_input_are_added_where_the_total_proves_it() -> None:
    (payload,) = [
        json.loads(line)
        for line in CASE.read_text().splitlines()
        if json.loads(line)["prompt_tokens"] == 12
    ]
    unproved = litellm.parse(json.dumps(payload).encode(), Naming())
    proved = litellm.parse(json.dumps(payload | {"total_tokens": 2_589}).encode(), Naming())
    assert isinstance(unproved, Event)
    assert isinstance(proved, Event)
    assert events.fault_of(unproved, unproved.occurred_at) is not None
    assert events.fault_of(proved, proved.occurred_at) is None
    assert (proved.input_tokens, proved.cached_input_tokens) == (2_507, 2_495)
    assert dict(proved.meters).get("unaccounted_tokens") is None
