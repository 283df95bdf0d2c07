"""The command line: the article's table to the digit, one clear line for each mistake, and figures that tie to the API."""

import contextlib
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

import cli
from advisor.publishing import wire
from advisor.report import report
from deploy import demo
from ledger import clock, logs
from ledger.access import Gate
from ledger.database import Database
from ledger.errors import Unauthorised
from tests import ledgers, samples

SAMPLE = Path(demo.__file__).parent / "sample" / "azure-llm-2023-code.csv"
COMMAND = [sys.executable, "-c", "import cli; cli.main()"]


def run(*words: str, data: Path) -> subprocess.CompletedProcess[str]:
    """A command in this process: a process of its own takes a second to begin."""
    command = ["switchwise", *words, "--data", str(data)]
    printed = io.BytesIO(), io.BytesIO()
    out, error = (io.TextIOWrapper(buffer, write_through=True) for buffer in printed)
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(error),
    ):
        patch.setattr(sys, "argv", command)
        # The log would go on writing to this stream after it is closed.
        patch.setattr(logs, "configure", lambda _level: None)
        with pytest.raises(SystemExit) as ended:
            cli.main()
    stdout, stderr = (buffer.getvalue().decode() for buffer in printed)
    return subprocess.CompletedProcess(command, int(ended.value.code or 0), stdout, stderr)


def test_the_table_prints_the_article_exactly(tmp_path: Path) -> None:
    words = [
        "table",
        "gpt-4.1",
        "gpt-4.1-mini",
        "--volumes",
        "1M,10M,100M",
        "--output-share",
        "0.5",
    ]
    ledgers.create(tmp_path)
    shown = run(*words, data=tmp_path)
    rows = [line.split()[-3:] for line in shown.stdout.splitlines() if line.startswith("1")]
    assert rows == [["$5", "$1", "$4"], ["$50", "$10", "$40"], ["$500", "$100", "$400"]]
    assert "Savings: 80 %" in shown.stdout
    exact = json.loads(run(*words, "--json", data=tmp_path).stdout)
    assert [(row["from_usd"], row["to_usd"]) for row in exact["rows"]] == [
        ("5.00", "1.00"),
        ("50.00", "10.00"),
        ("500.00", "100.00"),
    ]
    assert exact["saving_ratio"] == "0.80"


MISTAKES = [
    ("report --month 2026-13", 2, "'2026-13' is not a month"),
    ("report --month 2999-01", 2, "lies in the future"),
    ("report --project nobody", 1, "no traffic of project 'nobody'"),
    ("table gpt-9 gpt-4.1", 1, "no price for gpt-9"),
    ("table gpt-4.1 gpt-4.1-mini --volumes many", 2, "'many' is not a volume of tokens"),
    (
        "table gpt-4.1 gpt-4.1-mini --output-share 1.5",
        2,
        "--output-share 1.5: write a fraction from 0 to 1",
    ),
    (
        "table gpt-4.1 gpt-4.1-mini --output-share half",
        2,
        "--output-share half: write a fraction from 0 to 1",
    ),
    ("advise --pair gpt-4.1", 2, "is not a pair of models"),
    ("explain nothing", 1, "no recommendation 'nothing'"),
    ("explain 2026-13", 2, "'2026-13' is not a month"),
    ("explain 2025-10", 1, "no traffic in 2025-10"),
    ("close 2026-13", 2, "'2026-13' is not a month"),
    ("close 2999-01", 2, "2999-01 is not over in UTC"),
    ("close 2025-10 --by ada", 1, "no traffic in 2025-10"),
    ("reprice 2025-10 --reason late", 1, "2025-10 is not closed"),
    ("import /no/such/file.jsonl", 2, "cannot read /no/such/file.jsonl"),
    (f"import {SAMPLE.parent}", 2, "cannot read"),
    (f"import {SAMPLE} --format litellm", 2, "LiteLLM"),
    ("prices show gpt-9", 1, "no price for gpt-9"),
    ("keys create x --scope root", 2, "'root' is not a scope"),
    ("keys revoke 123", 1, "no live key has the id "),
    ("keys rotate 123", 1, "no live key has the id "),
    ("prices set house-model --input 1", 2, "name its provider with --provider"),
    ("prices set gpt-4.1 --input 1 --tier unknown", 2, "unknown service tier 'unknown'"),
    ("export --month 2026-1 --out /tmp/x", 2, "is not a month"),
    ("dashboards publish", 2, "SWITCHWISE_GRAFANA_URL"),
]


@pytest.mark.parametrize(
    ("words", "status", "said"), MISTAKES, ids=[words for words, _, _ in MISTAKES]
)
def test_a_mistake_gets_one_line_that_names_it(
    words: str,
    status: int,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    ledgers.create(tmp_path)
    data = [] if words.startswith("dashboards") else ["--data", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", ["switchwise", *words.split(), *data])
    # The log would go on writing to this test's captured stderr after the test.
    monkeypatch.setattr(logs, "configure", lambda _level: None)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    error = capfd.readouterr().err.strip()
    assert (ended.value.code, error.count("\n")) == (status, 0)
    assert error.startswith("switchwise: ")
    assert said in error


def test_a_wrong_setting_stops_every_command_with_one_line(tmp_path: Path) -> None:
    shown = subprocess.run(
        [*COMMAND, "report", "--data", str(tmp_path)],
        env={"SWITCHWISE_REPORTING_ZONE": "Asia/Kolkatta"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (shown.returncode, shown.stdout, shown.stderr.count("\n")) == (2, "", 1)
    assert shown.stderr.startswith(
        "switchwise: SWITCHWISE_REPORTING_ZONE: 'Asia/Kolkatta' is not a time zone;"
        " did you mean Asia/Kolkata?"
    )


def test_the_report_as_json_is_the_body_of_the_api(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'ledger.db'}")
    database.migrate()
    ledgers.add(database, [ledgers.event(clock.now_us() - clock.HOUR_US) for _ in range(5)])
    ledgers.settle(database)
    month = clock.rfc3339(clock.now_us() - clock.HOUR_US)[:7]
    with database.snapshot() as session:
        body = json.loads(
            wire.encode(
                report.build(session, ledgers.SETTINGS, clock.now_us(), month, with_movements=True)
            )
        )
    database.close()
    assert json.loads(run("report", "--month", month, "--json", data=tmp_path).stdout) == body


def test_a_price_of_ones_own_prices_what_was_unknown(tmp_path: Path) -> None:
    line = {
        "id": "1",
        "time": "2026-11-20T00:00:00Z",
        "provider": "house",
        "model": "house-model",
        "input_tokens": 1_000,
        "output_tokens": 100,
    }
    (tmp_path / "one.jsonl").write_text(json.dumps(line))
    assert run("import", str(tmp_path / "one.jsonl"), data=tmp_path).stdout.endswith(
        "(native): 1 accepted\n"
    )
    unmapped = json.loads(
        run("models", "unmapped", "--month", "2026-11", "--json", data=tmp_path).stdout
    )
    (found,) = unmapped
    assert (found["provider"], found["name"], found["reason"]) == (
        "house",
        "house-model",
        "unknown_provider",
    )
    assert (found["unpriced_tokens"], found["requests"]) == (1_100, 1)
    words = "prices set house-model --provider house --input 0.5 --output 1.5 --since 2026-11-01"
    assert run(*words.split(), data=tmp_path).returncode == 0
    total = json.loads(run("report", "--month", "2026-11", "--json", data=tmp_path).stdout)["total"]
    assert (total["cost_usd"], total["unpriced_tokens"]) == ("0.00065", 0)


def test_a_price_may_be_set_for_the_unknown_provider_by_its_name(tmp_path: Path) -> None:
    shown = run(
        *["prices", "set", "house-model", "--provider", "unknown", "--input", "0.5"], data=tmp_path
    )
    assert (
        shown.returncode,
        shown.stdout.startswith("house-model at unknown, standard: uncached input 0.50 USD"),
    ) == (
        0,
        True,
    )


def test_a_rotated_key_is_shown_once_and_the_old_one_works_until_it_is_revoked(
    tmp_path: Path,
) -> None:
    old = run("keys", "create", "proxy", "--scope", "ingest", data=tmp_path).stdout.strip()
    old_id = old.split("_")[1]
    shown = run("keys", "rotate", old_id, data=tmp_path)
    new = shown.stdout.strip()
    assert new not in shown.stderr
    assert f"works until you end it with: switchwise keys revoke {old_id}" in shown.stderr
    database = Database(f"sqlite:///{tmp_path / 'ledger.db'}")
    for text in (old, new):
        Gate(database, keys_required=True).admit(text).check("ingest")
    assert run("keys", "revoke", old_id, data=tmp_path).returncode == 0
    Gate(database, keys_required=True).admit(new)
    with pytest.raises(Unauthorised):
        Gate(database, keys_required=True).admit(old)
    database.close()


def test_wrong_pairs_stop_every_command_that_gives_advice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWITCHWISE_PAIRS", "gpt-4.1")
    for command in ("report", "advise", "up"):
        shown = run(command, data=tmp_path)
        assert (shown.returncode, shown.stderr.count("\n")) == (2, 1)
        assert shown.stderr.startswith(
            "switchwise: SWITCHWISE_PAIRS: 'gpt-4.1' is not a pair of models"
        )


@pytest.mark.parametrize(
    ("variable", "value", "fault"),
    [
        ("WORKLOAD_CLASSES", "search=magic", "'magic' is not a class; use "),
        ("CAN_WAIT", "search=yes", "'search=yes' is not a project or workload; write "),
        ("RATE_LIMITS", "gpt-4.1=30M", "'gpt-4.1=30M' is not a rate limit; write "),
        ("ALERT_THRESHOLD_USD", "lots", "'lots' is not an amount; write USD such as 50"),
    ],
)
def test_a_wrong_setting_stops_a_command_that_does_not_use_it(
    variable: str, value: str, fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"SWITCHWISE_{variable}", value)
    outcome = run("keys", "list", data=tmp_path)
    assert (outcome.returncode, outcome.stderr.count("\n")) == (2, 1)
    assert outcome.stderr.startswith(f"switchwise: SWITCHWISE_{variable}: {fault}")


def test_up_beyond_loopback_is_refused_before_it_says_that_it_runs(tmp_path: Path) -> None:
    shown = run("up", "--host", "0.0.0.0", "--port", "0", data=tmp_path)  # noqa: S104  # it is refused
    assert (shown.returncode, shown.stdout) == (2, "")
    assert shown.stderr.startswith(
        "switchwise: no API key exists; create one with: switchwise keys create"
    )


def test_keys_are_listed_with_their_end_and_their_last_use(tmp_path: Path) -> None:
    run("keys", "create", "proxy", "--scope", "ingest", "--expires", "2126-01-01", data=tmp_path)
    text = run("keys", "create", "page", "--scope", "read", data=tmp_path).stdout.strip()
    rotated = run("keys", "rotate", text.split("_")[1], "--grace", "7", data=tmp_path)
    assert "The old key works until " in rotated.stderr
    shown = run("keys", "list", data=tmp_path).stdout
    assert "2126-01-01" in shown
    assert shown.count("never") == 4
    ends = [
        key["expires_at"] for key in json.loads(run("keys", "list", "--json", data=tmp_path).stdout)
    ]
    assert [end is None for end in ends] == [False, False, True]
    refused = run(
        "keys", "create", "late", "--scope", "read", "--expires", "2020-01-01", data=tmp_path
    )
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)


def test_a_report_on_files_is_that_of_a_ledger_they_were_imported_into(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text("\n".join(json.dumps(samples.native_event(number)) for number in range(50)))
    run("import", str(log), data=tmp_path / "ledger")
    held = json.loads(
        run("report", "--month", "2026-03", "--json", data=tmp_path / "ledger").stdout
    )
    shown = run("report", str(log), "--direct", "--json", data=tmp_path / "none")
    assert {**json.loads(shown.stdout), "as_of": None} == {**held, "as_of": None}
    assert not (tmp_path / "none").exists()
    text = run("report", str(log), "--direct", data=tmp_path / "none").stdout
    assert "50 counted; at list prices, without a ledger." in text
    for words in (["report", str(log)], ["report", "--direct"]):
        refused = run(*words, data=tmp_path)
        assert (refused.returncode, "switchwise report FILE... --direct" in refused.stderr) == (
            2,
            True,
        )
