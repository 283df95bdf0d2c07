"""The monthly review: a month's report as tables, in the order in which a lead reads them. It formats no file."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal

from sqlmodel import Session

from advisor.advice import retirements
from advisor.advice.figures import Ends, RecommendationFigure
from advisor.advice.retirements import Retiring
from advisor.months import figures as month_figures
from advisor.months import statement_store
from advisor.months.figures import UsageFigure
from advisor.publishing.api import wire
from advisor.publishing.exports import columns, latency_rows
from advisor.report import figures as report_figures
from advisor.report import report
from advisor.stages.records import MoveFigure, RealisedFigure
from ledger import clock, closed_statements, months
from ledger.errors import NotFound
from ledger.months import Month
from ledger.pricing import in_force
from ledger.settings import Settings

Cell = str | Decimal | int | bool | None
"""Text, an exact amount or ratio, a count, yes or no; None is unknown, never zero."""
Row = Mapping[str, Cell]

_GAPS = ("unpriced", "tier_unknown", "estimated", "missing", "detail_unknown", "folded", "late")
_ENDS = ("low_usd", "expected_usd", "high_usd")


@dataclass(frozen=True, slots=True)
class Section:
    """One table of the review: its columns, whose names carry the unit, and its rows by column."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Review:
    """A month's review: the report that it shows, its tables, and the document of a closed month where all of it is shown."""

    month: Month
    report: report_figures.Report
    sections: tuple[Section, ...]
    document: bytes | None = None


def build(
    session: Session, settings: Settings, now_us: int, month_text: str, project: str | None = None
) -> Review:
    """The review of a month, of all projects or one. Raises UsageError for no month, NotFound for one without traffic."""
    month = months.parse_or_current(month_text, settings.zone, now_us)
    statement = statement_store.read(session, month)
    if statement is None:
        others = ", ".join(statement_store.month_names(session))
        raise NotFound(
            f"no traffic in {month}; "
            + (f"there is some in {others}" if others else "import some first")
        )
    found = report.build(session, settings, now_us, month_text, project)
    models = [(each.names["provider"], each.names["model"]) for each in found.models]
    retiring = retirements.of_models(models, in_force.load_book(session), clock.day_of(now_us))
    document = closed_statements.load_document(session, found.month) if project is None else None
    return Review(statement.month, found, sections(found, retiring), document)


def sections(found: report_figures.Report, retiring: Sequence[Retiring]) -> tuple[Section, ...]:
    """A report as tables. Projects, models and showback each add up to the headline, adjustments to what it adds to them."""
    record, so_far = found.forecast_record, found.savings.so_far
    moves = so_far.moves if so_far else ()
    retries, tiers = (
        (found.waste.paid_retries.groups, found.waste.other_tier.groups)
        if found.waste
        else ((), ())
    )
    return (
        _section("headline", [_headline(found)]),
        _section("projects", [_usage(each, "project") for each in found.projects]),
        _section("models", [_usage(each, "provider", "model") for each in found.models]),
        _section(
            "showback",
            [
                _usage(each, "project", "workload", "provider", "model", "service_tier")
                for each in found.slices
            ],
        ),
        _section("adjustments", _adjustments(found), " ".join(columns.ADJUSTMENTS)),
        _section("days", map(_day, found.days), "day cost_usd requests"),
        _section(
            "forecast_record",
            map(_backtest, record.months if record else ()),
            columns.FORECAST_RECORD,
        ),
        _section("paid_retries", map(_wasted, retries), columns.RETRIES),
        _section("other_tier", map(_wasted, tiers), columns.OTHER_TIER),
        _section("savings", map(_saving, found.savings.recommendations), columns.SAVINGS),
        _section(
            "latency",
            [row for item in found.savings.recommendations for row in latency_rows.of_advice(item)],
            latency_rows.COLUMNS,
        ),
        _section(
            "evidence",
            [_proof(item) for item in found.savings.recommendations if item.evidence],
            columns.EVIDENCE,
        ),
        _section("savings_by_stage", map(_move, moves), columns.MOVES),
        _section(
            "savings_realised",
            [_realised(move, each) for move in moves for each in move.realised],
            columns.REALISED,
        ),
        _section("data_quality", _quality(found)),
        _section(
            "retirements",
            map(_retirement, retiring),
            "provider model shutdown_date successor source",
        ),
        _section("method_notes", [{"note": note} for note in found.notes]),
    )


def _section(name: str, rows: Iterable[Row], columns: str = "") -> Section:
    held = tuple(rows)
    return Section(name, tuple(columns.split()) or tuple(held[0]), held)


def _headline(found: report_figures.Report) -> Row:
    forecast, savings = found.forecast, found.savings
    known = wire.has_advice(savings)
    return {
        "month": found.month,
        "zone": found.zone,
        "currency": found.currency,
        "state": found.state,
        "closed_at": found.closed_at,
        "closed_by": found.closed_by,
        "content_sha256": found.content_sha256,
        "revision": found.revision,
        **_spent(found.total),
        "adjusted_cost_usd": _exact(found.adjusted.cost_usd) if found.adjusted else None,
        "adjusted_requests": found.adjusted.requests if found.adjusted else None,
        "coverage_ratio": _exact(found.total.coverage.ratio),
        "provisional": found.total.coverage.provisional,
        "forecast_usd": _exact(forecast.cost_usd) if forecast else None,
        "forecast_low_usd": _exact(forecast.low_usd) if forecast else None,
        "forecast_high_usd": _exact(forecast.high_usd) if forecast else None,
        "forecast_method": forecast.method if forecast else None,
        **_ends("savings_month", savings.total if known else None),
        **_ends("savings_until_retirement", savings.until_retirement if known else None),
        "savings_missed_usd": _exact(savings.so_far.missed_usd) if savings.so_far else None,
        "savings_missed_month_usd": _exact(savings.so_far.missed_month_usd)
        if savings.so_far
        else None,
        "savings_basis": savings.basis,
        "statement_computed_at": found.as_of,
        "price_book_version": found.price_book_version,
        "prices_checked": found.prices_checked,
    }


def _usage(usage: UsageFigure, *names: str) -> Row:
    return {name: usage.names[name] for name in names} | _spent(usage)


def _spent(usage: UsageFigure) -> dict[str, Cell]:
    counts = (
        "requests",
        "tokens",
        "input_tokens",
        "cached_input_tokens",
        "cache_write_input_tokens",
        "output_tokens",
        "reasoning_tokens",
        "avoided_tokens",
        "unpriced_tokens",
        "tier_mismatch_requests",
    )
    amounts = ("cost_usd", "list_cost_usd", "usd_per_mtok")
    exact: dict[str, Cell] = {name: _exact(getattr(usage, name)) for name in amounts}
    return exact | {name: getattr(usage, name) for name in counts}


def _adjustments(found: report_figures.Report) -> Iterable[Row]:
    for each in found.adjustments:
        for line in each.lines:
            given: dict[str, Cell] = {
                "cost_usd": _exact(line.cost_usd),
                "list_cost_usd": _exact(line.list_cost_usd),
            }
            given |= {name: getattr(each, name) for name in columns.OF_ADJUSTMENT}
            yield {
                name: given[name] if name in given else getattr(line, name)
                for name in columns.ADJUSTMENTS
            }


def _day(day: month_figures.DayReport) -> Row:
    return {"day": day.day, "cost_usd": _exact(day.cost_usd), "requests": day.requests}


def _backtest(tested: month_figures.BacktestFigure) -> Row:
    return {
        "month": tested.month,
        "actual_usd": _exact(tested.actual_usd),
        "forecasts": tested.forecasts,
        "error_ratio": _exact(tested.error_ratio),
        "bias_ratio": _exact(tested.bias_ratio),
        "banded": tested.banded,
        "covered": tested.covered,
    }


def _wasted(figure: month_figures.RetryFigure | month_figures.TierFigure) -> Row:
    return {each.name: _told(each.name, getattr(figure, each.name)) for each in fields(figure)}


def _saving(item: RecommendationFigure) -> Row:
    given: dict[str, Cell] = {
        "coverage_ratio": _exact(item.coverage_ratio),
        "cost_month_usd": _exact(item.cost_month_usd),
        "price_gap_ratio": _exact(item.price_gap_ratio),
        **_ends("month", item.saving_month),
        **_ends("until_retirement", item.saving_until_retirement),
        "breakeven_escalation_ratio": _exact(wire.breakeven_escalation_ratio(item)),
        "label": item.saving_label,
        "good_answer_now_usd": _exact(item.good_answer_now_usd),
        "good_answer_instead_usd": _exact(item.good_answer_instead_usd),
    }
    return {
        name: given[name] if name in given else getattr(item, name)
        for name in columns.SAVINGS.split()
    }


def _proof(item: RecommendationFigure) -> Row:
    return {name: _told(name, getattr(item.evidence, name)) for name in columns.EVIDENCE.split()}


def _move(move: MoveFigure) -> Row:
    saved = {f"realised_{each.method}_usd": each.saving_usd for each in move.realised}
    return {
        name: _told(name, saved.get(name, getattr(move, name, None)))
        for name in columns.MOVES.split()
    }


def _realised(move: MoveFigure, figure: RealisedFigure) -> Row:
    return {
        name: _told(name, getattr(figure if hasattr(figure, name) else move, name))
        for name in columns.REALISED.split()
    }


def _told(name: str, value: Cell) -> Cell:
    """A cell of a figure: amounts and shares are exact numbers there too."""
    return (
        _exact(value)
        if isinstance(value, str)
        and (name.endswith(("_usd", "_ratio")) or name in ("share", "threshold"))
        else value
    )


def _quality(found: report_figures.Report) -> Iterable[Row]:
    """How much of the total and of each project and model is known; a gap is the share of tokens or requests not covered."""
    parts = [("total", "", found.total)]
    parts += [("project", each.names["project"], each) for each in found.projects]
    parts += [
        ("model", f"{each.names['provider']}/{each.names['model']}", each) for each in found.models
    ]
    for level, name, usage in parts:
        gaps: dict[str, Cell] = {
            f"{gap}_ratio": _exact(usage.coverage.gaps.get(gap)) for gap in _GAPS
        }
        yield {
            "level": level,
            "name": name,
            "coverage_ratio": _exact(usage.coverage.ratio),
            "provisional": usage.coverage.provisional,
            "unpriced_tokens": usage.unpriced_tokens,
            **gaps,
        }


def _retirement(model: Retiring) -> Row:
    day = clock.date_of(model.shutdown_day).isoformat()
    return {
        "provider": model.provider,
        "model": model.model,
        "shutdown_date": day,
        "successor": model.successor,
        "source": model.source,
    }


def _ends(name: str, ends: Ends | None) -> dict[str, Cell]:
    return {f"{name}_{end}": _exact(getattr(ends, end)) if ends else None for end in _ENDS}


def _exact(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
