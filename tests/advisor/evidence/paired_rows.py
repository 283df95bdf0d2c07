"""Rows of paired results as people send them, and comparisons made of them."""

import random
from collections.abc import Iterator, Sequence

from advisor.evidence import assembly, register
from advisor.evidence.assembly import ImportTerms
from advisor.evidence.comparisons import Comparison
from advisor.evidence.figures import ImportedFigure
from advisor.evidence.judge import JudgeLabels
from advisor.evidence.rows import Fields
from ledger import clock
from ledger.database import Database
from ledger.pricing import in_force
from tests import conftest

TODAY = clock.day_of(clock.to_us(conftest.NOW))
PAIR = "gpt-4.1:gpt-4.1-mini"


def rows(
    count: int = 240, *, wrong_on_target: float = 0.02, measured: bool = True, **changes: object
) -> list[Fields]:
    """So many conversations that the source gets right; the target gets a share of them wrong."""
    return list(_rows(count, wrong_on_target, measured, changes))


def _rows(
    count: int, wrong_on_target: float, measured: bool, changes: dict[str, object]
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
            input_tokens = draws.randint(500, 900)
            row |= {
                "a_input_tokens": input_tokens,
                "a_output_tokens": draws.randint(80, 120),
                "b_input_tokens": input_tokens,
                "b_output_tokens": draws.randint(80, 130),
                "b_attempts": 1 + (number % 50 == 0),
                "b_cached_input_tokens": 0,
                "escalated": number % 25 == 0,
            }
        yield {**row, **changes}


def terms(**changes: object) -> ImportTerms:
    """What holds for all rows, with changes."""
    ordinary: dict[str, object] = {"measured_day": TODAY - 1, "source": "results.csv"}
    return ImportTerms(**{**ordinary, **changes})  # type: ignore[arg-type]  # a test that misspells fails at once


def comparison(rows: Sequence[Fields], **changes: object) -> Comparison:
    """The one comparison that rows make."""
    (only,) = assembly.comparisons(enumerate(rows, start=1), terms(**changes))
    return only


def store(database: Database, rows: Sequence[Fields], **changes: object) -> list[ImportedFigure]:
    """Store rows as API and command line do."""
    comparisons = assembly.comparisons(enumerate(rows, start=1), terms(**changes))
    with database.transaction() as session:
        return register.add(
            session,
            comparisons,
            by="ada",
            book=in_force.load_book(session),
            now_us=clock.now_us(),
        )


def judge_labels() -> JudgeLabels:
    """Sixty answers marked by hand that a good judge mostly agrees with."""
    return JudgeLabels(right_right=38, right_wrong=1, wrong_right=1, wrong_wrong=20)
