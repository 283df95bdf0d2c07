"""Lines of statements and adjustments as rows of their tables, and back. Pure."""

from collections.abc import Mapping

from sqlalchemy import RowMapping

from advisor.months import meter_sums
from advisor.months.statements import Line, LineKey
from ledger import money, tokens
from ledger.pricing import prices

_COUNTS = (
    "requests",
    "avoided_tokens",
    "tier_unknown_tokens",
    "backdated_tokens",
    "successes",
    "provider_usage_successes",
    "estimated_requests",
    "missing_requests",
    "detail_unknown_requests",
    "folded_requests",
    "paid_retry_requests",
    "tier_mismatch_requests",
)


def rows_of(lines: Mapping[LineKey, Line], **place: object) -> list[dict[str, object]]:
    """The rows of these lines in their order, each with `place` as the first part of its key.

    Money of what has no price is NULL, not 0.
    """
    return [{**place, **key._asdict(), **_amounts(line)} for key, line in sorted(lines.items())]


def _amounts(line: Line) -> dict[str, object]:
    return {
        **{name: getattr(line.counts, name) for name in tokens.FIELDS},
        **{name: getattr(line, name) for name in _COUNTS},
        "meters": meter_sums.encode(line.meters),
        "priced_tokens": line.cost.priced_tokens,
        "unpriced_tokens": line.cost.unpriced_tokens,
        "cost_usd": money.usd_text(line.cost.femto_usd) if line.is_priced else None,
        "list_cost_usd": money.usd_text(line.list_cost_femto_usd) if line.is_priced else None,
    }


def key_of(row: RowMapping) -> LineKey:
    """The key of a row's line."""
    return LineKey(*(row[name] for name in LineKey._fields))


def line_of(row: RowMapping) -> Line:
    """The line of a row."""
    return Line(
        counts=tokens.TokenCounts(**{name: row[name] for name in tokens.FIELDS}),
        cost=prices.Cost(_femto_usd(row["cost_usd"]), row["priced_tokens"], row["unpriced_tokens"]),
        list_cost_femto_usd=_femto_usd(row["list_cost_usd"]),
        meters=meter_sums.decode(row["meters"]),
        **{name: row[name] for name in _COUNTS},
    )


def _femto_usd(column: str | None) -> int:
    return 0 if column is None else money.femto_usd(column)
