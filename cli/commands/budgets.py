"""The commands of budgets: budget set, list, remove."""

from dataclasses import dataclass
from typing import Annotated

import typer

from advisor import words
from advisor.report import report
from cli import app, changes, option_groups, options
from cli.text import plain
from ledger import clock, money, months, policies
from ledger.database import Database
from ledger.policies import Budget, Scope
from ledger.pricing import in_force, names
from ledger.settings import Settings

commands = app.new_commands()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeOptions:
    """The options that say what a budget is for; each field is an option, and none is the total."""

    project: Annotated[str | None, typer.Option(help="Only this project.")] = None
    workload: Annotated[str | None, typer.Option(help="Only this workload of the project.")] = None
    model: Annotated[str | None, typer.Option(help="Only this model.")] = None
    provider: Annotated[str | None, typer.Option(help="Only what this provider serves.")] = None
    from_: Annotated[
        str | None,
        typer.Option(
            "--from", help="First month, YYYY-MM in the reporting zone; the current one if absent."
        ),
    ] = None
    by: options.By = None
    dry_run: options.DryRun = False
    data: options.Data = None
    as_json: options.AsJson = False

    def scope(self, database: Database) -> Scope:
        """What the budget is for; a model under the name that it is priced by."""
        provider = names.provider_name(self.provider) if self.provider else ""
        model = self.model or ""
        if model:
            with database.snapshot() as session:
                book = in_force.load_book(session)
            vendor = provider or names.sole_vendor(book, model)
            model = names.canonical_model(book, vendor, model) if vendor else model
        return Scope(
            project=self.project or "",
            workload=self.workload or "",
            provider=provider,
            model=model,
        )


@commands.command(
    "set", epilog="Example: switchwise budget set 500 --project search --from 2026-12"
)
@option_groups.spread
def set_budget(
    amount: Annotated[str, typer.Argument(metavar="USD", help="How much a month, in USD.")],
    scope: ScopeOptions,
) -> None:
    """Set a budget from a month on.

    It holds for each calendar month until it is set again or removed. Without a project, model or
    provider it is for everything. A closed month keeps the budgets that it was closed with.
    """
    with app.begin_ledger(scope.data) as (database, settings):
        _change(database, settings, scope, policies.nano_usd(amount))


@commands.command("remove", epilog="Example: switchwise budget remove --project search")
@option_groups.spread
def remove_budget(scope: ScopeOptions) -> None:
    """End a budget from a month on.

    Earlier months keep it.
    """
    with app.open_ledger(scope.data) as (database, settings):
        _change(database, settings, scope, None)


@commands.command("list", epilog="Example: switchwise budget list")
def list_budgets(data: options.Data = None, as_json: options.AsJson = False) -> None:
    """Every budget, and how it stands this month."""
    with app.open_ledger(data) as (database, settings), database.snapshot() as session:
        every_budget = policies.load_budgets(session)
        figures = report.build(session, settings, clock.now_us()).budgets if every_budget else ()
    standing = {
        (figure.project, figure.workload, figure.provider, figure.model, figure.from_month): figure
        for figure in figures
    }
    sentences = {
        number: figure.sentence
        for number, budget in enumerate(every_budget)
        if (figure := standing.get((*_names(budget), budget.from_month))) is not None
    }
    if as_json:
        app.print_json(
            [
                {**_body(budget), "this_month": sentences.get(number)}
                for number, budget in enumerate(every_budget)
            ]
        )
        return
    if not every_budget:
        app.console.print("No budgets. Set one for everything with: switchwise budget set USD")
        return
    grid = plain.table(("budget", "from", "a month", "this month"), right=0)
    for number, budget in enumerate(every_budget):
        amount = budget.amount_femto_usd
        grid.add_row(
            str(budget.scope),
            budget.from_month,
            "ended" if amount is None else words.femto_dollars(amount),
            sentences.get(number, ""),
        )
    app.console.print(grid)


def _change(
    database: Database, settings: Settings, scope: ScopeOptions, amount_nano_usd: int | None
) -> None:
    budget = Budget(
        scope=scope.scope(database),
        from_month=_first_month(scope.from_, settings),
        amount_nano_usd=amount_nano_usd,
        made_by=options.who(scope.by),
    )
    with database.snapshot() as session:
        policies.check_budget(session, budget)
    if not scope.dry_run:
        with database.transaction() as session:
            policies.put_budget(session, budget, clock.now_us())
    amount = budget.amount_femto_usd
    terms = "none" if amount is None else f"{words.femto_dollars(amount)} a month"
    changes.tell(
        f"Budget of {budget.scope}: {terms} from {budget.from_month} on.",
        {"budget": _body(budget)},
        dry_run=scope.dry_run,
        as_json=scope.as_json,
    )


def _first_month(text: str | None, settings: Settings) -> str:
    if text is None:
        return str(months.containing(clock.now_us(), settings.zone))
    return str(months.parse(text, settings.zone))


def _names(budget: Budget) -> tuple[str, str, str, str]:
    scope = budget.scope
    return scope.project, scope.workload, scope.provider, scope.model


def _body(budget: Budget) -> dict[str, object]:
    project, workload, provider, model = _names(budget)
    return {
        "project": project or None,
        "workload": workload or None,
        "provider": provider or None,
        "model": model or None,
        "from_month": budget.from_month,
        "amount_usd": money.optional_usd_text(budget.amount_femto_usd),
        "made_by": budget.made_by,
    }
