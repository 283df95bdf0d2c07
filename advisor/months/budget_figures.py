"""Budgets and owners of a month as every face shows them, as decimal text."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from advisor import words
from advisor.months import budgets
from advisor.months.budgets import MonthClock, ScopeOutlook
from advisor.months.forecast import Forecast
from advisor.months.statements import Line, LineKey
from ledger import clock, money, policies
from ledger.months import Month
from ledger.policies import Budget, Owner, Scope

_FEMTO_PER_NANO = 10**6


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetFigure:
    """A budget in a month. An empty project, workload, provider or model means all of them.

    `remaining_usd` is below 0 where more was spent; where `has_unknown_spend`, it is at most that.
    `expected_usd` is by `method`: the month's forecast, or the run rate of a scope that has no
    forecast. `standing` is within, may_run_out (in the forecast's band), runs_out, used_up or
    unknown. `runs_out_on` is the day of the reporting zone, None where it lasts or is used up.
    """

    name: str
    project: str
    workload: str
    provider: str
    model: str
    from_month: str
    made_by: str
    amount_usd: str
    spent_usd: str
    spent_ratio: str
    remaining_usd: str
    has_unknown_spend: bool
    expected_usd: str | None
    method: str | None
    standing: str
    runs_out_on: str | None
    runs_out_at: str | None
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerFigure:
    """Who answers for a project, and how its cost stands against its target for a month.

    The standing is None without a target. Owners are those of now, also in a closed month.
    """

    project: str
    owner: str
    channel: str | None
    target_usd: str | None
    spent_usd: str
    expected_usd: str | None
    method: str | None
    standing: str | None
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthUsage:
    """The usage of a month that budgets are held against.

    `forecast` is that of the total; `lacks_usage` says that requests were refused at the door or
    are lost, so that more is spent than is known.
    """

    month: Month
    lines: Mapping[LineKey, Line]
    clock: MonthClock
    forecast: Forecast | None
    lacks_usage: bool = False

    def outlook(self, scope: Scope) -> ScopeOutlook:
        """What a scope has cost and will."""
        return budgets.look_ahead(
            scope, self.lines, self.clock, self.forecast, lacks_usage=self.lacks_usage
        )


def clock_of(month: Month, first_day: int | None, as_of_us: int) -> MonthClock:
    """The clock of a month whose first UTC day with traffic is this."""
    begun_us = max(month.start_us, (first_day or 0) * clock.DAY_US)
    return MonthClock(begun_us=begun_us, end_us=month.end_us, as_of_us=max(as_of_us, begun_us))


def budget_figures(
    all_budgets: Sequence[Budget], usage: MonthUsage, *, project: str | None = None
) -> tuple[BudgetFigure, ...]:
    """The budgets that hold in a month, all or only those of one project."""
    return tuple(
        _budget_figure(budget, budget.amount_femto_usd, usage)
        for budget in policies.budgets_in(all_budgets, str(usage.month))
        if project in (None, budget.scope.project) and budget.amount_femto_usd is not None
    )


def owner_figures(
    owners: Sequence[Owner], usage: MonthUsage, *, project: str | None = None
) -> tuple[OwnerFigure, ...]:
    """The owners, all or that of one project."""
    return tuple(
        _owner_figure(owner, usage) for owner in owners if project in (None, owner.project)
    )


def write_notes(figures: Sequence[BudgetFigure]) -> Iterator[str]:
    """A sentence for each budget that does not last."""
    for figure in figures:
        if figure.standing in ("used_up", "runs_out"):
            yield f"Budget {figure.name}: {figure.sentence}."


def _budget_figure(budget: Budget, amount: int, usage: MonthUsage) -> BudgetFigure:
    outlook, scope = usage.outlook(budget.scope), budget.scope
    runs_out_us = outlook.runs_out_us(amount, usage.clock)
    runs_out_on = None
    if runs_out_us is not None:
        runs_out_on = clock.date_of(clock.day_in(usage.month.zone, runs_out_us))
    return BudgetFigure(
        name=str(scope),
        project=scope.project,
        workload=scope.workload,
        provider=scope.provider,
        model=scope.model,
        from_month=budget.from_month,
        made_by=budget.made_by,
        amount_usd=money.usd_text(amount),
        spent_usd=money.usd_text(outlook.spent_femto_usd),
        spent_ratio=money.ratio_text(Fraction(outlook.spent_femto_usd, amount)),
        remaining_usd=money.usd_text(amount - outlook.spent_femto_usd),
        has_unknown_spend=outlook.has_unknown,
        expected_usd=money.optional_usd_text(outlook.expected_femto_usd),
        method=outlook.method,
        standing=outlook.standing(amount),
        runs_out_on=runs_out_on.isoformat() if runs_out_on else None,
        runs_out_at=clock.rfc3339(runs_out_us // clock.SECOND_US * clock.SECOND_US)
        if runs_out_us is not None
        else None,
        sentence=_sentence(outlook, amount, runs_out_on),
    )


def _sentence(outlook: ScopeOutlook, amount: int, runs_out_on: date | None) -> str:
    """`$40.00 left of $100.00 at most, runs out on 2026-12-20 (...)`."""
    over = outlook.spent_femto_usd - amount
    unknown = ", as part of the usage has no known cost" if outlook.has_unknown else ""
    whole = words.femto_dollars(amount)
    if over >= 0:
        if not over:
            more = ", or more" if outlook.has_unknown else ""
            return f"all of {whole} is spent{more}{unknown}"
        least = "at least " if outlook.has_unknown else ""
        return f"{least}{words.femto_dollars(over)} over {whole}{unknown}"
    most = "at most " if outlook.has_unknown else ""
    left = f"{most}{words.femto_dollars(-over)} left of {whole}{unknown}"
    return f"{left}; {_ahead(outlook, amount, runs_out_on)}"


def _ahead(outlook: ScopeOutlook, amount: int, runs_out_on: date | None) -> str:
    if outlook.expected_femto_usd is None:
        return "too early to say whether it lasts"
    if outlook.method == "actual":
        return "the month is over"
    basis = (
        "at its run rate, as only the total has a forecast"
        if outlook.method == budgets.RUN_RATE
        else "by the month's forecast"
    )
    expected = f"{words.femto_dollars(outlook.expected_femto_usd)} expected {basis}"
    standing = outlook.standing(amount)
    if runs_out_on is not None:
        return f"runs out on {runs_out_on.isoformat()}, with {expected}"
    if standing == "may_run_out":
        return f"lasts, but not at the high end of the forecast; {expected}"
    return f"lasts, with {expected}"


def _owner_figure(owner: Owner, usage: MonthUsage) -> OwnerFigure:
    outlook = usage.outlook(Scope(project=owner.project))
    target = None if owner.target_nano_usd is None else owner.target_nano_usd * _FEMTO_PER_NANO
    standing = None if target is None else outlook.standing(target)
    channel = f", alerts to {owner.channel}" if owner.channel else ""
    aim = "no target cost"
    if target is not None:
        aim = f"target {words.femto_dollars(target)}: {_against_target(outlook, target)}"
    return OwnerFigure(
        project=owner.project,
        owner=owner.owner,
        channel=owner.channel,
        target_usd=money.optional_usd_text(target),
        spent_usd=money.usd_text(outlook.spent_femto_usd),
        expected_usd=money.optional_usd_text(outlook.expected_femto_usd),
        method=outlook.method,
        standing=standing,
        sentence=f"{owner.owner}{channel}; {aim}",
    )


def _against_target(outlook: ScopeOutlook, target: int) -> str:
    difference = outlook.spent_femto_usd - target
    least = "at least " if outlook.has_unknown else ""
    if difference > 0:
        return f"{least}{words.femto_dollars(difference)} over it"
    if outlook.method == "actual":
        most = "at most " if outlook.has_unknown else ""
        return f"{most}{words.femto_dollars(-difference)} under it"
    if outlook.expected_femto_usd is None:
        return "too early to say"
    expected = words.femto_dollars(outlook.expected_femto_usd)
    return f"{least}{expected} expected at its run rate"
