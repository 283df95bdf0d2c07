"""The worker process of the one-command form: `python -m deploy.worker --parent ID`, started by the
supervisor."""

import argparse
import sys

from deploy import process
from ledger import logs, settings
from ledger.errors import SwitchwiseError
from worker import embedded_worker


def main() -> int:
    """Run the embedded worker until it is told to stop; the exit status."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--parent", type=int, required=True)
    process.end_with(parser.parse_args().parent)
    try:
        worker_settings = settings.load()
        logs.configure(worker_settings.log_level)
        return embedded_worker.run_worker(worker_settings)
    except SwitchwiseError as error:
        sys.stderr.write(f"switchwise: {error}\n")
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
