"""The page: the report's own figures, every name as text, no script, and errors as pages."""

import json
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from advisor import words
from advisor.publishing import routes, wire
from advisor.report import report
from advisor.report.figures import Report
from ledger import access, clock, facts, settings
from ledger.database import Database
from tests import ledgers
from tests.advisor.stages import advised_ledger

pytestmark = pytest.mark.usefixtures("frozen_now")
VOID = {"meta", "link", "input", "br", "line", "rect"}
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}",
    "'; DROP TABLE series; --",
    "</style><script>x</script>",
    "javascript:alert(1)",
    "&lt;b&gt;",
    "\u202egnp.exe",
]


@dataclass
class ParsedPage(HTMLParser):
    """A page taken apart: its elements, its text, and the exact amounts under their texts."""

    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    amounts: list[tuple[str, str]] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag, f"{tag} is closed out of order"

    def handle_data(self, data: str) -> None:
        if self.open[-1:] == ["data"]:
            self.amounts.append((self.elements[-1][1]["value"] or "", data))
        if self.open[-1:] != ["style"]:
            self.text.append(data)


def client_of(database: Database, **overrides: object) -> TestClient:
    """An advisor on a ledger."""
    app = FastAPI()
    routes.install(app, database, settings.load(**{"pairs": ledgers.SETTINGS.pairs, **overrides}))
    return TestClient(app)


def parsed(html: str) -> ParsedPage:
    """A page taken apart; it is well formed."""
    page = ParsedPage()
    page.feed(html)
    assert page.open == []
    return page


def built(database: Database, month: str | None = None) -> Report:
    """The report that the page shows."""
    with database.snapshot() as session:
        return report.build(session, ledgers.SETTINGS, clock.now_us(), month)


@pytest.mark.parametrize("month", [None, "2026-10"])
def test_every_amount_on_the_page_is_one_of_the_report(filled: Database, month: str | None) -> None:
    page = parsed(client_of(filled).get("/", params={"month": month} if month else {}).text)
    figures = built(filled, month)
    exact = set(re.findall(r'"(-?[0-9]+\.[0-9]+)"', wire.encode(figures).decode()))
    amounts = {amount for amount, _ in page.amounts if amount}
    assert amounts <= exact
    expected = {
        figures.total.cost_usd,
        *(
            usage.cost_usd
            for usage in (*figures.models, *figures.projects)
            if usage.cost_usd is not None
        ),
        *(day.cost_usd for day in figures.days),
        *(
            item.saving_month.low_usd
            for item in figures.savings.recommendations
            if item.saving_month
        ),
    }
    if figures.savings.total and figures.savings.until_retirement:
        expected |= {figures.savings.total.low_usd, figures.savings.until_retirement.low_usd}
    assert expected <= amounts
    text = "".join(page.text)
    assert all(note in text for note in figures.notes)
    assert ("forecast" in text) is (month is None)
    assert "Replayed sample traffic." not in text


def test_the_break_even_is_the_one_of_the_api_with_the_expected_one_beneath(
    filled: Database,
) -> None:
    html = client_of(filled).get("/").text
    cells = re.findall(
        r'data-label="Break-even" class="number">([^<]*)(?:<span class="why">([^<]*)</span>)?</td>',
        html,
    )
    break_evens = [
        tuple(words.percent(item.breakeven_escalation_ratio(at)) for at in ("neutral", "expected"))
        for item in built(filled).savings.recommendations
    ]
    assert break_evens
    assert cells == [(limit, f"{expected} expected") for limit, expected in break_evens]


def test_an_unknown_amount_reads_unknown(database: Database) -> None:
    ledgers.add(database, [ledgers.event(label_set=ledgers.labels(model="house-model"))])
    ledgers.settle(database)
    page = parsed(client_of(database).get("/").text)
    assert page.amounts[0] == ("", "unknown")
    assert "provisional" in "".join(page.text)


def test_sample_traffic_is_labelled(filled: Database) -> None:
    with filled.transaction() as session:
        facts.put(session, facts.SAMPLE_PROJECTS, json.dumps(["search"]))
    text = "".join(parsed(client_of(filled).get("/").text).text)
    assert "Replayed sample traffic." in text
    assert "sample" in text


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_shown_as_text_and_nothing_else(name: str, database: Database) -> None:
    hostile = ledgers.labels(project=name, workload=name, model=name)
    ledgers.add(
        database,
        [
            ledgers.event(label_set=hostile),
            ledgers.event(label_set=ledgers.labels(project=name, workload=name)),
        ],
    )
    ledgers.settle(database)
    plain = client_of(database).get("/")
    page = parsed(plain.text)
    assert name in page.text or any(name in text for text in page.text)
    assert {tag for tag, _ in page.elements}.isdisjoint({"script", "img", "iframe", "object", "b"})
    assert not any(
        attribute.startswith("on") or attribute == "style"
        for _, attributes in page.elements
        for attribute in attributes
    )
    links = [
        attributes.get("href") or "" for _, attributes in page.elements if "href" in attributes
    ]
    assert all(link.startswith(("/", "data:,")) and not link.startswith("//") for link in links)


def test_the_page_may_load_nothing_but_its_own_style(database: Database) -> None:
    answer = client_of(database).get("/")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"


def test_tables_have_headers_and_the_page_a_language(filled: Database) -> None:
    page = parsed(client_of(filled).get("/").text)
    assert ("html", {"lang": "en"}) in page.elements
    assert all("scope" in attributes for tag, attributes in page.elements if tag == "th")
    assert sum(tag == "h1" for tag, _ in page.elements) == 1


def test_an_empty_ledger_says_how_to_send_the_first_event(database: Database) -> None:
    text = "".join(
        parsed(client_of(database, public_url="https://llm.example/").get("/").text).text
    )
    assert "curl https://llm.example/v1/events" in text
    assert "switchwise import " in text
    event = json.loads(re.search(r"-d '(\{.*?\})'", text, re.DOTALL).group(1))  # type: ignore[union-attr]  # fails below
    assert event["time"] == "2026-11-23T20:00:00Z"


def test_a_month_without_traffic_leads_to_the_latest_one(filled: Database) -> None:
    page = parsed(client_of(filled).get("/", params={"month": "2026-01"}).text)
    assert "No traffic in 2026-01" in "".join(page.text)
    assert ("a", {"href": "/?month=2026-11"}) in page.elements
    assert [attributes["value"] for tag, attributes in page.elements if tag == "option"] == [
        "2026-11",
        "2026-10",
        "2026-01",
    ]


@pytest.mark.parametrize("month", ["2026-13", "now", "2027-01", "<script>"])
def test_a_wrong_month_is_refused_with_a_page_that_says_why(month: str, database: Database) -> None:
    answer = client_of(database).get("/", params={"month": month})
    assert answer.status_code == 400
    text = "".join(parsed(answer.text).text)
    assert "is not a month; write it as YYYY-MM" in text or "lies in the future" in text


def test_where_keys_are_needed_only_readers_see_the_page(filled: Database) -> None:
    client = client_of(filled, require_keys=True)
    keys = {}
    with filled.transaction() as session:
        for scope, project in (("read", None), ("ingest", None), ("read", "support")):
            created = access.create_key(
                session, scope, [scope], project=project, namespace="n", now_us=0
            )
            keys[scope, project] = {"Authorization": f"Bearer {created[1]}"}
    refused = client.get("/")
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
    assert "an API key is needed" in refused.text
    assert client.get("/", headers=keys["ingest", None]).status_code == 403
    assert "search / chat" in client.get("/", headers=keys["read", None]).text
    own = client.get("/", headers=keys["read", "support"])
    assert own.status_code == 200
    assert "support" in own.text
    assert "search" not in own.text
    assert "house-model" not in own.text


def test_a_slice_that_people_have_decided_on_shows_its_stage_and_is_told_to_be_outside_the_total(
    database: Database,
) -> None:
    name = advised_ledger.fill(database).recommendation.id
    remark = "without what people have decided on"
    ledgers.add(database, advised_ledger.traffic(range(1, 29), project="support"))
    ledgers.settle(database)
    for action in ("claim", "pilot", "adopt"):
        page = client_of(database).get("/").text
        assert (page.count(">try on a part first</span>"), remark in page) == (2, False)
        advised_ledger.change(database, name, action)
    page = client_of(database).get("/").text
    parsed(page)
    assert (page.count(">try on a part first</span>"), remark in page) == (1, True)
    assert '<span class="decision">adopted</span>' in page
    assert "The frozen estimate says" not in page
