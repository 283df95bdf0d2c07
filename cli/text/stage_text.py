"""The life of a recommendation in a terminal: how it stands, what was frozen, and who did what."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from advisor import words
from advisor.advice import rendering
from advisor.stages.records import ChangeRecord, MoveFigure, RealisedFigure, SoFar
from advisor.stages.stored_recommendation import StoredRecommendation
from cli.text import amounts
from ledger import clock


def standing(current: StoredRecommendation) -> str:
    """The stage in a line: whose, since when, how much, until when."""
    record = current.record
    parts = [words.label(current.stage)]
    if record.owner:
        parts.append(f"owner {record.owner}")
    if record.since:
        parts.append(f"since {record.since[:10]}")
    if record.share:
        parts.append(f"share {words.percent(record.share)}")
    if record.until:
        parts.append(f"until {record.until}")
    return ", ".join(parts)


def last_decision(current: StoredRecommendation) -> str:
    """What somebody decided last: `dismissed by ada until 2027-02-14: latency budget`."""
    if not current.record.history:
        return words.label(current.stage)
    last = current.record.history[-1]
    if current.record.until:
        days = f" until {current.record.until}"
    elif current.record.since:
        days = f" on {current.record.since[:10]}"
    else:
        days = ""
    note = f": {last.note}" if last.note else ""
    return f"{words.label(current.stage)} by {last.by}{days}{note}"


def frozen(current: StoredRecommendation) -> str:
    """The estimate that was frozen with a claim, whatever prices do later."""
    if current.frozen is None or current.frozen_at_us is None:
        return "No estimate is frozen: nobody has claimed it."
    estimate = rendering.figure_of(current.frozen)
    if estimate.saving_month is None:
        saving = "an unknown saving"
    else:
        low, expected, high = amounts.three_dollars(estimate.saving_month)
        ends = f"{low} per average month, {expected} expected, {high} at most"
        saving = f"{estimate.low_name} {ends}"
    return (
        f"Frozen on {clock.rfc3339(current.frozen_at_us)[:10]}: {saving},"
        f" of {words.dollars(estimate.cost_month_usd)};"
        f" window {estimate.window_first_day} to {estimate.window_last_day},"
        f" price book {estimate.price_book_version}."
    )


def history(current: StoredRecommendation) -> Iterator[str]:
    """A line for each change, oldest first."""
    for change in current.record.history:
        yield (
            f"{change.at[:16]}Z  {words.label(change.from_stage)} ->"
            f" {words.label(change.to_stage)},"
            f" by {change.by}{_details(change)}"
        )


def savings_of(move: MoveFigure) -> Iterator[str]:
    """What was missed, what each method says was saved, and what was expected."""
    if move.missed_usd is not None:
        yield f"Missed so far, while it was open, by its low end: {words.dollars(move.missed_usd)}."
    for figure in move.realised:
        yield _realised(figure)
    if move.realised and move.due_low_usd is not None:
        days = words.counted(move.realised[0].days, "day")
        yield (
            f"The frozen estimate says of the same {days}: {move.frozen_low_name}"
            f" {words.dollars(move.due_low_usd)}, {words.dollars(move.due_expected_usd)} expected."
        )


def so_far(total: SoFar | None) -> Iterator[tuple[str, str, str]]:
    """Lines of a report, each a name, an amount and a remark: missed and saved so far."""
    if total is None:
        return
    if total.missed_usd is not None:
        of_month = f"{words.dollars(total.missed_month_usd)} of it in this month"
        remark = f"by low ends, since the ledger began, while advice was open; {of_month}"
        yield "Missed", words.dollars(total.missed_usd), remark
    if total.realised_usd:
        amount, remark = _saved(total.realised_usd)
        yield "Saved so far", amount, f"{remark}{_of_expected(total)}"


def _of_expected(total: SoFar) -> str:
    """What was saved over what was expected, and the lowest amount less one-off costs."""
    remark = ""
    if total.realisation_ratio:
        ratios = sorted(total.realisation_ratio.values(), key=Decimal)
        lowest, highest = ratios[0], ratios[-1]
        to = "" if highest == lowest else f" to {words.percent(highest)}"
        remark += f"; {words.percent(lowest)}{to} of what was expected"
    if total.realised_net_usd and total.realised_net_usd != total.realised_usd:
        net_usd = min(total.realised_net_usd.values(), key=Decimal)
        remark += f"; {words.dollars(net_usd)} after one-off costs"
    return remark


def _saved(usd_by_method: Mapping[str, str]) -> tuple[str, str]:
    """The lowest of what the methods found, and a remark: all measure the same saving."""
    lowest, *others = sorted(map(Decimal, usd_by_method.values()))
    methods = ", ".join(map(words.realised_method, usd_by_method))
    if not others:
        return words.dollars(str(lowest)), f"measured {methods}"
    highest = "" if others[-1] == lowest else f"to {words.dollars(str(others[-1]))}: "
    ways = f"measured in {len(usd_by_method)} ways: {methods}"
    return words.dollars(str(lowest)), f"{highest}one saving, {ways}"


def _realised(figure: RealisedFigure) -> str:
    method = words.realised_method(figure.method)
    if figure.saving_usd is None:
        return f"Saved, {method}: unknown, {words.label(figure.reason or '')}."
    volume = (
        f"; volume effect {words.dollars(figure.volume_effect_usd)}, which is no saving"
        if figure.volume_effect_usd
        else ""
    )
    return (
        f"Saved, {method} ({figure.label}): {words.dollars(figure.saving_usd)}"
        f" from {figure.first_day} to {figure.last_day},"
        f" {words.dollars(figure.instead_usd)} less {words.dollars(figure.cost_usd)}{volume}."
        f"{_compared(figure)}"
    )


def _compared(figure: RealisedFigure) -> str:
    """The saving over what was expected, and less what the move was to cost once."""
    compared = ""
    if figure.realisation_ratio is not None:
        compared += f" That is {words.percent(figure.realisation_ratio)} of what was expected."
    if figure.net_usd is not None and figure.net_usd != figure.saving_usd:
        compared += f" After the one-off cost of the move it is {words.dollars(figure.net_usd)}."
    return compared


def _details(change: ChangeRecord) -> str:
    details = [
        f"share {words.percent(change.share)}" if change.share else "",
        f"until {change.until}" if change.until else "",
        f"hold-out {change.hold_out}" if change.hold_out else "",
        change.note or "",
    ]
    return "".join(f"; {detail}" for detail in details if detail)
