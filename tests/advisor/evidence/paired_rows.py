"""Rows of paired results as people send them, and comparisons made of them."""

import random
from collections.abc import Iterator, Sequence
from fractions import Fraction

from advisor.evidence import gathering, keeping
from advisor.evidence.gathering import Given
from advisor.evidence.judge import Labels
from advisor.evidence.rows import Fields
from advisor.evidence.sums import Measured
from ledger import clock
from ledger.database import Database
from ledger.pricing import in_force
from tests import conftest

TODAY = clock.day_of(clock.to_us(conftest.NOW))
PAIR = "gpt-4.1:gpt-4.1-mini"


def rows(
    count: int = 240, *, wrong_on_target: float = 0.02, measured: bool = True, **changed: object
) -> list[Fields]:
    """So many conversations that the source gets right; the target gets a share of them wrong."""
    return list(_rows(count, wrong_on_target, measured, changed))


def _rows(
    count: int, wrong_on_target: float, measured: bool, changed: dict[str, object]
) -> Iterator[Fields]:
    draws = random.Random(count)  # noqa: S311  # repeatable on purpose
    for number in range(count):
        row: dict[str, object] = {
            "pair": PAIR,
            "project": "search",
            "workload": "chat",
            "item_id": f"q{number}",
            "a": 1,
            "b": 0 if number < count * wrong_on_target else 1,
        }
        if measured:
            asked = draws.randint(500, 900)
            row |= {
                "a_input_tokens": asked,
                "a_output_tokens": draws.randint(80, 120),
                "b_input_tokens": asked,
                "b_output_tokens": draws.randint(80, 130),
                "b_attempts": 1 + (number % 50 == 0),
                "b_cached_input_tokens": 0,
                "escalated": number % 25 == 0,
            }
        yield {**row, **changed}


def given(**changed: object) -> Given:
    """What is said of all rows, with changes."""
    ordinary: dict[str, object] = {"measured_day": TODAY - 1, "source": "results.csv"}
    return Given(**{**ordinary, **changed})  # type: ignore[arg-type]  # a test that misspells fails at once


def keep(database: Database, found: Sequence[Fields], **said: object) -> list[keeping.Kept]:
    """Store rows as a face of the product does."""
    comparisons = gathering.comparisons(enumerate(found, start=1), given(**said))
    with database.transaction() as session:
        return keeping.keep(
            session, comparisons, "ada", in_force.load_book(session), clock.now_us()
        )


def judge_labels() -> Labels:
    """Sixty answers marked by hand that a good judge mostly agrees with."""
    return Labels(right_right=38, right_wrong=1, wrong_right=1, wrong_wrong=20)


def measured(most: str) -> Measured:
    """A factor seen over 30 conversations."""
    return Measured(Fraction(0), Fraction(0), Fraction(most), 30)
