"""What is known of a slice besides its tokens: coverage, evidence, workload class."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from advisor.evidence.rules import Evidence
from advisor.evidence.runs import RunRecord
from advisor.switching import breakeven, candidates, factors, risk, workloads
from advisor.switching.market import Market
from ledger import pairs


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is known of a slice besides its tokens; None is unknown.

    `evidence` is by canonical target model. `pass_rates` are those of a scenario and take the
    place of the rates that the evidence shows.
    """

    coverage: Fraction | None = None
    class_level: int = risk.UNLABELLED_RISK
    """The risk of the workload class, 0 to 4."""
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    withdrawn_runs: Mapping[str, tuple[RunRecord, ...]] = field(default_factory=dict)
    """By canonical target model, where every comparison was withdrawn."""
    is_control: bool = False
    """Whether it is the hold-out of an adopted move."""
    forecast_error: Fraction | None = None
    pass_rates: breakeven.PassRates | None = None
    workload_class: workloads.WorkloadClass = workloads.UNLABELLED

    def pass_rates_of(self, model: str) -> breakeven.PassRates | None:
        """The shares of right answers on source and target; None where nobody compared them."""
        evidence = self.evidence.get(model)
        if self.pass_rates is None and evidence is not None and evidence.pass_rates is not None:
            return breakeven.PassRates(*evidence.pass_rates)
        return self.pass_rates

    def band(
        self,
        slice_: candidates.Slice,
        target: pairs.Side,
        market: Market,
        trusted_sellers: Collection[str] = (),
    ) -> factors.Band:
        """The factors of a move: neutral where the model stays, else measured or assumed."""
        band = candidates.assumed_band(slice_, target, market, trusted_sellers)
        evidence = self.evidence.get(target.model)
        if evidence is None or target.model == slice_.model:
            return band
        return band.with_measured(evidence.current_factors)
