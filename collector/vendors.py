"""Which vendor's own API a model was called on, where neither the record nor the import says so.

It reads the shipped price book and nothing else.
"""

from functools import lru_cache

from ledger.pricing import names, price_book


@lru_cache(maxsize=10_000)
def vendor_of(model: str) -> str | None:
    """The provider of a model that a single vendor publishes, by the shipped price book."""
    return names.sole_vendor(price_book.shipped(), model)
