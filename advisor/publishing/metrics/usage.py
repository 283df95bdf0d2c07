"""Requests and tokens by the model names as sent: counters, from the totals since the beginning. They never fall."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlmodel import Session

from advisor.publishing.metrics import published
from advisor.publishing.metrics.sample import Sample
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
# Counters tell every meter apart, whatever the provider prices.
_EVERY_METER = prices.Rates(**dict.fromkeys(prices.METERS, 0))


def samples(session: Session, book: PriceBook, resolving: Names) -> Iterator[Sample]:
    """The counters, and the names that join them to the gauges. A kind of token that was never seen has no sample."""
    yield from _requests(session)
    yield from _tokens(session)
    yield from _model_names(session, book, resolving)


def _requests(session: Session) -> Iterator[Sample]:
    labels = (*_LABELS, _SERIES.c.status)
    for *values, requests in session.execute(_summed(labels, ("requests",))):
        yield Sample("requests_total", tuple(values), int(requests))


def _tokens(session: Session) -> Iterator[Sample]:
    names_ = (*tokens.FIELDS, *_AVOIDED)
    for row in session.execute(_summed(_LABELS, names_)):
        labels = tuple(row[: len(_LABELS)])
        *sums, avoided_input, avoided_output = (int(amount) for amount in row[len(_LABELS) :])
        counts = tokens.TokenCounts(**dict(zip(tokens.FIELDS, sums, strict=True)))
        for kind, amount in prices.tokens_by_meter(counts, _EVERY_METER).items():
            if amount:
                yield Sample("tokens_total", (*labels, kind), amount)
        if counts.reasoning_tokens:
            yield Sample("reasoning_tokens_total", labels, counts.reasoning_tokens)
        if avoided_input + avoided_output:
            yield Sample("avoided_tokens_total", labels, avoided_input + avoided_output)


def _summed(
    labels: Sequence[ColumnElement[str]], names_: Sequence[str]
) -> Select[*tuple[Any, ...]]:
    amounts = (func.sum(rollups.TOTAL.c[name]) for name in names_)
    series = rollups.TOTAL.c.series_id == _SERIES.c.id
    return (
        select(*labels, *amounts)
        .join_from(rollups.TOTAL, _SERIES, series)
        .join(_SET, published.OF_SERIES)
        .group_by(*labels)
        .order_by(*labels)
    )


def _model_names(session: Session, book: PriceBook, resolving: Names) -> Iterator[Sample]:
    """One canonical name for each name as sent; where aliases of two senders disagree, the price book's."""
    rows = session.execute(
        select(_SERIES.c.provider, _SERIES.c.model, _SERIES.c.namespace).distinct()
    )
    latest = max(resolving.change_days(), default=0)
    found: dict[tuple[str, str], set[str]] = {}
    for provider, model, namespace in rows:
        found.setdefault((provider, model), set()).add(
            resolving.resolve(namespace, provider, model, latest).model
        )
    for (provider, model), canonical in sorted(found.items()):
        (only,) = (
            canonical if len(canonical) == 1 else (names.canonical_model(book, provider, model),)
        )
        yield Sample("model_info", (provider, model, only), 1)
