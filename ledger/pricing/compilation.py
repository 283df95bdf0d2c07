"""Compiles the shipped price book: the installed genai-prices with our overlay over it.

The same inputs give the same bytes; no network. It serves the commands `switchwise prices compile`
and `prices diff`. Nothing that serves requests may import this module.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from importlib import metadata

import msgspec

from ledger.errors import UsageError
from ledger.pricing import book_file, catalogue, charges, families, overlay, shutdowns
from ledger.pricing.book_file import BookFile, FactRow, PriceRow, ShutdownRow
from ledger.pricing.matchers import MatcherRow, RefusalRow
from ledger.pricing.overlay import Copy, Overlay
from ledger.pricing.price_book import fault_of
from ledger.pricing.prices import PriceKey


def installed_release() -> str:
    """The installed version of genai-prices."""
    return metadata.version("genai-prices")


def check_release(own: Overlay) -> None:
    """Raise UsageError unless the installed genai-prices is the overlay's release."""
    installed = installed_release()
    if installed != own.genai_prices.version:
        raise UsageError(
            f"genai-prices {installed} is installed, the overlay is for {own.genai_prices.version};"
            " review the change with `switchwise prices diff`,"
            " then name the new release in the overlay"
        )


def compile_book(own: Overlay, announced: Iterable[ShutdownRow] | None = None) -> BookFile:
    """The book of the installed genai-prices, an overlay, the families and the shutdowns.

    Without `announced` they are those of the file. Raises UsageError where a price is impossible or
    the overlay contradicts the catalogue.
    """
    priced = _without_shutdowns(own)
    rows = shutdowns.load_shutdowns() if announced is None else announced
    placed = shutdowns.place(rows, book_file.to_price_book(priced))
    facts = families.add_facts(priced, families.load_families())
    for (provider, model), row in placed.of_models.items():
        fact = facts.get((provider, model), FactRow(provider=provider, model=model))
        facts[provider, model] = msgspec.structs.replace(
            fact, shutdown=row.shutdown, successor=row.successor, source=row.source
        )
    return msgspec.structs.replace(priced, facts=tuple(facts.values()), shutdowns=placed.of_names)


def contradictions(own: Overlay) -> tuple[shutdowns.Contradiction, ...]:
    """The shutdowns announced that the overlay dates otherwise: its own are in the book."""
    book = book_file.to_price_book(_without_shutdowns(own))
    return shutdowns.place(shutdowns.load_shutdowns(), book).contradictions


def _without_shutdowns(own: Overlay) -> BookFile:
    book = _Draft()
    omitted = {
        (entry.provider, model): entry.reason for entry in own.leave_out for model in entry.models
    }
    for word, provider in catalogue.providers():
        for model in provider.models:
            rows = catalogue.matcher_rows(word, model)
            book.matchers.setdefault(word, []).extend(rows)
            reason = omitted.get((word, model.id)) or catalogue.reason_left_out(word, model)
            if reason is not None:
                book.left_out.append((word, model.id, reason))
                continue
            book.add_all(catalogue.price_rows(word, provider, model))
            book.facts[word, model.id] = catalogue.fact_row(word, model)
            book.claim(word, model.id, catalogue.exact_names(model))
    for copy in own.copy:
        book.copy(copy)
    for sheet in own.sheet:
        book.add_all(sheet.price_rows())
    book.describe(own)
    book.leave_unpriced(own)
    book.share_fees()
    days = [row.checked for row in book.rows.values() if row.checked is not None]
    return BookFile(
        catalogue=f"genai-prices {installed_release()}",
        released=own.genai_prices.released,
        checked=max([own.genai_prices.released, *days]),
        aliases=tuple(book.settled_aliases()),
        facts=tuple(book.known_facts()),
        left_out=tuple(book.left_out),
        prices=tuple(_without_repeats(book.rows.values())),
        matchers=tuple(book.needed_matchers()),
        refusals=tuple(
            RefusalRow(provider=entry.provider, pattern=pattern, reason=entry.reason)
            for entry in own.refuse
            for pattern in entry.patterns
        ),
    )


class _Draft:
    """A book while it is compiled. A later row replaces the row of the same key and day.

    The rates of what few requests have stay where it names none.
    """

    def __init__(self) -> None:
        self.rows: dict[tuple[PriceKey, date], PriceRow] = {}
        self.facts: dict[tuple[str, str], FactRow] = {}
        self.claims: dict[tuple[str, str], set[str]] = {}
        self.matchers: dict[str, list[MatcherRow]] = {}
        self.left_out: list[tuple[str, str, str]] = []

    def add_all(self, rows: Iterable[PriceRow]) -> None:
        for row in rows:
            reason = fault_of(row.key, row.rates)
            if reason is not None:
                raise UsageError(reason)
            place = row.key, row.effective_from
            if not row.rare and place in self.rows:
                row = msgspec.structs.replace(row, rare=self.rows[place].rare)
            self.rows[place] = row

    def claim(self, provider: str, model: str, exact_names: Iterable[str]) -> None:
        """Note the names that a model claims at a provider."""
        for name in exact_names:
            self.claims.setdefault((provider, name), set()).add(model)

    def copy(self, copy: Copy) -> None:
        """Add a seller's prices, facts and names at a reseller. Raises UsageError."""
        source = overlay.source_text(copy)
        for model in copy.models:
            if any(key[:3] == (copy.reseller, model, copy.service_tier) for key, _ in self.rows):
                raise UsageError(
                    f"the catalogue prices {model} at {copy.reseller} by itself;"
                    " drop it from the overlay's copy"
                )
            rows = [
                row
                for row in self.rows.values()
                if row.key[:3] == (copy.seller, model, copy.service_tier)
            ]
            changes = {"provider": copy.reseller, "source": source, "checked": copy.checked}
            self.add_all(msgspec.structs.replace(row, **changes) for row in rows)
            self._require(copy.reseller, model)
            facts = self.facts[copy.seller, model]
            self.facts[copy.reseller, model] = msgspec.structs.replace(
                facts, provider=copy.reseller
            )
            exact_names = [
                name
                for (seller, name), models in self.claims.items()
                if (seller, models) == (copy.seller, {model})
            ]
            self.claim(copy.reseller, model, exact_names)
            # After the reseller's own: as the catalogue falls back from Azure to OpenAI.
            self.matchers.setdefault(copy.reseller, []).extend(
                msgspec.structs.replace(row, provider=copy.reseller)
                for row in self.matchers[copy.seller]
                if row.model == model
            )

    def describe(self, own: Overlay) -> None:
        """Add the overlay's facts of models. Raises UsageError for a model without a price."""
        for facts in own.model:
            for provider, model in self._priced(facts.providers, facts.models):
                self.facts[provider, model] = FactRow(
                    provider=provider,
                    model=model,
                    context_window=facts.context_window,
                    max_output_tokens=facts.max_output_tokens,
                    modalities=facts.modalities,
                    source=facts.source,
                )
        for lack in own.lack:
            for provider, model in self._priced(lack.providers, lack.models):
                self._add_facts(provider, model, lacks=lack.lacks, source=lack.source)
        for multiplier in own.multiplier:
            for provider, model in self._priced(multiplier.providers, multiplier.models):
                factors = self._facts_of(provider, model).multipliers
                factor = (multiplier.modifier, str(multiplier.factor))
                self._add_facts(provider, model, multipliers=tuple(sorted((*factors, factor))))
        for shutdown in own.retirement:
            for provider, model in self._priced(shutdown.providers, shutdown.models):
                self._add_facts(
                    provider,
                    model,
                    shutdown=shutdown.shutdown,
                    successor=shutdown.successor,
                    source=shutdown.source,
                )

    def share_fees(self) -> None:
        """Give each row the fees that it does not name, of the model's standard price of its day.

        A fee for each search is the same at every tier (developers.openai.com/api/docs/pricing).
        """
        priced: dict[tuple[str, str], list[tuple[date, dict[str, int]]]] = {}
        for (key, day), row in sorted(self.rows.items()):
            fees = _fees(row)
            if fees and key == PriceKey(row.provider, row.model, "standard"):
                priced.setdefault(key[:2], []).append((day, fees))
        for place, row in self.rows.items():
            of_model = priced.get(place[0][:2], [])
            by_then = [fees for day, fees in of_model if day <= place[1]] or [
                fees for _, fees in of_model[:1]
            ]
            if by_then:
                rare = tuple(sorted((by_then[-1] | dict(row.rare)).items()))
                self.rows[place] = msgspec.structs.replace(row, rare=rare)

    def leave_unpriced(self, own: Overlay) -> None:
        """Add why models have no price at a tier. Raises UsageError where they have one."""
        for entry in own.without_rate:
            for provider, model in self._priced(entry.providers, entry.models):
                if any(key[:3] == (provider, model, entry.service_tier) for key, _ in self.rows):
                    raise UsageError(
                        f"{model} at {provider} has a price at {entry.service_tier},"
                        " where the overlay says that it has none; drop one of the two"
                    )
                reason = (entry.service_tier, entry.reason)
                reasons = (*self._facts_of(provider, model).without_rate, reason)
                self._add_facts(provider, model, without_rate=tuple(sorted(reasons)))

    def settled_aliases(self) -> Iterator[tuple[str, str, str]]:
        """The names that mean exactly one model.

        A model's own id is no alias, and a name that two models claim means neither.
        """
        ids = {(provider, model.lower()) for (provider, model, *_), _ in self.rows}
        for (provider, name), models in self.claims.items():
            if len(models) == 1 and (provider, name) not in ids:
                yield provider, name, next(iter(models))

    def needed_matchers(self) -> Iterator[MatcherRow]:
        """The matchers that say more than a model's id and its aliases do, in order."""
        ids = {(provider, model.lower()) for (provider, model, *_), _ in self.rows}
        exact = {(provider, name) for provider, name, _ in self.settled_aliases()} | ids
        for provider, rows in self.matchers.items():
            for row in rows:
                (first, *others) = row.conditions
                is_exact = first.kind == "equals" and not others
                if not (is_exact and (provider, first.text) in exact):
                    yield row

    def known_facts(self) -> Iterator[FactRow]:
        """The rows that hold a fact."""
        return (
            fact
            for fact in self.facts.values()
            if fact != FactRow(provider=fact.provider, model=fact.model)
        )

    def _facts_of(self, provider: str, model: str) -> FactRow:
        return self.facts.get((provider, model), FactRow(provider=provider, model=model))

    def _add_facts(self, provider: str, model: str, **facts: object) -> None:
        row = self._facts_of(provider, model)
        self.facts[provider, model] = msgspec.structs.replace(row, **facts)

    def _priced(
        self, providers: Iterable[str], models: tuple[str, ...]
    ) -> Iterator[tuple[str, str]]:
        for provider in providers:
            for model in models:
                self._require(provider, model)
                yield provider, model

    def _require(self, provider: str, model: str) -> None:
        if not any(key[:2] == (provider, model) for key, _ in self.rows):
            raise UsageError(
                f"the overlay names {model} at {provider}, which has no price;"
                " correct the name or price it first"
            )


def _fees(row: PriceRow) -> dict[str, int]:
    """The rates of a row that are not of tokens."""
    return {name: rate for name, rate in row.rare if not charges.is_of_tokens(name)}


def _without_repeats(rows: Iterable[PriceRow]) -> Iterator[PriceRow]:
    """The rows that change a price: one that repeats the rates before it changes nothing."""
    before: PriceRow | None = None
    for row in sorted(rows, key=lambda row: (row.key, row.effective_from)):
        if before is None or before.key != row.key or before.rates != row.rates:
            yield row
        before = row
