"""A plan for comparing the two models of a recommendation. Pure."""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from advisor.advice.values import Recommendation
from advisor.switching import counterfactual
from advisor.trial import routing, sample_size
from advisor.trial.routing import Deployment
from advisor.trial.sample_size import SampleSize
from advisor.trial.terms import TrialTerms
from ledger import money
from ledger.errors import NotAllowed

SHARES = (Fraction(1, 100), Fraction(1, 20), Fraction(1, 5))
"""The shares of the slice's requests that a plan is made for."""
DISCORDANT, PASS_RATE = Fraction("0.1"), Fraction("0.9")
"""Assumed without evidence: 1 pair in 10 differs, and the source is right in 9 of 10."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialRates:
    """What a sample size rests on, and which of the two rates are assumed."""

    discordant: Fraction
    pass_rate: Fraction
    assumed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialSplit:
    """A share of the slice's requests answered by both models, and how long the trial then takes.

    `pairs_a_day` and `days` are None where there is no traffic to go by. The weights and `routing`
    are LiteLLM's.
    """

    share: Fraction
    pairs_a_day: Fraction | None
    days: int | None
    source_weight: int
    target_weight: int
    routing: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialPlan:
    """How many pairs a comparison takes, how long and what it costs."""

    recommendation: Recommendation
    terms: TrialTerms
    rates: TrialRates
    size: SampleSize
    requests_a_day: Fraction | None
    """None where there is no traffic to go by."""
    splits: tuple[TrialSplit, ...]
    target_cost_femto_usd: int | None
    """What the target's answers cost; None where nothing of the slice has a price on the target."""

    @property
    def judge_cost_femto_usd(self) -> int:
        """What marking the pairs costs."""
        return self.terms.judge_femto_usd * self.size.pairs

    @property
    def cost_femto_usd(self) -> int | None:
        """Answers and marks; None where the answers have no price."""
        if self.target_cost_femto_usd is None:
            return None
        return self.target_cost_femto_usd + self.judge_cost_femto_usd


def make(recommendation: Recommendation, terms: TrialTerms) -> TrialPlan:
    """The plan.

    Raises NotAllowed for a move that keeps the model, UsageError on rates that are impossible.
    """
    if recommendation.to_model == recommendation.from_model:
        raise NotAllowed(
            f"{recommendation.id} keeps the model and changes its tier alone:"
            " the same model answers, so there is nothing to compare"
        )
    rates = _rates(recommendation, terms)
    size = sample_size.compute(
        terms.gate, discordant=rates.discordant, pass_rate=rates.pass_rate, power=terms.power
    )
    requests_a_day = _requests_a_day(recommendation)
    pairs_a_day = (
        None if requests_a_day is None else requests_a_day / terms.requests_per_conversation
    )
    return TrialPlan(
        recommendation=recommendation,
        terms=terms,
        rates=rates,
        size=size,
        requests_a_day=requests_a_day,
        splits=tuple(
            _split(recommendation, share, pairs=size.pairs, pairs_a_day=pairs_a_day)
            for share in SHARES
        ),
        target_cost_femto_usd=_target_cost_femto_usd(recommendation, size.pairs),
    )


def _rates(recommendation: Recommendation, terms: TrialTerms) -> TrialRates:
    """The rates of the terms, else those that evidence shows, else assumed ones."""
    observed_discordant, observed_pass_rate = _observed_rates(recommendation)
    pass_rate = observed_pass_rate if terms.pass_rate is None else terms.pass_rate
    discordant = observed_discordant if terms.discordant is None else terms.discordant
    assumed = []
    if pass_rate is None:
        pass_rate = PASS_RATE
        assumed.append("pass_ratio")
    if discordant is None:
        # No more than can differ where both models are right equally often.
        most = 2 * min(pass_rate, 1 - pass_rate) if pass_rate < 1 else DISCORDANT
        discordant = min(DISCORDANT, most)
        assumed.append("discordant_ratio")
    return TrialRates(discordant=discordant, pass_rate=pass_rate, assumed=tuple(assumed))


def _observed_rates(recommendation: Recommendation) -> tuple[Fraction | None, Fraction | None]:
    """The discordant share and the source's pass rate in the evidence, if it counted any.

    A sample in which no pair differs says nothing of how many do.
    """
    evaluation = recommendation.evidence.evaluation if recommendation.evidence else None
    if evaluation is None or evaluation.counts is None:
        return None, None
    counts = evaluation.counts
    discordant_pairs = counts.only_a + counts.only_b
    return (
        Fraction(discordant_pairs, counts.pairs) if discordant_pairs else None,
        evaluation.rates[0] if evaluation.rates else None,
    )


def _requests_a_day(recommendation: Recommendation) -> Fraction | None:
    days = recommendation.window.days
    if not days or not recommendation.requests:
        return None
    return Fraction(recommendation.requests, days)


def _target_cost_femto_usd(recommendation: Recommendation, pairs: int) -> int | None:
    """What the target's answers cost: the mean cost of a request there, at the expected factors.

    Each is tried once. None without a request that has a price on the target.
    """
    requests = sum(priced.cell.requests for priced in recommendation.cells)
    if not requests:
        return None
    expected = recommendation.factors.expected
    moved = counterfactual.legs(recommendation.cells, expected).moved_femto_usd(expected)
    return money.round_to_nano_usd(moved * pairs / requests)


def _split(
    recommendation: Recommendation, share: Fraction, *, pairs: int, pairs_a_day: Fraction | None
) -> TrialSplit:
    """`pairs_a_day` is that of all requests."""
    split_pairs_a_day = None if pairs_a_day is None else pairs_a_day * share
    source_weight, target_weight = routing.weights(share)
    return TrialSplit(
        share=share,
        pairs_a_day=split_pairs_a_day,
        days=None if split_pairs_a_day is None else ceil(pairs / split_pairs_a_day),
        source_weight=source_weight,
        target_weight=target_weight,
        routing=routing.model_list(
            Deployment(recommendation.provider, recommendation.from_model),
            Deployment(
                recommendation.to_provider,
                recommendation.to_model,
                recommendation.to_service_tier,
            ),
            share,
        ),
    )
