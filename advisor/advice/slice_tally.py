"""What adds up while the series of one slice are read: its cells, sizes, features and coverage."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

from advisor.months import coverage, statements
from advisor.months.statements import Priced
from advisor.switching import fit
from advisor.switching.cost import Cell, MeterUse
from ledger import bands, tokens, usage
from ledger.pricing import charges
from ledger.readings import StoredSeries


class _CellKey(NamedTuple):
    service_tier: str
    context_band: int
    region: str
    features: int


@dataclass(slots=True)
class SliceTally:
    """Sums over the series of one slice; the names of amounts are those of usage."""

    amounts_by_cell: dict[_CellKey, list[int]] = field(default_factory=dict)
    largest_inputs: dict[_CellKey, int] = field(default_factory=dict)
    requests_by_features: dict[int, int] = field(default_factory=dict)
    sized_series_ids: list[int] = field(default_factory=list)
    """The series whose sizes are those of single requests."""
    largest_output_tokens: int = 0
    priced_tokens: int = 0
    tokens: int = 0
    successes: int = 0
    provider_usage_successes: int = 0
    fees: dict[tuple[str, int, str, str], tuple[int, int]] = field(default_factory=dict)
    """Quantity and requests of meters that no token count holds, by tier, band, region, meter."""

    def add(self, series: StoredSeries, amounts: list[int], priced: Priced) -> None:
        """Add what one series used in the window."""
        labels, counts = series.labels, usage.token_counts(amounts)
        rates = priced.price.rates if priced.price else None
        cost = charges.cost_of(labels, amounts, rates)
        self.priced_tokens += cost.priced_tokens
        if (fee := charges.fee_of(labels, amounts, rates)) is not None:
            place = statements.priced_tier(labels), labels.context_band, priced.region, fee.meter
            quantity, fee_requests = self.fees.get(place, (0, 0))
            self.fees[place] = quantity + fee.quantity, fee_requests + fee.requests
        requests = amounts[usage.INDEX["requests"]]
        if labels.status == "success" and labels.usage_source != "gateway_cache":
            self.successes += requests
            if labels.usage_source == "provider":
                self.provider_usage_successes += requests
        if counts == tokens.NONE:
            return
        self.tokens += counts.total_tokens
        key = _CellKey(
            statements.priced_tier(labels),
            labels.context_band,
            priced.region,
            labels.features & fit.DECISIVE_FEATURES,
        )
        self._add_sizes(series, amounts, key)
        before = self.amounts_by_cell.get(key)
        self.amounts_by_cell[key] = amounts if before is None else usage.combine(before, amounts)

    def _add_sizes(self, series: StoredSeries, amounts: list[int], key: _CellKey) -> None:
        labels, features, index = series.labels, self.requests_by_features, usage.INDEX
        features[labels.features] = features.get(labels.features, 0) + amounts[index["requests"]]
        largest_input = amounts[index["largest_input_tokens"]]
        if labels.service_tier == "batch" and bands.band_of(largest_input) > labels.context_band:
            # A batch that was polled as a whole: its totals are the size of no request.
            return
        largest_output = amounts[index["largest_output_tokens"]]
        self.sized_series_ids.append(series.id)
        self.largest_inputs[key] = max(self.largest_inputs.get(key, 0), largest_input)
        self.largest_output_tokens = max(self.largest_output_tokens, largest_output)

    def cells(self) -> Iterator[Cell]:
        """The cells, in the order of tier, band, region and features."""
        for key, amounts in sorted(self.amounts_by_cell.items()):
            yield Cell(
                service_tier=key.service_tier,
                context_band=key.context_band,
                counts=usage.token_counts(amounts),
                requests=amounts[usage.INDEX["requests"]],
                detail_unknown_input_tokens=amounts[usage.INDEX["detail_unknown_input_tokens"]],
                region=key.region,
                features=key.features,
                largest_input_tokens=self.largest_inputs.get(key, 0),
            )

    def meter_uses(self) -> tuple[MeterUse, ...]:
        """What was used besides tokens, in the order of tier, band, region and meter."""
        return tuple(
            MeterUse(
                service_tier=tier,
                context_band=band,
                region=region,
                meter=meter,
                quantity=quantity,
                requests=requests,
            )
            for (tier, band, region, meter), (quantity, requests) in sorted(self.fees.items())
        )

    def coverage(self) -> Fraction | None:
        """How much of its tokens is priced and reported by the provider.

        None with nothing to go by. What it used besides tokens counts by the move that changes it.
        """
        return coverage.ratio(
            priced_tokens=self.priced_tokens,
            tokens=self.tokens,
            known_successes=self.provider_usage_successes,
            successes=self.successes,
        )
