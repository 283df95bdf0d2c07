"""Which alerts stand: rules over advice and announced shutdowns, with the state that each leaves behind. Pure; sends nothing."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from advisor.advice import computation
from advisor.advice.figures import RecommendationFigure
from advisor.advice.retirements import Retiring
from advisor.publishing.alerts import alert_text
from ledger import money

SAVINGS, BLOCKED, SHUTDOWN = "savings", "blocked", "shutdown"
TOTAL = "total"
NOTICE_DAYS = (7, 30, 90)
"""How long before a shutdown each of its alerts fires, the last one first."""

# Below the coverage floor an amount is unknown, so it neither fires an alert nor arms it again.
_UNSURE = ("coverage_unknown", "low_coverage")
_ESCAPES = str.maketrans({"%": "%25", "/": "%2F", ">": "%3E"})

Held = Mapping[tuple[str, str], bool]
"""By rule and scope, whether an alert that was judged before has fired."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """An alert as it stands now: whether it has fired, the figure it saw, and what to tell (None: nothing, though it has)."""

    rule: str
    scope: str
    fired: bool
    figure_usd: str | None = None
    text: str | None = None


def judge(
    found: Sequence[RecommendationFigure],
    retiring: Iterable[Retiring],
    held: Held,
    threshold_femto_usd: int,
    sample_projects: Sequence[str],
) -> list[Verdict]:
    """Every alert over these recommendations and shutdowns, and those that nothing speaks of any more."""
    return [
        *_slices(found, held, threshold_femto_usd, sample_projects),
        _total(found, held, threshold_femto_usd, sample_projects),
        *_silent(found, held),
        *_blocked(found, held, sample_projects),
        *_shutdowns(retiring),
    ]


def scope_of(item: RecommendationFigure) -> str:
    """A recommendation's scope, `provider/project/workload/from->to`; a slash inside a name reads %2F."""
    target = _part(item.to_model + (f"@{item.to_service_tier}" if item.to_service_tier else ""))
    if item.to_provider != item.provider:
        target = f"{_part(item.to_provider)}/{target}"
    return f"{_slice_scope(item)}->{target}"


def crossed(
    fired: bool, low_femto_usd: int | None, threshold_femto_usd: int, *, may_fire: bool = True
) -> bool:
    """Whether an alert on a low bound has fired: at the threshold or over it, until strictly below 80 % of it.

    None is an unknown bound, which changes nothing. Nothing to save fires nothing, whatever the threshold.
    """
    if low_femto_usd is None:
        return fired
    if low_femto_usd >= threshold_femto_usd and low_femto_usd > 0:
        return fired or may_fire
    return fired and low_femto_usd * 5 >= threshold_femto_usd * 4


def _slices(
    found: Iterable[RecommendationFigure],
    held: Held,
    threshold_femto_usd: int,
    sample_projects: Sequence[str],
) -> Iterator[Verdict]:
    """A slice's alert fires on advice that is counted, but arms again only by its amount: a decision may waver."""
    for item in found:
        scope = scope_of(item)
        low = (
            None
            if item.reason in _UNSURE or item.saving_month is None
            else item.saving_month.low_usd
        )
        fired = crossed(
            held.get((SAVINGS, scope), False),
            None if low is None else money.femto_usd(low),
            threshold_femto_usd,
            may_fire=item.counted,
        )
        text = alert_text.saving(item, sample_projects) if fired and item.counted else None
        yield Verdict(SAVINGS, scope, fired, low, text)


def _total(
    found: Sequence[RecommendationFigure],
    held: Held,
    threshold_femto_usd: int,
    sample_projects: Sequence[str],
) -> Verdict:
    """The total without its unsure slices is a lower bound: it may fire, but says nothing of having fallen."""
    low = computation.total(found).low_usd
    low_femto_usd = money.femto_usd(low)
    known = low_femto_usd >= threshold_femto_usd or not any(
        item.reason in _UNSURE for item in found
    )
    fired = crossed(
        held.get((SAVINGS, TOTAL), False), low_femto_usd if known else None, threshold_femto_usd
    )
    counted = [item for item in found if item.counted]
    return Verdict(
        SAVINGS,
        TOTAL,
        fired,
        low,
        alert_text.total(counted, sample_projects) if fired and counted else None,
    )


def _silent(found: Iterable[RecommendationFigure], held: Held) -> Iterator[Verdict]:
    """Alerts of slices that are gone arm again; one whose slice has another target now stays as it is."""
    spoken = {_slice_scope(item) for item in found}
    for (rule, scope), fired in held.items():
        if rule == SAVINGS and fired and scope != TOTAL and scope.partition("->")[0] not in spoken:
            yield Verdict(rule, scope, fired=False)


def _blocked(
    found: Iterable[RecommendationFigure], held: Held, sample_projects: Sequence[str]
) -> Iterator[Verdict]:
    """Only a change to blocked is news: advice that was blocked when it was first seen gets no row."""
    for item in found:
        scope, blocked = scope_of(item), item.decision == "blocked"
        if not blocked or (BLOCKED, scope) in held:
            yield Verdict(
                BLOCKED,
                scope,
                blocked,
                text=alert_text.blocked(item, sample_projects) if blocked else None,
            )


def _shutdowns(retiring: Iterable[Retiring]) -> Iterator[Verdict]:
    """One alert a model and notice. A model first seen late gets the tightest that applies; the wider ones stay silent."""
    for model in retiring:
        reached = [days for days in NOTICE_DAYS if model.days_left <= days]
        for days in NOTICE_DAYS:
            scope = f"{_part(model.provider)}/{_part(model.model)}/{days}"
            told = reached[:1] == [days]
            yield Verdict(
                SHUTDOWN, scope, days in reached, text=alert_text.shutdown(model) if told else None
            )


def _slice_scope(item: RecommendationFigure) -> str:
    return "/".join(
        _part(name) for name in (item.provider, item.project, item.workload, item.from_model)
    )


def _part(name: str) -> str:
    """A name in which a slash or an arrow cannot be taken for one of a scope's own."""
    return name.translate(_ESCAPES)
