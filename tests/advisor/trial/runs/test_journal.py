"""The journal survives a kill at any byte, and belongs to one run."""

from pathlib import Path

import msgspec
import pytest

from advisor.trial.runs import journal
from advisor.trial.runs.answers import AnswerUsage
from advisor.trial.runs.journal import Reply, RunTerms, Sent
from ledger.errors import UsageError

TERMS = RunTerms(
    prompts_digest="0f",
    prompts=2,
    pair="gpt-4.1:gpt-4.1-mini",
    endpoint="http://127.0.0.1:4000/v1",
    source_request="a",
    target_request="b",
    judge_request="",
    grader="exact",
    gate="ratio 9/10",
    started_at=1_796_000_000_000_000,
)
REPLY = Reply(id="q1", role="a", usage=AnswerUsage(input_tokens=5, output_tokens=2), a_nano=1)


def write(path: Path) -> bytes:
    """A journal with a reply and a request in flight; its bytes."""
    with journal.open_journal(path, TERMS) as log:
        log.append(Sent(id="q1", role="a", most_femto_usd=7))
        log.record(REPLY, 7)
        log.append(Sent(id="q1", role="b", most_femto_usd=9))
    return path.read_bytes()


def test_a_journal_is_read_back(tmp_path: Path) -> None:
    write(tmp_path / "j")
    later = msgspec.structs.replace(TERMS, started_at=TERMS.started_at + 1)
    with journal.open_journal(tmp_path / "j", later) as log:
        history = log.history
    assert history.replies == [(REPLY, 7)]
    assert history.last == {("q1", "a"): REPLY}
    assert [sent.most_femto_usd for sent in history.lost] == [9]
    assert history.terms == TERMS


def test_wherever_a_kill_cuts_it_it_goes_on(tmp_path: Path) -> None:
    content = write(tmp_path / "j")
    for size in range(len(content)):
        path = tmp_path / "cut"
        path.write_bytes(content[:size])
        with journal.open_journal(path, TERMS) as log:
            assert log.history.replies in ([], [(REPLY, 7)])
            log.record(REPLY, 7)
        with journal.open_journal(path, TERMS) as log:
            assert log.history.replies[-1][0] == REPLY


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"prompts_digest": "1f"}, "the prompts differs"),
        ({"pair": "x:y"}, "the pair differs"),
        ({"target_request": "c"}, "how the target is asked differs"),
        ({"grader": "regex"}, "the grader differs"),
        ({"gate": "margin 1/5"}, "what is asked of the target differs"),
    ],
)
def test_the_journal_of_another_run_is_refused(
    tmp_path: Path, changes: dict[str, str], says: str
) -> None:
    content = write(tmp_path / "j")
    other = msgspec.structs.replace(TERMS, **changes)
    with pytest.raises(UsageError, match=says), journal.open_journal(tmp_path / "j", other):
        pass
    assert (tmp_path / "j").read_bytes() == content


@pytest.mark.parametrize("text", ["my notes\n", "my notes", "{}\n", '{"type":"reply"}\n'])
def test_a_file_that_is_no_journal_is_left_alone(tmp_path: Path, text: str) -> None:
    (tmp_path / "j").write_text(text)
    with pytest.raises(UsageError, match="no journal"), journal.open_journal(tmp_path / "j", TERMS):
        pass
    assert (tmp_path / "j").read_text() == text


def test_a_new_answer_takes_the_marks_of_the_earlier_one_with_it(tmp_path: Path) -> None:
    with journal.open_journal(tmp_path / "j", TERMS) as log:
        for role in ("a", "b", "ab", "ba", "a"):
            log.record(Reply(id="q1", role=role), 1)
        log.record(Reply(id="q2", role="ba"), 1)
    with journal.open_journal(tmp_path / "j", TERMS) as log:
        assert set(log.history.last) == {("q1", "a"), ("q1", "b"), ("q2", "ba")}
        assert len(log.history.replies) == 6


def test_two_runs_do_not_write_to_one_journal(tmp_path: Path) -> None:
    with (
        journal.open_journal(tmp_path / "j", TERMS),
        pytest.raises(UsageError, match="another run writes to"),
        journal.open_journal(tmp_path / "j", TERMS),
    ):
        pass
