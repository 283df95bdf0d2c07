"""Make the ten weeks: `python -m bench.tenweeks --out DIR`; a tenth of it with `--scale 0.1`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.tenweeks import at, replay, traffic
from bench.tenweeks.traffic import TrafficPlan
from ledger import clock, logs
from ledger.errors import SwitchwiseError

NEXT_STEPS = """\
Ask it something: python -m bench.tenweeks.at {instant} report --data {out}/data
See its page:     SWITCHWISE_PAIRS={pairs} switchwise up --data {out}/data
Fill Prometheus:  promtool tsdb create-blocks-from openmetrics {out}/history.om DIR
                  and show it with: prometheus --query.lookback-delta=6h10m"""


def main(arguments: Sequence[str]) -> int:
    """Write days, ledger and history into a folder; the exit status."""
    options = _parser().parse_args(arguments)
    plan = TrafficPlan(
        until=options.until,
        weeks=options.weeks,
        seed=options.seed,
        scale=options.scale,
        projects=options.projects,
        workloads=options.workloads,
    )
    logs.configure("warning")
    out: Path = options.out
    try:
        replay.settings_of(out / "data")  # before a file is written: it may refuse
        days = traffic.write(plan, out / "days")
        replay.replay(plan, days, out / "data").write(out / "history.om")
    except SwitchwiseError as error:
        print(f"bench.tenweeks: {error}", file=sys.stderr)
        return error.exit_code
    instant = clock.rfc3339(clock.to_us(plan.until))
    print(NEXT_STEPS.format(instant=instant, out=out, pairs=",".join(replay.PAIRS)))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.tenweeks", description=__doc__)
    parser.add_argument(
        "--out", type=Path, required=True, help="a folder for days, data and history"
    )
    parser.add_argument(
        "--until",
        type=at.instant,
        default=clock.now().replace(microsecond=0),
        help="the last instant, such as 2026-11-30T19:00:00Z; now if absent",
    )
    parser.add_argument("--weeks", type=int, default=10)
    parser.add_argument("--seed", type=int, default=41)
    parser.add_argument("--scale", type=float, default=1.0, help="share of the 500,000 requests")
    parser.add_argument("--projects", type=int, default=6, help="in all")
    parser.add_argument(
        "--workloads", type=int, default=0, help="in all; what exceeds the usual eleven is small"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
