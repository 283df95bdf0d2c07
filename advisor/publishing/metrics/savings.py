"""What recommendations would save per average month, and how many there are at each stage."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from advisor.advice.figures import Ends, RecommendationFigure
from advisor.publishing.metrics import latency, sample
from advisor.publishing.metrics.places import PublishedPlaces
from advisor.publishing.metrics.sample import Labels, MetricSample
from advisor.report.figures import Report
from ledger import clock, money

_DAY_SECONDS = clock.DAY_US // clock.SECOND_US
_TOTALS = ("savings_total_low_usd", "savings_total_usd", "savings_total_high_usd")
_SAFE_TOTALS = ("savings_safe_low_usd", "savings_safe_usd", "savings_safe_high_usd")
_BY_SLICE = ("savings_potential_low_usd", "savings_potential_usd", "savings_potential_high_usd")
_REPLACEMENTS = ("replacement_low_usd", "replacement_usd", "replacement_high_usd")


def samples(
    report: Report, counts: Mapping[tuple[str, str], int], places: PublishedPlaces
) -> Iterator[MetricSample]:
    """The gauges of advice; `counts` is the number of recommendations by decision and stage."""
    savings = report.savings
    for names, ends in ((_TOTALS, savings.total), (_SAFE_TOTALS, savings.safe_now)):
        if ends is not None:
            for name, text in zip(names, _texts(ends), strict=True):
                yield sample.from_text(name, (), text)
    yield from _potential(report.savings.recommendations, places)
    for recommendation in report.savings.recommendations:
        yield from _single_slice(recommendation, places)
    for labels, count in sorted(counts.items()):
        yield MetricSample("recommendations", labels, count)
    so_far = report.savings.so_far
    if so_far is not None and so_far.missed_usd is not None:
        yield sample.from_text("savings_missed_usd", (), so_far.missed_usd)
    for method, amount_usd in sorted(so_far.realised_usd.items() if so_far else ()):
        yield sample.from_text("savings_realised_usd", (method,), amount_usd)
    for method, amount_usd in sorted(so_far.realised_net_usd.items() if so_far else ()):
        yield sample.from_text("savings_realised_net_usd", (method,), amount_usd)
    for method, ratio in sorted(so_far.realisation_ratio.items() if so_far else ()):
        yield sample.from_text("savings_realisation_ratio", (method,), ratio)


def _potential(
    recommendations: Sequence[RecommendationFigure], places: PublishedPlaces
) -> Iterator[MetricSample]:
    """Amounts add up, so slices that are published under one name share a sample."""
    sums: dict[str, dict[Labels, int]] = {name: {} for name in (*_BY_SLICE, *_REPLACEMENTS)}
    for recommendation in recommendations:
        labels = _labels(recommendation, places)
        if recommendation.saving_month is not None:
            _add(sums, _BY_SLICE, labels, recommendation.saving_month)
            step = recommendation.next_step
            if step is not None and step.added_month is not None:
                added = (*labels[:-2], step.to_model, step.decision)
                _add(sums, _BY_SLICE, added, step.added_month)
        if recommendation.replacement is not None and recommendation.replacement_month is not None:
            _add(sums, _REPLACEMENTS, labels, recommendation.replacement_month)
    for name, by_labels in sums.items():
        yield from sample.from_femto_usd(name, by_labels)


def _add(
    sums: dict[str, dict[Labels, int]], names: Sequence[str], labels: Labels, ends: Ends
) -> None:
    for name, text in zip(names, _texts(ends), strict=True):
        sums[name][labels] = sums[name].get(labels, 0) + money.femto_usd(text)


def _single_slice(
    recommendation: RecommendationFigure, places: PublishedPlaces
) -> Iterator[MetricSample]:
    """What does not add up: only a slice that is published under its own names has it."""
    own_names = (recommendation.project, recommendation.workload)
    if places.for_advice(recommendation) != own_names:
        return
    labels = _labels(recommendation, places)
    ratio = recommendation.breakeven_escalation_ratio()
    if ratio is not None:
        yield sample.from_text("breakeven_escalation_ratio", labels, ratio)
    if recommendation.ends_on is not None:
        end = _midnight_seconds(recommendation.ends_on)
        yield MetricSample("savings_end_timestamp_seconds", labels, end)
    evidence = recommendation.evidence
    if evidence is not None and evidence.doubt is None:
        expiry = _midnight_seconds(evidence.expires_on)
        yield MetricSample("evidence_expiry_timestamp_seconds", labels, expiry)
    yield from latency.samples(recommendation)


def _labels(recommendation: RecommendationFigure, places: PublishedPlaces) -> Labels:
    return (
        recommendation.provider,
        *places.for_advice(recommendation),
        recommendation.from_model,
        recommendation.to_model,
        recommendation.decision,
    )


def _midnight_seconds(day: str) -> int:
    return clock.day_number(date.fromisoformat(day)) * _DAY_SECONDS


def _texts(ends: Ends) -> tuple[str, str, str]:
    return ends.low_usd, ends.expected_usd, ends.high_usd
