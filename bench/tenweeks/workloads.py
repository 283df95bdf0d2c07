"""The workloads of the ten weeks: who sends what to which model, how often and how large."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

EVERY_DAY = (2, 1, 1, 1, 1, 2, 4, 8, 14, 18, 19, 18, 15, 17, 19, 18, 16, 12, 8, 6, 5, 4, 3, 2)
"""Weights of the 24 UTC hours where people work by day."""
NIGHTLY = (0, 8, 12, 12, 8, 2, *[0] * 18)
"""Weights of the 24 UTC hours of a job that runs at night."""
SMALL_REQUESTS_PER_WEEKDAY = 18
"""The size of each workload that `with_small_ones` adds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """One kind of request. Sizes are medians; shares are of all requests unless they say otherwise.

    With a `target_model` the traffic moves there at the switch, but for the share that stays as the
    hold-out, under a workload name of its own.
    """

    project: str | None
    name: str | None
    provider: str
    model: str
    requests_per_weekday: int
    input_tokens: int
    output_tokens: int
    cached_share: float = 0.0
    cache_write_share: float = 0.0
    reasoning_share: float = 0.0
    weekly_growth: float = 0.015
    hour_weights: tuple[int, ...] = EVERY_DAY
    outlier_factor: float = 1.0
    requested_tier: str | None = None
    requested_tier_share: float = 1.0
    features: tuple[str, ...] = ()
    failure_share: float = 0.006
    retry_share: float = 0.0
    estimated_share: float = 0.0
    missing_share: float = 0.0
    latency_ms: int = 1_800
    target_model: str | None = None
    hold_out_share: float = 0.08
    hold_out_name: str = ""


SUPPORT_ANSWERS = Workload(
    project="support-chat",
    name="answers",
    provider="openai",
    model="gpt-4.1",
    requests_per_weekday=1_300,
    input_tokens=6_200,
    output_tokens=340,
    cached_share=0.22,
    features=("class:chat",),
    latency_ms=2_400,
    target_model="gpt-4.1-mini",
    hold_out_name="answers-control",
)
"""Moves to the smaller model at the switch, but for a hold-out."""
SUPPORT_TRIAGE = Workload(
    project="support-chat",
    name="triage",
    provider="openai",
    model="gpt-4.1-mini",
    requests_per_weekday=900,
    input_tokens=1_400,
    output_tokens=12,
    features=("class:classification", "json_schema"),
    latency_ms=520,
)
SEARCH_ANSWERS = Workload(
    project="search",
    name="answers",
    provider="openai",
    model="gpt-4.1",
    requests_per_weekday=1_500,
    input_tokens=7_400,
    output_tokens=260,
    weekly_growth=0.04,
    features=("class:summarisation",),
    latency_ms=2_100,
)
"""The open saving: it grows 4 % a week, and nobody moves it."""
SEARCH_QUERIES = Workload(
    project="search",
    name="query-rewrite",
    provider="openai",
    model="gpt-4.1-mini",
    requests_per_weekday=1_100,
    input_tokens=420,
    output_tokens=38,
    features=("class:short_text",),
    latency_ms=480,
)
CODE_REVIEW = Workload(
    project="code-assistant",
    name="review",
    provider="anthropic",
    model="claude-sonnet-4-5",
    requests_per_weekday=420,
    input_tokens=31_000,
    output_tokens=1_150,
    cached_share=0.78,
    cache_write_share=0.08,
    outlier_factor=6.0,
    features=("tools", "class:code"),
    latency_ms=11_000,
)
"""Heavily cached prompts, and one day of six times the traffic."""
CODE_COMPLETION = Workload(
    project="code-assistant",
    name="completion",
    provider="openai",
    model="gpt-4.1",
    requests_per_weekday=1_000,
    input_tokens=3_900,
    output_tokens=70,
    cached_share=0.70,
    features=("class:code",),
    latency_ms=700,
)
DOCUMENTS_NIGHTLY = Workload(
    project="documents",
    name="extraction-nightly",
    provider="openai",
    model="gpt-4.1",
    requests_per_weekday=500,
    input_tokens=14_000,
    output_tokens=420,
    hour_weights=NIGHTLY,
    requested_tier="batch",
    features=("can_wait", "class:extraction", "json_schema"),
    latency_ms=9_000,
)
"""At the batch tier, the work that the next workload does at the standard tier."""
DOCUMENTS_BY_DAY = Workload(
    project="documents",
    name="extraction",
    provider="openai",
    model="gpt-4.1",
    requests_per_weekday=260,
    input_tokens=13_500,
    output_tokens=400,
    features=("can_wait", "class:extraction", "json_schema"),
    latency_ms=4_800,
)
AGENTS_RESEARCH = Workload(
    project="agents",
    name="research",
    provider="openai",
    model="gpt-5.1",
    requests_per_weekday=300,
    input_tokens=22_000,
    output_tokens=2_600,
    cached_share=0.35,
    reasoning_share=0.6,
    weekly_growth=0.03,
    requested_tier="priority",
    requested_tier_share=0.82,
    features=("tools", "class:agentic"),
    failure_share=0.03,
    retry_share=0.07,
    latency_ms=24_000,
)
"""Requests priority, and is partly served at standard; clients send time-outs again."""
SALES_DRAFTS = Workload(
    project="sales-assistant",
    name="mail-drafts",
    provider="azure.ai.openai",
    model="prod-chat-eu",
    requests_per_weekday=380,
    input_tokens=4_100,
    output_tokens=520,
    estimated_share=0.02,
    missing_share=0.004,
    latency_ms=3_600,
)
"""A deployment whose name has no price; its usage is partly estimated or missing."""
NAMELESS = Workload(
    project=None,
    name=None,
    provider="openai",
    model="gpt-4.1-mini",
    requests_per_weekday=60,
    input_tokens=900,
    output_tokens=150,
)

WORKLOADS = (
    SUPPORT_ANSWERS,
    SUPPORT_TRIAGE,
    SEARCH_ANSWERS,
    SEARCH_QUERIES,
    CODE_REVIEW,
    CODE_COMPLETION,
    DOCUMENTS_NIGHTLY,
    DOCUMENTS_BY_DAY,
    AGENTS_RESEARCH,
    SALES_DRAFTS,
    NAMELESS,
)
_PATTERNS = (
    SEARCH_ANSWERS,
    SUPPORT_ANSWERS,
    CODE_COMPLETION,
    DOCUMENTS_BY_DAY,
    CODE_REVIEW,
    SEARCH_QUERIES,
)


def with_small_ones(*, projects: int, workloads: int) -> tuple[Workload, ...]:
    """WORKLOADS, and as many small ones of further projects as make these numbers in all."""
    usual_projects = {workload.project for workload in WORKLOADS if workload.project}
    teams = max(1, projects - len(usual_projects))
    numbers = range(max(0, workloads - len(WORKLOADS)))
    return (*WORKLOADS, *(_small(number, teams) for number in numbers))


def scaled(workloads: Sequence[Workload], scale: float) -> tuple[Workload, ...]:
    """The same workloads with this share of their requests, at least one request a weekday each."""
    return tuple(
        replace(
            workload,
            requests_per_weekday=max(1, round(workload.requests_per_weekday * scale)),
        )
        for workload in workloads
    )


def _small(number: int, teams: int) -> Workload:
    pattern = _PATTERNS[number % len(_PATTERNS)]
    return replace(
        pattern,
        project=f"team-{number % teams + 1:02}",
        name=f"{pattern.name}-{number // teams + 1}",
        requests_per_weekday=SMALL_REQUESTS_PER_WEEKDAY,
        target_model=None,
        outlier_factor=1.0,
    )
