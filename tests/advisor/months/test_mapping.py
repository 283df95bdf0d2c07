"""A name gets its model only where it is clear who sends it and the model has a price; what is refused names the remedy."""

from dataclasses import replace

import pytest

from advisor.months import mapping
from ledger.errors import NotFound, UsageError
from ledger.pricing import price_book
from ledger.pricing.names import Alias, Names
from ledger.pricing.overrides import Overrides
from ledger.pricing.price_book import OperatorPrice
from ledger.pricing.prices import PriceBook, PriceKey, Rates
from tests import ledgers

AZURE = "azure.ai.openai"
REGIONAL = OperatorPrice(
    key=PriceKey(AZURE, "gpt-4o", "standard", region="uksouth"),
    effective_from=0,
    rates=Rates(uncached_input=2_750_000_000, output=11_000_000_000),
    source="portal",
)
BOOK = Overrides(prices=(REGIONAL,)).book()
SENT = [
    ledgers.labels(provider=AZURE, model="prod-chat"),
    ledgers.labels(provider=AZURE, model="shared"),
    ledgers.labels(provider="openai", model="shared"),
    ledgers.labels(provider=AZURE, model="eu-and-us", namespace="eu"),
    ledgers.labels(provider=AZURE, model="eu-and-us", namespace="us"),
]
ALIAS = Alias(
    namespace="default",
    provider=AZURE,
    name="prod-chat",
    model_provider=AZURE,
    model="gpt-4.1",
    effective_from=20_700,
)


def alias(
    model: str,
    to_provider: str | None = None,
    region: str = "",
    name: str = "prod-chat",
    book: PriceBook = BOOK,
) -> Alias:
    """A name that Azure is sent, as a model from the first day on."""
    return mapping.new_alias(
        book,
        mapping.Sender("default", AZURE),
        name,
        model,
        to_provider=to_provider,
        region=region,
        day=0,
    )


def test_a_sender_is_found_by_the_name_alone_where_only_one_sends_it() -> None:
    assert mapping.find_sender(SENT, "prod-chat") == ("default", AZURE)
    assert mapping.find_sender(SENT, "shared", provider="azure") == ("default", AZURE)
    assert mapping.find_sender(SENT, "eu-and-us", namespace="us") == ("us", AZURE)


@pytest.mark.parametrize(
    ("name", "provider", "says"),
    [
        (
            "shared",
            None,
            "'shared' is sent under azure.ai.openai and openai; choose one with --provider",
        ),
        (
            "eu-and-us",
            None,
            "'eu-and-us' is sent under eu and us; choose one with --namespace",
        ),
        (
            "prod-chat",
            "openai",
            "nobody has sent the name 'prod-chat' at openai; .*to map it anyway add --yes",
        ),
        ("prod-chart", None, "nobody has sent the name 'prod-chart'"),
    ],
)
def test_a_sender_that_is_not_clear_is_refused(name: str, provider: str | None, says: str) -> None:
    with pytest.raises((UsageError, NotFound), match=says):
        mapping.find_sender(SENT, name, provider=provider)


def test_a_name_that_nobody_has_sent_yet_is_taken_on_request_with_its_provider() -> None:
    assert mapping.find_sender(SENT, "next-year", provider="azure", accept_unsent=True) == (
        "default",
        AZURE,
    )
    assert mapping.find_sender(
        SENT, "next-year", provider="azure", namespace="eu", accept_unsent=True
    ) == (
        "eu",
        AZURE,
    )
    with pytest.raises(UsageError, match="give its provider with --provider"):
        mapping.find_sender(SENT, "next-year", accept_unsent=True)


def test_ll_8538_a_deployment_of_any_name_takes_the_model_that_is_named_in_any_of_its_spellings() -> (
    None
):
    for spelling in ("gpt-35-turbo", "gpt-3.5-turbo", "azure/gpt-35-turbo"):
        deployment = alias(spelling, name="my-gpt-35-turbo")
        assert (deployment.model_provider, deployment.model) == (AZURE, "gpt-3.5-turbo")
        resolved = Names(BOOK, [deployment]).resolve("default", AZURE, "my-gpt-35-turbo", 20_780)
        assert BOOK.at(*resolved[:2], "standard", context_band=0, day=20_780) is not None


def test_ll_8538_a_model_that_would_have_no_price_is_refused_and_never_dropped_in_silence() -> None:
    with pytest.raises(
        UsageError,
        match="no price for gpt-35-trubo; list what has one with: switchwise prices list --provider azure",
    ):
        alias("gpt-35-trubo", name="my-gpt-35-turbo")


def test_ll_7004_a_regional_deployment_has_its_region_s_price_and_a_global_one_the_global() -> None:
    regional, everywhere = (
        alias("gpt-4o", region="uksouth", name="chat-uk"),
        alias("gpt-4o", name="chat-global"),
    )
    resolver = Names(BOOK, [regional, everywhere])
    rates = []
    for name in ("chat-uk", "chat-global"):
        provider, model, region = resolver.resolve("default", AZURE, name, 20_780)
        price = BOOK.at(provider, model, "standard", context_band=0, day=20_780, region=region)
        assert price is not None
        rates.append(price.rates.uncached_input)
    assert rates == [2_750_000_000, 2_500_000_000]


def test_ll_22724_a_custom_deployment_can_take_another_provider_s_price() -> None:
    codex = alias("gpt-5.3-codex", to_provider="openai", name="openai/gpt-5.3-codex")
    assert (codex.model_provider, codex.model, codex.name) == (
        "openai",
        "gpt-5.3-codex",
        "openai/gpt-5.3-codex",
    )


@pytest.mark.parametrize(
    ("model", "to_provider", "region", "says"),
    [
        (
            "gpt-5-pro",
            None,
            "",
            "azure.ai.openai has no price for gpt-5-pro; it is sold by openai; .*--to-provider",
        ),
        (
            "gpt-4.1",
            "opnai",
            "",
            "opnai has no price for gpt-4.1; it is sold by azure.ai.openai and openai",
        ),
        ("gpt-9", "opnai", "", "unknown provider 'opnai'; list the providers with"),
        ("gpt-9", None, "", "set one with: switchwise prices set gpt-9 --provider azure.ai.openai"),
        (
            "gpt-4o",
            None,
            "atlantis",
            "gpt-4o at azure.ai.openai has no price in 'atlantis'; .*uksouth.*--region REGION",
        ),
    ],
)
def test_a_model_without_a_price_is_refused_with_the_nearest_remedy(
    model: str, to_provider: str | None, region: str, says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        alias(model, to_provider, region)


def test_a_model_with_regional_prices_alone_asks_for_the_region() -> None:
    only_regional = Overrides(
        prices=(replace(REGIONAL, key=REGIONAL.key._replace(model="uk-model")),)
    ).book()
    with pytest.raises(
        UsageError, match="has no price for every region; regions with prices: uksouth"
    ):
        alias("uk-model", book=only_regional)


def test_a_name_that_is_the_model_already_is_refused_unless_a_region_changes_its_price() -> None:
    with pytest.raises(UsageError, match="has the price of gpt-4o without an alias"):
        alias("gpt-4o", name="gpt-4o")
    assert alias("gpt-4o", region="uksouth", name="gpt-4o").region == "uksouth"


def test_an_alias_ends_on_a_day_on_which_it_holds() -> None:
    ended = mapping.end_alias([ALIAS], "prod-chat", day=20_750)
    assert ended == replace(ALIAS, model_provider="", model="", effective_from=20_750)
    resolver = Names(price_book.shipped(), [ALIAS, ended])
    models = [
        resolver.resolve("default", AZURE, "prod-chat", day).model
        for day in (20_699, 20_700, 20_749, 20_750)
    ]
    assert models == ["prod-chat", "gpt-4.1", "gpt-4.1", "prod-chat"]


@pytest.mark.parametrize(
    ("name", "day", "says"),
    [
        ("prod-chat", 20_699, "'prod-chat' is mapped to no model on that day"),
        ("other", 20_750, "'other' is mapped to no model on that day"),
        ("ended", 20_750, "'ended' is mapped to no model on that day"),
        (
            "twice",
            20_750,
            "'twice' is mapped for azure.ai.openai of default and azure.ai.openai of eu; choose one",
        ),
    ],
)
def test_what_is_not_mapped_cannot_be_ended(name: str, day: int, says: str) -> None:
    aliases = [
        ALIAS,
        replace(ALIAS, name="ended"),
        replace(ALIAS, name="ended", model="", effective_from=20_720),
        replace(ALIAS, name="twice"),
        replace(ALIAS, name="twice", namespace="eu"),
    ]
    with pytest.raises((UsageError, NotFound), match=says):
        mapping.end_alias(aliases, name, day=day)
