"""A child process: started again after it ended, later and later if it ends at once, and not at all once it is done."""

import signal
import sys
import time

import pytest

from deploy import child
from deploy.child import Child, Start
from ledger import settings
from tests import processes


def start_of(code: str, *, once: bool = False) -> Start:
    return Start(
        name="test",
        command=[sys.executable, "-S", "-c", code],
        environment=settings.child_environment(),
        inherited=(),
        once=once,
    )


def run_to_end(process: Child, started_at: float, ended_at: float) -> int:
    """Start the process, wait for its end, and report it as if these instants had been."""
    process.start(started_at)
    statuses: list[int] = []

    def is_over() -> bool:
        status = process.ended(ended_at)
        statuses.extend([] if status is None else [status])
        return bool(statuses)

    processes.wait_until(is_over, "the child's end")
    return statuses[0]


def test_a_child_that_keeps_ending_at_once_waits_twice_as_long_each_time_up_to_a_limit() -> None:
    process, waits = Child(start_of("raise SystemExit(7)")), []
    for _ in range(8):
        assert run_to_end(process, started_at=10.0, ended_at=10.5) == 7
        waits.append(process.seconds_to_start(10.5))
    assert waits == pytest.approx([0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 5.0])


def test_a_child_that_lived_is_started_again_at_once() -> None:
    process = Child(start_of("raise SystemExit(7)"))
    run_to_end(process, started_at=10.0, ended_at=10.1)
    run_to_end(process, started_at=10.0, ended_at=10.0 + child.HEALTHY_SECONDS)
    assert process.seconds_to_start(11.0) == pytest.approx(child.FIRST_WAIT_SECONDS)


def test_a_child_that_runs_once_is_started_again_only_if_it_failed() -> None:
    failed, done = (
        Child(start_of("raise SystemExit(1)", once=True)),
        Child(start_of("pass", once=True)),
    )
    assert run_to_end(failed, 10.0, 20.0) == 1
    assert failed.seconds_to_start(20.0) is not None
    assert run_to_end(done, 10.0, 20.0) == 0
    assert done.seconds_to_start(20.0) is None


def test_a_running_child_is_not_started_twice_and_can_be_told_to_end() -> None:
    process = Child(start_of("import time; time.sleep(60)"))
    process.start(time.monotonic())
    assert process.runs
    assert process.seconds_to_start(time.monotonic()) is None
    process.send(signal.SIGKILL)
    processes.wait_until(
        lambda: process.ended(time.monotonic()) == -signal.SIGKILL, "the child's end"
    )
    assert not process.runs
