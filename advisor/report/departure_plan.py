"""The plan for models that shut down: where each workload can go, at what cost, and by when.

Reads the stored advice, the use of the last days and the owners of projects.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace

from sqlmodel import Session

from advisor import words
from advisor.advice import reasons, retirements
from advisor.advice.retirements import RetiringSlice
from advisor.advice.values import OtherTarget, Recommendation
from advisor.months.statements import Pricing
from advisor.stages import recommendations
from advisor.stages.stored_recommendation import StoredRecommendation
from advisor.switching import worth
from advisor.switching.market import Market
from advisor.trial import last_start
from advisor.trial.last_start import LastStart
from ledger import clock, money, policies

USAGE_DAYS = retirements.USAGE_DAYS
MOST_DESTINATIONS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class DestinationFigure:
    """A model that a workload could move to; `kind` says how it comes to be named.

    It is `advised` or `decided_on`, with its decision, or only compared by price: the
    `same_model` at another seller, an `other_model` of the same seller, or the maker's named
    `successor`. `cost_month_usd` is what the work that moves costs there per average month at list
    prices: as expected with a decision, else at the workload's own tokens; None where unknown.
    """

    provider: str
    model: str
    service_tier: str | None
    kind: str
    decision: str | None
    cost_month_usd: str | None
    ends_on: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedDepartureFigure:
    """A workload on a model that shuts down.

    `requests` and `cost_usd` are of the last 30 UTC days, with today. `stage` and
    `recommendation_id` are None without advice. The trial is the shortest that is offered; its
    amounts are None where none is needed, none can be made, or there is no traffic to go by.
    """

    project: str
    workload: str
    provider: str
    model: str
    shutdown_day: str
    days_left: int
    requests: int
    cost_usd: str | None
    cost_month_usd: str | None
    owner: str | None
    stage: str | None
    recommendation_id: str | None
    trial_pairs: int | None
    trial_days: int | None
    trial_usd: str | None
    last_trial_start: str | None
    destinations: tuple[DestinationFigure, ...]
    sentence: str
    source: str
    """The address where the shutdown is announced."""


def build(
    session: Session, pricing: Pricing, now_us: int, project: str | None = None
) -> tuple[PlannedDepartureFigure, ...]:
    """Every workload of the last 30 days whose model has a shutdown date, the most dollars first.

    Of all projects or of one.
    """
    market = Market(pricing.book, clock.day_of(now_us))
    owners = {owner.project: owner.owner for owner in policies.load_owners(session)}
    advised = {
        _place(row.recommendation): row for row in reversed(recommendations.read_current(session))
    }
    return tuple(
        _departure(
            use,
            advised.get((use.retiring.provider, use.advised_model, use.project, use.workload)),
            market,
            owners.get(use.project),
        )
        for use in retirements.find_slices(session, pricing, now_us)
        if project in (None, use.project)
    )


def _place(recommendation: Recommendation) -> tuple[str, str, str, str]:
    return (
        recommendation.provider,
        recommendation.from_model,
        recommendation.project,
        recommendation.workload,
    )


def _departure(
    use: RetiringSlice, row: StoredRecommendation | None, market: Market, owner: str | None
) -> PlannedDepartureFigure:
    recommendation = row.recommendation if row else None
    trial = _trial(use, recommendation) if recommendation else None
    # What serves no more today is no way out either, though it outlasted a source that is gone.
    until = _date(max(use.retiring.shutdown_day, market.day))
    lasting = (
        destination
        for destination in _destinations(use, recommendation, market)
        if destination.ends_on is None or destination.ends_on > until
    )
    destinations = tuple(itertools.islice(lasting, MOST_DESTINATIONS))
    return PlannedDepartureFigure(
        project=use.project,
        workload=use.workload,
        provider=use.retiring.provider,
        model=use.retiring.model,
        shutdown_day=_date(use.retiring.shutdown_day),
        days_left=use.retiring.days_left,
        requests=use.requests,
        cost_usd=money.optional_usd_text(use.cost_femto_usd),
        cost_month_usd=money.optional_usd_text(
            recommendation.cost_month_femto_usd if recommendation else None
        ),
        owner=owner,
        stage=row.stage if row else None,
        recommendation_id=recommendation.id if recommendation else None,
        trial_pairs=trial.pairs if trial else None,
        trial_days=trial.days if trial else None,
        trial_usd=money.optional_usd_text(trial.cost_femto_usd) if trial else None,
        last_trial_start=_date(trial.day) if trial else None,
        destinations=destinations,
        sentence=" ".join(_sentences(use, row, destinations, trial)),
        source=use.retiring.source,
    )


def _trial(use: RetiringSlice, recommendation: Recommendation) -> LastStart | None:
    """The trial of an advised move, before the name that is sent shuts down.

    That may be another day than its model's.
    """
    trial = last_start.find_last_start(recommendation)
    if trial is None or not use.retiring.days_left:
        return None
    # Of a target that ends too, only the number of pairs holds for another one.
    cost_femto_usd = None if recommendation.ends_with_source else trial.cost_femto_usd
    day = use.retiring.shutdown_day - trial.days
    return replace(trial, day=day, cost_femto_usd=cost_femto_usd)


def _destinations(
    use: RetiringSlice, recommendation: Recommendation | None, market: Market
) -> Iterator[DestinationFigure]:
    """Where the work can go: what is advised first, then by kind, the cheapest first."""
    if recommendation is None:
        if use.retiring.successor:
            yield _unpriced_successor(use, market)
        return
    yield from _decided(recommendation, market)
    yield from _same_model(recommendation, market)
    for other in recommendation.other_models:
        now_femto_usd = recommendation.cost_month_femto_usd
        yield DestinationFigure(
            provider=recommendation.provider,
            model=other.model,
            service_tier=None,
            kind="successor" if other.is_successor else "other_model",
            decision=None,
            cost_month_usd=money.optional_usd_text(
                None if now_femto_usd is None else now_femto_usd - other.month_femto_usd
            ),
            ends_on=_end(market, recommendation.provider, other.model),
        )


def _decided(recommendation: Recommendation, market: Market) -> Iterator[DestinationFigure]:
    """The targets with a decision that can take over."""
    others: list[Recommendation | OtherTarget] = [*recommendation.other_targets]
    if recommendation.next_step is not None:
        others.append(recommendation.next_step)
    kinds: list[tuple[Recommendation | OtherTarget, str]] = [(recommendation, "advised")]
    kinds += [(target, "decided_on") for target in sorted(others, key=_by_cost)]
    for target, kind in kinds:
        is_model = target.to_model != recommendation.from_model
        if is_model and target.decision.kind != "blocked":
            costs = target.replacement
            yield DestinationFigure(
                provider=target.to_provider,
                model=target.to_model,
                service_tier=target.to_service_tier,
                kind=kind,
                decision=target.decision.kind,
                cost_month_usd=money.optional_usd_text(costs.expected_femto_usd if costs else None),
                ends_on=_end(market, target.to_provider, target.to_model),
            )


def _by_cost(target: Recommendation | OtherTarget) -> tuple[bool, int]:
    costs = target.replacement
    return costs is None, costs.expected_femto_usd if costs else 0


def _same_model(recommendation: Recommendation, market: Market) -> Iterator[DestinationFigure]:
    """Other sellers of the very model that price every token of the work."""
    model, cells = recommendation.from_model, [priced.cell for priced in recommendation.cells]
    sellers = []
    for provider, models in market.book.models.items():
        if provider != recommendation.provider and model in models and cells:
            cost = market.cost_of(cells, provider, model)
            if not cost.unpriced_tokens:
                sellers.append((cost.femto_usd, provider))
    for cost_femto_usd, provider in sorted(sellers):
        month_femto_usd = worth.scale_to_month(cost_femto_usd, recommendation.window.days)
        yield DestinationFigure(
            provider=provider,
            model=model,
            service_tier=None,
            kind="same_model",
            decision=None,
            cost_month_usd=money.optional_usd_text(month_femto_usd),
            ends_on=_end(market, provider, model),
        )


def _unpriced_successor(use: RetiringSlice, market: Market) -> DestinationFigure:
    provider, model = use.retiring.provider, use.retiring.successor or ""
    return DestinationFigure(
        provider=provider,
        model=model,
        service_tier=None,
        kind="successor",
        decision=None,
        cost_month_usd=None,
        ends_on=_end(market, provider, model),
    )


def _sentences(
    use: RetiringSlice,
    row: StoredRecommendation | None,
    destinations: tuple[DestinationFigure, ...],
    trial: LastStart | None,
) -> Iterator[str]:
    verb = "shuts down" if use.retiring.days_left else "was shut down"
    yield f"{use.retiring.model} {verb} on {_date(use.retiring.shutdown_day)}."
    if row is None:
        yield "There is no advice on this workload yet."
    recommendation = row.recommendation if row else None
    now = recommendation.cost_month_femto_usd if recommendation else None
    if destinations:
        yield _going(destinations[0], now)
    elif recommendation is not None:
        yield (
            f"{recommendation.to_model} cannot take over, because"
            f" {reasons.why(recommendation.decision.reason)}, and no other model is known that can."
            if recommendation.decision.kind == "blocked"
            else "No model is known that can take over and lasts longer."
        )
    if trial is not None:
        yield _trying(trial, use)


def _going(destination: DestinationFigure, now_femto_usd: int | None) -> str:
    """`gpt-6-luna: $571.41 a month there as expected, $945.12 now.`"""
    target = words.target(destination.model, destination.service_tier)
    where = f"{target} at {destination.provider}"
    if destination.cost_month_usd is None:
        return f"It could go to {where}; what that costs is unknown."
    cost = words.dollars(destination.cost_month_usd)
    is_dearer = (
        now_femto_usd is not None and money.femto_usd(destination.cost_month_usd) > now_femto_usd
    )
    now = f", {words.femto_dollars(now_femto_usd)} now" if now_femto_usd is not None else ""
    dearer = ": it gets dearer" if is_dearer else ""
    return f"It could go to {where}, for {cost} a month{now}{dearer}."


def _trying(trial: LastStart, use: RetiringSlice) -> str:
    cost = (
        "" if trial.cost_femto_usd is None else f" and {words.femto_dollars(trial.cost_femto_usd)}"
    )
    takes = (
        f"A trial on {words.percent(trial.share)} of the traffic takes"
        f" {words.counted(trial.days, 'day')}{cost}"
    )
    today = use.retiring.shutdown_day - use.retiring.days_left
    if trial.day < today:
        return f"{takes}, for which there is no time any more: move a part first, and watch it."
    return f"{takes}: start it by {_date(trial.day)}."


def _end(market: Market, provider: str, model: str) -> str | None:
    day = market.shutdown_day(provider, model)
    return None if day is None else _date(day)


def _date(day: int) -> str:
    return clock.date_of(day).isoformat()
