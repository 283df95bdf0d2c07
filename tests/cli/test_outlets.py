"""The commands export and dashboards, as a user types them."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import cli
from dashboards import catalogue
from ledger.database import Database
from ledger.errors import UsageError
from tests import ledgers
from tests.advisor import traffic
from tests.dashboards import fake_grafana
from tests.dashboards.fake_grafana import FakeGrafana

pytestmark = pytest.mark.usefixtures("frozen_now")


@pytest.fixture
def grafana() -> Iterator[FakeGrafana]:
    """A fake Grafana."""
    with fake_grafana.serving() as serving:
        yield serving


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory with forty days of traffic."""
    database = Database(f"sqlite:///{tmp_path / 'data' / 'ledger.db'}")
    database.migrate()
    ledgers.add(database, traffic.events())
    ledgers.settle(database)
    database.close()
    return tmp_path / "data"


def run(*arguments: str | Path) -> Result:
    """Run the command line; a refusal comes back as the error that it raised."""
    return CliRunner().invoke(cli.application, [str(argument) for argument in arguments])


def test_export_writes_the_review_and_prints_each_file(data: Path, tmp_path: Path) -> None:
    result = run(
        "export",
        "--month",
        "2026-11",
        "--data",
        data,
        "--out",
        tmp_path / "review",
        "--format",
        "csv, json",
    )
    assert result.exit_code == 0
    written = [Path(line) for line in result.stdout.splitlines()]
    assert {path.name for path in written} >= {"headline.csv", "review.json", "manifest.json"}
    assert {path.parent for path in written} == {tmp_path / "review" / "2026-11"}
    assert all(path.is_file() for path in written)
    only = run(
        "export",
        "--month",
        "2026-11",
        "--data",
        data,
        "--out",
        tmp_path / "json",
        "--format",
        "json",
        "--json",
    )
    assert [Path(name).name for name in json.loads(only.stdout)] == ["review.json", "manifest.json"]


def test_an_unknown_format_is_wrong_usage(data: Path, tmp_path: Path) -> None:
    result = run(
        "export",
        "--month",
        "2026-11",
        "--data",
        data,
        "--out",
        tmp_path / "review",
        "--format",
        "pdf",
    )
    assert isinstance(result.exception, UsageError)
    assert result.exception.exit_code == 2


def test_dashboards_are_written_as_files(tmp_path: Path) -> None:
    result = run("dashboards", "write", tmp_path / "dashboards")
    assert result.stdout.splitlines() == [
        str(tmp_path / "dashboards" / f"{each['uid']}.json") for each in catalogue.dashboards()
    ]
    (tmp_path / "taken").write_text("a file")
    assert isinstance(run("dashboards", "write", tmp_path / "taken").exception, UsageError)


def test_dashboards_are_published_once(
    grafana: FakeGrafana, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWITCHWISE_GRAFANA_URL", grafana.url)
    monkeypatch.setenv("SWITCHWISE_GRAFANA_TOKEN", fake_grafana.TOKEN)
    first = run("dashboards", "publish")
    assert first.exit_code == 0
    assert first.stdout.startswith("created")
    again = run("dashboards", "publish", "--json")
    assert {each["action"] for each in json.loads(again.stdout)} == {"unchanged"}
    assert fake_grafana.TOKEN not in first.output + again.output


@pytest.mark.parametrize("missing", ["SWITCHWISE_GRAFANA_URL", "SWITCHWISE_GRAFANA_TOKEN"])
def test_publishing_names_the_setting_that_is_missing(
    missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SWITCHWISE_GRAFANA_URL", "SWITCHWISE_GRAFANA_TOKEN"):
        monkeypatch.setenv(name, "https://grafana.example")
    monkeypatch.delenv(missing)
    result = run("dashboards", "publish")
    assert isinstance(result.exception, UsageError)
    assert str(result.exception).startswith(f"{missing} is not set")
