"""A comparison of two models on one workload, before and after it is stored. Pure."""

import json
from dataclasses import dataclass
from fractions import Fraction
from hashlib import blake2b
from operator import attrgetter

from advisor.evidence.evaluation import Evaluation
from advisor.evidence.gates import QualityGate
from advisor.evidence.items import Item
from advisor.evidence.judge import JudgeLabels

_KEY_VERSION = "comparison-1"
"""Stands first in every key. Another content of the key needs another version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Paired results of two models on one workload, and how they came about.

    The models have the names that the results give them.
    """

    project: str
    workload: str
    from_model: str
    to_model: str
    gate: QualityGate
    measured_day: int
    source: str
    items: tuple[Item, ...]
    judge: str | None = None
    labels: JudgeLabels | None = None
    left_out: int = 0
    prompt_version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredComparison:
    """A comparison as stored: with its evaluation, without its items."""

    id: str
    project: str
    workload: str
    from_model: str
    to_model: str
    gate: QualityGate
    measured_day: int
    imported_at: int
    imported_by: str
    source: str
    judge: str | None
    labels: JudgeLabels | None
    left_out: int
    evaluation: Evaluation
    withdrawn_at: int | None
    withdrawn_note: str | None
    withdrawn_by: str | None = None
    prompt_version: str | None = None
    """The version of the prompt that was compared; None where the results name none."""


def key_of(comparison: Comparison) -> str:
    """The id of a comparison: 16 hex characters, a hash of what was compared and what came out.

    The same results have the same id in any order and from any file. Names of classes and fields
    are no part of it, so an id that is stored stays the id of its results.
    """
    key = (
        _KEY_VERSION,
        comparison.project,
        comparison.workload,
        comparison.from_model,
        comparison.to_model,
        comparison.gate.rule,
        _ratio_key(comparison.gate.threshold),
        comparison.measured_day,
        comparison.judge,
        _labels_key(comparison.labels),
        comparison.left_out,
        [_item_key(item) for item in sorted(comparison.items, key=attrgetter("item"))],
        *([comparison.prompt_version] if comparison.prompt_version else []),
    )
    document = json.dumps(key, ensure_ascii=True, separators=(",", ":"))
    return blake2b(document.encode("ascii"), digest_size=8).hexdigest()


def _item_key(item: Item) -> tuple[str | int | None, ...]:
    return (
        item.item,
        item.conversation,
        item.a_nano,
        item.b_nano,
        item.a_input_tokens,
        item.a_output_tokens,
        item.b_input_tokens,
        item.b_output_tokens,
        item.b_cached_input_tokens,
        item.b_attempts,
        item.escalated,
    )


def _ratio_key(ratio: Fraction) -> tuple[int, int]:
    return ratio.numerator, ratio.denominator


def _labels_key(labels: JudgeLabels | None) -> tuple[int, int, int, int] | None:
    if labels is None:
        return None
    return labels.right_right, labels.right_wrong, labels.wrong_right, labels.wrong_wrong
