"""A comparison in sentences, from its figure. Pure."""

from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, Decimal

from advisor.evidence.figures import EvidenceFigure
from advisor.words import counted

VERDICTS = {
    "non_inferior": "good enough",
    "inconclusive": "not settled",
    "inferior": "worse than asked",
}
_FACTORS = {
    "phi_in": "Input tokens on the target, over the source's",
    "phi_out": "Output tokens on the target, over the source's",
    "cached_share": "Share of input from the target's cache",
    "extra_attempts": "Extra attempts on the target",
    "escalation_rate": "Share that runs on the source again",
}
ASKED_PAIRS = 200
_SHOWN_RUNS = 5


def sentences(found: EvidenceFigure) -> Iterator[str]:
    """What was compared and came out, what keeps it from counting, and what came out before."""
    yield (
        f"Compared on {found.measured_on}: {_sample(found)}; {_rates(found)}. {_bound(found)} The verdict is"
        f" {VERDICTS[found.verdict]} ({found.verdict})."
    )
    if found.pairs < ASKED_PAIRS:
        yield f"{ASKED_PAIRS} pairs are asked for; with fewer the bound lies further down, and a target as good may fail."
    if found.left_out:
        yield f"Left out: {counted(found.left_out, 'pair')}, because one of the two calls failed."
    if found.judge:
        labels = (
            f"{counted(found.judge_labels, 'answer')} marked by hand beside it"
            if found.judge_labels
            else "nobody checked it"
        )
        yield f"The answers were marked by {found.judge}; {labels}."
    if found.doubt is None:
        yield f"It counts until {found.expires_on}, or until the traffic or a model changes."
    if found.earlier:
        runs = "; ".join(
            f"{VERDICTS[run.verdict]} on {run.measured_on}" for run in found.earlier[:_SHOWN_RUNS]
        )
        yield f"It was compared {counted(len(found.earlier), 'time')} before: {runs}."


def measured(found: EvidenceFigure) -> Iterator[str]:
    """What the answers took, with 95 % bounds; what was not recorded stays assumed."""
    for each in found.factors:
        yield (
            f"{_FACTORS[each.name]}: {shown(each.expected)} ({shown(each.least)} to {shown(each.most)}, measured over"
            f" {each.groups} {each.unit})."
        )
    missing = [
        words
        for name, words in _FACTORS.items()
        if name not in {each.name for each in found.factors}
    ]
    if missing:
        yield f"Not measured, so assumed: {'; '.join(missing).lower()}."


def in_short(found: EvidenceFigure) -> str:
    """The verdict and what it rests on, in part of a line."""
    sides = (
        ""
        if found.source_ratio is None or found.target_ratio is None
        else (
            f", source {_side(found, found.source_ratio)}, target {_side(found, found.target_ratio)}"
        )
    )
    return f"{VERDICTS[found.verdict]}; {counted(found.pairs, 'pair')}{sides}; measured on {found.measured_on}; {_counts(found)}"


def _counts(found: EvidenceFigure) -> str:
    if found.withdrawn is not None:
        return f"withdrawn ({found.withdrawn})"
    return (
        f"counts until {found.expires_on}"
        if found.doubt is None
        else f"does not count: {found.doubt.replace('_', ' ')}"
    )


def _side(found: EvidenceFigure, ratio: str) -> str:
    return shown(ratio) if found.kind == "graded" else percent(ratio)


def _sample(found: EvidenceFigure) -> str:
    if found.kind == "pass_fail":
        rest = f" of {counted(found.items, 'item')}" if found.items != found.pairs else ""
        return f"{counted(found.pairs, 'conversation')}, one pair of each{rest}"
    return (
        f"{counted(found.items, 'graded pair')} of {counted(found.conversations, 'conversation')}"
    )


def _rates(found: EvidenceFigure) -> str:
    if found.source_ratio is None or found.target_ratio is None:
        return "neither model has a pass rate"
    source, target = percent(found.source_ratio), percent(found.target_ratio)
    if found.kind == "graded":
        return f"the source's answers score {shown(found.source_ratio)} on average, the target's {shown(found.target_ratio)}"
    return f"the source is right in {source}{_between(found.source_span)}, the target in {target}{_between(found.target_span)}"


def _between(span: tuple[str, str] | None) -> str:
    return f" ({percent(span[0])} to {percent(span[1])})" if span else ""


def _bound(found: EvidenceFigure) -> str:
    asked = (
        f"at least {shown(found.threshold)} of the source's"
        if found.rule == "ratio"
        else f"at most {shown(found.threshold)} below the source's"
    )
    if found.bound_ratio is None:
        return f"Asked for is {asked}."
    bound = shown(found.bound_ratio)
    if found.kind == "graded":
        return f"Asked for is {asked}; the target is at least {bound} above that (95 % bound)."
    said = f"at least {bound} of it" if found.rule == "ratio" else f"at least {bound} off it"
    return f"Asked for is {asked}; the target reaches {said} (95 % bound)."


def percent(ratio: str) -> str:
    """A ratio as a percentage with one decimal at most."""
    return f"{_cut(Decimal(ratio) * 100, '0.1')} %"


def shown(ratio: str) -> str:
    """A ratio with three decimals at most."""
    return _cut(Decimal(ratio), "0.001")


def _cut(value: Decimal, step: str) -> str:
    text = format(value.quantize(Decimal(step), ROUND_HALF_EVEN), "f")
    return text.rstrip("0").rstrip(".")
