"""A real Prometheus with days of made-up samples, for tests and for looking at dashboards."""

import subprocess
from datetime import UTC, datetime, timedelta

from tests import processes, servers
from tests.dashboards import sample

STEP = timedelta(minutes=30)


class Prometheus(servers.Prometheus):
    """Samples half an hour apart, so that a month of them is written in seconds.

    A longer look-back bridges the gaps.
    """

    def __init__(self, days: float) -> None:
        super().__init__()
        end = datetime.now(UTC).replace(microsecond=0)
        written = self.folder / "past.om"
        written.write_text(
            "\n".join(sample.history(end - timedelta(days=days), end, STEP)) + "\n",
            encoding="utf-8",
        )
        # The file is parsed anew for each block, so a block holds as much as it can.
        backfill = [
            processes.command_path("promtool", "prometheus"),
            "tsdb",
            "create-blocks-from",
            "openmetrics",
            "--quiet",
            "--max-block-duration=768h",
            str(written),
            str(self.folder / "series"),
        ]
        subprocess.run(backfill, check=True)

    def command(self) -> list[str]:
        return [
            *super().command(),
            "--query.lookback-delta=40m",
            "--storage.tsdb.retention.time=400d",
        ]
