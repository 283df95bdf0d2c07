"""A mistyped folder: what reads or changes a ledger makes none, and says what is there."""

import inspect
import json
import sys
from importlib import import_module
from pathlib import Path

import pytest
from sqlalchemy import text

import cli
from cli import app, registry
from collector.formats import native
from ledger import beginning, logs, settings
from ledger.database import Database
from ledger.errors import UsageError
from ledger.settings import Settings
from tests import ledgers, servers
from tests.cli.command import CommandLine

BEGINNING = {
    "up",
    "import",
    "tail",
    "init",
    "migrate",
    "keys create",
    "prices set",
    "contracts discount",
    "contracts price",
    "contracts commit",
    "evidence import",
    "budget set",
    "owners set",
    "opt out",
}
"""What may stand at the beginning of a ledger."""
SAY_SO_THEMSELVES = {"doctor", "trial run"}
"""The one is about the ledger; the other asks for its library first."""
ARGUMENTS = {
    "explain": "2026-11",
    "close": "2026-10",
    "reprice": "--dry-run",
    "whatif": "--project search --workload answers",
    "trial plan": "abc",
    "trial shadow": "--pair gpt-4.1:gpt-4.1-mini",
    "evidence withdraw": "abc --reason wrong",
    "claim": "abc",
    "unclaim": "abc",
    "dismiss": "abc --until 2127-01-01 --reason no",
    "undismiss": "abc",
    "pilot": "abc --share 0.1",
    "adopt": "abc",
    "rollback": "abc",
    "table": "gpt-4.1 gpt-4.1-mini",
    "prices show": "gpt-4.1",
    "contracts end": "abc",
    "models map": "prod-chat gpt-4.1",
    "models unmap": "prod-chat",
    "keys rotate": "abc",
    "keys revoke": "abc",
    "owners remove": "search",
    "opt in": "search",
    "export": "--month 2026-10 --out review",
}


def takes_data(command: registry.Command) -> bool:
    module = import_module(f"cli.commands.{command.module}")
    for registered in module.commands.registered_commands:
        name = registered.name or registered.callback.__name__.replace("_", "-")
        if name == command.name:
            parameters = inspect.signature(registered.callback).parameters
            return "data" in parameters
    return False


READING = [
    " ".join(words)
    for words, command in registry.paths()
    if takes_data(command) and " ".join(words) not in BEGINNING | SAY_SO_THEMSELVES
]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory of the command, with a ledger in `data`."""
    ledgers.create(tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(logs, "configure", lambda _level: None)
    return tmp_path


def error_of(words: str, capture: pytest.CaptureFixture[str], *, status: int = 2) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["switchwise", *words.split()])
        with pytest.raises(SystemExit) as ended:
            cli.main()
    printed = capture.readouterr()
    assert ended.value.code == status, printed.err
    return printed.err.strip()


def test_the_lists_name_every_command_that_opens_a_ledger() -> None:
    assert len(READING) > 30
    assert set(ARGUMENTS) <= set(READING)


@pytest.mark.parametrize("words", READING)
def test_a_command_on_a_mistyped_folder_names_the_right_one_and_makes_nothing(
    words: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    error = error_of(f"{words} {ARGUMENTS.get(words, '')} --data dta", capsys)
    assert error == (
        "switchwise: no ledger in dta: there is no such folder; did you mean --data data?"
    )
    assert [entry.name for entry in place.iterdir()] == ["data"]


@pytest.mark.parametrize("words", ["verify", "models list", "table gpt-4.1 gpt-4.1-mini"])
def test_what_is_in_the_folder_is_named_and_left_alone(
    words: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "logs").mkdir()
    for number in range(7):
        (place / "logs" / f"{number}.jsonl").write_text("")
    assert "in logs: this folder holds 0.jsonl, 1.jsonl, 2.jsonl, 3.jsonl, 4.jsonl and 2 more;" in (
        error_of(f"{words} --data logs", capsys)
    )
    assert len(list((place / "logs").iterdir())) == 7
    (place / "logs" / "ledger.db").write_text("")
    assert "its ledger.db has no tables" in error_of(f"{words} --data logs", capsys)
    assert (place / "logs" / "ledger.db").read_bytes() == b""


def test_the_file_and_the_parent_of_a_ledger_are_answered_with_its_folder(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for typed in (".", "data/ledger.db"):
        assert error_of(f"verify --data {typed}", capsys).endswith("; did you mean --data data?")


def test_without_any_ledger_the_error_says_how_one_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(logs, "configure", lambda _level: None)
    assert error_of("report", capsys).endswith(
        "; a new ledger begins with: switchwise import FILE, switchwise up or switchwise migrate"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_command_that_begins_a_ledger_says_so_and_offers_the_one_that_was_meant(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = "contracts discount openai 12.5 --since 2026-11-01 --source order --data"
    assert error_of(f"{words} dta", capsys, status=0) == (
        "switchwise: a new ledger begins in dta; to use the one in data instead: --data data"
    )
    assert error_of(f"{words} data", capsys, status=0) == ""


BAD_LINES = "no record\n"
FAILING = [
    "import missing.jsonl",
    "import bad.jsonl",
    "import bad.jsonl --format native",
    "import good.jsonl --format csv",
    "import missing.jsonl good.jsonl",
    "contracts discount openai 1250 --since 2026-11-01 --source order",
    "evidence import missing.jsonl",
]


@pytest.mark.parametrize("words", FAILING)
def test_a_command_that_fails_before_it_stores_anything_begins_no_ledger(
    words: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "good.jsonl").write_text(json.dumps(native.FORMAT.schema["example"]))
    (place / "bad.jsonl").write_text(BAD_LINES)
    before = sorted(place.iterdir())
    assert error_of(f"{words} --data made/for/it", capsys)
    assert sorted(place.iterdir()) == before


def test_what_was_stored_before_a_command_failed_stays(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "good.jsonl").write_text(json.dumps(native.FORMAT.schema["example"]))
    error_of("import good.jsonl missing.jsonl --data new", capsys)
    database = Database(f"sqlite:///{place}/new/ledger.db")
    with database.snapshot() as session:
        assert session.execute(text("SELECT count(*) FROM event")).scalar_one() == 1
    database.close()


def test_a_ledger_that_another_process_has_opened_meanwhile_stays(place: Path) -> None:
    loaded = settings.load(data=place / "new")
    other = Database(loaded.database)
    with pytest.raises(UsageError, match="failed"):
        look_and_fail(loaded, other)
    assert (place / "new" / "ledger.db").exists()
    other.close()


def look_and_fail(loaded: Settings, other: Database) -> None:
    with beginning.begun(loaded), other.snapshot() as session:
        session.execute(text("SELECT count(*) FROM event"))
        raise UsageError("failed")


def test_a_file_that_was_there_stays_though_it_was_empty(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "ledger.db").touch()
    error_of("import missing.jsonl --data .", capsys)
    assert (place / "ledger.db").exists()


@pytest.mark.parametrize(
    "words", ["prices list", "prices show gpt-4.1", "table gpt-4.1 gpt-4.1-mini"]
)
def test_the_shipped_prices_are_read_without_a_ledger_where_none_was_named(
    words: str, tmp_path: Path, line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = line.said(words)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setattr(sys, "argv", ["switchwise", *words.split()])
    monkeypatch.setattr(app, "console", app.new_console(80))
    with pytest.raises(SystemExit):
        cli.main()
    assert line.capture.readouterr().out == expected
    assert list((tmp_path / "here").iterdir()) == []


def test_a_postgresql_database_without_a_ledger_gets_no_table_from_a_reader(
    postgres_server: servers.Postgres,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(logs, "configure", lambda _level: None)
    empty_postgres = postgres_server.database()
    monkeypatch.setenv("SWITCHWISE_DATABASE_URL", empty_postgres)
    assert error_of("verify", capsys) == (
        "switchwise: the database of SWITCHWISE_DATABASE_URL holds no ledger;"
        " make its tables with: switchwise migrate"
    )
    database = Database(empty_postgres)
    assert not database.has_tables()
    database.close()
