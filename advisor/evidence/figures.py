"""A comparison as every face shows it: decimal text for ratios, integers for counts. No arithmetic."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MeasuredFigure:
    """A factor as measured: the one-sided 95 % bounds and the expected, and over how many `unit` (conversations or days)."""

    name: str
    least: str
    expected: str
    most: str
    groups: int
    unit: str


@dataclass(frozen=True, slots=True)
class RunFigure:
    """An earlier comparison of the same models on the same workload."""

    id: str
    measured_on: str
    verdict: str
    pairs: int


@dataclass(frozen=True, slots=True)
class EvidenceFigure:
    """What paired results say of a target, by which test, and whether it counts today.

    The spans are one-sided 95 % bounds of the two pass rates; of a judge's marks they carry its labels too.
    `doubt` is the reason code that keeps it from opening the way to a switch; None where nothing does. `bound_ratio` is the
    one-sided 95 % lower bound: of the ratio or the difference of pass rates, or of graded scores less what is asked.
    """

    id: str
    from_model: str
    to_model: str
    project: str
    workload: str
    kind: str
    rule: str
    threshold: str
    verdict: str
    doubt: str | None
    items: int
    pairs: int
    conversations: int
    left_out: int
    both_right: int | None
    only_source_right: int | None
    only_target_right: int | None
    neither_right: int | None
    source_ratio: str | None
    target_ratio: str | None
    source_span: tuple[str, str] | None
    target_span: tuple[str, str] | None
    bound_ratio: str | None
    measured_on: str
    expires_on: str
    age_days: int
    drift_ratio: str | None
    judge: str | None
    judge_labels: int | None
    source: str
    imported_by: str
    factors: tuple[MeasuredFigure, ...]
    earlier: tuple[RunFigure, ...]
    withdrawn: str | None = None
