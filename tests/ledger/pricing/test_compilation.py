"""The shipped book is compiled from the catalogue and the overlay; bad input is refused."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import msgspec
import pytest
from genai_prices import Usage, types

from ledger import bands
from ledger import usage as ledger_usage
from ledger.errors import UsageError
from ledger.pricing import book_file, catalogue, charges, compilation, overlay, price_book
from ledger.pricing.book_file import BookFile
from ledger.pricing.overlay import Copy, Overlay, Sheet, SheetRow
from tests import ledgers
from tests.ledger.pricing.shipped import NOON, TODAY


@pytest.fixture(scope="module")
def own() -> Overlay:
    return overlay.load_overlay()


@pytest.fixture(scope="module")
def book(own: Overlay) -> BookFile:
    return compilation.compile_book(own)


def test_the_shipped_book_is_the_compiled_one_byte_for_byte(book: BookFile) -> None:
    assert book_file.encode(book) == price_book.BOOK_PATH.read_bytes()


def test_the_version_is_a_hash_of_the_content(book: BookFile) -> None:
    version = book_file.decode(book_file.encode(book)).version
    dearer = msgspec.structs.replace(book, prices=book.prices[1:])
    assert len(version) == book_file.VERSION_CHARACTERS
    assert (
        version
        == price_book.shipped().version
        != book_file.decode(book_file.encode(dearer)).version
    )


def _models() -> Iterator[tuple[str, types.Provider, types.ModelInfo]]:
    for word, provider in catalogue.providers():
        for model in provider.models:
            yield word, provider, model


CONTEXTS = {
    "standard": None,
    "batch": {"processing": "batch"},
    "flex": {"service_tier": "flex"},
    "priority": {"service_tier": "priority"},
}


@pytest.mark.parametrize(
    "size", [1_000, 100_000, 100_001, 199_999, 200_000, 200_001, 272_000, 272_001, 900_000]
)
def test_the_book_charges_what_genai_prices_charges_at_every_size_and_tier(size: int) -> None:
    """Except prices of the overlay alone; the comparison with a second table covers those."""
    request = ledgers.event(
        input_tokens=size, cached_input_tokens=size // 4, output_tokens=700, reasoning_tokens=0
    )
    amounts = ledger_usage.amounts_of(request)
    usage = Usage(input_tokens=size, cache_read_tokens=size // 4, output_tokens=700)
    shipped, compared = price_book.shipped(), 0
    for word, provider, model in _models():
        for tier, context in CONTEXTS.items():
            price = shipped.at(word, model.id, tier, context_band=bands.band_of(size), day=TODAY)
            if price is None or price.rates.output is None or not price.checked:
                continue
            charged = model.calc_price(
                usage, provider, genai_request_timestamp=NOON, price_context=context
            ).total_price
            cost = charges.cost_of(request.labels, amounts, price.rates)
            assert cost.femto_usd == round(charged * 10**15), (word, model.id, tier)
            compared += 1
    assert compared > 600


def _catalogue_model(**usd: str) -> types.ModelInfo:
    listed = types.ModelPrice(**{key: Decimal(amount) for key, amount in usd.items()})
    return types.ModelInfo(id="m", match=types.ClauseEquals("m"), prices=listed)


def test_a_catalogue_price_of_0_is_no_price() -> None:
    free, sold = (_catalogue_model(input_mtok=usd, output_mtok=usd) for usd in ("0", "1"))
    assert "unknown" in (catalogue.reason_left_out("openai", free) or "")
    assert catalogue.reason_left_out("openai", sold) is None


def _with_row(own: Overlay, **changes: object) -> Overlay:
    """The overlay with one more price of ours."""
    row = msgspec.structs.replace(
        SheetRow(model="gpt-9", uncached_input=Decimal(1), output=Decimal(2)), **changes
    )
    sheet = Sheet(provider="openai", rows=(row,), checked=date(2026, 11, 23), source="test")
    return msgspec.structs.replace(own, sheet=(*own.sheet, sheet))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cached_input": Decimal("1.01")}, "cached input of gpt-9"),
        ({"over_input_tokens": 150_000}, "add the size to bands.SIZES"),
        ({"output": Decimal("-0.01")}, "below 0"),
        ({"output": Decimal("0.0000000015")}, "finer than nano-USD"),
        ({"model": "gpt-4.1", "service_tier": "flex"}, "where the overlay says that it has none"),
    ],
)
def test_a_row_that_cannot_be_right_stops_the_compiler(
    own: Overlay, changes: dict[str, object], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        compilation.compile_book(_with_row(own, **changes))


def test_an_overlay_written_over_another_release_stops_compilation_but_not_a_comparison(
    own: Overlay,
) -> None:
    compilation.check_release(own)
    older = msgspec.structs.replace(
        own, genai_prices=msgspec.structs.replace(own.genai_prices, version="0.0.1")
    )
    with pytest.raises(UsageError, match=r"the overlay is for 0\.0\.1"):
        compilation.check_release(older)
    assert compilation.compile_book(older).prices == compilation.compile_book(own).prices


def test_a_copy_of_what_the_catalogue_prices_by_itself_stops_the_compiler(own: Overlay) -> None:
    copy = Copy(
        seller="openai",
        reseller="azure.ai.openai",
        service_tier="standard",
        models=("o1",),
        source="test",
    )
    with pytest.raises(UsageError, match=r"prices o1 at azure\.ai\.openai by itself"):
        compilation.compile_book(msgspec.structs.replace(own, copy=(*own.copy, copy)))


def test_a_retirement_of_a_model_without_a_price_is_a_misspelt_name(own: Overlay) -> None:
    wrong = msgspec.structs.replace(own.retirement[0], models=("gpt-4.1-mimi",))
    with pytest.raises(UsageError, match=r"gpt-4\.1-mimi at openai"):
        compilation.compile_book(msgspec.structs.replace(own, retirement=(wrong,)))


def test_the_overlay_wins_over_the_catalogue_on_the_same_key_and_day(own: Overlay) -> None:
    dearer = _with_row(own, model="gpt-4.1", uncached_input=Decimal(3))
    price = book_file.to_price_book(compilation.compile_book(dearer)).at(
        "openai", "gpt-4.1", "standard", context_band=0, day=TODAY
    )
    assert price is not None
    assert price.rates.uncached_input == 3 * 10**9


def test_a_sheet_of_several_regions_gives_each_its_rows() -> None:
    row = SheetRow(model="m", uncached_input=Decimal(1), effective_from=date(2026, 6, 1))
    sheet = Sheet(provider="p", regions=("north", "south"), rows=(row,), source="test")
    rows = list(sheet.price_rows())
    assert [(row.region, row.effective_from, row.source) for row in rows] == [
        ("north", date(2026, 6, 1), "unconfirmed: test"),
        ("south", date(2026, 6, 1), "unconfirmed: test"),
    ]


def test_a_misspelt_field_of_the_overlay_stops_with_its_name() -> None:
    with pytest.raises(msgspec.ValidationError, match="chached"):
        msgspec.toml.decode(
            'provider = "p"\nsource = "s"\nrows = [{ model = "m", chached = "1" }]', type=Sheet
        )
