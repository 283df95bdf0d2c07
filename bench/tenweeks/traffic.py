"""The traffic of the ten weeks as native events: drawn at random, the same for the same plan."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from bench.tenweeks import workloads
from bench.tenweeks.workloads import Workload

NativeEvent = dict[str, object]
"""A native event, as the collector takes it in JSON."""

WEEKDAY_FACTORS = (1.0, 1.06, 1.08, 1.03, 0.92, 0.36, 0.30)
OUTLIER_DAYS_BEFORE_END = 12
TARGET_OUTPUT_FACTOR = 1.08
"""What the smaller model writes, over what the larger one would have written."""
TARGET_LATENCY_FACTOR = 0.62
_DAILY_SIGMA, _SIZE_SIGMA, _LATENCY_SIGMA, _CACHED_SIGMA = 0.04, 0.45, 0.35, 0.06
_HIGHEST_CACHED_SHARE = 0.97
_FASTEST_MS = 60
_RETRY_COUNTS = (1, 1, 1, 2)
_TOKENS = ("input_tokens", "cached_input_tokens", "output_tokens")
_EVERY_TOKEN = (*_TOKENS, "cache_write_input_tokens", "reasoning_tokens")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficPlan:
    """Which traffic, over which weeks. No event is later than `until`.

    `projects` and `workloads` count all; what exceeds the usual ones is added as small ones.
    """

    until: datetime
    weeks: int = 10
    seed: int = 41
    scale: float = 1.0
    projects: int = 6
    workloads: int = 0

    @property
    def first_day(self) -> date:
        """The first UTC day with traffic."""
        return self.until.date() - timedelta(weeks=self.weeks)

    @property
    def switch_day(self) -> date:
        """The UTC day, half way, from which on a workload with a target model runs there."""
        return self.first_day + timedelta(weeks=self.weeks) / 2

    @property
    def outlier_day(self) -> date:
        """The UTC day on which one workload has far more traffic than usual."""
        return self.until.date() - timedelta(days=OUTLIER_DAYS_BEFORE_END)

    @property
    def every_workload(self) -> tuple[Workload, ...]:
        """The workloads that send, at the size of this plan."""
        usual_and_small = workloads.with_small_ones(
            projects=self.projects, workloads=self.workloads
        )
        return workloads.scaled(usual_and_small, self.scale)

    @property
    def every_day(self) -> tuple[date, ...]:
        """The UTC days with traffic; the last one ends at `until`."""
        count = (self.until.date() - self.first_day).days + 1
        return tuple(self.first_day + timedelta(days=number) for number in range(count))


def write(plan: TrafficPlan, folder: Path) -> list[Path]:
    """Write a file of native JSON lines for each day, named after it; the files in order."""
    folder.mkdir(parents=True, exist_ok=True)
    return [_write_day(plan, day, folder) for day in plan.every_day]


def events(plan: TrafficPlan, day: date) -> list[NativeEvent]:
    """The events of a day in order of time. Days do not depend on each other."""
    unordered = (
        event for workload in plan.every_workload for event in _of_workload(plan, workload, day)
    )
    return sorted(unordered, key=lambda event: str(event["time"]))


def _write_day(plan: TrafficPlan, day: date, folder: Path) -> Path:
    path = folder / f"{day}.jsonl"
    lines = (json.dumps(event, separators=(",", ":")) + "\n" for event in events(plan, day))
    path.write_text("".join(lines), encoding="utf-8")
    return path


def _of_workload(plan: TrafficPlan, workload: Workload, day: date) -> Iterator[NativeEvent]:
    """The events of one workload on a day, in no order."""
    labels = f"{workload.project} {workload.name} {workload.model} {workload.requested_tier}"
    draw = random.Random(f"{plan.seed} {labels} {day}")
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    switched = day >= plan.switch_day
    for number in range(_request_count(plan, workload, day, draw)):
        (hour,) = draw.choices(range(24), workload.hour_weights)
        instant = midnight + timedelta(hours=hour, seconds=draw.random() * 3_600)
        event = _request(workload, draw, switched=switched)
        tier = workload.requested_tier or "s"
        event["id"] = f"{day:%m%d}-{workload.project}-{workload.name}-{tier}-{number}"
        event["time"] = instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        if instant <= plan.until:
            yield event


def _request_count(plan: TrafficPlan, workload: Workload, day: date, draw: random.Random) -> int:
    growth: float = (1 + workload.weekly_growth) ** ((day - plan.first_day).days / 7)
    expected = workload.requests_per_weekday * WEEKDAY_FACTORS[day.weekday()] * growth
    expected *= draw.gauss(1, _DAILY_SIGMA)
    if day == plan.outlier_day:
        expected *= workload.outlier_factor
    return max(0, round(expected))


def _request(workload: Workload, draw: random.Random, *, switched: bool) -> NativeEvent:
    """One request without its id and time.

    The order of the draws is part of the plan: another order gives other events.
    """
    input_tokens = max(1, round(workload.input_tokens * draw.lognormvariate(0, _SIZE_SIGMA)))
    output_tokens = max(1, round(workload.output_tokens * draw.lognormvariate(0, _SIZE_SIGMA)))
    moves = switched and workload.target_model is not None
    moved = moves and draw.random() >= workload.hold_out_share
    if moved:
        output_tokens = round(output_tokens * TARGET_OUTPUT_FACTOR)
    cached_tokens = round(input_tokens * _cached_share(workload, draw))
    latency_ms = workload.latency_ms * (TARGET_LATENCY_FACTOR if moved else 1)
    event: NativeEvent = {
        "provider": workload.provider,
        "model": workload.target_model if moved else workload.model,
        "input_tokens": input_tokens,
        "cached_input_tokens": cached_tokens,
        "output_tokens": output_tokens,
        "latency_ms": max(_FASTEST_MS, round(latency_ms * draw.lognormvariate(0, _LATENCY_SIGMA))),
    }
    if workload.cache_write_share:
        uncached_tokens = input_tokens - cached_tokens
        event["cache_write_input_tokens"] = round(uncached_tokens * workload.cache_write_share * 2)
    if workload.reasoning_share:
        event["reasoning_tokens"] = round(output_tokens * workload.reasoning_share)
    event |= _labels(workload, is_hold_out=moves and not moved)
    event |= _tiers(workload, draw)
    return _with_outcome(event, workload, draw)


def _cached_share(workload: Workload, draw: random.Random) -> float:
    if not workload.cached_share:
        return 0
    share = draw.gauss(workload.cached_share, _CACHED_SIGMA)
    return min(_HIGHEST_CACHED_SHARE, max(0.0, share))


def _labels(workload: Workload, *, is_hold_out: bool) -> NativeEvent:
    labels = {
        "project": workload.project,
        "workload": workload.hold_out_name if is_hold_out else workload.name,
        "features": list(workload.features),
    }
    return {name: label for name, label in labels.items() if label}


def _tiers(workload: Workload, draw: random.Random) -> NativeEvent:
    """The tier that a request names, and the one that it is served at."""
    if workload.requested_tier is None:
        return {}
    is_served = draw.random() < workload.requested_tier_share
    return {
        "service_tier_requested": workload.requested_tier,
        "service_tier": workload.requested_tier if is_served else "standard",
    }


def _with_outcome(event: NativeEvent, workload: Workload, draw: random.Random) -> NativeEvent:
    """The event as it ended: failed, sent again, with estimated usage, without usage, or well."""
    failed_below = workload.failure_share
    retried_below = failed_below + workload.retry_share
    estimated_below = retried_below + workload.estimated_share
    missing_below = estimated_below + workload.missing_share
    chance = draw.random()
    if chance < failed_below:
        return _without(event, _EVERY_TOKEN) | {"status": "failure"}
    if chance < retried_below:
        return event | {"retry_count": draw.choice(_RETRY_COUNTS)}
    if chance < estimated_below:
        return event | {"usage_source": "estimated"}
    if chance < missing_below:
        return _without(event, _TOKENS)
    return event


def _without(event: NativeEvent, names: tuple[str, ...]) -> NativeEvent:
    return {name: value for name, value in event.items() if name not in names}
