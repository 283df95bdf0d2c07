"""What is to be known of a recommendation whatever is decided, as sentences for every list."""

from advisor.switching import decision
from advisor.switching.advice import Advice
from ledger import clock


def write_must_move(advice: Advice) -> str | None:
    """By when the source has to be left; None where it is not shut down within 90 days."""
    day = advice.source_shutdown_day
    if day is None or decision.SOURCE_RETIRES not in advice.decision.notices:
        return None
    date = clock.date_of(day)
    if day <= advice.as_of_day:
        return f"You must move now: {advice.from_model} was shut down on {date}."
    return f"You must move by {date}: {advice.from_model} shuts down then."
