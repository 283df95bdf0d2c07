"""The page in headless Chromium: it loads without a network and shows the figures."""

import struct
import subprocess
from pathlib import Path

import pytest
from fastapi import FastAPI

from advisor import words
from advisor.publishing import routes
from advisor.report import report
from ledger.database import Database
from tests import ledgers, processes, serving
from tests.advisor import traffic
from tests.advisor.evidence import paired_rows
from tests.advisor.stages import advised_ledger

QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
WIDE, NARROW = (1280, 1800), (420, 2400)


@pytest.fixture
def backend() -> str:
    """The page is the same on either database."""
    return "sqlite"


def browse(address: str, profile: Path, *options: str) -> str:
    command = [
        processes.command_path("chromium", "chromium"),
        *QUIET,
        f"--user-data-dir={profile}",
        *options,
        address,
    ]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout


@pytest.mark.full
@pytest.mark.parametrize("size", [WIDE, NARROW])
@pytest.mark.usefixtures("frozen_now")
def test_chromium_lays_the_page_out_and_shows_the_reports_figures(
    database: Database, tmp_path: Path, size: tuple[int, int]
) -> None:
    traffic.fill(database)
    app = FastAPI()
    routes.install(app, database, ledgers.SETTINGS)
    picture = tmp_path / "page.png"
    with serving.serve(app) as address:
        page = browse(address, tmp_path / "dom", "--dump-dom")
        browse(
            address,
            tmp_path / "png",
            f"--window-size={size[0]},{size[1]}",
            f"--screenshot={picture}",
        )
    with database.snapshot() as session:
        month_report = report.build(session, ledgers.SETTINGS, traffic.NOW_US)
    assert words.dollars(month_report.total.cost_usd) in page
    assert all(usage.names["project"] in page for usage in month_report.projects)
    header = picture.read_bytes()
    assert struct.unpack(">II", header[16:24]) == size
    assert len(header) > 40_000


@pytest.mark.full
@pytest.mark.parametrize("size", [WIDE, NARROW])
@pytest.mark.usefixtures("frozen_now")
def test_chromium_lays_a_recommendation_out(
    database: Database, tmp_path: Path, size: tuple[int, int]
) -> None:
    name = advised_ledger.fill(database).recommendation.id
    paired_rows.store(database, paired_rows.rows())
    ledgers.settle(database)
    app = FastAPI()
    routes.install(app, database, ledgers.SETTINGS)
    picture = tmp_path / "page.png"
    with serving.serve(app) as address:
        where = f"{address}/recommendations/{name}"
        page = browse(where, tmp_path / "dom", "--dump-dom")
        browse(
            where, tmp_path / "png", f"--window-size={size[0]},{size[1]}", f"--screenshot={picture}"
        )
    item = advised_ledger.figure(database)
    assert item.saving_month is not None
    assert words.dollars(item.saving_month.low_usd) in page
    assert "Compared on 2026-11-22" in page
    assert len(picture.read_bytes()) > 40_000
