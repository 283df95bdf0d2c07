"""Files of paired results: CSV and JSON lines say the same, and what cannot be read is refused."""

from pathlib import Path

import msgspec
import pytest

from advisor.evidence import comparisons, files
from advisor.evidence.judge import JudgeLabels
from ledger.errors import UsageError
from ledger.pricing import price_book
from tests.advisor.evidence import paired_rows
from tests.advisor.evidence.paired_rows import terms

BOOK = price_book.shipped()


def test_csv_and_json_lines_say_the_same(tmp_path: Path) -> None:
    rows = paired_rows.rows(30)
    header = ",".join(rows[0])
    lines = [",".join(str(cell) for cell in row.values()) for row in rows]
    (tmp_path / "r.csv").write_text("\ufeff" + "\r\n".join([header, *lines]))
    (tmp_path / "r.jsonl").write_bytes(
        b"\n".join(msgspec.json.encode(row) for row in rows) + b"\n\n"
    )
    from_csv, from_json = (
        files.read_comparisons(tmp_path / name, "auto", terms(), book=BOOK).comparisons
        for name in ("r.csv", "r.jsonl")
    )
    assert [comparisons.key_of(comparison) for comparison in from_csv] == [
        comparisons.key_of(comparison) for comparison in from_json
    ]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("gone.csv", None, "cannot read"),
        ("r.csv", "item_id,a,b\nq,1,1,1\n", "more values than the header"),
        ("r.csv", "item_id,a\nq,\xff", "no pair|not a CSV"),
        ("r.jsonl", '{"item_id": "q0"}\n[1]\n', "line 2 is not a JSON object"),
        ("r.csv", "item_id,a,b\n", "no row"),
    ],
)
def test_a_file_that_is_none_is_refused(
    tmp_path: Path, name: str, text: str | None, says: str
) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(UsageError, match=says):
        files.read_comparisons(tmp_path / name, "auto", terms(), book=BOOK)


def test_labels_of_a_judge_are_counted_by_the_persons_word(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("hand,judge\n1,1\n1,1\n1,0\n0,1\nfail,fail\n")
    labels = files.read_labels(tmp_path / "labels.csv")
    assert labels == JudgeLabels(right_right=2, right_wrong=1, wrong_right=1, wrong_wrong=1)
    (tmp_path / "labels.csv").write_text("hand,judge\n1,perhaps\n")
    with pytest.raises(UsageError, match="row 2 has 'perhaps' for judge"):
        files.read_labels(tmp_path / "labels.csv")
