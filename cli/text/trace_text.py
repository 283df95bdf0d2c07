"""A month explained in a terminal: arithmetic to follow with a pocket calculator, in 80 columns."""

import re
import textwrap
from collections.abc import Iterator, Sequence
from decimal import Decimal

from advisor import words
from advisor.months import month_explanation
from advisor.months.adjustments import BookedLine
from advisor.months.month_explanation import ExplainedAdjustment, ExplainedMonth, RowSum
from advisor.months.statements import LineKey
from advisor.months.trace import MeterCost, PriceUsed, TraceRow
from cli.text import forecast_text
from ledger import clock, money

WIDTH = 80
_AMOUNT_AT, _DOLLAR_DIGITS = 57, 10
"""The column after the equals sign, and the room for whole dollars.

So every amount stands with its point in one column.
"""
_LONG_SUM = re.compile(
    rf"(?P<name>.{{{_AMOUNT_AT - 3},}}\S) = (?P<amount> *(?:[\d,.-]+|unknown|no amount))"
)


def lines(month: ExplainedMonth, wrap_at: int | None = WIDTH) -> Iterator[str]:
    """The text, line by line, none longer than `wrap_at` columns."""
    for line in _whole_lines(month):
        yield from [line] if wrap_at is None else _wrapped(line, wrap_at)


def _wrapped(line: str, columns: int) -> list[str]:
    if long_sum := _LONG_SUM.fullmatch(line):
        return [long_sum["name"], f"{'':<{_AMOUNT_AT - 2}}= {long_sum['amount']}"]
    indent = line[: len(line) - len(line.lstrip())]
    if len(line) <= columns:
        return [line]
    return textwrap.wrap(
        line.lstrip(),
        columns,
        initial_indent=indent,
        subsequent_indent=f"{indent}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _whole_lines(month: ExplainedMonth) -> Iterator[str]:
    yield from _head(month)
    for key, rows in _most_expensive_first(month.rows).items():
        yield ""
        yield from _line(key, rows)
    for adjustment in month.adjustments:
        yield ""
        yield from _adjustment(adjustment)
    yield ""
    yield from _end(month)
    if month.forecast is not None and month.forecast.method != "actual":
        yield ""
        yield from forecast_text.lines(month.forecast)


def _head(month: ExplainedMonth) -> Iterator[str]:
    filters = (("project", month.project), ("model", month.model))
    part = "".join(f", {word} {name}" for word, name in filters if name)
    yield f"{month.month} in {month.zone}{part}: {month.state}"
    if month.closed_at:
        yield f"Closed at {month.closed_at} by {month.closed_by}, with the content of this SHA-256:"
        yield f"  {month.content_sha256}"
    yield (
        f"Price book {month.price_book_version}, names {month.names_version}. Days are UTC days."
    )
    yield "tokens x USD per million tokens / 1,000,000 = USD, exact."


def _most_expensive_first(rows: Sequence[TraceRow]) -> dict[LineKey, list[TraceRow]]:
    """The rows by line, the most expensive line first and those without any price last."""
    by_line: dict[LineKey, list[TraceRow]] = {}
    for row in rows:
        by_line.setdefault(row.key, []).append(row)
    costs = {
        key: cost
        for key, line_rows in by_line.items()
        if (cost := month_explanation.sum_rows(line_rows).cost_femto_usd) is not None
    }
    priced = sorted(costs, key=lambda key: (-costs[key], key))
    return {key: by_line[key] for key in [*priced, *sorted(by_line.keys() - costs.keys())]}


def _line(key: LineKey, rows: Sequence[TraceRow]) -> Iterator[str]:
    """A line of the statement: its rows, and their sum where there are several."""
    yield f"{key.project} / {key.workload}: {key.model} at {key.provider}, {key.service_tier}"
    for row in rows:
        yield from _row(row)
    if len(rows) > 1:
        yield _equals("  this line", month_explanation.sum_rows(rows))


def _row(row: TraceRow) -> Iterator[str]:
    first, last = clock.date_of(row.first_day), clock.date_of(row.last_day)
    days = f"{first}" if first == last else f"{first} to {last}"
    parts = [days, words.counted(row.requests, "request")]
    parts += [f"inputs over {row.context_band:,} tokens"] if row.context_band else []
    parts += [f"region {row.region}"] if row.region else []
    parts += [f"priced as {row.priced_tier}"] if row.priced_tier != row.service_tier else []
    yield f"  {', '.join(parts)}"
    if not row.meters:
        yield "    no billable tokens"
        return
    if row.price:
        yield f"  {_price(row.price)}"
        if row.price.contract:
            yield f"  under contract, {row.price.contract}"
    for meter in row.meters:
        yield _meter(meter)
    if row.unpriced_tokens:
        unpriced = words.counted(row.unpriced_tokens, "token")
        yield f"    {unpriced} unpriced, in no amount: {row.unpriced_because}"
    if len(row.meters) > 1 and row.cost_femto_usd is not None:
        yield _equals("    together", month_explanation.sum_rows([row]))
    if row.list_cost_femto_usd != row.cost_femto_usd and row.price:
        rates = ", ".join(
            f"{words.label(meter)} {_rate_text(rate)}"
            for meter, rate in row.price.list_nano_usd_per_mtok.items()
        )
        list_cost_usd = money.optional_usd_text(row.list_cost_femto_usd)
        yield f"    at list prices {list_cost_usd} USD ({rates})"


def _price(price: PriceUsed) -> str:
    over = f" over {price.over_input_tokens:,} input tokens" if price.over_input_tokens else ""
    since = (
        f"since {clock.date_of(price.effective_from)}"
        if price.effective_from
        else "whose first day is not known"
    )
    backdated = ", used for the days before too" if price.backdated else ""
    checked = f"checked {price.checked}" if price.checked else "never checked"
    return f"price{over} {since}{backdated}; {checked}: {price.source}"


def _meter(meter: MeterCost) -> str:
    metered = f"    {words.label(meter.meter):<18}{meter.quantity:>17,}  x  "
    if meter.nano_usd_per_mtok is None or meter.cost_femto_usd is None:
        return f"{metered}no rate"
    product = metered + _rate_text(meter.nano_usd_per_mtok)
    return f"{product:<{_AMOUNT_AT - 2}}= {_pointed(meter.cost_femto_usd)}"


def _adjustment(adjustment: ExplainedAdjustment) -> Iterator[str]:
    dated = clock.date_of(adjustment.dated)
    yield (
        f"Adjustment {adjustment.number}, {adjustment.kind}, dated {dated},"
        f" by {adjustment.made_by}: {adjustment.reason}"
    )
    yield f"  Price book {adjustment.price_book_version}."
    by_line, booked_by_line = _most_expensive_first(adjustment.rows), _by_line(adjustment.less)
    for key in dict.fromkeys([*by_line, *booked_by_line]):
        rows = by_line.get(key, [])
        yield from _line(key, rows)
        yield from _difference(rows, booked_by_line.get(key, []))
    yield _equals(f"adjustment {adjustment.number}", adjustment.sum)


def _by_line(less: Sequence[BookedLine]) -> dict[LineKey, list[BookedLine]]:
    by_line: dict[LineKey, list[BookedLine]] = {}
    for line in less:
        by_line.setdefault(line.key, []).append(line)
    return by_line


def _difference(rows: Sequence[TraceRow], less: Sequence[BookedLine]) -> Iterator[str]:
    if not less:
        return
    if not rows:
        yield "  no usage has this name now"
    for line in less:
        source = "the closed statement" if line.number == 0 else f"adjustment {line.number}"
        before = RowSum(line.cost_femto_usd, line.requests, line.unpriced_tokens)
        yield _equals(f"  less {source}", before, unknown="no amount")
    yield _equals("  difference", month_explanation.sum_rows(rows, less))


def _end(month: ExplainedMonth) -> Iterator[str]:
    name = f"{month.month} as closed" if month.state == "closed" else month.month
    yield _equals(name, month.sum)
    for adjustment in month.adjustments:
        yield _equals(f"adjustment {adjustment.number}", adjustment.sum)
    if month.adjustments:
        yield _equals(f"{month.month} adjusted", month.adjusted)
    if month.reported_femto_usd != month.sum.cost_femto_usd:
        reported = money.optional_usd_text(month.reported_femto_usd) or words.UNKNOWN
        yield f"The report still shows {reported} USD and will follow; now: switchwise rollup"


def _equals(name: str, total: RowSum, unknown: str = words.UNKNOWN) -> str:
    text = f"{name}, {words.counted(total.requests, 'request')}"
    if total.unpriced_tokens:
        text += f", {total.unpriced_tokens:,} tokens unpriced"
    amount = (
        unknown.rjust(_DOLLAR_DIGITS)
        if total.cost_femto_usd is None
        else _pointed(total.cost_femto_usd)
    )
    return f"{text:<{_AMOUNT_AT - 3}} = {amount}"


def _rate_text(nano_usd_per_mtok: int) -> str:
    return money.text(Decimal(nano_usd_per_mtok).scaleb(-9))


def _pointed(amount_femto_usd: int) -> str:
    dollars, _, cents = money.usd_text(amount_femto_usd).partition(".")
    return f"{Decimal(dollars):>{_DOLLAR_DIGITS},}.{cents}"
