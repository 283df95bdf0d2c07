"""Requests whose sender says what they cost, each beside what the real parser and book make of it."""

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

from advisor.months import statements
from collector import vendors
from collector.formats import litellm, litellm_spendlogs
from collector.parsing.naming import Naming
from ledger import clock, usage
from ledger.events import Event, Labels
from ledger.pricing import names, price_book, prices
from ledger.readings import StoredSeries
from tests.collector.formats import captures

FOLDER = Path(__file__).parents[1] / "golden" / "prices"
NAMING = Naming(vendor_of=vendors.vendor_of)
FEMTO_PER_USD = 10**15
LADDER = "ladder "
"""How the names of cases begin whose cost LiteLLM itself works out, in the full tests."""
WHOLLY_UNPRICED = frozenset({"not_in_book", "no_tier_price", "time_of_day", "not_in_payload"})
PARTLY_UNPRICED = frozenset({"no_rate"})
PRICED = frozenset({"other_rate", "other_rule"})
"""Ours is complete, and differs by a rate of the maker's own list or by how tokens are counted."""


@dataclass(frozen=True, slots=True)
class Costs:
    """One request's cost in USD, ours and the sender's, and the quantities that we have no rate of."""

    ours: Decimal
    theirs: Decimal
    unpriced: str = ""
    decimals: int | None = None
    """To how many decimals the sender's figure is rounded; None where it is not."""

    @property
    def agree(self) -> bool:
        """Whether both are the same to the last digit of a float, and nothing is left out of ours."""
        if self.decimals is not None:
            return not self.unpriced and round(self.ours, self.decimals) == self.theirs
        bound = self.ours * Decimal("1e-15")
        return not self.unpriced and abs(self.ours - self.theirs) <= bound


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Why two costs of a request differ, and what ours is."""

    kind: str
    ours: Decimal
    unpriced: str
    why: str
    source: str


def differences(*, on_ladder: bool = False) -> dict[str, Difference]:
    """The one table of reasons, by the name of the case; those of the model ladder are apart."""
    with (FOLDER / "cost-differences.csv").open() as file:
        return {
            row["case"]: Difference(
                kind=row["kind"],
                ours=Decimal(row["ours_usd"]),
                unpriced=row["unpriced"],
                why=row["why"],
                source=row["source"],
            )
            for row in csv.DictReader(file)
            if row["case"].startswith(LADDER) == on_ladder
        }


def faults(cases: dict[str, Costs], table: dict[str, Difference]) -> list[str]:
    """The cases that differ without a reason, and the reasons that do not hold or are not needed."""
    unknown = [f"{name}: a reason for no case" for name in sorted(table.keys() - cases.keys())]
    unexplained = [
        f"{name}: ours {costs.ours}, theirs {costs.theirs}, unpriced {costs.unpriced!r}"
        for name, costs in sorted(cases.items())
        if not costs.agree and name not in table
    ]
    stale = [
        f"{name}: {fault}"
        for name, difference in sorted(table.items())
        if name in cases and (fault := _fault_of(cases[name], difference))
    ]
    return unknown + unexplained + stale


def _fault_of(costs: Costs, difference: Difference) -> str:
    if costs.agree:
        return "the costs agree, so it needs no reason"
    if (costs.ours, costs.unpriced) != (difference.ours, difference.unpriced):
        return f"ours is {costs.ours}, unpriced {costs.unpriced!r}: not what the table says"
    is_kind = {
        True: difference.kind in WHOLLY_UNPRICED | PARTLY_UNPRICED,
        False: difference.kind in PRICED,
    }[bool(costs.unpriced)]
    if not is_kind or (difference.kind in WHOLLY_UNPRICED and costs.ours):
        return f"{difference.kind} is no reason for this difference"
    return "" if difference.why and difference.source.startswith("https://") else "no source"


@lru_cache
def every_case() -> dict[str, Costs]:
    """The costs of every captured payload and of every case of LiteLLM's own tests, by name."""
    captured = {
        capture.name: costs_of_capture(capture)
        for capture in captures.litellm()
        if capture.golden["kind"] == "usage"
    }
    recorded = {str(case["case"]): costs_of_case(case) for case in recorded_cases()}
    assert not captured.keys() & recorded.keys()
    return captured | recorded


def recorded_cases() -> list[dict[str, Any]]:
    lines = (FOLDER / "litellm-recorded-tests.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def costs_of_capture(capture: captures.Captured) -> Costs:
    payload = json.loads(capture.element, parse_float=Decimal)
    # The sender's zero stands for "unknown" as well.
    theirs = Decimal(payload["response_cost"] or 0)
    return _costs(litellm.parse(capture.element, Naming()), price_book.shipped(), theirs)


def costs_of_case(case: dict[str, Any]) -> Costs:
    """The costs of a case, at the shipped book's rates or at those that its test sets itself."""
    payload = payload_of(case)
    if case.get("row"):
        reading = litellm_spendlogs.parse(json.dumps(row_of(payload)).encode(), NAMING)
    else:
        reading = litellm.parse(json.dumps(payload).encode(), NAMING)
    book = own_book(reading, case) if "rates" in case else price_book.shipped()
    return _costs(reading, book, Decimal(case["usd"]), case.get("rounded"))


def payload_of(case: dict[str, Any]) -> dict[str, Any]:
    """The StandardLoggingPayload that LiteLLM sends of such a request."""
    start = datetime.fromisoformat(case["at"]).timestamp()
    is_batch = case.get("call") == "aretrieve_batch"
    counts = {
        "prompt_tokens": case["input"],
        "completion_tokens": case["output"],
        "total_tokens": case.get("total", case["input"] + case["output"]),
    }
    response: dict[str, Any] = {"usage": counts | case.get("usage", {})}
    if "tier" in case:
        response["service_tier"] = case["tier"]
    if "answer" in case:
        items = [{"type": item, "status": "completed"} for item in case["answer"]]
        response["output"] = items
    if is_batch:
        response |= {"status": "completed", "created_at": start, "completed_at": start}
    return counts | {
        "id": case["case"],
        "call_type": case.get("call", "acompletion"),
        "status": "success",
        "startTime": start,
        "endTime": start + 1,
        "custom_llm_provider": case["provider"],
        "model": case["model"],
        "response_cost": float(case["usd"]),
        "metadata": {"usage_object": counts | case.get("usage", {})},
        "model_parameters": {"service_tier": case["asked"]} if "asked" in case else {},
        "response": response,
    }


def row_of(payload: dict[str, Any]) -> dict[str, Any]:
    """The row of `LiteLLM_SpendLogs` that LiteLLM writes of the same request."""
    fields = ("call_type", "status", "custom_llm_provider", "model", "total_tokens")
    parts = ("prompt_tokens", "completion_tokens")
    start = datetime.fromtimestamp(payload["startTime"], clock.EPOCH.tzinfo)
    return {field: payload[field] for field in (*fields, *parts)} | {
        "request_id": payload["id"],
        "startTime": start.strftime("%Y-%m-%d %H:%M:%S.%f"),
        "spend": payload["response_cost"],
        "metadata": json.dumps(payload["metadata"]),
        "request_tags": "[]",
        "cache_hit": "None",
    }


def own_book(reading: object, case: dict[str, Any]) -> prices.PriceBook:
    """A book with the one model of a case, at the rates in USD per unit that its test sets."""
    assert isinstance(reading, Event), reading
    provider, model = reading.labels.provider, reading.labels.model
    rows = {}
    for place, rates in case["rates"].items():
        tier, _, over = place.partition(" over ")
        key = prices.PriceKey(provider, model, tier, int(over or 0))
        rows[key] = (_price(key, rates),)
    multipliers = {word: Fraction(factor) for word, factor in case.get("multipliers", {}).items()}
    facts = {(provider, model): prices.ModelFacts(multipliers=multipliers)}
    return prices.PriceBook(version="own rates", prices=rows, facts=facts)


def _price(key: prices.PriceKey, usd_by_meter: Mapping[str, str]) -> prices.Price:
    femto = {meter: Fraction(usd) * FEMTO_PER_USD for meter, usd in usd_by_meter.items()}
    assert all(rate.denominator == 1 for rate in femto.values())
    rates = prices.from_meters({meter: int(rate) for meter, rate in femto.items()})
    return prices.Price(
        key=key, effective_from=0, rates=rates, list_rates=rates, source="", checked=""
    )


def _costs(
    reading: object, book: prices.PriceBook, theirs: Decimal, decimals: int | None = None
) -> Costs:
    """Ours as a month's statement prices it, with the meters that few requests have."""
    assert isinstance(reading, Event), reading
    line = _line_of(reading, book)
    gaps = {name: fee.unpriced_quantity for name, fee in line.meters if fee.unpriced_quantity}
    if line.cost.unpriced_tokens:
        gaps["tokens"] = line.cost.unpriced_tokens
    if line.missing_requests and theirs:
        gaps["requests_without_usage"] = line.missing_requests
    unpriced = " ".join(f"{name}={quantity}" for name, quantity in sorted(gaps.items()))
    return Costs(Decimal(line.cost.femto_usd).scaleb(-15), theirs, unpriced, decimals)


def _line_of(event: Event, book: prices.PriceBook) -> statements.Line:
    label_sets: list[Labels] = []

    def number(labels: Labels) -> int:
        label_sets.append(labels)
        return len(label_sets) - 1

    tally = usage.Tally()
    tally.add(event, number(event.labels))
    tally.add_meters(event, number)
    series = {
        series_id: StoredSeries(series_id, labels, folded=False)
        for series_id, labels in enumerate(label_sets)
    }
    pricing = statements.Pricing(series, book, names.Names(book))
    totals = usage.unpack(tally.pack()).totals()
    day = statements.DayUsage(clock.day_of(event.occurred_at), dict(totals))
    whole_line = statements.Line()
    for line in statements.lines([day], pricing).values():
        whole_line += line
    return whole_line
