"""The report for a team lead, in a terminal: what is spent, will be, and could be saved."""

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.text import Text

from advisor import words
from advisor.months.figures import UsageFigure
from advisor.months.forecast_figures import ForecastFigure
from advisor.report import sentences
from advisor.report.figures import Report
from cli.text import plain, savings_text, stage_text, waste_text

_STYLES = {savings_text.COULD_SAVE: "bold green", savings_text.MUST_MOVE: "bold red"}
Line = tuple[str, str, str]
"""A name, an amount, and a remark."""


def show(console: Console, report: Report, *, rows: int = 10) -> None:
    """Print a month's report."""
    zone = "" if report.zone == "UTC" else f" ({report.zone})"
    console.print(
        Text(f"Switchwise report for {report.month}{zone}", style="bold"),
        Text(f"as of {report.as_of[:16]}Z", style="dim"),
    )
    if report.sample_projects:
        remark = "Replayed sample traffic: these are not your own requests."
        console.print(Text(remark, style="yellow"))
    if report.state == "closed":
        closed = f"Closed on {(report.closed_at or '')[:10]} by {report.closed_by}."
        console.print(Text(closed, style="bold"))
    console.print()
    if report.total.requests:
        _headline(console, report)
    show_adjustments(console, report, rows=rows)
    if report.total.requests:
        _spend(console, "project", report.projects, rows)
        _spend(console, "model", report.models, rows)
        waste_text.show(console, report.waste, rows)
        savings_text.show(console, report.savings, report.models, rows)
        savings_text.show_opt_outs(console, report)
    for note in report.notes:
        console.print(Text(f"- {note}", style="dim"))


def show_adjustments(console: Console, report: Report, *, rows: int = 10) -> None:
    """Print what was booked since the month was closed, the latest first."""
    if not report.adjustments:
        return
    latest = report.adjustments[: -rows - 1 : -1]
    grid = plain.table(("Adjustments", "dated", "cost", "requests", "tokens"), right=3)
    for adjustment in latest:
        grid.add_row(
            f"{adjustment.number} {adjustment.kind}, by {adjustment.made_by}",
            adjustment.dated,
            words.dollars(adjustment.cost_usd),
            f"{adjustment.requests:,}",
            words.count(adjustment.tokens),
        )
    if len(report.adjustments) > rows:
        grid.add_row(f"and {len(report.adjustments) - rows} earlier (--json lists all)")
    console.print(grid)
    for adjustment in latest:
        unpriced = ""
        if adjustment.unpriced_tokens > 0:
            unpriced = f"; {words.counted(adjustment.unpriced_tokens, 'token')} of it unpriced"
        console.print(Text(f"{adjustment.number}: {adjustment.reason}{unpriced}", style="dim"))
    console.print(Text(f"Line by line: switchwise explain {report.month}", style="dim"))
    console.print()


def _headline(console: Console, report: Report) -> None:
    lines = [
        *savings_text.departures(report.savings),
        *_spent(report),
        *_forecast(report),
        *_movements(report),
        *_budgets(report),
        *_owners(report),
        *savings_text.headlines(report.savings),
        *stage_text.so_far(report.savings.so_far),
        *waste_text.headlines(report.waste),
        *_sender_costs(report),
        _coverage(report),
    ]
    for name, amount, remark in lines:
        style = _STYLES.get(name, "bold")
        console.print(Text.assemble(f"{name:<12}", (f"{amount:>10}", style), f"  {remark}"))
    console.print()


def _spent(report: Report) -> Iterator[Line]:
    total = report.total
    usage = f"{words.counted(total.requests, 'request')}, {words.counted(total.tokens, 'token')}"
    rate = f"{words.dollars(total.usd_per_mtok)} per MTok as used"
    yield "Spent", words.dollars(total.cost_usd), f"{usage}, {rate}"
    if (contracts := sentences.contracts(total)) is not None:
        yield "List price", words.dollars(total.list_cost_usd), f"is what {contracts}"
    if report.fixed_costs is not None:
        number = words.counted(len(report.fixed_costs.costs), "contract")
        yield (
            "Fixed costs",
            words.dollars(report.fixed_costs.total_usd),
            f"owed whatever the usage, by {number}; in no other amount",
        )
    if report.adjusted is not None and report.adjustments:
        adjustments = words.counted(len(report.adjustments), "adjustment")
        cost = words.dollars(report.adjusted.cost_usd)
        yield "Adjusted", cost, f"as closed, with {adjustments} booked since"


def _forecast(report: Report) -> Iterator[Line]:
    forecast = report.forecast
    if forecast is not None and forecast.method != "actual":
        yield "Whole month", words.dollars(forecast.cost_usd), _band(forecast)
        if (tested := sentences.forecast_test(forecast)) is not None:
            yield "", "", tested
    if report.forecast_record is not None:
        yield "Forecasts", "", sentences.forecast_record(report.forecast_record)


def _band(forecast: ForecastFigure) -> str:
    basis = sentences.forecast_basis(forecast)
    if forecast.low_usd is None or forecast.low_usd == forecast.high_usd:
        return f"forecast {basis}"
    if forecast.if_broken_usd is not None:
        return (
            f"forecast if events were lost, {words.dollars(forecast.if_ended_usd)} if the traffic"
            f" ended; {words.dollars(forecast.low_usd)} to {words.dollars(forecast.high_usd)}"
            f" holds both; {basis}"
        )
    band = f"{words.dollars(forecast.low_usd)} to {words.dollars(forecast.high_usd)}"
    return f"forecast, {band} (80 % band), {basis}"


def _movements(report: Report) -> Iterator[Line]:
    """Why the month cost more or less than the one before, and its days out of line."""
    if report.movements is None:
        return
    bridge = report.movements.bridge
    if bridge is not None:
        yield "Moved", words.dollars(bridge.change_usd), bridge.sentence
    for anomaly in report.movements.anomalies:
        yield "Unusual", words.dollars(anomaly.cost_usd), anomaly.sentence


def _budgets(report: Report) -> Iterator[Line]:
    for budget in report.budgets:
        name = "Budget" if budget == report.budgets[0] else ""
        yield name, words.dollars(budget.amount_usd), f"{budget.name}: {budget.sentence}"


def _owners(report: Report) -> Iterator[Line]:
    for owner in report.owners:
        name = "Owners" if owner == report.owners[0] else ""
        yield name, words.dollars(owner.spent_usd), f"{owner.project}: {owner.sentence}"


def _sender_costs(report: Report) -> Iterator[Line]:
    """What the senders say beside our figure, and the model that differs most."""
    costs = report.sender_costs
    if costs is None:
        return
    requests = words.counted(costs.requests, "request")
    largest = costs.models[0]
    if all(model.cause == "agrees" for model in costs.models):
        remark = f"for the {requests} whose sender names a cost, as here"
    else:
        remark = (
            f"for {requests}; here {words.dollars(costs.cost_usd)}; most of the difference:"
            f" {largest.model}, {largest.meaning}"
        )
    yield "Senders say", words.dollars(costs.sender_cost_usd), remark


def _coverage(report: Report) -> Line:
    coverage = report.total.coverage
    gaps = [
        f"{words.label(name)} {words.percent(share)}"
        for name, share in coverage.gaps.items()
        if share.strip("0.")
    ]
    verdict = (
        "provisional: below 99 % no advice is given"
        if coverage.provisional
        else "of the traffic is priced and known"
    )
    return "Coverage", words.covered(coverage.ratio), "; ".join([verdict, *gaps])


def _spend(console: Console, noun: str, usages: Sequence[UsageFigure], rows: int) -> None:
    """Print what each project or each model costs, the most expensive first."""
    grid = plain.table((f"Spend by {noun}", "cost", "requests", "tokens", "$ per MTok"), right=4)
    names = [usage.names[noun] for usage in usages]
    for name, usage in list(zip(names, usages, strict=True))[:rows]:
        provider = f" ({usage.names['provider']})" if names.count(name) > 1 else ""
        grid.add_row(
            f"{name}{provider}",
            words.dollars(usage.cost_usd),
            words.count(usage.requests),
            words.count(usage.tokens),
            words.dollars(usage.usd_per_mtok),
        )
    if len(usages) > rows:
        grid.add_row(f"and {len(usages) - rows} more (--json lists all)")
    console.print(grid)
    console.print()
