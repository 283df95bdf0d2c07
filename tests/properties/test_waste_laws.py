"""Waste from sums equals what each event costs alone, in any order and grouping."""

from collections.abc import Iterable, Sequence

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from advisor.months import waste
from advisor.months.statements import DayUsage, Pricing
from advisor.months.waste import Waste
from ledger import clock, events, tokens, usage
from ledger.events import Event, Labels
from ledger.pricing import names, prices
from ledger.readings import StoredSeries
from ledger.usage import Tally
from tests import ledgers
from tests.advisor import priced_usage

TIERS = ("standard", "priority", "batch", "flex", "unknown")
_DAYS = st.integers(priced_usage.CHANGE_DAY - 2, priced_usage.CHANGE_DAY + 1)


@st.composite
def event(draw: st.DrawFn) -> Event:
    """Any request around a change of price: repeated or not, at any two tiers, any usage."""
    again, source = (
        draw(st.booleans()),
        draw(st.sampled_from(["provider", "estimated", "missing", "gateway_cache"])),
    )
    labels = ledgers.labels(
        project=draw(st.sampled_from(["search", "lab"])),
        model=draw(st.sampled_from(["gpt-4.1", "gpt-4.1-mini", "house"])),
        service_tier=draw(st.sampled_from(TIERS)),
        service_tier_requested=draw(st.sampled_from(TIERS)),
        usage_source=source,
        features=events.FEATURE_CLIENT_RETRY if again else 0,
    )
    cached, text, output = (draw(st.integers(0, 10**6)) for _ in range(3))
    return ledgers.event(
        draw(_DAYS) * clock.DAY_US,
        label_set=labels,
        input_tokens=cached + text,
        cached_input_tokens=cached,
        output_tokens=output,
        retry_count=int(again),
    )


def waste_of(groups: Iterable[Sequence[Event]]) -> Waste:
    """The waste of events stored in these groups, from the rollups of their days."""
    ids: dict[Labels, int] = {}
    sums = []
    for group in groups:
        tally = Tally()
        for event in group:
            tally.add(event, ids.setdefault(event.labels, len(ids)))
        sums.append(usage.unpack(tally.pack()))
    days: dict[int, dict[int, list[int]]] = {}
    for (day, series_id), amounts in usage.merge_all(sums).days().items():
        days.setdefault(day, {})[series_id] = amounts
    book = priced_usage.book()
    series = {number: StoredSeries(number, labels, False) for labels, number in ids.items()}
    return waste.from_usage(
        [DayUsage(day, sums_of_day) for day, sums_of_day in days.items()],
        Pricing(series, book, names.Names(book, [])),
    )


def cost_alone(event: Event, tier: str) -> prices.Cost:
    """What one event costs at a tier on its own day."""
    billable = event.labels.usage_source in events.BILLABLE_SOURCES
    counts = tokens.TokenCounts(
        input_tokens=event.input_tokens or 0,
        cached_input_tokens=event.cached_input_tokens or 0,
        output_tokens=event.output_tokens or 0,
    )
    price = priced_usage.book().at(
        "openai", event.labels.model, tier, context_band=0, day=clock.day_of(event.occurred_at)
    )
    return prices.cost(counts if billable else tokens.NONE, price.rates if price else None)


@given(sent=st.lists(event(), max_size=12))
def test_waste_is_the_sum_of_what_each_event_costs_alone(sent: list[Event]) -> None:
    summed = waste_of([sent])
    again = [
        cost_alone(
            event,
            labels.service_tier_requested
            if labels.service_tier == "unknown"
            else labels.service_tier,
        )
        for event in sent
        if (labels := event.labels).features and labels.usage_source in events.BILLABLE_SOURCES
    ]
    retries = summed.paid_retries
    assert retries.requests == len(again)
    assert (retries.cost_femto_usd or 0) == sum(cost.femto_usd for cost in again)
    assert retries.unpriced_tokens == sum(cost.unpriced_tokens for cost in again)
    others = [
        (
            cost_alone(event, event.labels.service_tier),
            cost_alone(event, event.labels.service_tier_requested),
        )
        for event in sent
        if len({event.labels.service_tier, event.labels.service_tier_requested, "unknown"}) == 3
    ]
    compared = [
        cost_served.femto_usd - cost_asked.femto_usd
        for cost_served, cost_asked in others
        if not cost_served.unpriced_tokens and not cost_asked.unpriced_tokens
    ]
    assert summed.other_tier.requests == len(others)
    assert (summed.other_tier.difference_femto_usd or 0) == sum(compared)


@given(sent=st.lists(event(), max_size=8), data=st.data())
def test_the_order_and_grouping_of_events_change_nothing(
    sent: list[Event], data: st.DataObject
) -> None:
    order = data.draw(st.permutations(sent))
    cut = data.draw(st.integers(0, len(order)))
    assert waste_of([order[:cut], order[cut:]]) == waste_of([sent])


@given(sent=st.lists(event(), max_size=8))
def test_what_is_not_sent_again_and_served_as_asked_wastes_nothing(sent: list[Event]) -> None:
    plain = [
        msgspec.structs.replace(
            event,
            labels=msgspec.structs.replace(
                event.labels, features=0, service_tier_requested=event.labels.service_tier
            ),
        )
        for event in sent
    ]
    assert waste_of([plain]) == waste_of([])
