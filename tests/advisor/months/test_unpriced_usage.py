"""The inbox of tokens without a price: why they have none, and a remedy where an exact rule finds one."""

from dataclasses import replace

import msgspec
import pytest

from advisor.months import pricings, unpriced_usage
from advisor.months.unpriced_usage import Unpriced, Why
from ledger import clock, months
from ledger.database import Database
from ledger.events import Labels
from ledger.pricing import in_force, omissions, price_book
from ledger.pricing.contracts import FixedPrice
from ledger.pricing.names import Alias
from ledger.pricing.overrides import Overrides
from ledger.pricing.price_book import OperatorPrice
from ledger.pricing.prices import PriceKey, Rates
from tests import ledgers

pytestmark = pytest.mark.usefixtures("frozen_now")
AZURE = "azure.ai.openai"
LONG = PriceKey("house", "long-model", "standard", 200_000)


def inbox(database: Database) -> list[Unpriced]:
    """What has no price in November."""
    ledgers.settle(database)
    with database.snapshot() as session:
        month = months.parse("2026-11", ledgers.SETTINGS.zone)
        return unpriced_usage.in_month(session, month, pricings.in_force(session))


def change(database: Database, operator_change: in_force.Change) -> None:
    """A change by the operator."""
    with database.transaction() as session:
        in_force.apply_change(session, operator_change, 1)


def only_entry(database: Database, labels: Labels, **audio: int) -> Unpriced:
    """The one entry of a request with these labels."""
    plain = ledgers.event(label_set=labels)
    ledgers.add(database, [msgspec.structs.replace(plain, **audio)])
    (entry,) = inbox(database)
    return entry


@pytest.mark.parametrize(
    ("labels", "why"),
    [
        ({"provider": "my-gateway"}, Why("unknown_provider")),
        ({"model": "acme-7b"}, Why("unknown_name")),
        ({"service_tier": "flex"}, Why("no_tier", ("flex",))),
        ({"service_tier": "unknown", "service_tier_requested": "flex"}, Why("no_tier", ("flex",))),
        (
            {"service_tier": "unknown", "service_tier_requested": "unknown"},
            Why("no_tier", ("unknown",)),
        ),
    ],
)
def test_tokens_without_a_price_say_why(
    database: Database, labels: dict[str, object], why: Why
) -> None:
    entry = only_entry(database, ledgers.labels(**labels))
    assert (entry.why, entry.unpriced_tokens, entry.requests) == (why, 1_100, 1)
    assert unpriced_usage.reason_text(why)


def test_a_tier_that_is_not_known_has_no_price_to_set(database: Database) -> None:
    unknown = {"service_tier": "unknown", "service_tier_requested": "unknown"}
    entry = only_entry(database, ledgers.labels(**unknown))
    assert unpriced_usage.reason_text(entry.why) == "its tier is not known here"
    assert entry.command is None
    assert "no price of another tier stands for it" in str(entry.hint)


def test_a_meter_without_a_rate_is_told_apart_from_an_unknown_name(database: Database) -> None:
    entry = only_entry(database, ledgers.labels(), input_audio_tokens=40, output_audio_tokens=5)
    assert (entry.why, entry.unpriced_tokens, entry.requests) == (
        Why("no_rate", ("input_audio", "output_audio")),
        45,
        1,
    )
    assert entry.command == (
        "switchwise prices set gpt-4.1 --provider openai --input 2.00 --cached 0.50 --output 8.00"
        " --meter file_searches=0.0025 --meter web_searches=0.01"
        " --input-audio RATE --output-audio RATE"
    )
    assert unpriced_usage.reason_text(entry.why) == "no rate for input audio and output audio"


def test_a_tier_that_is_known_to_have_no_price_says_why_and_asks_for_none(
    database: Database,
) -> None:
    entry = only_entry(database, ledgers.labels(service_tier="scale"))
    assert (entry.why, entry.command) == (Why("no_tier", ("scale",)), None)
    assert str(entry.hint).startswith("no price per token at scale: committed capacity")


def test_a_size_below_the_only_one_that_is_sold_is_told_apart(database: Database) -> None:
    change(
        database,
        lambda overrides: overrides.with_price(
            OperatorPrice(
                key=LONG,
                effective_from=0,
                rates=Rates(uncached_input=1, output=1),
                source="by hand",
            )
        ),
    )
    entry = only_entry(database, ledgers.labels(provider="house", model="long-model"))
    assert entry.why == Why("no_size")


def test_a_region_without_a_price_is_told_apart(database: Database) -> None:
    change(
        database,
        lambda overrides: overrides.with_alias(
            Alias(
                namespace="default",
                provider=AZURE,
                name="prod-chat",
                model_provider=AZURE,
                model="gpt-4.1",
                effective_from=0,
                region="atlantis",
            )
        ),
    )
    entry = only_entry(database, ledgers.labels(provider=AZURE, model="prod-chat"))
    assert (entry.name, entry.why) == ("prod-chat", Why("no_region", ("atlantis",)))
    assert entry.command == (
        "switchwise prices set gpt-4.1 --provider azure.ai.openai --region atlantis --input RATE --output RATE"
    )


def test_days_after_a_contract_without_a_list_price_are_unpriced_and_say_so(
    database: Database,
) -> None:
    house, day = PriceKey("house", "house-model", "standard"), clock.day_of(ledgers.NOON_US)
    fixed = FixedPrice(
        effective_from=day - 5,
        effective_until=day,
        source="deal",
        key=house,
        rates=Rates(uncached_input=1, output=1),
    )
    change(database, lambda _: Overrides(contracts=(fixed,)))
    entry = only_entry(database, ledgers.labels(provider="house", model="house-model"))
    assert entry.why == Why("no_rate", ("uncached_input", "output"))


def test_names_are_listed_as_they_were_sent_and_by_sender(database: Database) -> None:
    for namespace in ("eu", "us", "us"):
        labels = ledgers.labels(namespace=namespace, provider=AZURE, model="azure/prod-chat")
        ledgers.add(database, [ledgers.event(label_set=labels)])
    entries = inbox(database)
    assert [(entry.namespace, entry.name, entry.requests) for entry in entries] == [
        ("us", "azure/prod-chat", 2),
        ("eu", "azure/prod-chat", 1),
    ]


@pytest.mark.parametrize(
    ("labels", "command"),
    [
        (
            {"provider": AZURE, "model": "prod chat", "request_model": "gpt-4.1-2025-04-14"},
            "switchwise models map 'prod chat' gpt-4.1 --provider azure.ai.openai",
        ),
        (
            {
                "provider": AZURE,
                "model": "prod-chat",
                "request_model": "gpt-4.1",
                "namespace": "eu",
            },
            "switchwise models map prod-chat gpt-4.1 --provider azure.ai.openai --namespace eu",
        ),
        (
            {"provider": "my-gateway", "model": "gpt-4.1", "request_model": "chat"},
            "switchwise models map gpt-4.1 gpt-4.1 --provider my-gateway --to-provider openai",
        ),
        ({"provider": AZURE, "model": "gpt-4.1-turbo-chat", "request_model": "chat"}, None),
        (
            {"provider": "my-gateway", "model": "gpt-4.1-prod", "request_model": "gpt-4.1-prod"},
            None,
        ),
        ({"provider": "my-gateway", "model": "gpt-oss-120b", "request_model": "chat"}, None),
    ],
)
def test_a_remedy_for_a_name_is_offered_only_where_one_model_fits_exactly(
    database: Database, labels: dict[str, object], command: str | None
) -> None:
    assert only_entry(database, ledgers.labels(**labels)).command == command


def test_a_deployment_that_was_asked_for_as_two_models_gets_no_remedy(database: Database) -> None:
    for request_model in ("gpt-4.1", "gpt-4.1-mini"):
        labels = ledgers.labels(provider=AZURE, model="prod-chat", request_model=request_model)
        ledgers.add(database, [ledgers.event(label_set=labels)])
    (entry,) = inbox(database)
    assert (entry.requests, entry.hint, entry.command) == (2, None, None)


def test_following_the_remedy_empties_the_inbox(database: Database) -> None:
    entry = only_entry(database, ledgers.labels(provider=AZURE, model="prod-chat"))
    assert entry.hint == "all of its requests asked for gpt-4.1; if that is the model"
    alias = Alias(
        namespace="default",
        provider=AZURE,
        name="prod-chat",
        model_provider=AZURE,
        model="gpt-4.1",
        effective_from=0,
    )
    change(database, lambda overrides: overrides.with_alias(alias))
    assert inbox(database) == []
    change(
        database,
        lambda overrides: overrides.with_alias(
            replace(alias, effective_from=clock.day_of(ledgers.NOON_US), model="")
        ),
    )
    assert inbox(database) == [entry]


@pytest.mark.parametrize(
    ("provider", "model", "why", "hint", "command"),
    [
        ("deepseek", "deepseek-chat", "left_out", "depends on the time of day", None),
        ("openai", "gpt-live-1", "left_out", "it bills audio_hours", None),
        (
            "gcp.gemini",
            "claude-sonnet-4-5",
            "left_out",
            "sells it on Vertex AI only; if it was called there",
            (
                "switchwise models map claude-sonnet-4-5 claude-sonnet-4-5 --provider gcp.gemini"
                " --to-provider gcp.vertex_ai"
            ),
        ),
        (
            "openai",
            "gpt-oss-120b",
            "left_out",
            "open weights",
            "switchwise prices set gpt-oss-120b --provider openai --input RATE --output RATE",
        ),
        (
            "aws.bedrock",
            "us-gov.anthropic.claude-sonnet-4-5-20250929-v1:0",
            "another_price",
            "GovCloud has prices of its own",
            (
                "switchwise prices set us-gov.anthropic.claude-sonnet-4-5-20250929-v1:0"
                " --provider aws.bedrock --input RATE --output RATE"
            ),
        ),
        (
            "gcp.gemini",
            "gemini-2.0-flash-exp-image-generation",
            "unknown_name",
            "is like one of gemini-2.0-flash; if it costs the same",
            (
                "switchwise models map gemini-2.0-flash-exp-image-generation gemini-2.0-flash"
                " --provider gcp.gemini"
            ),
        ),
        (
            "openai",
            "gpt4.1",
            "unknown_name",
            "no model has that name; if gpt-4.1 is meant",
            "switchwise models map gpt4.1 gpt-4.1 --provider openai",
        ),
    ],
)
def test_the_reason_that_the_book_knows_is_shown_with_a_remedy_that_makes_nothing_worse(
    database: Database, provider: str, model: str, why: str, hint: str, command: str | None
) -> None:
    entry = only_entry(
        database, ledgers.labels(provider=provider, model=model, request_model=model)
    )
    assert (entry.why.reason, entry.command) == (why, command)
    assert hint in str(entry.hint)
    known = unpriced_usage.reason_known(price_book.shipped(), provider, model)
    assert (known in str(entry.hint)) if known else (why == "unknown_name")


def test_no_reason_of_the_book_asks_for_a_price_per_token_of_what_is_billed_otherwise() -> None:
    reasons = set(price_book.shipped().left_out.values())
    by_token = {reason for reason in reasons if omissions.is_by_token(reason)}
    assert {reason.split(":")[0] for reason in by_token} <= {
        omissions.NO_PRICE,
        omissions.ZERO_PRICE,
        omissions.VERTEX_ONLY,
        "open weights",
    }
    assert omissions.TIME_OF_DAY in reasons - by_token
