"""The signs of life: what counts as stalled, and what does not; and that a stalled worker process ends."""

import subprocess
import sys
from pathlib import Path

from worker.pulse import STALL_SECONDS, Pulse

ROOT = Path(__file__).parent.parent.parent
LATER = STALL_SECONDS + 1


def ticking(at_seconds: float) -> Pulse:
    pulse = Pulse(0.0)
    pulse.ticked(at_seconds)
    return pulse


def test_an_idle_worker_that_ticks_is_well() -> None:
    assert ticking(LATER).stalled(LATER) is None


def test_a_ticker_that_stopped_is_noticed() -> None:
    assert Pulse(0.0).stalled(STALL_SECONDS) is None
    assert Pulse(0.0).stalled(LATER) == "ticker"


def test_a_wake_up_that_nobody_takes_up_is_noticed() -> None:
    pulse = ticking(LATER)
    pulse.send("roll_up", 0.0)
    assert pulse.stalled(STALL_SECONDS) is None
    assert pulse.stalled(LATER) == "consumer"


def test_a_wake_up_that_waits_behind_a_long_job_is_no_stall() -> None:
    pulse = ticking(LATER)
    pulse.began("advise", 90.0)
    pulse.send("roll_up", 0.0)
    assert pulse.stalled(LATER) is None
    pulse.ended(LATER)
    assert pulse.stalled(LATER + 1) is None


def test_a_job_that_outlives_its_limit_is_noticed() -> None:
    pulse = ticking(100.0)
    pulse.began("advise", 90.0)
    assert pulse.stalled(90.0) is None
    assert pulse.stalled(91.0) == "advise"


def test_one_wake_up_of_a_job_is_under_way_at_a_time() -> None:
    pulse = Pulse(0.0)
    assert pulse.send("roll_up", 0.0)
    assert not pulse.send("roll_up", 1.0)
    assert pulse.send("advise", 1.0)
    pulse.began("roll_up", 90.0)
    assert pulse.send("roll_up", 2.0)


def test_a_stalled_process_ends() -> None:
    script = f"from worker import embedded_worker, pulse; embedded_worker.watch(pulse.Pulse(-{LATER} - 1e9))"
    ended = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    assert "worker_stalled" in ended.stdout + ended.stderr
