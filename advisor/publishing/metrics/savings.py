"""What the current recommendations would save per average month, and how many of them stand where."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from advisor.advice import figures as advice_figures
from advisor.publishing.api import wire
from advisor.publishing.metrics import latency
from advisor.publishing.metrics.published import Published
from advisor.publishing.metrics.sample import Sample, of_femto_usd, of_text
from advisor.report import figures as report_figures
from ledger import clock, money

_DAY_SECONDS = clock.DAY_US // clock.SECOND_US
_TOTAL = ("savings_total_low_usd", "savings_total_usd", "savings_total_high_usd")
_OF_SLICE = ("savings_potential_low_usd", "savings_potential_usd", "savings_potential_high_usd")


def samples(
    report: report_figures.Report, standing: Mapping[tuple[str, str], int], shown: Published
) -> Iterator[Sample]:
    """The gauges of advice. While no slice is decided there is no total to show, and that is not a total of 0."""
    if wire.has_advice(report.savings):
        yield from (
            of_text(name, (), text)
            for name, text in zip(_TOTAL, _texts(report.savings.total), strict=True)
        )
    yield from _by_slice(report.savings.recommendations, shown)
    yield from (
        Sample("recommendations", labels, count) for labels, count in sorted(standing.items())
    )
    so_far = report.savings.so_far
    if so_far is not None and so_far.missed_usd is not None:
        yield of_text("savings_missed_usd", (), so_far.missed_usd)
    for method, amount in sorted(so_far.realised_usd.items() if so_far else ()):
        yield of_text("savings_realised_usd", (method,), amount)


def _by_slice(
    advised: Sequence[advice_figures.RecommendationFigure], shown: Published
) -> Iterator[Sample]:
    sums: dict[str, dict[tuple[str, ...], int]] = {name: {} for name in _OF_SLICE}
    for each in advised:
        place = shown.of_advice(each)
        labels = (each.provider, *place, each.from_model, each.to_model, each.decision)
        if each.saving_month is not None:
            for name, text in zip(_OF_SLICE, _texts(each.saving_month), strict=True):
                sums[name][labels] = sums[name].get(labels, 0) + money.femto_usd(text)
        ratio = wire.breakeven_escalation_ratio(each)
        # Break-evens and times do not add up, so slices that share a place have none.
        if place != (each.project, each.workload):
            continue
        if ratio is not None:
            yield of_text("breakeven_escalation_ratio", labels, ratio)
        if each.days_left is not None:
            end = _midnight_seconds(each.as_of) + each.days_left * _DAY_SECONDS
            yield Sample("savings_end_timestamp_seconds", labels, end)
        if each.evidence is not None and each.evidence.doubt is None:
            yield Sample(
                "evidence_expiry_timestamp_seconds",
                labels,
                _midnight_seconds(each.evidence.expires_on),
            )
        yield from latency.of_advice(each)
    for name, by_labels in sums.items():
        yield from of_femto_usd(name, by_labels)


def _midnight_seconds(day: str) -> int:
    return clock.day_number(date.fromisoformat(day)) * _DAY_SECONDS


def _texts(ends: advice_figures.Ends) -> tuple[str, str, str]:
    return ends.low_usd, ends.expected_usd, ends.high_usd
