"""When a model is about to end and when it is gone, every face leads with what to do about it."""

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from fastapi import FastAPI
from fastapi.testclient import TestClient

from advisor.advice import retirements
from advisor.months import pricings
from advisor.publishing import routes
from advisor.publishing.alerts import rules
from advisor.stages import recommendations as stored
from deploy import demo
from ledger import clock, money, settings
from tests import ledgers
from tests.advisor import traffic
from tests.advisor.traffic import Scrape
from tests.cli.command import CommandLine

END = "2027-01-14"
LAST_DAYS, GONE = "2026-12-15", "2027-01-15"
SUCCESSOR = "gpt-6-luna"
ONE_PAIR = "gpt-4.1:gpt-4.1-mini"
BY, NOW = (
    f"You must move by {END}: gpt-4.1 shuts down then.",
    (f"You must move now: gpt-4.1 was shut down on {END}."),
)
_READ: dict[tuple[str, str, str | None], "Faces"] = {}
"""By ledger, its faces: they are many, and read once for all tests."""
_NO_MONEY = re.compile(r"\$0\.00(?!\d)")


@dataclass(frozen=True, slots=True)
class Faces:
    """Every face of a ledger, as people and machines read it."""

    day: str
    report: str
    advise: str
    explain: str
    page: str
    detail: str
    months: dict[str, Any]
    recommendations: dict[str, Any]
    scrape: Scrape
    review: dict[str, Any]
    alerts: tuple[str, ...]

    @property
    def is_gone(self) -> bool:
        """Whether the model has been shut down."""
        return self.day > END

    @property
    def advice(self) -> list[dict[str, Any]]:
        """The listed advice."""
        listed: list[dict[str, Any]] = self.recommendations["recommendations"]
        return listed

    @property
    def texts(self) -> tuple[str, ...]:
        """What people read."""
        return (self.report, self.advise, self.page, self.detail, *self.alerts)


def _records(day: str) -> Iterator[str]:
    """Five weeks of GPT-4.1 traffic of two projects up to a morning, a record a line."""
    now_us = clock.to_us(datetime.fromisoformat(f"{day}T09:00:00+00:00"))
    for age in range(35):
        for turn in range(100):
            at_us = now_us - age * clock.DAY_US - clock.HOUR_US + turn * clock.SECOND_US
            yield json.dumps(
                {
                    "id": f"{age}-{turn}",
                    "time": clock.rfc3339(at_us),
                    "provider": "openai",
                    "model": "gpt-4.1-2025-04-14",
                    "project": "search" if turn % 2 else "chat",
                    "workload": "answers",
                    "input_tokens": 30_000,
                    "output_tokens": 1_003,
                }
            )


def _import(line: CommandLine, day: str) -> None:
    log = line.data / "log.jsonl"
    log.write_text("\n".join(_records(day)))
    line.said(f"import {shlex.quote(str(log))}")


def _replay(line: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "DAYS", 7)
    demo.replay(line.database, settings.load(), lambda *_: None)
    ledgers.settle(line.database, settings.load())


def _read_faces(line: CommandLine, day: str) -> Faces:
    app = FastAPI()
    routes.install(app, line.database, settings.load())
    client = TestClient(app)
    recommendations = client.get("/api/v1/recommendations").json()
    first = recommendations["recommendations"][0]["id"]
    folder = line.data / "review"
    line.said(f"export --month {day[:7]} --out {shlex.quote(str(folder))} --format json")
    with line.database.snapshot() as session:
        verdicts = rules.judge(
            [row.recommendation for row in stored.read_current(session)],
            retirements.find_in_use(session, pricings.in_force(session), clock.now_us()),
            {},
            threshold_femto_usd=money.FEMTO_PER_USD,
            sample_projects=(),
        )
    return Faces(
        day=day,
        report=line.said("report"),
        advise=line.said("advise"),
        explain=line.said(f"explain {first}"),
        page=_text_of(client.get("/").text),
        detail=_text_of(client.get(f"/recommendations/{first}").text),
        months=client.get("/api/v1/report").json(),
        recommendations=recommendations,
        scrape=traffic.scrape(line.database),
        review=json.loads((folder / day[:7] / "review.json").read_text()),
        alerts=tuple(verdict.text for verdict in verdicts if verdict.text),
    )


def _text_of(page: str) -> str:
    body = page.partition("<main")[2]
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


@pytest.fixture(
    params=[
        ("demo", LAST_DAYS, None),
        ("demo", GONE, None),
        ("import", LAST_DAYS, None),
        ("import", GONE, None),
        ("import", LAST_DAYS, ONE_PAIR),
        ("import", GONE, ONE_PAIR),
    ],
    ids=lambda param: "-".join(filter(None, param)),
)
def faces(
    request: pytest.FixtureRequest, line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> Faces:
    """The faces of a ledger that was replayed or imported, in the last days and afterwards."""
    param = origin, day, policy = request.param
    if param in _READ:
        return _READ[param]
    if policy:
        monkeypatch.setenv("SWITCHWISE_PAIRS", policy)
    instant = datetime.fromisoformat(f"{day}T09:00:00+00:00")
    with time_machine.travel(instant, tick=False):
        if origin == "demo":
            _replay(line, monkeypatch)
        else:
            _import(line, day)
        _READ[param] = _read_faces(line, day)
    return _READ[param]


def test_every_face_leads_with_what_to_do(faces: Faces) -> None:
    must_move = NOW if faces.is_gone else BY
    task = f"move to {SUCCESSOR}, a part first" if faces.is_gone else f"try {SUCCESSOR} on a part"
    departures = faces.months["savings"]["departures"]
    assert departures == faces.recommendations["departures"]
    (departure,) = departures
    assert (departure["model"], departure["shutdown_day"]) == ("gpt-4.1", END)
    assert departure["workloads"] == len(faces.advice) == 2
    assert departure["sentence"].startswith(must_move)
    assert task in departure["task"]
    # The first line under the title, the first card, the first lines of the list.
    headline = next(row for row in faces.report.splitlines() if row.startswith("Must move"))
    assert faces.report.index(headline) < faces.report.index("Spent")
    assert ("now" if faces.is_gone else END) in headline
    assert faces.page.index("Must move") < faces.page.index("Spent this month")
    assert departure["sentence"] in faces.page
    assert faces.advise.index("You must move") < faces.advise.index("until")
    for text in (faces.advise, faces.page, faces.detail, faces.explain.replace("\n", " ")):
        assert " ".join(must_move.split()) in " ".join(text.split())
    assert all(row["must_move"] == must_move for row in faces.advice)
    assert all(row["notices"] == ["source_retires"] for row in faces.advice)
    rows = faces.review["savings"]
    assert {(row["must_move"], row["ends_on"]) for row in rows} == {(must_move, END)}
    shutdown = next(text for text in faces.alerts if "shut" in text.partition("\n")[0])
    assert shutdown.splitlines()[1].startswith("Must move: 2 workloads")
    assert task in shutdown


def test_no_face_shows_nothing_as_money_or_money_of_what_cannot_be(faces: Faces) -> None:
    blocked = [
        other
        for row in faces.months["savings"]["recommendations"]
        for other in row.get("alternatives", ())
        if other["decision"] == "blocked"
    ]
    assert all(other["saving_month"] is None for other in blocked)
    for text in faces.texts:
        assert not _NO_MONEY.search(text), text
    # 41.5 % of what the input costs is the low end of the move to Mini.
    for row in faces.advice:
        assert row["to_model"] == SUCCESSOR
        if faces.is_gone:
            assert row["saving_month"] is None
            assert row["replacement"] in faces.page
            assert f" {row['replacement']}"[:60] in " ".join(faces.advise.split())
            assert Decimal(row["replacement_month"]["low_usd"]) > 0
        else:
            assert row["saving_month"] is not None
            assert row["replacement"] is None


def test_what_is_gone_has_no_potential_but_a_cost_in_its_place(faces: Faces) -> None:
    names = ("savings_potential_low_usd", "savings_potential_usd", "savings_potential_high_usd")
    replacements = ("replacement_low_usd", "replacement_usd", "replacement_high_usd")
    savings = faces.months["savings"]
    for name in names:
        assert len(traffic.of(faces.scrape, name)) == (0 if faces.is_gone else 2)
    for name in replacements:
        assert len(traffic.of(faces.scrape, name)) == (2 if faces.is_gone else 0)
    totals = [traffic.of(faces.scrape, f"savings_{total}_usd") for total in ("total", "safe")]
    assert [bool(total) for total in totals] == [not faces.is_gone] * 2
    for name in ("total", "safe_now", "after_trial", "until_retirement"):
        assert (savings[name] is None) is faces.is_gone
    for row in faces.review["savings"]:
        assert (row["month_low_usd"] is None) is faces.is_gone
        assert row["replacement_month_low_usd"] is not None
    assert "sent back to gpt-4.1" not in (faces.advise if faces.is_gone else "")
    assert "redone on gpt-4.1" not in (faces.advise if faces.is_gone else "")


def test_the_saving_ends_when_the_model_does(faces: Faces) -> None:
    ends = set(traffic.of(faces.scrape, "savings_end_timestamp_seconds").values())
    (retirement,) = {
        value
        for labels, value in traffic.of(faces.scrape, "model_retirement_timestamp_seconds").items()
        if dict(labels)["model"] == "gpt-4.1"
    }
    assert ends == {retirement}
    assert clock.from_us(int(retirement) * clock.SECOND_US).date().isoformat() == END


def test_other_models_last_and_say_how_long(faces: Faces) -> None:
    others = re.findall(r"([\w.-]+) \([^)]*gap [^)]*, ([^)]*)\)", faces.page)
    assert others
    for model, lasts in others:
        assert lasts == "no end announced" or int(lasts.split()[0].replace(",", "")) >= 365, model
    assert "no end announced" in " ".join(faces.report.split())
    assert "no end announced" in faces.advise
    assert "no end announced" in faces.detail


@pytest.mark.parametrize("day", ["2026-11-23", LAST_DAYS, GONE])
def test_what_is_blocked_shows_no_money_on_any_face(line: CommandLine, day: str) -> None:
    with time_machine.travel(datetime.fromisoformat(f"{day}T09:00:00+00:00"), tick=False):
        _import(line, day)
        for project in ("chat", "search"):
            line.said(f"opt out {project} --reason 'audited until March'")
        faces = _read_faces(line, day)
    assert {row["decision"] for row in faces.advice} == {"blocked"}
    for row in faces.advice:
        assert (row["saving_month"], row["condition"], row["replacement"]) == (None, None, None)
    assert {row["month_low_usd"] for row in faces.review["savings"]} == {None}
    for name in ("savings_potential_usd", "savings_total_usd", "replacement_usd"):
        assert not traffic.of(faces.scrape, name)
    for text in faces.texts:
        assert not _NO_MONEY.search(text), text
        assert "sent back to gpt-4.1" not in text
    assert faces.months["savings"]["total"] is None
    assert "because a person took this traffic out of advice" in faces.report.replace("\n", " ")
    assert not any(text.startswith("Could save") for text in faces.alerts)
    assert "nothing: this move cannot be made" in faces.advise
