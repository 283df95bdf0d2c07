"""The demo's own process, started by `switchwise up --demo`: replays sample traffic and prints the
report."""

import argparse
import shlex
import sys
from collections.abc import Sequence

from rich.console import Console

from advisor import words
from advisor.report.figures import Report
from cli import progress
from cli.text import report_text
from deploy import demo, process
from ledger import logs
from ledger import settings as ledger_settings
from ledger.database import Database
from ledger.errors import SwitchwiseError
from ledger.settings import Settings


def main() -> int:
    """Replay the demo, wait until it is rolled up, and print the report; the exit status."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--address", required=True)
    parser.add_argument("--switchwise", required=True)
    arguments = parser.parse_args()
    process.end_with(arguments.parent)
    try:
        settings = ledger_settings.load()
        logs.configure(settings.log_level)
        database = Database(settings.database)
        database.migrate()
        with progress.bar("Replaying 28 days of sample traffic") as show:
            demo.replay(database, settings, show)
        report = demo.wait_for_report(database, settings)
        database.close()
    except SwitchwiseError as error:
        sys.stderr.write(f"switchwise: {error}\n")
        return error.exit_code
    console = Console(highlight=False, markup=False, emoji=False)
    report_text.show(console, report)
    console.print(
        f"\nThe page is at {arguments.address}/ and the metrics at {arguments.address}/metrics."
        " Ctrl-C stops it.\nTry next, in this directory in another terminal:",
        soft_wrap=True,
    )
    for command in commands_to_try(report, settings, arguments.switchwise):
        console.print(f"  {command}", soft_wrap=True)
    return 0


def commands_to_try(report: Report, settings: Settings, switchwise: str) -> Sequence[str]:
    """Commands that can be pasted as they are; `switchwise` is how this one was started."""
    subcommands = ["advise", "report", "prices show gpt-4.1"]
    if report.savings.recommendations:
        first = report.savings.recommendations[0]
        slice_options = (
            f"--project {shlex.quote(first.project)} --workload {shlex.quote(first.workload)}"
            f" --pair {first.from_model}:{words.target(first.to_model, first.to_service_tier)}"
        )
        subcommands = [
            "advise",
            f"explain {first.id}",
        ]
        if first.source_days_left != 0:
            subcommands.append(f"whatif {slice_options} --share 0.5 --escalation 0.2")
    own_data = settings.data != Settings.model_fields["data"].default
    data_option = f" --data {shlex.quote(str(settings.data))}" if own_data else ""
    return [f"{switchwise} {subcommand}{data_option}" for subcommand in subcommands]


if __name__ == "__main__":
    sys.exit(main())
