"""A request is priced at the tier that served it and in the band of its own size, from the stored event to the statement."""

from collections.abc import Sequence
from decimal import Decimal

import pytest

from advisor.months import statement_store, statements
from ledger import bands, events, months
from ledger.database import Database
from ledger.events import Event
from ledger.pricing import price_book
from ledger.pricing.prices import PriceKey
from tests import ledgers
from tests.ledger.pricing.shipped import TODAY

LONG = sorted(
    {key for key in price_book.shipped().prices if key.over_input_tokens and not key.region}
)


def _lines(database: Database, sent: Sequence[Event]) -> dict[statements.LineKey, statements.Line]:
    ledgers.add(database, sent)
    ledgers.settle(database)
    month = months.containing(ledgers.NOON_US, ledgers.SETTINGS.zone)
    with database.snapshot() as session:
        statement = statement_store.read_statement(session, month)
    assert statement is not None
    return statement.lines


def _usd(lines: dict[statements.LineKey, statements.Line]) -> Decimal:
    assert sum(line.cost.unpriced_tokens for line in lines.values()) == 0
    return Decimal(sum(line.cost.femto_usd for line in lines.values())).scaleb(-15)


def _event(model: str, input_tokens: int, output_tokens: int = 0, **labels: object) -> Event:
    label_set = ledgers.labels(
        model=model, context_band=events.context_band(input_tokens), **labels
    )
    return ledgers.event(
        label_set=label_set, input_tokens=input_tokens, output_tokens=output_tokens
    )


@pytest.mark.parametrize("key", LONG, ids=lambda key: "-".join(map(str, key[:4])))
def test_a_long_context_price_begins_one_token_above_its_threshold_and_not_at_it(
    key: PriceKey,
) -> None:
    book, size = price_book.shipped(), key.over_input_tokens
    at, above = (
        book.at(
            key.provider, key.model, key.service_tier, context_band=bands.band_of(tokens), day=TODAY
        )
        for tokens in (size, size + 1)
    )
    assert above is not None
    assert above.key == key
    assert at is None or at.key.over_input_tokens < size


@pytest.mark.parametrize(
    ("tokens", "usd"),
    [(272_000, "0.0272"), (272_001, "0.0544002"), (200_000, "0.02"), (200_001, "0.0200001")],
)
def test_a_stored_request_takes_the_dear_rate_only_above_its_model_s_own_threshold(
    database: Database, tokens: int, usd: str
) -> None:
    assert _usd(_lines(database, [_event("gpt-6-luna", tokens)])) == Decimal(usd)


def test_two_requests_below_the_threshold_do_not_pay_for_a_sum_above_it(database: Database) -> None:
    lines = _lines(database, [_event("gpt-6-luna", 200_000), _event("gpt-6-luna", 200_000)])
    assert [line.counts.input_tokens for line in lines.values()] == [400_000]
    assert _usd(lines) == Decimal("0.04")


def test_short_and_long_requests_of_one_model_add_up_on_one_line_each_at_its_own_rate(
    database: Database,
) -> None:
    assert _usd(
        _lines(database, [_event("gpt-6-luna", 100_000), _event("gpt-6-luna", 300_000)])
    ) == Decimal("0.07")


@pytest.mark.parametrize(
    ("asked_tier", "served_tier", "usd"),
    [
        ("priority", "priority", "0.00315"),
        ("priority", "standard", "0.0018"),
        ("standard", "priority", "0.00315"),
        ("batch", "batch", "0.0009"),
        ("priority", "unknown", "0.00315"),
        ("standard", "unknown", "0.0018"),
    ],
)
def test_litellm_37046_the_tier_that_served_a_request_sets_its_price_and_the_asked_one_only_where_nobody_said(
    database: Database, asked_tier: str, served_tier: str, usd: str
) -> None:
    lines = _lines(
        database,
        [_event("gpt-4.1", 700, 50, service_tier_requested=asked_tier, service_tier=served_tier)],
    )
    assert _usd(lines) == Decimal(usd)
    (line,) = lines.values()
    assert line.tier_unknown_tokens == (750 if served_tier == "unknown" else 0)
    assert line.tier_mismatch_requests == (1 if served_tier not in ("unknown", asked_tier) else 0)


@pytest.mark.parametrize("model", ["gpt-4.1", "gpt-4.1-mini"])
@pytest.mark.parametrize("tier", ["flex", "scale"])
@pytest.mark.parametrize("provider", ["openai", "azure.ai.openai"])
def test_litellm_31837_a_tier_without_a_rate_leaves_its_tokens_unpriced(
    database: Database, provider: str, model: str, tier: str
) -> None:
    labels = {"provider": provider, "service_tier": tier, "service_tier_requested": tier}
    (line,) = _lines(database, [_event(model, 700, 50, **labels)]).values()
    assert (line.cost.femto_usd, line.cost.priced_tokens, line.cost.unpriced_tokens) == (0, 0, 750)
