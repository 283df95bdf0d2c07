"""The signs of life: what counts as stalled and what does not, and that a stalled process ends."""

import subprocess
import sys
from pathlib import Path

from worker.pulse import STALL_SECONDS, Pulse

ROOT = Path(__file__).parent.parent.parent
LATER = STALL_SECONDS + 1


def ticking(at_seconds: float) -> Pulse:
    pulse = Pulse(0.0)
    pulse.note_tick(at_seconds)
    return pulse


def test_an_idle_worker_that_ticks_is_well() -> None:
    assert ticking(LATER).find_stalled(LATER) is None


def test_a_ticker_that_stopped_is_noticed() -> None:
    assert Pulse(0.0).find_stalled(STALL_SECONDS) is None
    assert Pulse(0.0).find_stalled(LATER) == "ticker"


def test_a_wake_up_that_nobody_takes_up_is_noticed() -> None:
    pulse = ticking(LATER)
    pulse.note_wake_up("roll_up", 0.0)
    assert pulse.find_stalled(STALL_SECONDS) is None
    assert pulse.find_stalled(LATER) == "consumer"


def test_a_wake_up_that_waits_behind_a_long_job_is_no_stall() -> None:
    pulse = ticking(LATER)
    pulse.note_start("advise", 90.0)
    pulse.note_wake_up("roll_up", 0.0)
    assert pulse.find_stalled(LATER) is None
    pulse.note_end(LATER)
    assert pulse.find_stalled(LATER + 1) is None


def test_a_job_that_outlives_its_limit_is_noticed() -> None:
    pulse = ticking(100.0)
    pulse.note_start("advise", 90.0)
    assert pulse.find_stalled(90.0) is None
    assert pulse.find_stalled(91.0) == "advise"


def test_one_wake_up_of_a_job_is_under_way_at_a_time() -> None:
    pulse = Pulse(0.0)
    assert pulse.note_wake_up("roll_up", 0.0)
    assert not pulse.note_wake_up("roll_up", 1.0)
    assert pulse.note_wake_up("advise", 1.0)
    pulse.note_start("roll_up", 90.0)
    assert pulse.note_wake_up("roll_up", 2.0)


def test_a_stalled_process_ends() -> None:
    script = (
        "from worker import embedded_worker, pulse;"
        f"embedded_worker.watch(pulse.Pulse(-{LATER} - 1e9))"
    )
    process = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert process.returncode == 1
    assert "worker_stalled" in process.stdout + process.stderr
