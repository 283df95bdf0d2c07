"""Requests and tokens by the model names as sent: counters, from the totals since the beginning.

They never fall.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlmodel import Session

from advisor.publishing.metrics import places
from advisor.publishing.metrics.sample import MetricSample
from ledger import rollups, tables, tokens
from ledger.pricing import names, prices
from ledger.pricing.names import Names
from ledger.pricing.prices import PriceBook

_SERIES = tables.SERIES
_SET = tables.METRIC_SET
_LABELS = (
    _SERIES.c.provider,
    _SERIES.c.model,
    _SERIES.c.service_tier,
    _SET.c.published_project,
    _SET.c.published_workload,
)
_AVOIDED = ("avoided_input_tokens", "avoided_output_tokens")
# Counters count every kind of token apart, whatever the provider prices.
_EVERY_METER = prices.from_meters(dict.fromkeys(prices.METERS, 0))


def samples(session: Session, book: PriceBook, canonical_names: Names) -> Iterator[MetricSample]:
    """The counters, and the names that join them to the gauges.

    A kind of token that never occurred has no sample.
    """
    yield from _requests(session)
    yield from _tokens(session)
    yield from _model_names(session, book, canonical_names)


def _requests(session: Session) -> Iterator[MetricSample]:
    labels = (*_LABELS, _SERIES.c.status)
    for *label_values, requests in session.execute(_summed(labels, ("requests",))):
        yield MetricSample("requests_total", tuple(label_values), int(requests))


def _tokens(session: Session) -> Iterator[MetricSample]:
    columns = (*tokens.FIELDS, *_AVOIDED)
    for row in session.execute(_summed(_LABELS, columns)):
        labels = tuple(row[: len(_LABELS)])
        *sums, avoided_input, avoided_output = (int(amount) for amount in row[len(_LABELS) :])
        counts = tokens.TokenCounts(**dict(zip(tokens.FIELDS, sums, strict=True)))
        for kind, amount in prices.tokens_by_meter(counts, _EVERY_METER).items():
            if amount:
                yield MetricSample("tokens_total", (*labels, kind), amount)
        if counts.reasoning_tokens:
            yield MetricSample("reasoning_tokens_total", labels, counts.reasoning_tokens)
        if avoided_input + avoided_output:
            yield MetricSample("avoided_tokens_total", labels, avoided_input + avoided_output)


def _summed(
    labels: Sequence[ColumnElement[str]], columns: Sequence[str]
) -> Select[*tuple[Any, ...]]:
    amounts = (func.sum(rollups.TOTAL.c[name]) for name in columns)
    series = rollups.TOTAL.c.series_id == _SERIES.c.id
    return (
        select(*labels, *amounts)
        .join_from(rollups.TOTAL, _SERIES, series)
        .join(_SET, places.SAME_NAMES)
        .group_by(*labels)
        .order_by(*labels)
    )


def _model_names(
    session: Session, book: PriceBook, canonical_names: Names
) -> Iterator[MetricSample]:
    """One canonical name for each name as sent.

    Where aliases of two senders disagree, it is the price book's.
    """
    rows = session.execute(
        select(_SERIES.c.provider, _SERIES.c.model, _SERIES.c.namespace).distinct()
    )
    latest = max(canonical_names.change_days(), default=0)
    by_sent_name: dict[tuple[str, str], set[str]] = {}
    for provider, model, namespace in rows:
        canonical = canonical_names.resolve(namespace, provider, model, latest).model
        by_sent_name.setdefault((provider, model), set()).add(canonical)
    for (provider, model), candidates in sorted(by_sent_name.items()):
        canonical = (
            next(iter(candidates))
            if len(candidates) == 1
            else names.canonical_model(book, provider, model)
        )
        yield MetricSample("model_info", (provider, model, canonical), 1)
