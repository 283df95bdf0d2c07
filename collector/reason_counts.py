"""Why the records of a file were rejected, and where the first of each reason stands. Pure."""

import dataclasses
from collections import Counter
from collections.abc import Mapping

from collector.receipts import Readings, Receipt
from ledger.refusal_reasons import RefusalReason


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RefusedReason:
    """A reason for which records of a file were rejected, and where the first of them stands.

    `first_record` counts from 0, `first_line` from 1; the line is None for a pipe.
    """

    reason: str
    sentence: str
    records: int
    first_record: int
    first_line: int | None = None


class ReasonCounts:
    """The reasons for which records were rejected, counted as they come."""

    def __init__(self) -> None:
        self._sentences: dict[str, str] = {}
        self._records: Counter[str] = Counter()
        self._firsts: dict[str, int] = {}

    @property
    def first_records(self) -> frozenset[int]:
        """The indexes of the first record of each reason."""
        return frozenset(self._firsts.values())

    def add(self, readings: Readings, receipt: Receipt, position: int) -> None:
        """Count the rejected records of a batch that begins at a position."""
        words = {
            record.index: refusal.reason
            for record, refusal in zip(readings.rejected, readings.refusals, strict=True)
        }
        for record in receipt.rejected:
            # Of the records without a word, the ledger has refused the day.
            word = words.get(record.index, str(RefusalReason.SEALED_DAY))
            self._sentences.setdefault(word, record.reason)
            self._firsts.setdefault(word, position + record.index)
            self._records[word] += 1

    def list_all(self, lines: Mapping[int, int]) -> tuple[RefusedReason, ...]:
        """The reasons in the order in which they came."""
        return tuple(
            RefusedReason(
                reason=word,
                sentence=self._sentences[word],
                records=self._records[word],
                first_record=first,
                first_line=lines.get(first),
            )
            for word, first in self._firsts.items()
        )
