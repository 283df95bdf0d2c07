"""A recommendation as every face shows it: the schema of API, export, page and command line.

Money and ratios are decimal text, tokens integers, days dates. No arithmetic: `rendering` fills it.
"""

from dataclasses import dataclass

from advisor.advice import latency_figures
from advisor.evidence.figures import EvidenceFigure, RunFigure
from advisor.switching import decision


@dataclass(frozen=True, slots=True)
class Ends:
    """The low, expected and high end of an amount in USD, as exact decimal text."""

    low_usd: str
    expected_usd: str
    high_usd: str


@dataclass(frozen=True, slots=True)
class TotalEnds(Ends):
    """The ends of a total, and what its low end is called: `at least`, or `cautious`."""

    low_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorFigure:
    """One factor of the counterfactual at the three ends; `as today` where it follows the slice."""

    name: str
    low: str
    expected: str
    high: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakEvenFigure:
    """How wrong the assumptions may be: the limits at which nothing is saved.

    They are the share of requests that escalate, the inflation of output, and the price of a wrong
    answer.
    """

    at: str
    escalation_ratio: str | None
    output_inflation_ratio: str | None
    wrong_answer_usd: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartFigure:
    """What one lever (`model`, `tier`, `cache`) adds to a saving per average month.

    The parts add up to the saving exactly. `alone_month` is what the lever saves alone,
    `without_month` what the others save together; None where such a state has no price.
    """

    lever: str
    saving_month: Ends
    alone_month: Ends | None
    without_month: Ends | None


@dataclass(frozen=True, slots=True)
class SwingFigure:
    """A saving per average month with one factor at its low and high end, the others expected."""

    factor: str
    at_low_usd: str
    at_high_usd: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlternativeFigure:
    """Another state that the slice could move to, with its decision; they exclude each other."""

    to_provider: str
    to_model: str
    to_service_tier: str | None
    decision: str
    reason: str
    saving_month: Ends | None
    """None where it is not known, and where it cannot save anything."""
    replacement_month: Ends | None
    """What the same work costs there, the least end first."""
    low_name: str
    ends_with_source: bool
    """Whether the source has to be left soon, and this target no later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NextStepFigure(AlternativeFigure):
    """What a trial may add to a move that can be done today: another move instead of it.

    `added_month` is what it saves beyond that move, at no end less than nothing.
    """

    id: str
    condition: str | None
    added_month: Ends | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CellFigure:
    """One cell of the slice: its tokens, and their rates on both sides.

    Rates are nano-USD per million tokens.
    """

    service_tier: str
    context_band: int
    requests: int
    input_tokens: int
    cached_input_tokens: int
    cache_write_input_tokens: int
    output_tokens: int
    detail_unknown_input_tokens: int
    rates_now: dict[str, int]
    rates_instead: dict[str, int]
    input_audio_tokens: int
    output_audio_tokens: int
    region: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherModelFigure:
    """A model that no pair names: what its prices alone would save, and the pair to add it."""

    model: str
    is_successor: bool
    price_gap_ratio: str
    saving_month_usd: str
    days_left: int | None
    blocks: tuple[str, ...]
    pair: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AdviceFigure:
    """Advice on one slice in short. Amounts are USD per average month (730 h).

    The low end of its saving is called `low_name`: `at least` where nothing in it is assumed, else
    `cautious`, which holds under the `condition`.
    """

    id: str
    provider: str
    project: str
    workload: str
    from_model: str
    to_provider: str
    to_model: str
    to_service_tier: str | None
    decision: str
    reason: str
    opt_out_reason: str | None
    """What a person wrote who took the slice out of advice; None where nobody did."""
    price_gap_ratio: str | None
    cost_month_usd: str | None
    saving_month: Ends | None
    """None where it is not known, and where the move is blocked or its source is gone."""
    replacement_month: Ends | None
    """What the same work costs on the target, the least end first."""
    replacement: str | None
    """That in a sentence, where the source is gone; else None."""
    low_name: str
    condition: str | None
    next_step: NextStepFigure | None
    days_left: int | None
    source_shutdown_day: str | None
    target_shutdown_day: str | None
    ends_on: str | None
    """The UTC day on which the first of the two models shuts down, past or to come."""
    notices: tuple[str, ...]
    """What is to be known whatever is decided: `source_retires` within 90 days."""
    must_move: str | None
    """By when the source has to be left, in a sentence; None where it lasts."""
    latency: latency_figures.LatencyFigure | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecommendationFigure(AdviceFigure):
    """Advice on one slice with every input that recomputes it; lists have the short form."""

    counted: bool
    set_aside: bool
    """Whether people have taken it out of the totals, or it is not advised any more."""
    as_of: str
    price_book_version: str
    window_first_day: str
    window_last_day: str
    window_days: int
    requests: int
    coverage_ratio: str | None
    usd_per_mtok: str | None
    saving_until_retirement: Ends | None
    saving_label: str
    source_days_left: int | None
    target_days_left: int | None
    break_evens: tuple[BreakEvenFigure, ...]
    factors: tuple[FactorFigure, ...]
    risk_level: int
    risk_drivers: dict[str, int]
    confidence: str
    confidence_grades: dict[str, str]
    stuck_tokens: dict[str, int]
    stuck_requests: dict[str, int]
    cells: tuple[CellFigure, ...]
    other_models: tuple[OtherModelFigure, ...]
    explanation: tuple[str, ...]
    parts: tuple[PartFigure, ...]
    sensitivity: tuple[SwingFigure, ...]
    alternatives: tuple[AlternativeFigure, ...]
    router_month_usd: str | None
    one_off_usd: str
    payback_days: str | None
    fitting_ratio: str | None
    workload_class: str | None
    workload_class_source: str
    pass_ratios: tuple[str, str] | None
    good_answer_now_usd: str | None
    good_answer_instead_usd: str | None
    evidence: EvidenceFigure | None
    withdrawn_runs: tuple[RunFigure, ...]
    """The comparisons, where every one was withdrawn."""
    forecast_error_ratio: str | None

    @property
    def is_set_aside(self) -> bool:
        """Whether its decision counts, but people have adopted, rolled back or dismissed it."""
        return self.decision in decision.COUNTED and self.set_aside

    def break_even(self, at: str = "neutral") -> BreakEvenFigure | None:
        """What it takes until nothing is saved, by prices alone or at the `expected` factors.

        None if unknown.
        """
        return next((limits for limits in self.break_evens if limits.at == at), None)

    def breakeven_escalation_ratio(self, at: str = "neutral") -> str | None:
        """The share of requests that may run on the source again until nothing is saved.

        None if unknown. The default, by prices alone, is the break-even that API, page, metrics
        and exports show.
        """
        limits = self.break_even(at)
        return limits.escalation_ratio if limits else None
