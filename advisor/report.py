"""The report: one value made of statements and recommendations, which API, CLI, page, metrics and exports all show."""

from collections.abc import Callable, Iterable
from fractions import Fraction

from sqlmodel import Session

from advisor import advice_figures, cost, decision, figures, recommendations, statement_store, statements
from ledger import catalogue, clock, facts, money, months, names, prices, readings
from ledger.errors import NotFound, UsageError
from ledger.months import Month
from ledger.settings import Settings


def build(
    session: Session, settings: Settings, now_us: int, month_text: str | None = None, project: str | None = None
) -> figures.Report:
    """The report of a month (by default the current one) for all projects or one; days and forecast are those of all.

    Raises UsageError when the text is no month or lies ahead, NotFound for a project without traffic in it.
    """
    current, month = months.containing(now_us, settings.zone), month_of(settings, now_us, month_text)
    book = catalogue.book(session)
    statement = statement_store.read(session, month)
    lines = statement.lines if statement else {}
    if project is not None:
        lines = {key: line for key, line in lines.items() if key.project == project}
        if not lines:
            raise NotFound(
                f"no traffic of project {project!r} in {month}; list projects with: switchwise report --month {month}"
            )
    whole = statement if project is None else None
    sample = facts.sample_projects(session)
    return figures.Report(
        month=str(month),
        zone=settings.reporting_zone,
        currency="USD",
        as_of=clock.rfc3339(statement.computed_at if statement else now_us),
        state="closed" if statement and statement.closed_at else "open",
        revision=statement.revision if statement else 0,
        price_book_version=statement.basis.price_book_version if statement else book.version,
        prices_checked=book.checked,
        total=_usage({}, lines.values()),
        projects=_grouped(lines, lambda key: {"project": key.project}),
        models=_grouped(lines, lambda key: {"provider": key.provider, "model": key.model}),
        slices=_grouped(lines, lambda key: key._asdict()),
        days=tuple(figures.DayReport(day.day, day.cost_usd, day.requests) for day in whole.days) if whole else (),
        forecast=_forecast(whole) if whole else None,
        savings=_savings(session, settings, now_us, None if month == current else month, project),
        sample_projects=tuple(project for project in sample if any(key.project == project for key in lines)),
        notes=tuple(_notes(session, month, lines, sample, book)),
    )  # fmt: skip


def month_of(settings: Settings, now_us: int, month_text: str | None) -> Month:
    """The month that a text names, by default the current one. Raises UsageError when it is no month or lies ahead."""
    current = months.containing(now_us, settings.zone)
    month = months.parse(month_text, settings.zone) if month_text else current
    if month > current:
        raise UsageError(f"{month} lies in the future; the current month is {current}")
    return month


def grouped_by(
    report_lines: dict[statements.LineKey, statements.Line], names_: Iterable[str]
) -> tuple[figures.UsageFigure, ...]:
    """Usage by any of the names of a statement line. Raises UsageError on another name."""
    wanted = list(names_)
    for name in wanted:
        if name not in statements.LineKey._fields:
            raise UsageError(f"cannot group by {name!r}; use {', '.join(statements.LineKey._fields)}")
    return _grouped(report_lines, lambda key: {name: getattr(key, name) for name in wanted})


def _grouped(
    lines: dict[statements.LineKey, statements.Line], name_of: Callable[[statements.LineKey], dict[str, str]]
) -> tuple[figures.UsageFigure, ...]:
    groups: dict[tuple[tuple[str, str], ...], list[statements.Line]] = {}
    for key, line in lines.items():
        groups.setdefault(tuple(name_of(key).items()), []).append(line)
    ranked = sorted(groups.items(), key=lambda item: (-sum(line.cost.femto_usd for line in item[1]), item[0]))
    return tuple(_usage(dict(names_), held) for names_, held in ranked)


def _usage(names_: dict[str, str], lines: Iterable[statements.Line]) -> figures.UsageFigure:
    held = list(lines)
    spent = cost.total(line.cost for line in held)
    blended = cost.blended_usd_per_mtok(spent)
    priced = spent.priced_tokens > 0
    return figures.UsageFigure(
        names=names_,
        cost_usd=money.usd_text(spent.femto_usd) if priced else None,
        list_cost_usd=money.usd_text(sum(line.list_cost_femto_usd for line in held)) if priced else None,
        usd_per_mtok=None if blended is None else money.text(blended),
        requests=sum(line.requests for line in held),
        tokens=sum(line.counts.total_tokens for line in held),
        input_tokens=sum(line.counts.input_tokens for line in held),
        cached_input_tokens=sum(line.counts.cached_input_tokens for line in held),
        cache_write_input_tokens=sum(line.counts.cache_write_input_tokens for line in held),
        output_tokens=sum(line.counts.output_tokens for line in held),
        reasoning_tokens=sum(line.counts.reasoning_tokens for line in held),
        avoided_tokens=sum(line.avoided_tokens for line in held),
        unpriced_tokens=spent.unpriced_tokens,
        coverage=_coverage(held),
    )


def _coverage(lines: list[statements.Line]) -> figures.CoverageFigure:
    tokens = sum(line.counts.total_tokens for line in lines)
    requests = sum(line.requests for line in lines)
    successes = sum(line.successes for line in lines)
    priced = sum(line.cost.priced_tokens for line in lines)
    known = sum(line.provider_usage_successes for line in lines)
    found = statements.coverage_ratio(priced, tokens, known, successes)
    shares = {
        "unpriced": (tokens - priced, tokens),
        "tier_unknown": (sum(line.tier_unknown_tokens for line in lines), tokens),
        "estimated": (sum(line.estimated_requests for line in lines), requests),
        "missing": (sum(line.missing_requests for line in lines), successes),
        "detail_unknown": (sum(line.detail_unknown_requests for line in lines), requests),
        "folded": (sum(line.folded_requests for line in lines), requests),
    }
    gaps = {name: _share(part, whole) for name, (part, whole) in shares.items() if whole}
    provisional = found is None or found < decision.COVERAGE_FLOOR
    return figures.CoverageFigure(advice_figures.ratio(found), provisional, gaps)


def _share(part: int, whole: int) -> str:
    # Most gaps of most lines are empty, and a Fraction is dear.
    return (advice_figures.ratio(Fraction(part, whole)) if part else None) or "0.00"


def _forecast(statement: statement_store.MonthStatement) -> figures.ForecastReport | None:
    """The stored forecast, unless nothing that it rests on is priced: it is then unknown, not 0."""
    found = statement.forecast
    if found is None:
        return None
    priced = any(line.cost.priced_tokens for line in statement.lines.values())
    if not priced and not money.femto_usd(found.cost_usd):
        return None
    return figures.ForecastReport(found.cost_usd, found.low_usd, found.high_usd, found.method)


def _savings(
    session: Session, settings: Settings, now_us: int, month: Month | None, project: str | None
) -> figures.SavingsReport:
    """The stored advice for the current month; for an earlier one, advice on that month's closed days at today's prices."""
    if month is None:
        found = [stored.figure for stored in recommendations.read(session)]
        basis = "the last closed weeks"
    else:
        found = recommendations.compute(session, pricing(session), settings, now_us, month)
        basis = f"the closed days of {month}"
    kept = tuple(item for item in found if project in (None, item.project))
    return figures.SavingsReport(
        basis, recommendations.total(kept), recommendations.total(kept, until_retirement=True), kept
    )


def pricing(session: Session, base: prices.PriceBook | None = None) -> statements.Pricing:
    """The price book, names and series in force, as advice and statements take them; `base` stands in for the shipped book."""
    book, aliases = catalogue.book(session, base), catalogue.aliases(session)
    return statements.Pricing(readings.every_series(session), book, names.Names(book, aliases))


def _notes(
    session: Session,
    month: Month,
    lines: dict[statements.LineKey, statements.Line],
    sample: tuple[str, ...],
    book: prices.PriceBook,
) -> Iterable[str]:
    if not lines:
        others = [name for name in statement_store.month_names(session) if name != str(month)]
        latest = f"; the latest month with traffic is {others[-1]}" if others else "; nothing has been recorded yet"
        yield f"No traffic in {month}{latest}."
        return
    if shown := sorted({key.project for key in lines} & set(sample)):
        yield f"{', '.join(shown)}: replayed sample traffic, priced as GPT-4.1; not your spend."
    unpriced: dict[str, int] = {}
    for key, line in lines.items():
        unpriced[key.model] = unpriced.get(key.model, 0) + line.cost.unpriced_tokens
    for model, tokens in sorted(unpriced.items()):
        if tokens:
            yield f"{model}: {tokens:,} tokens have no price and are in no amount of USD; set one with: switchwise prices set"
    if backdated := sum(line.backdated_tokens for line in lines.values()):
        yield f"{backdated:,} tokens are older than the earliest known price of their model and take that price."
    if tier_unknown := sum(line.tier_unknown_tokens for line in lines.values()):
        yield f"{tier_unknown:,} tokens were served at an unknown tier and are priced at the tier asked for."
    yield f"Prices checked on {book.checked}; savings are estimates until a switch is measured."
