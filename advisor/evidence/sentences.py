"""A comparison in sentences, from its figure. Pure."""

from collections.abc import Iterator, Sequence

from advisor import words
from advisor.evidence import rules
from advisor.evidence.figures import EvidenceFigure, RunFigure

_VERDICTS = {
    "non_inferior": "good enough",
    "inconclusive": "not settled",
    "inferior": "not good enough",
}
_FACTORS = {
    "phi_in": "Input tokens on the target, over the source's",
    "phi_out": "Output tokens on the target, over the source's",
    "cached_share": "Share of input from the target's cache",
    "written_share": "Share of the other input that the target bills as written to its cache",
    "extra_attempts": "Extra attempts on the target",
    "escalation_rate": "Share of requests that run on the source again",
}
_RESULTS = {
    "non_inferior": "non-inferior",
    "inconclusive": "inconclusive",
    "inferior": "inferior",
}
_STANDINGS = {
    "repeated": "the same inputs as before, so not counted again",
    "judge_unproven": "not counted: the judge is unproven",
    "new_snapshot": "not counted: of an earlier snapshot",
    "drifted": "not counted: requests changed in size since",
    "other_prompt": "not counted: of another prompt version",
    "other_scale": "not added up: marked on another scale",
    "evidence_expired": "no longer counted: over 90 days old",
}


def summary(figure: EvidenceFigure) -> Iterator[str]:
    """What was compared, what it showed, what keeps it from counting, and earlier comparisons."""
    yield (
        f"Compared on {figure.measured_on}: {_sample(figure)}; {_rates(figure)}. {_bound(figure)}"
        f" The verdict is {_VERDICTS[figure.verdict]} ({figure.verdict})."
    )
    if figure.pairs < rules.ENOUGH_PAIRS:
        yield (
            f"{rules.ENOUGH_PAIRS} pairs are recommended; with fewer the bound is lower, and a"
            " target that is just as good may fail."
        )
    if figure.left_out:
        yield (
            f"Left out: {words.counted(figure.left_out, 'pair')}, because one of the two calls"
            " failed."
        )
    if figure.judge:
        yield f"The answers were marked by {figure.judge}; {_check_of_judge(figure)}."
    together = figure.together or figure.verdict
    if figure.doubt is None and together == figure.verdict:
        yield f"It counts until {figure.expires_on}, or until the traffic or a model changes."
    if len(figure.runs) > 1:
        yield f"{run_line(figure.runs)}."
    if len(figure.runs) > 1 or together != figure.verdict:
        yield _together(figure, together)


def _together(figure: EvidenceFigure, together: str) -> str:
    """What all runs come to, and why it may differ from what one came to."""
    if figure.needs_pairs:
        return (
            f"A run of {words.counted(figure.needs_pairs, 'pair')} that came out inferior was"
            " withdrawn. At least as many pairs have to take its place before advice follows."
        )
    verdict = f"{_VERDICTS[together]} ({together})"
    if any(run.binds for run in figure.runs):
        return (
            f"Advice follows all runs together: {verdict}. A run that came out inferior binds until"
            " a snapshot, the prompt or the size of requests changes, or more pairs pass."
        )
    return (
        f"Advice follows all runs together: {verdict}. Each input counts once, and each look spends"
        " part of the 5 % risk of a false pass; the deciding one had"
        f" {words.percent(figure.level_ratio)}."
    )


def run_line(runs: Sequence[RunFigure]) -> str:
    """Every run of a comparison with its size, result and day, and what it counts for."""
    listed = "; ".join(_run(run) for run in runs)
    return f"{words.counted(len(runs), 'run')}: {listed}"


def _run(run: RunFigure) -> str:
    remarks = []
    if run.prompt_version:
        remarks.append(f"prompt {run.prompt_version}")
    if run.withdrawn_on is not None:
        by = f" by {run.withdrawn_by}" if run.withdrawn_by else ""
        remarks.append(f"withdrawn{by} on {run.withdrawn_on}: {run.withdrawn}")
    elif run.standing in _STANDINGS:
        remarks.append(_STANDINGS[run.standing])
    elif run.new_pairs < run.pairs:
        remarks.append(f"{run.new_pairs:,} of them new")
    if run.binds:
        remarks.append("binds")
    remark = f" ({'; '.join(remarks)})" if remarks else ""
    pairs = words.counted(run.pairs, "pair")
    return f"{pairs} {_RESULTS[run.verdict]} on {run.measured_on}{remark}"


def factors(figure: EvidenceFigure) -> Iterator[str]:
    """What the answers took, with 95 % bounds; what was not recorded stays assumed."""
    for factor in figure.factors:
        expected, least, most = map(words.ratio, (factor.expected, factor.least, factor.most))
        yield (
            f"{_FACTORS[factor.name]}: {expected} ({least} to {most}, measured over"
            f" {factor.groups} {factor.unit})."
        )
    measured_names = {factor.name for factor in figure.factors}
    # Writes to the cache count for few targets only; the advice says so where they do.
    assumed_names = _FACTORS.keys() - measured_names - {"written_share"}
    missing = [label for name, label in _FACTORS.items() if name in assumed_names]
    if missing:
        yield f"Not measured, so assumed: {'; '.join(missing).lower()}."


def one_line(figure: EvidenceFigure) -> str:
    """The verdict and what it rests on, in part of a line."""
    sides = ""
    if figure.source_ratio is not None and figure.target_ratio is not None:
        source, target = _rate(figure, figure.source_ratio), _rate(figure, figure.target_ratio)
        sides = f", source {source}, target {target}"
    return (
        f"{_VERDICTS[figure.verdict]}; {words.counted(figure.pairs, 'pair')}{sides};"
        f" measured on {figure.measured_on}; {_standing(figure)}{_runs(figure)}"
    )


def _runs(figure: EvidenceFigure) -> str:
    """The runs, where there are several or one binds what follows."""
    return f"; {run_line(figure.runs)}" if len(figure.runs) > 1 else ""


def _check_of_judge(figure: EvidenceFigure) -> str:
    if not figure.judge_labels:
        return "nobody checked its marks"
    return f"its marks were checked against {words.counted(figure.judge_labels, 'mark')} by hand"


def _standing(figure: EvidenceFigure) -> str:
    if figure.withdrawn is not None:
        by = f" by {figure.withdrawn_by}" if figure.withdrawn_by else ""
        return f"withdrawn ({figure.withdrawn}){by} on {figure.withdrawn_on}"
    if figure.doubt is not None:
        return f"does not count: {words.label(figure.doubt)}"
    if figure.needs_pairs:
        return f"does not count: {words.label('unanswered_failure')}"
    if figure.together not in (None, figure.verdict):
        return f"all runs together: {_VERDICTS[figure.together or figure.verdict]}"
    return f"counts until {figure.expires_on}"


def _rate(figure: EvidenceFigure, ratio: str) -> str:
    return words.ratio(ratio) if figure.kind == "graded" else words.percent(ratio)


def _sample(figure: EvidenceFigure) -> str:
    conversations = words.counted(figure.conversations, "conversation")
    if figure.kind == "graded":
        return f"{words.counted(figure.items, 'graded pair')} of {conversations}"
    pairs = words.counted(figure.pairs, "conversation")
    of_items = f" of {words.counted(figure.items, 'item')}" if figure.items != figure.pairs else ""
    return f"{pairs}, one pair of each{of_items}"


def _rates(figure: EvidenceFigure) -> str:
    if figure.source_ratio is None or figure.target_ratio is None:
        return "neither model has a pass rate"
    source, target = _rate(figure, figure.source_ratio), _rate(figure, figure.target_ratio)
    if figure.kind == "graded":
        return f"the source's answers score {source} on average, the target's {target}"
    return (
        f"the source is right in {source}{_span(figure.source_span)},"
        f" the target in {target}{_span(figure.target_span)}"
    )


def _span(span: tuple[str, str] | None) -> str:
    return f" ({words.percent(span[0])} to {words.percent(span[1])})" if span else ""


def _bound(figure: EvidenceFigure) -> str:
    """What the gate requires and the bound that was reached, which a judge's marks do not have."""
    measure = "mean score" if figure.kind == "graded" else "pass rate"
    threshold = words.ratio(figure.threshold)
    required = (
        f"The target must reach at least {threshold} of the source's {measure}"
        if figure.rule == "ratio"
        else f"The target may lie at most {threshold} below the source's {measure}"
    )
    if figure.bound_ratio is None:
        return f"{required}."
    bound = words.ratio(figure.bound_ratio)
    if figure.kind == "graded":
        reached = f"its score less that limit is at least {bound}"
    elif figure.rule == "ratio":
        reached = f"it reaches at least {bound} of it"
    else:
        reached = f"target less source is at least {bound}"
    return f"{required}; {reached} (95 % bound)."
