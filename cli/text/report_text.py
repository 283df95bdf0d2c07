"""The report as a lead reads it in a terminal: what is spent, what it will be, what could be saved, how sure that is."""

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal

from rich.console import Console
from rich.text import Text

from advisor import words
from advisor.advice import explanation
from advisor.advice import figures as advice_figures
from advisor.months import figures as month_figures
from advisor.report import figures as report_figures
from cli.text import plain, stage_text, waste_text


def show(console: Console, report: report_figures.Report, *, rows: int = 10) -> None:
    """Print a month's report."""
    zone = "" if report.zone == "UTC" else f" ({report.zone})"
    console.print(
        Text(f"Switchwise report for {report.month}{zone}", style="bold"),
        Text(f"as of {report.as_of[:16]}Z", style="dim"),
    )
    if report.sample_projects:
        console.print(
            Text("Replayed sample traffic: these are not your own requests.", style="yellow")
        )
    if report.state == "closed":
        console.print(
            Text(f"Closed on {(report.closed_at or '')[:10]} by {report.closed_by}.", style="bold")
        )
    console.print()
    if report.total.requests:
        _headline(console, report)
    show_adjustments(console, report, rows=rows)
    if report.total.requests:
        _spend(console, "Spend by project", "project", report.projects, rows)
        _spend(console, "Spend by model", "model", report.models, rows)
        waste_text.show(console, report.waste, rows)
        _savings(console, report.savings, rows)
    for note in report.notes:
        console.print(Text(f"- {note}", style="dim"))


def _headline(console: Console, report: report_figures.Report) -> None:
    total, forecast, savings = report.total, report.forecast, report.savings
    usage = f"{words.counted(total.requests, 'request')}, {words.counted(total.tokens, 'token')}"
    _line(
        console,
        "Spent",
        words.dollars(total.cost_usd),
        f"{usage}, {words.dollars(total.usd_per_mtok)} per MTok as used",
    )
    if (
        total.cost_usd is not None
        and total.list_cost_usd is not None
        and total.list_cost_usd != total.cost_usd
    ):
        remark = _contracts(Decimal(total.list_cost_usd), Decimal(total.cost_usd))
        _line(console, "List price", words.dollars(total.list_cost_usd), remark)
    if report.adjusted is not None and report.adjustments:
        made = words.counted(len(report.adjustments), "adjustment")
        _line(
            console,
            "Adjusted",
            words.dollars(report.adjusted.cost_usd),
            f"as closed, with {made} booked since",
        )
    if forecast is not None and forecast.method != "actual":
        _line(console, "Whole month", words.dollars(forecast.cost_usd), _band(forecast))
    if report.forecast_record is not None:
        _line(console, "Back-test", *track_record(report.forecast_record))
    is_counted = any(item.counted for item in savings.recommendations)
    if is_counted and savings.total and savings.until_retirement:
        low, expected = (
            words.dollars(savings.total.low_usd),
            words.dollars(savings.total.expected_usd),
        )
        _line(
            console,
            "Could save",
            low,
            f"at least per average month, {expected} expected",
            style="bold green",
        )
        until = "at least in all, before the first of the models retires"
        _line(console, "", words.dollars(savings.until_retirement.low_usd), until)
    for name, amount, remark in stage_text.so_far(savings.so_far):
        _line(console, name, amount, remark)
    for name, amount, remark in waste_text.headlines(report.waste):
        _line(console, name, amount, remark)
    coverage = total.coverage
    gaps = [
        f"{name.replace('_', ' ')} {words.percent(share)}"
        for name, share in coverage.gaps.items()
        if share.strip("0.")
    ]
    verdict = (
        "provisional: below 99 % no advice is given"
        if coverage.provisional
        else "of the traffic is priced and known"
    )
    _line(console, "Coverage", words.covered(coverage.ratio), "; ".join([verdict, *gaps]))
    console.print()


def show_adjustments(console: Console, report: report_figures.Report, *, rows: int = 10) -> None:
    """Print what was booked since the month was closed, the latest first."""
    if not report.adjustments:
        return
    latest = report.adjustments[: -rows - 1 : -1]
    grid = plain.table("Adjustments", "dated", "cost", "requests", "tokens", right=3)
    for each in latest:
        cells = (
            each.dated,
            words.dollars(each.cost_usd),
            f"{each.requests:,}",
            words.count(each.tokens),
        )
        grid.add_row(f"{each.number} {each.kind}, by {each.made_by}", *cells)
    if len(report.adjustments) > rows:
        grid.add_row(f"and {len(report.adjustments) - rows} earlier (--json lists all)")
    console.print(grid)
    for each in latest:
        unpriced = (
            f"; {words.counted(each.unpriced_tokens, 'token')} of it unpriced"
            if each.unpriced_tokens > 0
            else ""
        )
        console.print(Text(f"{each.number}: {each.reason}{unpriced}", style="dim"))
    console.print(Text(f"Line by line: switchwise explain {report.month}", style="dim"))
    console.print()


def _line(console: Console, name: str, amount: str, remark: str, style: str = "bold") -> None:
    console.print(Text.assemble(f"{name:<12}", (f"{amount:>10}", style), f"  {remark}"))


def _contracts(listed_usd: Decimal, spent_usd: Decimal) -> str:
    """What contracts are worth, to follow the list price."""
    worth, verb = abs(listed_usd - spent_usd), "take off" if spent_usd < listed_usd else "add"
    share = f" ({words.percent(str(worth / listed_usd))})" if listed_usd else ""
    return f"is what providers ask; contracts {verb} {words.dollars(str(worth))}{share}"


def _band(forecast: month_figures.ForecastFigure) -> str:
    method = words.forecast_method(forecast.method)
    if forecast.low_usd is None or forecast.low_usd == forecast.high_usd:
        return f"forecast {method}"
    return f"forecast, {words.dollars(forecast.low_usd)} to {words.dollars(forecast.high_usd)} (80 % band), {method}"


def track_record(record: month_figures.ForecastRecordFigure) -> tuple[str, str]:
    """The last tested month's mean error, and how often the band held over all of them."""
    latest = record.months[0]
    held = f"; the 80 % band held in {record.covered} of {record.banded}" if record.banded else ""
    tested = f"{words.counted(sum(each.forecasts for each in record.months), 'forecast')}{held}"
    return words.percent(
        latest.error_ratio
    ), f"mean error of the forecasts made in {latest.month}; of {tested}"


def _spend(
    console: Console, title: str, name: str, found: Iterable[month_figures.UsageFigure], rows: int
) -> None:
    held = list(found)
    grid = plain.table(title, "cost", "requests", "tokens", "$ per MTok", right=4)
    sold_by = Counter(item.names[name] for item in held)
    for item in held[:rows]:
        named = (
            item.names[name]
            if sold_by[item.names[name]] == 1
            else f"{item.names[name]} ({item.names['provider']})"
        )
        grid.add_row(
            named,
            words.dollars(item.cost_usd),
            words.count(item.requests),
            words.count(item.tokens),
            words.dollars(item.usd_per_mtok),
        )
    if len(held) > rows:
        grid.add_row(f"and {len(held) - rows} more (--json lists all)")
    console.print(grid)
    console.print()


def _savings(console: Console, savings: report_figures.SavingsReport, rows: int) -> None:
    if not savings.recommendations:
        console.print(
            "No configured pair starts at a model in use; the setting SWITCHWISE_PAIRS names them."
        )
        console.print()
        return
    grid = plain.table("Savings per average month", "decision", "low", "expected", "high", right=3)
    shown = savings.recommendations[:rows]
    stages = {move.id: move.stage for move in savings.so_far.moves} if savings.so_far else {}
    for switch in dict.fromkeys(_switch(item) for item in shown):
        grid.add_row(f"{switch[0]} -> {switch[1]}, price gap {words.percent(switch[2])}")
        for item in shown:
            if _switch(item) == switch:
                decided = (
                    words.label(stages.get(item.id, item.decision))
                    if item.is_set_aside
                    else item.decision
                )
                grid.add_row(
                    f"  {item.project} / {item.workload}", decided, *_ends(item.saving_month)
                )
    console.print(grid)
    for line in _conditions(savings):
        console.print(Text(line, style="dim"))
    console.print()


def _switch(item: advice_figures.RecommendationFigure) -> tuple[str, str, str | None]:
    """Where from, where to, and the price gap."""
    return item.from_model, words.target(item.to_model, item.to_service_tier), item.price_gap_ratio


def _ends(ends: advice_figures.Ends | None) -> tuple[str, str, str]:
    if ends is None:
        return (words.UNKNOWN,) * 3
    return (
        words.dollars(ends.low_usd),
        words.dollars(ends.expected_usd),
        words.dollars(ends.high_usd),
    )


def _conditions(savings: report_figures.SavingsReport) -> Iterable[str]:
    """What a reader must know beside the amounts: why, the life left, the break-even, and the successor's price."""
    labels = " and ".join(sorted({item.saving_label for item in savings.recommendations}))
    yield f"Estimated over {savings.basis} with {labels} factors, at today's prices."
    if any(item.is_set_aside for item in savings.recommendations):
        yield "What could be saved leaves out what people have decided on."
    for kind, reason in dict.fromkeys(
        (item.decision, item.reason) for item in savings.recommendations
    ):
        yield f"{kind}: {explanation.why(reason)}."
    # Of several slices the one that bears least speaks: the last of those that a key is given to.
    bearing = sorted(savings.recommendations, key=_escalation, reverse=True)
    lives = {_switch(item)[:2]: item for item in bearing if item.days_left is not None}
    for (source, target), item in lives.items():
        yield f"{source} -> {target} ends in {words.counted(item.days_left or 0, 'day')}, when a model shuts down{bound(item)}."
    successors: dict[tuple[str, str, str], list[str]] = {}
    for item in savings.recommendations:
        for other in item.other_models:
            if other.is_successor and other.price_gap_ratio is not None:
                successors.setdefault((item.from_model, other.model, other.pair), []).append(
                    other.price_gap_ratio
                )
    for (source, model, pair), gaps in successors.items():
        shown = list(dict.fromkeys(words.percent(ratio) for ratio in sorted(gaps, key=Decimal)))
        gap = " to ".join(dict.fromkeys((shown[0], shown[-1])))
        yield f"{source}'s named successor is {model}, price gap {gap}; for advice on it add the pair {pair}."
    yield "Line by line: switchwise advise, then switchwise explain ID"


def _escalation(item: advice_figures.RecommendationFigure) -> Decimal:
    """The break-even share at the expected factors; more than all where none is known."""
    return Decimal(item.breakeven_escalation_ratio(at="expected") or "2")


def bound(item: advice_figures.RecommendationFigure) -> str:
    """The break-even as priced and at the expected factors, to follow a sentence; empty where nothing is known of it."""
    limit, expected = (
        item.breakeven_escalation_ratio(),
        item.breakeven_escalation_ratio(at="expected"),
    )
    if limit is None:
        return ""
    beside = "" if expected is None else f" ({words.percent(expected)} at the expected factors)"
    return f"; it saves nothing once {words.percent(limit)} of the requests come back{beside}"
