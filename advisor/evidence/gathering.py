"""Rows of paired results as comparisons: one for each pair, project and workload that they name. Pure.

One bad row refuses all of them: results with some rows left out could say anything.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import groupby
from operator import attrgetter
from typing import Any

from advisor.evidence import rows
from advisor.evidence.items import Item
from advisor.evidence.judge import Labels
from advisor.evidence.result import DEFAULT, Gate
from advisor.evidence.rows import Fault, Fields, Labelled
from advisor.evidence.store import Comparison
from ledger import pairs
from ledger.errors import UsageError

MOST_ITEMS = 200_000
_SHOWN_FAULTS = 5
_COUNTED = (*rows.COUNTS, "escalated")


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What is said of all rows: names for those without, what is asked of the target, and who marked the answers."""

    pair: str | None = None
    project: str | None = None
    workload: str | None = None
    gate: Gate = DEFAULT
    measured_day: int
    source: str
    judge: str | None = None
    labels: Labels | None = None
    left_out: int = 0


def comparisons(numbered: Iterable[tuple[int, Fields]], given: Given) -> list[Comparison]:
    """The comparisons that rows make, each row with its number. Raises UsageError naming the first rows at fault."""
    read, faults = list[Labelled](), list[str]()
    names = {"pair": given.pair, "project": given.project, "workload": given.workload}
    for number, fields in numbered:
        try:
            read.append(rows.read(number, fields, names))
        except Fault as fault:
            faults.append(f"row {number} {fault}")
        if len(read) > MOST_ITEMS:
            raise UsageError(
                f"more than {MOST_ITEMS:,} rows; a comparison needs a few hundred, so send a sample"
            )
    if faults:
        more = (
            f"; and {len(faults) - _SHOWN_FAULTS:,} rows more"
            if len(faults) > _SHOWN_FAULTS
            else ""
        )
        raise UsageError(
            f"{given.source}: {'; '.join(faults[:_SHOWN_FAULTS])}{more}. Nothing was stored"
        )
    if not read:
        raise UsageError(f"{given.source}: no row of paired results in it")
    about = attrgetter("pair", "project", "workload")
    return [
        _comparison(*key, list(group), given)
        for key, group in groupby(sorted(read, key=about), key=about)
    ]


def _comparison(
    pair_text: str, project: str, workload: str, found: Sequence[Labelled], given: Given
) -> Comparison:
    pair = pairs.parse_one(pair_text)
    if pair.keeps_model:
        raise UsageError(f"{pair_text!r} keeps the model; a move of tier alone needs no evidence")
    return Comparison(
        project=project,
        workload=workload,
        from_model=_named(pair.source),
        to_model=_named(pair.target),
        gate=given.gate,
        measured_day=given.measured_day,
        source=given.source,
        judge=given.judge,
        labels=given.labels,
        left_out=given.left_out,
        items=tuple(_merged(found, f"{given.source}, {pair_text}")),
    )


def _named(side: pairs.Side) -> str:
    return f"{side.provider}/{side.model}" if side.provider else side.model


def _merged(found: Sequence[Labelled], place: str) -> Iterator[Item]:
    """One item for each input: where a judge saw both orders, the mean of the two."""
    by_item: dict[str, list[Labelled]] = {}
    for each in found:
        by_item.setdefault(each.item.item, []).append(each)
    for group in by_item.values():
        orders = sorted(each.order or "" for each in group)
        if orders == [""]:
            yield group[0].item
        elif orders == ["ab", "ba"]:
            first, second = (each.item for each in sorted(group, key=lambda each: each.order or ""))
            yield _mean(first, second)
        elif orders in (["ab"], ["ba"]):
            raise UsageError(
                f"{place}: row {group[0].number} was judged in one order only; a judge has to see each pair in both"
            )
        else:
            numbers = ", ".join(str(each.number) for each in group[:_SHOWN_FAULTS])
            raise UsageError(
                f"{place}: rows {numbers} have the same item_id; each input needs a name of its own"
            )


def _mean(first: Item, second: Item) -> Item:
    """Half-even to a billionth. What the answers took is the same in both rows, or else unknown."""
    same: dict[str, Any] = {
        name: getattr(first, name) if getattr(first, name) == getattr(second, name) else None
        for name in _COUNTED
    }
    a, b = (
        round(Fraction(getattr(first, name) + getattr(second, name), 2))
        for name in ("a_nano", "b_nano")
    )
    return replace(first, a_nano=a, b_nano=b, **same)
