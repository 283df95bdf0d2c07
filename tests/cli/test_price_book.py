"""prices compile and prices diff: what a maintainer reads before the shipped book changes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ledger.database import Database
from ledger.pricing import overlay, price_book
from tests import ledgers
from tests.cli.test_cli import COMMAND, run

CHEAPER = """
[[sheet]]
provider = "openai"
source = "a new price list"
rows = [
  { model = "gpt-4.1", input = "1.00", cached = "0.50", output = "8.00" },
  { model = "gpt-4.1", tier = "scale", input = "1.50", output = "6.00" },
]
"""


@pytest.fixture
def edited_overlay(tmp_path: Path) -> Path:
    """The overlay as somebody has edited it for another release of genai-prices: a cheaper GPT-4.1, and one with a scale tier."""
    text = overlay.PATH.read_text()
    scale = text.index("[[without_rate]]")
    edited = text[:scale] + CHEAPER + text[text.index("[[without_rate]]", scale + 1) :]
    path = tmp_path / "overlay.toml"
    path.write_text(
        edited.replace('version = "0.2.3"', 'version = "0.2.2"').replace(
            "2027-01-14", "2027-02-28", 1
        )
    )
    return path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A ledger of one GPT-4.1 request and one at the scale tier."""
    database = Database(f"sqlite:///{tmp_path / 'ledger.db'}")
    database.migrate()
    ledgers.add(
        database, [ledgers.event(), ledgers.event(label_set=ledgers.labels(service_tier="scale"))]
    )
    ledgers.settle(database)
    database.close()
    return tmp_path


def test_the_diff_of_an_edited_overlay_names_every_change_and_puts_it_in_dollars(
    edited_overlay: Path, data: Path
) -> None:
    shown = run("prices", "diff", "--overlay", str(edited_overlay), data=data)
    assert (shown.returncode, shown.stderr) == (0, "")
    text = " ".join(shown.stdout.split())
    assert "genai-prices 0.2.3 is installed; the overlay was written over 0.2.2." in text
    assert "1 price changed openai gpt-4.1 standard input 2.00 -> 1.00" in text
    assert "1 price added openai gpt-4.1 scale input 1.50, output 6.00" in text
    assert "6 facts changed" in text
    assert "openai gpt-4.1 shutdown 2027-01-14 -> 2027-02-28" in text
    assert "all of it $0.0028 $0.0039 +$0.0011 -1,100" in text
    assert "search gpt-4.1 $0.0028 $0.0039 +$0.0011 -1,100" in text


def test_the_diff_as_json_is_exact(edited_overlay: Path, data: Path) -> None:
    body = json.loads(
        run("prices", "diff", "--overlay", str(edited_overlay), "--json", data=data).stdout
    )
    assert body["shipped"]["version"] == price_book.shipped().version != body["compiled"]["version"]
    added, changed = body["prices"]
    assert (added["change"], added["service_tier"], added["before"]) == ("added", "scale", None)
    assert (changed["before"]["uncached_input"], changed["after"]["uncached_input"]) == (
        "2.00",
        "1.00",
    )
    (month,) = body["months"]
    before, after = month["before"], month["after"]
    assert (month["month"], before["cost_usd"], after["cost_usd"]) == (
        "2026-11",
        "0.0028",
        "0.0039",
    )
    assert (before["unpriced_tokens"], after["unpriced_tokens"]) == (1_100, 0)
    assert [(each["project"], each["change_cost_usd"]) for each in month["places"]] == [
        ("search", "0.0011")
    ]


def test_without_an_edit_nothing_would_change(tmp_path: Path) -> None:
    ledgers.create(tmp_path)
    shown = run("prices", "diff", data=tmp_path)
    assert (shown.returncode, shown.stdout.splitlines()[-1]) == (0, "Nothing would change.")


def _compile(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, "prices", "compile", *words], capture_output=True, text=True, check=False
    )


def test_compile_writes_the_shipped_book_to_the_byte(tmp_path: Path) -> None:
    made = _compile("--out", str(tmp_path / "book.json"), "--json")
    assert json.loads(made.stdout)["version"] == price_book.shipped().version
    assert (tmp_path / "book.json").read_bytes() == price_book.BOOK_PATH.read_bytes()


def test_compile_refuses_an_overlay_of_another_release_and_writes_nothing(
    edited_overlay: Path, tmp_path: Path
) -> None:
    made = _compile("--overlay", str(edited_overlay), "--out", str(tmp_path / "book.json"))
    assert (made.returncode, made.stderr.count("\n")) == (2, 1)
    assert "review the change with `switchwise prices diff`" in made.stderr
    assert not (tmp_path / "book.json").exists()


@pytest.mark.parametrize(
    ("text", "said"), [("[[sheet", "cannot read the overlay"), ('x = "1"', "unknown field `x`")]
)
def test_a_broken_overlay_is_one_clear_line(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text(text)
    made = _compile("--overlay", str(tmp_path / "bad.toml"))
    assert (made.returncode, made.stderr.count("\n")) == (2, 1)
    assert said in made.stderr


LOADED = """
import sys
import cli
sys.argv.append("--help")
try:
    cli.main()
except SystemExit:
    print("genai_prices" in sys.modules)
"""


@pytest.mark.parametrize(
    "words", [["prices", "list"], ["report"], ["up"], ["serve", "advisor"], ["worker"], ["rollup"]]
)
def test_no_other_command_loads_the_catalogue(words: list[str]) -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", LOADED, *words], capture_output=True, text=True, check=True
    )
    assert loaded.stdout.endswith("\nFalse\n")


def test_the_help_of_prices_names_every_part_of_it() -> None:
    shown = subprocess.run(
        [*COMMAND, "prices", "--help"], capture_output=True, text=True, check=True
    )
    assert {"list", "show", "set", "compile", "diff"} <= set(shown.stdout.split())
