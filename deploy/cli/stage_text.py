"""The life of a recommendation in a terminal: how it stands, what was frozen, and who did what. Formats; computes nothing."""

from collections.abc import Iterator

from advisor import words
from advisor.stages.records import ChangeRecord
from advisor.stages.stored import StoredRecommendation


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
    held = stored.frozen
    if held is None:
        return "No estimate is frozen: nobody has claimed it."
    ends = held.saving_month
    worth = "an unknown saving" if ends is None else (
        f"at least {words.dollars(ends.low_usd)} per average month, {words.dollars(ends.point_usd)} expected,"
        f" {words.dollars(ends.high_usd)} at most"
    )  # fmt: skip
    window = f"{held.window_first_day} to {held.window_last_day}"
    return (
        f"Frozen on {(stored.frozen_at or '')[:10]}: {worth}, of {words.dollars(held.cost_month_usd)};"
        f" window {window}, price book {held.price_book_version}."
    )


def history(stored: StoredRecommendation) -> Iterator[str]:
    """A line for each change, oldest first."""
    for made in stored.record.history:
        yield f"{made.at[:16]}Z  {words.label(made.from_stage)} -> {words.label(made.to_stage)}, by {made.by}{_more(made)}"


def _more(made: ChangeRecord) -> str:
    told = [
        f"share {words.percent(made.share)}" if made.share else "",
        f"until {made.until}" if made.until else "",
        f"hold-out {made.hold_out}" if made.hold_out else "",
        made.note or "",
    ]
    return "".join(f"; {each}" for each in told if each)
