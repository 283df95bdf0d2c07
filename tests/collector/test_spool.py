"""The spool: what it has taken is on disk in order, within its cap, and belongs to one process."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.spool import Spool, SpoolFull
from ledger.errors import UsageError
from ledger.events import Event
from tests import ledgers, samples

CAP = 1 << 20


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    opened = Spool(tmp_path, CAP)
    yield opened
    opened.close()


def test_groups_come_out_in_the_order_in_which_they_went_in(spool: Spool) -> None:
    groups = [[samples.event(number), samples.event(number + 100)] for number in range(5)]
    for group in groups:
        spool.append(group)
    assert [group.decode().events for group in spool.oldest(1_000)] == groups
    assert [group.decode().events for group in spool.oldest(5)] == groups[:2]
    assert [group.decode().events for group in spool.oldest(1)] == groups[:1]
    spool.remove(spool.oldest(5))
    assert [group.decode().events for group in spool.oldest(1_000)] == groups[2:]
    assert (spool.events, spool.is_empty) == (6, False)


@given(group=st.lists(ledgers.any_event(), min_size=1, max_size=20))
def test_an_event_comes_out_as_it_went_in(
    group: list[Event], tmp_path_factory: pytest.TempPathFactory
) -> None:
    spool = Spool(tmp_path_factory.mktemp("spool"), CAP)
    spool.append(group)
    assert spool.oldest(100)[0].decode().events == group
    spool.close()


def test_what_was_taken_survives_and_is_counted_again(tmp_path: Path) -> None:
    first = Spool(tmp_path, CAP)
    first.append([samples.event(1)])
    first.refuse(1, b"x" * 100, "ValueError")
    first.put_value("name", b"value")
    size_bytes = first.size_bytes
    first.close()
    second = Spool(tmp_path, CAP)
    assert (
        second.events,
        second.size_bytes,
        second.get_value("name"),
        second.get_value("none"),
    ) == (
        1,
        size_bytes,
        b"value",
        None,
    )
    second.remove(second.oldest(1))
    assert (second.events, second.size_bytes, second.is_empty) == (0, 100, True)
    second.close()


def test_beyond_its_cap_it_takes_nothing_and_keeps_what_it_has(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 2_000)
    while spool.size_bytes < 1_700:
        spool.append([samples.event(1)])
    events = spool.events
    with pytest.raises(SpoolFull, match="try again"):
        spool.append([samples.event(number) for number in range(10)])
    assert (spool.events, len(spool.oldest(1_000))) == (events, events)
    assert spool.size_bytes <= 2_000
    assert spool.is_nearly_full
    spool.remove(spool.oldest(1_000))
    spool.append([samples.event(1)])
    spool.close()


def test_a_folder_belongs_to_one_process(tmp_path: Path, spool: Spool) -> None:
    assert spool.is_empty
    program = (
        "from pathlib import Path; from collector.spool import Spool;"
        f"Spool(Path({str(tmp_path)!r}), 1000)"
    )
    other = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert f"SWITCHWISE_SPOOL_DIR: another collector uses {tmp_path}; use a" in other.stderr
    assert "use a different folder for each collector" in other.stderr


def test_a_folder_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="SWITCHWISE_SPOOL_DIR: cannot write to"):
        Spool(tmp_path / "file" / "spool", CAP)
    (tmp_path / "spool.db").write_bytes(b"no database, and long enough to be looked at" * 100)
    with pytest.raises(UsageError, match=r"spool.db cannot be used"):
        Spool(tmp_path, CAP)


def test_a_body_that_cannot_be_read_says_so(spool: Spool) -> None:
    spool.append([samples.event(1)])
    (group,) = spool.oldest(1)
    with pytest.raises(msgspec.DecodeError):
        type(group)(group.id, group.events, group.body[:-3]).decode()
