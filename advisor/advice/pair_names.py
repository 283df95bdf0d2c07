"""Whether the models of the pairs exist: each has a price somewhere, or somebody has sent it.

The settings alone cannot tell: own prices, aliases and traffic are in the ledger.
"""

import difflib
from collections.abc import Collection, Iterator

from sqlmodel import Session

from ledger import pairs, prose, readings
from ledger.errors import UsageError
from ledger.pricing import in_force, names, price_book
from ledger.pricing.prices import PriceBook

SELLERS_NAMED = 4


def check_models(session: Session, text: str, origin: str = "SWITCHWISE_PAIRS") -> None:
    """Raise UsageError for the first model of these pairs that nobody sells and nobody has sent.

    `origin` is where the text was read: the variable, or an option.
    """
    book = in_force.load_book(session)
    doubtful = [side for side in _sides(text) if not _is_sold(book, side)]
    if not doubtful:
        return
    sent = set(_sent_names(session))
    for side in doubtful:
        if side.model not in sent:
            raise _refusal(origin, side, book, sent)


def check_shipped(text: str) -> None:
    """The same before a ledger exists: then only the shipped prices are there."""
    book = price_book.shipped()
    for side in _sides(text):
        if not _is_sold(book, side):
            raise _refusal("SWITCHWISE_PAIRS", side, book, ())


def _sides(text: str) -> Iterator[pairs.Side]:
    for pair in pairs.parse(text):
        yield pair.source
        yield pair.target


def _is_sold(book: PriceBook, side: pairs.Side) -> bool:
    sellers = names.sellers(book, side.model)
    return side.provider in sellers if side.provider else bool(sellers)


def _sent_names(session: Session) -> Iterator[str]:
    for series in readings.all_series(session).values():
        yield series.labels.model
        yield series.labels.request_model


def _refusal(origin: str, side: pairs.Side, book: PriceBook, sent: Collection[str]) -> UsageError:
    sellers = names.sellers(book, side.model)
    if sellers:
        remedy = f"it is sold by {prose.all_of(sellers[:SELLERS_NAMED])}"
    else:
        near = difflib.get_close_matches(side.model, {*_models(book, side), *sent}, n=1)
        remedy = (
            f"did you mean {near[0]}?"
            if near
            else f"to give it a price: switchwise prices set {side.model}"
        )
    place = f" at {side.provider}" if side.provider else ""
    return UsageError(
        f"{origin}: the model {side.model!r} has no price{place} and nobody has sent it; {remedy}"
    )


def _models(book: PriceBook, side: pairs.Side) -> Iterator[str]:
    for provider, models in book.models.items():
        if side.provider in (None, provider):
            yield from models
