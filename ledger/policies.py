"""What people set as rows: budgets by month, owners of projects, and opt-outs. Never commits.

A closed month keeps the budgets that it was closed with, so none is changed in it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlmodel import Session

from ledger import late_usage, money, rollups, tables
from ledger.errors import NotAllowed, NotFound, UsageError

_BUDGET, _OWNER, _OPT_OUT = tables.BUDGET, tables.OWNER, tables.OPT_OUT
_FEMTO_PER_NANO = 10**6
_SCOPE = ("project", "workload", "provider", "model")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Scope:
    """What a budget is for; an empty name means all, so an empty scope is the total."""

    project: str = ""
    workload: str = ""
    provider: str = ""
    model: str = ""

    def covers(self, *, project: str, workload: str, provider: str, model: str) -> bool:
        """Whether usage under these names counts towards it."""
        return (
            self.project in ("", project)
            and self.workload in ("", workload)
            and self.provider in ("", provider)
            and self.model in ("", model)
        )

    @property
    def is_total(self) -> bool:
        """Whether it is for all usage."""
        return self == Scope()

    def __str__(self) -> str:
        model = self.model or ("every model" if self.provider else "")
        sold = f"{model} at {self.provider}" if self.provider else model
        return _place_text(self.project, self.workload, sold) or "total"


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What a scope may cost each calendar month from `from_month` (YYYY-MM) on; None ends it."""

    scope: Scope
    from_month: str
    amount_nano_usd: int | None
    made_by: str

    @property
    def amount_femto_usd(self) -> int | None:
        """The amount in femto-USD; None where the budget ends."""
        return None if self.amount_nano_usd is None else self.amount_nano_usd * _FEMTO_PER_NANO


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Who answers for a project, the channel for alerts, and what it should cost a month."""

    project: str
    owner: str
    channel: str | None
    target_nano_usd: int | None
    made_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OptOut:
    """A place that gets no advice, and why. An empty workload or model means all of them."""

    project: str
    workload: str
    model: str
    reason: str
    made_by: str
    made_at: int

    def covers(self, project: str, workload: str, model: str) -> bool:
        """Whether a slice is out of advice by it."""
        return (
            project == self.project
            and self.workload in ("", workload)
            and self.model in ("", model)
        )

    def __str__(self) -> str:
        return _place_text(self.project, self.workload, self.model)


def _place_text(project: str, workload: str, model: str) -> str:
    """`search / answers, gpt-4.1`, without what is empty."""
    place = " / ".join(filter(None, (project, workload)))
    return ", ".join(filter(None, (place, model)))


def nano_usd(amount: str) -> int:
    """Nano-USD of an amount above 0. Raises UsageError for one that is finer, or not above 0."""
    whole, finer = divmod(money.femto_usd(amount), _FEMTO_PER_NANO)
    if finer or not 0 < whole < 1 << 63:
        raise UsageError(f"{amount!r} is not an amount above 0 USD with at most 9 decimals")
    return whole


def load_budgets(session: Session) -> list[Budget]:
    """Every budget that was ever set, by scope and month."""
    order = [_BUDGET.c[name] for name in (*_SCOPE, "from_month")]
    return [
        Budget(
            scope=Scope(**{name: getattr(row, name) for name in _SCOPE}),
            from_month=row.from_month,
            amount_nano_usd=row.amount_nano_usd,
            made_by=row.made_by,
        )
        for row in session.execute(select(_BUDGET).order_by(*order))
    ]


def budgets_in(budgets: Iterable[Budget], month: str) -> list[Budget]:
    """The budgets that hold in a month: of each scope its latest row that is not later."""
    latest: dict[Scope, Budget] = {}
    for budget in budgets:
        if budget.from_month <= month:
            before = latest.get(budget.scope)
            if before is None or before.from_month < budget.from_month:
                latest[budget.scope] = budget
    return sorted(
        (budget for budget in latest.values() if budget.amount_nano_usd is not None),
        key=lambda budget: budget.scope,
    )


def put_budget(session: Session, budget: Budget, now_us: int) -> None:
    """Set a budget from a month on, or end it there. Raises NotAllowed, NotFound and UsageError.

    It holds until the next month for which its scope has a row; what comes later stays.
    """
    check_budget(session, budget)
    rollups.upsert(
        session,
        _BUDGET,
        (*_SCOPE, "from_month"),
        [
            {
                **{name: getattr(budget.scope, name) for name in _SCOPE},
                "from_month": budget.from_month,
                "amount_nano_usd": budget.amount_nano_usd,
                "made_by": budget.made_by,
                "made_at": now_us,
            }
        ],
        replaced=("amount_nano_usd", "made_by", "made_at"),
    )


def check_budget(session: Session, budget: Budget) -> None:
    """Refuse a change that cannot be made.

    Raises NotAllowed where it would change a closed month, NotFound for the end of what is not set,
    UsageError for a workload without its project.
    """
    if budget.scope.workload and not budget.scope.project:
        raise UsageError("a workload belongs to a project; name it with --project")
    own = [other for other in load_budgets(session) if other.scope == budget.scope]
    if budget.amount_nano_usd is None and not budgets_in(own, budget.from_month):
        raise NotFound(
            f"no budget of {budget.scope} holds in {budget.from_month};"
            " list them with: switchwise budget list"
        )
    later = [other.from_month for other in own if other.from_month > budget.from_month]
    for month in late_usage.closed_months(session):
        if budget.from_month <= month.name and (not later or month.name < min(later)):
            raise NotAllowed(
                f"{month.name} is closed and keeps the budgets that it was closed with;"
                " name a later month with --from"
            )


def load_owners(session: Session) -> list[Owner]:
    """Every owner, by project."""
    return [
        Owner(
            project=row.project,
            owner=row.owner,
            channel=row.channel,
            target_nano_usd=row.target_nano_usd,
            made_by=row.made_by,
        )
        for row in session.execute(select(_OWNER).order_by(_OWNER.c.project))
    ]


def put_owner(session: Session, owner: Owner, now_us: int) -> None:
    """Set who answers for a project, in place of anybody before."""
    columns = {
        "project": owner.project,
        "owner": owner.owner,
        "channel": owner.channel,
        "target_nano_usd": owner.target_nano_usd,
        "made_by": owner.made_by,
        "made_at": now_us,
    }
    rollups.upsert(session, _OWNER, ("project",), [columns], replaced=tuple(columns)[1:])


def remove_owner(session: Session, project: str) -> None:
    """Take a project's owner away. Raises NotFound."""
    if project not in {owner.project for owner in load_owners(session)}:
        raise NotFound(f"{project} has no owner; list them with: switchwise owners list")
    session.execute(delete(_OWNER).where(_OWNER.c.project == project))


def load_opt_outs(session: Session) -> list[OptOut]:
    """Every opt-out, by project, workload and model."""
    order = (_OPT_OUT.c.project, _OPT_OUT.c.workload, _OPT_OUT.c.model)
    return [
        OptOut(
            project=row.project,
            workload=row.workload,
            model=row.model,
            reason=row.reason,
            made_by=row.made_by,
            made_at=row.made_at,
        )
        for row in session.execute(select(_OPT_OUT).order_by(*order))
    ]


def opt_out_revision(session: Session) -> list[str]:
    """What changes whenever an opt-out does."""
    return [f"{opt_out}: {opt_out.reason}" for opt_out in load_opt_outs(session)]


def opt_out(session: Session, place: OptOut) -> None:
    """Take a place out of advice until it is taken in again. Raises UsageError without a reason."""
    if not place.reason.strip():
        raise UsageError("say why, for later readers: --reason TEXT")
    columns = {
        "project": place.project,
        "workload": place.workload,
        "model": place.model,
        "reason": place.reason.strip(),
        "made_by": place.made_by,
        "made_at": place.made_at,
    }
    names = ("project", "workload", "model")
    rollups.upsert(session, _OPT_OUT, names, [columns], replaced=("reason", "made_by", "made_at"))


def opt_in(session: Session, project: str, workload: str, model: str) -> OptOut:
    """Take a place in again, and return the opt-out that ended. Raises NotFound."""
    names = (project, workload, model)
    for place in load_opt_outs(session):
        if (place.project, place.workload, place.model) == names:
            columns = (_OPT_OUT.c.project, _OPT_OUT.c.workload, _OPT_OUT.c.model)
            same = [column == name for column, name in zip(columns, names, strict=True)]
            session.execute(delete(_OPT_OUT).where(*same))
            return place
    raise NotFound(
        f"{_place_text(*names)} is not out of advice; list what is with: switchwise opt list"
    )


def find_place(session: Session, text: str) -> tuple[str, str]:
    """Project and workload of `PROJECT[/WORKLOAD]`; a slash may be part of a known project."""
    series = tables.SERIES
    projects = set(session.execute(select(series.c.project).distinct()).scalars())
    cuts = [place for place, character in enumerate(text) if character == "/"]
    for cut in reversed([*cuts, len(text)]):
        if text[:cut] in projects:
            return text[:cut], text[cut + 1 :]
    project, _, workload = text.partition("/")
    return project, workload
