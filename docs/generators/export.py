"""The page of the monthly review, from the files that an export of a small ledger writes."""

import contextlib
import csv
import io
import tempfile
from pathlib import Path

import typer

import cli
from docs.generators import markdown

_INTRODUCTION = """\
`switchwise export --month MONTH --out DIR` writes one CSV file for each section, all sections as
`review.json`, and `manifest.json` with the hash of every file. A closed month also has
`closed_statement.json`, the frozen document itself.

The end of a column's name is its unit: `_usd` is an exact amount, `_ratio` and `share` a part of 1,
`_ms` milliseconds, `_day` and `_on` a UTC day, `_at` an instant in UTC. `tokens` and `requests` are
counts. An empty cell is unknown, never zero. Text that a spreadsheet would run as a formula has an
apostrophe in front."""

_SECTIONS = {
    "headline": "One row: what the month cost, its forecast, and what could be saved.",
    "bridge": "One row for a finished month: why it cost more or less than the month before.",
    "anomalies": "Days on which a project cost far more than its weekday usually does, and why.",
    "projects": "A row for each project. The rows add up to the headline.",
    "models": "A row for each provider and model. The rows add up to the headline.",
    "showback": "A row for each project, workload, provider, model and tier.",
    "meters": "A row for each meter besides plain tokens. Its cost is part of the cost of usage.",
    "budgets": "A row for each budget of the month. They may overlap, so never add them.",
    "owners": "A row for each project with an owner, and how its cost stands against its target.",
    "adjustments": "A row for each line that a dated adjustment changes in a closed month.",
    "fixed_costs": "A row for each project's share of a cost that is not per token, beside usage.",
    "days": "A row for each day of the month.",
    "forecast_record": "A row for each finished month: how good its forecasts were.",
    "paid_retries": "Requests that clients sent again. What they cost is an upper bound of waste.",
    "other_tier": "Requests that another tier served than the one asked for.",
    "sender_costs": "What senders say that requests cost, beside our own figure, and why.",
    "savings": "A row for each recommendation, per average month of 730 hours.",
    "opt_outs": "Places that people took out of advice, and why.",
    "latency": "Bounds of the measured latency of both models of a recommendation.",
    "evidence": "The comparison that a recommendation rests on.",
    "evidence_runs": "Every run of those comparisons, and of those that were all withdrawn.",
    "savings_by_stage": "What people decided: claimed, realised, missed.",
    "savings_realised": "What a move saved, by method. All measure the same, so never add them.",
    "data_quality": "How much is known of the total, of each project and of each model.",
    "refused": "What was refused at the door: requests and tokens that no other table has.",
    "senders": "A row for each sender: its last event, and what its silence leaves out.",
    "retirements": "The announced shutdowns of the models in use.",
    "departures": "Workloads on models that shut down: where to, at what cost, and by when.",
    "method_notes": "How the figures were made.",
}
_MONTH = "2026-11"
_EVENT = """\
{"id": "1", "time": 1793613600, "model": "gpt-4.1", "input_tokens": 9, "output_tokens": 4}
"""


def generate() -> str:
    """The page `docs/reference/export.md`. ValueError names a section without a sentence above."""
    with tempfile.TemporaryDirectory() as folder:
        columns = _exported_columns(Path(folder))
    sections = [
        block
        for name in sorted(columns, key=list(_SECTIONS).index)
        for block in (
            f"## {name}",
            _SECTIONS[name],
            ", ".join(map(markdown.code, columns[name])),
        )
    ]
    return markdown.page("The monthly review", _INTRODUCTION, sections)


def _exported_columns(folder: Path) -> dict[str, list[str]]:
    """The columns of every CSV file that an export of one event writes, by the file's name."""
    log = folder / "events.jsonl"
    log.write_text(_EVENT)
    _run("import", str(log), "--data", str(folder))
    _run("rollup", "--data", str(folder))
    _run("export", "--month", _MONTH, "--out", str(folder), "--data", str(folder))
    columns = {}
    for path in (folder / _MONTH).glob("*.csv"):
        with path.open(newline="") as lines:
            columns[path.stem] = next(csv.reader(lines))
    return columns


def _run(*words: str) -> None:
    with contextlib.redirect_stdout(io.StringIO()):
        typer.main.get_command(cli.application)(list(words), standalone_mode=False)
