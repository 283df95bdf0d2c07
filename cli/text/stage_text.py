"""The life of a recommendation in a terminal: how it stands, what was frozen, and who did what. Formats; computes nothing."""

from collections.abc import Iterator

from advisor import words
from advisor.advice import rendering
from advisor.stages.records import ChangeRecord, MoveFigure, SoFar
from advisor.stages.stored_recommendation import StoredRecommendation
from ledger import clock


def standing(stored: StoredRecommendation) -> str:
    """The stage in a line: whose, since when, how much, until when."""
    record = stored.record
    told = [words.label(stored.stage)]
    if record.owner:
        told.append(f"owner {record.owner}")
    if record.since:
        told.append(f"since {record.since[:10]}")
    if record.share:
        told.append(f"share {words.percent(record.share)}")
    if record.until:
        told.append(f"until {record.until}")
    return ", ".join(told)


def frozen(stored: StoredRecommendation) -> str:
    """What the claim rests on, whatever prices do later."""
    if stored.frozen is None or stored.frozen_at_us is None:
        return "No estimate is frozen: nobody has claimed it."
    held = rendering.figure_of(stored.frozen)
    ends = held.saving_month
    worth = (
        "an unknown saving"
        if ends is None
        else (
            f"at least {words.dollars(ends.low_usd)} per average month, {words.dollars(ends.expected_usd)} expected,"
            f" {words.dollars(ends.high_usd)} at most"
        )
    )
    window = f"{held.window_first_day} to {held.window_last_day}"
    return (
        f"Frozen on {clock.rfc3339(stored.frozen_at_us)[:10]}: {worth}, of {words.dollars(held.cost_month_usd)};"
        f" window {window}, price book {held.price_book_version}."
    )


def history(stored: StoredRecommendation) -> Iterator[str]:
    """A line for each change, oldest first."""
    for made in stored.record.history:
        yield f"{made.at[:16]}Z  {words.label(made.from_stage)} -> {words.label(made.to_stage)}, by {made.by}{_more(made)}"


def came_to(move: MoveFigure) -> Iterator[str]:
    """What was missed, and what each method says was saved, beside what was expected."""
    if move.missed_usd is not None:
        yield f"Missed so far, while it was open: at least {words.dollars(move.missed_usd)}."
    for each in move.realised:
        method = words.realised_method(each.method)
        if each.saving_usd is None:
            yield f"Realised, {method}: unknown, {words.label(each.reason or '')}."
            continue
        beside = (
            f"; volume effect {words.dollars(each.volume_effect_usd)}, no saving"
            if each.volume_effect_usd
            else ""
        )
        yield (
            f"Realised, {method} ({each.label}): {words.dollars(each.saving_usd)} from {each.first_day} to {each.last_day},"
            f" {words.dollars(each.instead_usd)} less {words.dollars(each.cost_usd)}{beside}."
        )
    if move.realised and move.due_low_usd is not None:
        yield (
            f"The frozen estimate says of the same {words.counted(move.realised[0].days, 'day')}: at least"
            f" {words.dollars(move.due_low_usd)}, {words.dollars(move.due_expected_usd)} expected."
        )


def so_far(held: SoFar | None) -> Iterator[tuple[str, str, str]]:
    """Lines of a report: what open advice missed, and what was saved by each method."""
    if held is not None and held.missed_usd is not None:
        of_month = f"{words.dollars(held.missed_month_usd)} of it in this month"
        yield (
            "Missed",
            words.dollars(held.missed_usd),
            f"at least, since the ledger began, while advice was open; {of_month}",
        )
    for method, amount in held.realised_usd.items() if held else ():
        yield (
            "Realised",
            words.dollars(amount),
            f"{words.realised_method(method)}; methods are not added",
        )


def _more(made: ChangeRecord) -> str:
    told = [
        f"share {words.percent(made.share)}" if made.share else "",
        f"until {made.until}" if made.until else "",
        f"hold-out {made.hold_out}" if made.hold_out else "",
        made.note or "",
    ]
    return "".join(f"; {each}" for each in told if each)
