"""Rows of paired results assembled into comparisons: one for each pair, project and workload. Pure.

One bad row refuses all of them: results that leave some rows out could say anything.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import groupby
from operator import attrgetter
from typing import Any

from advisor.evidence import gates, rows
from advisor.evidence.comparisons import Comparison
from advisor.evidence.gates import QualityGate
from advisor.evidence.items import Item
from advisor.evidence.judge import JudgeLabels
from advisor.evidence.rows import Fault, Fields, PairedRow
from ledger import pairs
from ledger.errors import UsageError

MOST_ROWS = 200_000
_MOST_FAULTS_NAMED = 5
_COUNTS = (*rows.COUNTS, "escalated")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportTerms:
    """What holds for all rows: names for rows without, the gate, and who marked the answers."""

    pair: str | None = None
    project: str | None = None
    workload: str | None = None
    gate: QualityGate = gates.DEFAULT
    measured_day: int
    source: str
    judge: str | None = None
    labels: JudgeLabels | None = None
    left_out: int = 0
    prompt_version: str | None = None

    @property
    def names(self) -> Mapping[str, str | None]:
        """By column, the name of rows that have none there."""
        return {"pair": self.pair, "project": self.project, "workload": self.workload}


def comparisons(
    numbered_rows: Iterable[tuple[int, Fields]], terms: ImportTerms
) -> list[Comparison]:
    """The comparisons that numbered rows make. Raises UsageError naming the first rows at fault."""
    paired_rows, faults = list[PairedRow](), list[str]()
    for number, fields in numbered_rows:
        try:
            paired_rows.append(rows.parse(number, fields, terms.names))
        except Fault as fault:
            faults.append(f"row {number} {fault}")
        if len(paired_rows) > MOST_ROWS:
            raise UsageError(
                f"more than {MOST_ROWS:,} rows; a comparison needs a few hundred, so send a sample"
            )
    if faults:
        raise UsageError(f"{terms.source}: {_in_words(faults)}. Nothing was stored")
    if not paired_rows:
        raise UsageError(f"{terms.source}: no row of paired results in it")
    subject = attrgetter("pair", "project", "workload")
    return [
        _comparison(list(group), terms)
        for _, group in groupby(sorted(paired_rows, key=subject), key=subject)
    ]


def _in_words(faults: Sequence[str]) -> str:
    more = len(faults) - _MOST_FAULTS_NAMED
    and_more = f"; and {more:,} rows more" if more > 0 else ""
    return "; ".join(faults[:_MOST_FAULTS_NAMED]) + and_more


def _comparison(paired_rows: Sequence[PairedRow], terms: ImportTerms) -> Comparison:
    """The comparison of rows that have one pair, project and workload."""
    subject = paired_rows[0]
    pair = pairs.parse_one(subject.pair)
    if pair.keeps_model:
        raise UsageError(
            f"{subject.pair!r} keeps the model; a move of tier alone needs no evidence"
        )
    return Comparison(
        project=subject.project,
        workload=subject.workload,
        from_model=_model_name(pair.source),
        to_model=_model_name(pair.target),
        gate=terms.gate,
        measured_day=terms.measured_day,
        source=terms.source,
        judge=terms.judge,
        labels=terms.labels,
        left_out=terms.left_out,
        prompt_version=terms.prompt_version,
        items=tuple(_items(paired_rows, f"{terms.source}, {subject.pair}")),
    )


def _model_name(side: pairs.Side) -> str:
    return f"{side.provider}/{side.model}" if side.provider else side.model


def _items(paired_rows: Sequence[PairedRow], place: str) -> Iterator[Item]:
    """One item for each input: where a judge saw both orders, the mean of the two."""
    rows_by_item: dict[str, list[PairedRow]] = {}
    for row in paired_rows:
        rows_by_item.setdefault(row.item.item, []).append(row)
    for item_rows in rows_by_item.values():
        item_rows.sort(key=lambda row: row.order or "")
        orders = [row.order for row in item_rows]
        if orders == [None]:
            yield item_rows[0].item
        elif orders == ["ab", "ba"]:
            first, second = item_rows
            yield _mean(first.item, second.item)
        elif orders in (["ab"], ["ba"]):
            raise UsageError(
                f"{place}: row {item_rows[0].number} was judged in one order only;"
                " have the judge see each pair in both orders"
            )
        else:
            numbers = ", ".join(str(row.number) for row in item_rows[:_MOST_FAULTS_NAMED])
            raise UsageError(
                f"{place}: rows {numbers} have the same item_id; give each input its own item_id"
            )


def _mean(first: Item, second: Item) -> Item:
    """The mean scores, half-even to a billionth.

    A count that differs between the two rows is unknown.
    """
    counts: dict[str, Any] = {
        name: getattr(first, name) if getattr(first, name) == getattr(second, name) else None
        for name in _COUNTS
    }
    return replace(
        first,
        a_nano=round(Fraction(first.a_nano + second.a_nano, 2)),
        b_nano=round(Fraction(first.b_nano + second.b_nano, 2)),
        **counts,
    )
