"""Which alerts stand: rules over advice, shutdowns and silent senders. It sends nothing."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from advisor import words
from advisor.advice import departures, values
from advisor.advice.departures import DepartureFigure
from advisor.advice.retirements import Retiring
from advisor.advice.values import Recommendation
from advisor.months.silent_senders import SilentSender
from advisor.publishing.alerts import alert_text
from advisor.trial import last_start
from ledger import clock

SAVINGS, BLOCKED, SHUTDOWN, SILENT = "savings", "blocked", "shutdown", "silent"
LAST_TRIAL = "last_trial"
TOTAL = "total"
NOTICE_DAYS = (7, 30, 90)
"""How long before a shutdown each of its alerts fires, the last one first."""
TRIAL_NOTICE_DAYS = (3, 14)
"""How long before the last day on which a trial can start, as above."""

OPTED_OUT = "opted_out"
"""The reason of advice that a person took back; that is no news to anybody."""
# Below the coverage floor an amount is unknown, so it neither fires an alert nor arms it again.
_UNSURE = ("coverage_unknown", "low_coverage")
_ESCAPES = str.maketrans({"%": "%25", "/": "%2F", ">": "%3E"})

States = Mapping[tuple[str, str], bool]
"""By rule and scope, whether an alert that was judged before has fired."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """An alert as it stands now: whether it has fired, the amount it saw, and what it says.

    `text` is None where there is nothing to say, though it has fired.
    """

    rule: str
    scope: str
    fired: bool
    low_femto_usd: int | None = None
    text: str | None = None


def judge(
    recommendations: Sequence[Recommendation],
    retiring: Iterable[Retiring],
    states: States,
    *,
    threshold_femto_usd: int,
    sample_projects: Sequence[str],
    silent: Iterable[SilentSender] = (),
) -> list[Verdict]:
    """Every alert over these recommendations, shutdowns and silent senders.

    And those whose slice is gone, or whose sender speaks again.
    """
    leaving = departures.find_departures(recommendations, last_start.find_days(recommendations))
    return [
        *_slices(recommendations, states, threshold_femto_usd, sample_projects),
        _total(recommendations, states, threshold_femto_usd, sample_projects),
        *_gone(recommendations, states),
        *_blocked(recommendations, states, sample_projects),
        *_shutdowns(retiring, leaving),
        *_last_trials(leaving, recommendations),
        *_silences(silent, states),
    ]


def scope_of(recommendation: Recommendation) -> str:
    """Its scope, `provider/project/workload/from->to`; a slash inside a name reads %2F."""
    target = _part(words.target(recommendation.to_model, recommendation.to_service_tier))
    if recommendation.to_provider != recommendation.provider:
        target = f"{_part(recommendation.to_provider)}/{target}"
    return f"{_slice_scope(recommendation)}->{target}"


def crossed(
    fired: bool, low_femto_usd: int | None, threshold_femto_usd: int, *, may_fire: bool = True
) -> bool:
    """Whether an alert on a low end has fired: from the threshold until strictly below 80 % of it.

    None is an unknown low end, which changes nothing. Nothing to save fires nothing, whatever the
    threshold.
    """
    if low_femto_usd is None:
        return fired
    if low_femto_usd >= threshold_femto_usd and low_femto_usd > 0:
        return fired or may_fire
    return fired and low_femto_usd * 5 >= threshold_femto_usd * 4


def _slices(
    recommendations: Iterable[Recommendation],
    states: States,
    threshold_femto_usd: int,
    sample_projects: Sequence[str],
) -> Iterator[Verdict]:
    """A slice's alert fires on counted advice, but arms again only by its amount.

    A decision may waver.
    """
    for recommendation in recommendations:
        scope, saving = scope_of(recommendation), recommendation.potential
        is_unknown = saving is None or recommendation.decision.reason in _UNSURE
        low = None if saving is None or is_unknown else saving.low_femto_usd
        fired = crossed(
            states.get((SAVINGS, scope), False),
            low,
            threshold_femto_usd,
            may_fire=recommendation.counted,
        )
        text = (
            alert_text.saving(recommendation, sample_projects)
            if fired and recommendation.counted
            else None
        )
        yield Verdict(rule=SAVINGS, scope=scope, fired=fired, low_femto_usd=low, text=text)


def _total(
    recommendations: Sequence[Recommendation],
    states: States,
    threshold_femto_usd: int,
    sample_projects: Sequence[str],
) -> Verdict:
    """The total without its unsure slices is a lower bound: it may fire, but cannot have fallen."""
    low = values.total(recommendations).month.low_femto_usd
    is_known = low >= threshold_femto_usd or not any(
        recommendation.decision.reason in _UNSURE for recommendation in recommendations
    )
    fired = crossed(
        states.get((SAVINGS, TOTAL), False), low if is_known else None, threshold_femto_usd
    )
    counted = [recommendation for recommendation in recommendations if recommendation.counted]
    return Verdict(
        rule=SAVINGS,
        scope=TOTAL,
        fired=fired,
        low_femto_usd=low,
        text=alert_text.total(counted, sample_projects) if fired and counted else None,
    )


def _gone(recommendations: Iterable[Recommendation], states: States) -> Iterator[Verdict]:
    """Alerts of slices that are gone arm again; one whose slice has another target now stays."""
    advised = {_slice_scope(recommendation) for recommendation in recommendations}
    for (rule, scope), fired in states.items():
        is_slice = rule == SAVINGS and scope != TOTAL
        if is_slice and fired and scope.partition("->")[0] not in advised:
            yield Verdict(rule=rule, scope=scope, fired=False)


def _blocked(
    recommendations: Iterable[Recommendation], states: States, sample_projects: Sequence[str]
) -> Iterator[Verdict]:
    """Only a change to blocked is news: advice that was blocked from the start gets no row."""
    for recommendation in recommendations:
        if recommendation.decision.reason == OPTED_OUT:
            continue
        scope, is_blocked = scope_of(recommendation), recommendation.decision.kind == "blocked"
        if not is_blocked or (BLOCKED, scope) in states:
            text = alert_text.blocked(recommendation, sample_projects) if is_blocked else None
            yield Verdict(rule=BLOCKED, scope=scope, fired=is_blocked, text=text)


def _shutdowns(
    retiring: Iterable[Retiring], leaving: Iterable[DepartureFigure]
) -> Iterator[Verdict]:
    """One alert a model and notice.

    A model first seen late gets the tightest notice that applies; the wider ones stay silent.
    """
    tasks = {(departure.provider, departure.model): departure.task for departure in leaving}
    for model in retiring:
        sold = model.provider, model.model
        text = alert_text.shutdown(model, tasks.get(sold))
        yield from _countdown(SHUTDOWN, sold, model.days_left, notice_days=NOTICE_DAYS, text=text)


def _last_trials(
    leaving: Iterable[DepartureFigure], recommendations: Sequence[Recommendation]
) -> Iterator[Verdict]:
    """One alert a model and notice, while a trial can still start in time."""
    for departure in leaving:
        if departure.last_trial_start is None:
            continue
        last_day = date.fromisoformat(departure.last_trial_start)
        days_left = clock.day_number(last_day) - recommendations[0].as_of_day
        if days_left >= 0:
            sold = departure.provider, departure.model
            text = alert_text.last_trial(departure)
            yield from _countdown(
                LAST_TRIAL, sold, days_left, notice_days=TRIAL_NOTICE_DAYS, text=text
            )


def _countdown(
    rule: str, sold: tuple[str, str], days_left: int, *, notice_days: Sequence[int], text: str
) -> Iterator[Verdict]:
    """The verdict on each notice; only the tightest that is reached says something."""
    reached = [days for days in notice_days if days_left <= days]
    for days in notice_days:
        yield Verdict(
            rule=rule,
            scope="/".join((*map(_part, sold), str(days))),
            fired=days in reached,
            text=text if reached[:1] == [days] else None,
        )


def _silences(silent: Iterable[SilentSender], states: States) -> Iterator[Verdict]:
    """One alert a silent sender, which arms again when it speaks."""
    scopes = set()
    for sender in silent:
        scope = f"{_part(sender.namespace)}/{_part(sender.project)}"
        scopes.add(scope)
        yield Verdict(rule=SILENT, scope=scope, fired=True, text=alert_text.silent(sender))
    for (rule, scope), fired in states.items():
        if rule == SILENT and fired and scope not in scopes:
            yield Verdict(rule=rule, scope=scope, fired=False)


def _slice_scope(recommendation: Recommendation) -> str:
    names = (
        recommendation.provider,
        recommendation.project,
        recommendation.workload,
        recommendation.from_model,
    )
    return "/".join(map(_part, names))


def _part(name: str) -> str:
    """A name in which a slash or an arrow cannot be taken for one of a scope's own."""
    return name.translate(_ESCAPES)
