"""A real LiteLLM proxy and client: the ledger holds what the provider counted."""

import re
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from tests import processes
from tests.integrations import proxy, upstream
from tests.integrations.loss import Site
from tests.integrations.proxy import OURS, Proxy
from tests.integrations.upstream import METERS, SNAPSHOT

pytestmark = pytest.mark.full
PROJECTS = ("search", "support")
COLUMNS = dict(
    zip(
        METERS,
        ("requests", "input_tokens", "cached_input_tokens", "output_tokens", "reasoning_tokens"),
        strict=True,
    )
)
FAILURES = 5
"""The failed calls of one project.

They are a 429, a 500, and three first attempts, after which the proxy, the client and a fallback
succeeded.
"""

Cells = Counter[tuple[str, str, str, str]]


def canary(project: str) -> str:
    """A text that each prompt and each answer of a project holds, and nothing else may."""
    return f"CANARY-{project}"


def chat(
    project: str, model: str = "gpt-4.1", sent: Mapping[str, object] | None = None, **plan: object
) -> dict[str, object]:
    """A chat completion that follows a plan; `sent` is what the client adds to its body."""
    content = upstream.prompt(canary(project), project=project, answer=canary(project), **plan)
    messages = [
        {"role": "system", "content": canary(project)},
        {"role": "user", "content": content},
    ]
    return {
        "key": f"sk-{project}",
        "kind": "chat",
        "arguments": {"model": model, "messages": messages, **(sent or {})},
    }


def other(
    project: str, kind: str, model: str, stream: bool = False, **plan: object
) -> dict[str, object]:
    """A call of the Responses API or for embeddings."""
    sent = {
        "model": model,
        "input": upstream.prompt(canary(project), project=project, answer=canary(project), **plan),
    }
    return {
        "key": f"sk-{project}",
        "kind": kind,
        "arguments": {**sent, "stream": True} if stream else sent,
    }


def calls(project: str) -> list[dict[str, object]]:
    """One of every kind of call, with token counts that no two share."""
    with_usage = {"stream": True, "stream_options": {"include_usage": True}}
    workload = {"extra_body": {"metadata": {"tags": ["workload:answers", canary(project)]}}}
    retried = {"extra_body": {"num_retries": 2}}
    return [
        chat(project, input=1_200, cached=1_024, output=85, sent=workload),
        chat(project, "smart", input=901, output=33, reasoning=17),
        chat(project, "gpt-4.1-mini", input=10_007, cached=4_096, output=301),
        chat(project, input=57, output=5, sent={"stream": True}),
        chat(project, input=61, output=7, cached=32, sent=with_usage),
        chat(project, input=71, output=9, tier="priority", sent={"service_tier": "priority"}),
        chat(project, input=73, output=11, tier="default", sent={"service_tier": "flex"}),
        chat(project, input=79, output=13, seconds=2),
        chat(project, input=83, fail=429),
        chat(project, input=89, fail=500),
        chat(
            project,
            input=97,
            output=15,
            fail=500,
            times=1,
            name=f"{project} proxy retries",
            sent=retried,
        ),
        {
            **chat(
                project, input=101, output=16, fail=500, times=1, name=f"{project} client retries"
            ),
            "retries": 2,
        },
        chat(
            project,
            "fragile",
            input=103,
            output=17,
            fail=500,
            times=1,
            name=f"{project} falls back",
        ),
        chat(project, input=127, output=23, sent={"extra_body": {"no-log": True}}),
        other(project, "responses", "gpt-4.1", input=107, cached=64, output=19, reasoning=3),
        other(project, "responses", "gpt-4.1-mini", stream=True, input=109, output=21),
        other(project, "embeddings", "text-embedding-3-small", input=113),
    ]


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """A provider, and the whole product as real processes."""
    with Site() as site:
        yield site


@pytest.fixture(scope="module")
def busy_proxy(site: Site) -> Proxy:
    """A proxy with our callback and LiteLLM's own metrics, after all kinds of calls."""
    sections = proxy.documented(0, site.address)
    sections["litellm_settings"]["callbacks"] = [
        sections["litellm_settings"]["callbacks"],
        "prometheus",
    ]
    proxy_of_all_calls = site.proxy(sections=sections)
    results = proxy.client(
        proxy_of_all_calls.address, [call for project in PROJECTS for call in calls(project)]
    )
    assert Counter(result["status"] for result in results if "status" in result) == {429: 2, 500: 2}
    processes.wait_until(
        lambda: not proxy_of_all_calls.spooled_bytes() and sums(site) == books(site),
        "the same sums",
        60,
    )
    return proxy_of_all_calls


def books(site: Site, *projects: str) -> Cells:
    """What the provider served, under the ledger's words."""
    tiers = {"default": "standard"}
    return Counter(
        {
            (project, model, tiers.get(tier, tier), COLUMNS[meter]): amount
            for (project, model, tier, meter), amount in site.provider.answered.items()
            if amount and project in (projects or PROJECTS)
        }
    )


def sums(site: Site, *projects: str) -> Cells:
    """What the ledger has rolled up of successes; a snapshot counts under its model."""
    amounts_of_columns = ", ".join(f"sum(u.{column})" for column in COLUMNS.values())
    query = text(f"""
        SELECT s.project, s.model, s.service_tier, {amounts_of_columns}
        FROM usage_day u JOIN series s ON s.id = u.series_id
        WHERE s.status = 'success' GROUP BY 1, 2, 3
    """)
    cells: Cells = Counter()
    with site.database.snapshot() as session:
        for project, model, tier, *amounts in session.execute(query):
            for column, amount in zip(COLUMNS.values(), amounts, strict=True):
                if project in (projects or PROJECTS) and amount:
                    cells[project, model.removesuffix(f"-{SNAPSHOT}"), tier, column] += int(amount)
    return cells


def test_ll_13280_every_endpoint_counts_once_and_to_the_token_as_the_provider_served_it(
    site: Site, busy_proxy: Proxy
) -> None:
    assert busy_proxy.spooled_bytes() == 0
    assert sums(site) == books(site)
    assert sum(amount for (*_, meter), amount in sums(site).items() if meter == "requests") == 2 * (
        len(calls("")) - 2
    )


@pytest.mark.usefixtures("busy_proxy")
def test_a_failure_counts_as_a_request_and_what_a_client_tried_again_is_known(site: Site) -> None:
    query = text("""
        SELECT s.project, s.workload, s.status, count(*), sum(e.retry_count), sum(e.input_tokens)
        FROM event e JOIN series s ON s.id = e.series_id GROUP BY 1, 2, 3
    """)
    with site.database.snapshot() as session:
        rows = {
            (project, workload, status): figures
            for project, workload, status, *figures in session.execute(query)
        }
    for project in PROJECTS:
        assert rows[project, "unlabelled", "failure"] == [FAILURES, 0, None]
        assert rows[project, "unlabelled", "success"][1] == 1
        assert rows[project, "answers", "success"][0] == 1


def test_litellms_own_metrics_count_the_same_requests_and_tokens(
    site: Site, busy_proxy: Proxy
) -> None:
    request = urllib.request.Request(  # noqa: S310
        f"{busy_proxy.address}/metrics/", headers={"Authorization": "Bearer sk-search"}
    )
    with urllib.request.urlopen(request) as response:  # noqa: S310  # ours
        exposed = response.read().decode()
    counters = {
        "litellm_requests_metric_total": "requests",
        "litellm_input_tokens_metric_total": "input_tokens",
        "litellm_input_cached_tokens_metric_total": "cached_input_tokens",
        "litellm_output_tokens_metric_total": "output_tokens",
        "litellm_output_reasoning_tokens_metric_total": "reasoning_tokens",
    }
    theirs: Counter[tuple[str, str, str]] = Counter()
    for family in text_string_to_metric_families(exposed):
        for sample in family.samples:
            if sample.name in counters and sample.labels["team_alias"] in PROJECTS and sample.value:
                model = sample.labels["model"].removesuffix(f"-{SNAPSHOT}")
                theirs[sample.labels["team_alias"], model, counters[sample.name]] += int(
                    sample.value
                )
    ours: Counter[tuple[str, str, str]] = Counter()
    for (project, model, _, meter), amount in sums(site).items():
        ours[project, model, meter] += amount
    assert ours == theirs


def test_no_word_of_a_prompt_or_an_answer_is_on_the_wire_or_on_disk(
    site: Site, busy_proxy: Proxy
) -> None:
    bodies = [
        path.read_bytes() for path in files(busy_proxy.spool) + files(site.product.data.parent)
    ]
    assert len(bodies) > 2
    canaries = re.compile("|".join(map(canary, PROJECTS)).encode())
    assert [
        canary_text for body in bodies + site.gate.bodies for canary_text in canaries.findall(body)
    ] == []
    assert re.search(rb'"user_api_key_team_alias":"support"', b"".join(site.gate.bodies))


def files(folder: Path) -> list[Path]:
    """Every file below a folder."""
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_proxy_that_reports_through_generic_api_as_our_readme_says_as_well_is_counted_once(
    site: Site,
) -> None:
    sections = proxy.documented(1, f"{site.address}/v1/litellm")
    sections["litellm_settings"]["callbacks"].append(OURS)
    both_ways = site.proxy(sections=sections)
    before = outcomes(site)
    proxy.client(both_ways.address, calls("both"))
    # `generic_api` may lose some of its own.
    processes.wait_until(
        lambda: outcomes(site)["duplicate"] - before["duplicate"] > 10, "both reports", 60
    )
    processes.wait_until(lambda: sums(site, "both") == books(site, "both"), "the same sums", 60)
    assert outcomes(site)["conflict"] == outcomes(site)["rejected"] == 0
    assert canary("both").encode() in b"".join(site.gate.bodies), (
        "generic_api sends every tag, so a canary can be seen"
    )


def outcomes(site: Site) -> Counter[str]:
    """What the collector says has become of the events it was sent."""
    with urllib.request.urlopen(f"{site.gate.target}/metrics") as response:  # noqa: S310  # ours
        exposed = response.read().decode()
    samples = re.findall(
        r'switchwise_ingest_events_total{format="litellm",outcome="(\w+)"} (\S+)', exposed
    )
    return Counter({outcome: int(float(amount)) for outcome, amount in samples})
