"""A month explained in a terminal: arithmetic that a person with a pocket calculator follows, in 80 columns."""

import textwrap
from collections.abc import Iterator, Sequence
from decimal import Decimal

from advisor import words
from advisor.months import month_explanation
from advisor.months.adjustments import BookedLine
from advisor.months.month_explanation import ExplainedAdjustment, ExplainedMonth, RowSum
from advisor.months.statements import LineKey
from advisor.months.trace import MeterCost, PriceUsed, TraceRow
from ledger import clock, money

WIDTH = 80
_AMOUNT_AT, _WHOLE = 57, 10
"""The column after the equals sign, and the room for whole dollars: every amount stands with its point in one column."""


def lines(found: ExplainedMonth) -> Iterator[str]:
    """The text, line by line."""
    yield from _head(found)
    for key, rows in _dearest_first(found.rows).items():
        yield ""
        yield from _line(key, rows)
    for each in found.adjustments:
        yield ""
        yield from _adjustment(each)
    yield ""
    yield from _end(found)


def _head(found: ExplainedMonth) -> Iterator[str]:
    part = "".join(
        f", {what} {name}"
        for what, name in (("project", found.project), ("model", found.model))
        if name
    )
    yield f"{found.month} in {found.zone}{part}: {found.state}"
    if found.closed_at:
        yield from _wrapped(
            f"Closed at {found.closed_at} by {found.closed_by}, with the content of this SHA-256:"
        )
        yield f"  {found.content_sha256}"
    yield from _wrapped(
        f"Price book {found.price_book_version}, names {found.names_version}. Days are UTC days."
    )
    yield "tokens x USD per million tokens / 1,000,000 = USD, exact."


def _dearest_first(rows: Sequence[TraceRow]) -> dict[LineKey, list[TraceRow]]:
    """The rows by line, the dearest line first and those without any price last."""
    by_line: dict[LineKey, list[TraceRow]] = {}
    for row in rows:
        by_line.setdefault(row.key, []).append(row)
    costs = {
        key: cost
        for key, held in by_line.items()
        if (cost := month_explanation.sum_rows(held).cost_femto_usd) is not None
    }
    priced = sorted(costs, key=lambda key: (-costs[key], key))
    return {key: by_line[key] for key in [*priced, *sorted(by_line.keys() - costs.keys())]}


def _line(key: LineKey, rows: Sequence[TraceRow]) -> Iterator[str]:
    """A line of the statement: its rows, and their sum where there are several."""
    yield from _wrapped(
        f"{key.project} / {key.workload}: {key.model} at {key.provider}, {key.service_tier}"
    )
    for row in rows:
        yield from _row(row)
    if len(rows) > 1:
        yield from _equals("  this line", month_explanation.sum_rows(rows))


def _row(row: TraceRow) -> Iterator[str]:
    first, last = clock.date_of(row.first_day), clock.date_of(row.last_day)
    days = f"{first}" if first == last else f"{first} to {last}"
    told = [days, words.counted(row.requests, "request")]
    told += [f"inputs over {row.context_band:,} tokens"] if row.context_band else []
    told += [f"region {row.region}"] if row.region else []
    told += [f"priced as {row.priced_tier}"] if row.priced_tier != row.service_tier else []
    yield from _wrapped(", ".join(told), "  ")
    if not row.meters:
        yield "    no billable tokens"
        return
    if row.price:
        yield from _wrapped(_price(row.price), "  ")
        if row.price.contract:
            yield from _wrapped(f"under contract, {row.price.contract}", "  ")
    for meter in row.meters:
        yield _meter(meter)
    yield from _without_a_price(row)
    if len(row.meters) > 1 and row.cost_femto_usd is not None:
        yield from _equals("    together", month_explanation.sum_rows([row]))
    if row.list_cost_femto_usd != row.cost_femto_usd and row.price:
        rates = ", ".join(
            f"{words.label(meter)} {_rate_text(rate)}"
            for meter, rate in row.price.list_nano_usd_per_mtok.items()
        )
        list_cost_usd = money.optional_usd_text(row.list_cost_femto_usd)
        yield from _wrapped(f"at list prices {list_cost_usd} USD ({rates})", "    ")


def _price(price: PriceUsed) -> str:
    over = f" over {price.over_input_tokens:,} input tokens" if price.over_input_tokens else ""
    since = (
        f"since {clock.date_of(price.effective_from)}"
        if price.effective_from
        else "whose first day is not known"
    )
    backdated = ", taken for the days before too" if price.backdated else ""
    checked = f"checked {price.checked}" if price.checked else "never checked"
    return f"price{over} {since}{backdated}; {checked}: {price.source}"


def _meter(meter: MeterCost) -> str:
    metered = f"    {words.label(meter.meter):<18}{meter.tokens:>17,}  x  "
    if meter.nano_usd_per_mtok is None or meter.cost_femto_usd is None:
        return f"{metered}no rate"
    product = metered + _rate_text(meter.nano_usd_per_mtok)
    return f"{product:<{_AMOUNT_AT - 2}}= {_pointed(meter.cost_femto_usd)}"


def _without_a_price(row: TraceRow) -> Iterator[str]:
    if row.unpriced_tokens:
        unpriced = words.counted(row.unpriced_tokens, "token")
        yield from _wrapped(f"{unpriced} unpriced, in no amount: {row.unpriced_because}", "    ")


def _adjustment(each: ExplainedAdjustment) -> Iterator[str]:
    yield from _wrapped(
        f"Adjustment {each.number}, {each.kind}, dated {clock.date_of(each.dated)}, by {each.made_by}: {each.reason}"
    )
    yield from _wrapped(f"Price book {each.price_book_version}.", "  ")
    by_line, less = _dearest_first(each.rows), _by_line(each.less)
    for key in dict.fromkeys([*by_line, *less]):
        rows = by_line.get(key, [])
        yield from _line(key, rows)
        yield from _difference(rows, less.get(key, []))
    yield from _equals(f"adjustment {each.number}", each.sum)


def _by_line(less: Sequence[BookedLine]) -> dict[LineKey, list[BookedLine]]:
    found: dict[LineKey, list[BookedLine]] = {}
    for held in less:
        found.setdefault(held.key, []).append(held)
    return found


def _difference(rows: Sequence[TraceRow], less: Sequence[BookedLine]) -> Iterator[str]:
    if not less:
        return
    if not rows:
        yield "  no usage has this name now"
    for held in less:
        booked = "the closed statement" if held.number == 0 else f"adjustment {held.number}"
        before = RowSum(held.cost_femto_usd, held.requests, held.unpriced_tokens)
        yield from _equals(f"  less {booked}", before, unknown="no amount")
    yield from _equals("  difference", month_explanation.sum_rows(rows, less))


def _end(found: ExplainedMonth) -> Iterator[str]:
    yield from _equals(
        f"{found.month} as closed" if found.state == "closed" else found.month, found.sum
    )
    for each in found.adjustments:
        yield from _equals(f"adjustment {each.number}", each.sum)
    if found.adjustments:
        yield from _equals(f"{found.month} adjusted", found.adjusted)
    if found.reported_femto_usd != found.sum.cost_femto_usd:
        shown = money.optional_usd_text(found.reported_femto_usd) or words.UNKNOWN
        yield from _wrapped(
            f"The report still shows {shown} USD and will follow; now: switchwise rollup"
        )


def _equals(name: str, found: RowSum, unknown: str = words.UNKNOWN) -> Iterator[str]:
    told = f"{name}, {words.counted(found.requests, 'request')}"
    if found.unpriced_tokens:
        told += f", {found.unpriced_tokens:,} tokens unpriced"
    if len(told) > _AMOUNT_AT - 3:
        yield told
        told = ""
    amount = (
        unknown.rjust(_WHOLE) if found.cost_femto_usd is None else _pointed(found.cost_femto_usd)
    )
    yield f"{told:<{_AMOUNT_AT - 2}}= {amount}"


def _rate_text(nano_usd_per_mtok: int) -> str:
    return money.text(Decimal(nano_usd_per_mtok).scaleb(-9))


def _pointed(amount_femto_usd: int) -> str:
    whole, _, cents = money.usd_text(amount_femto_usd).partition(".")
    return f"{Decimal(whole):>{_WHOLE},}.{cents}"


def _wrapped(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=f"{indent}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
