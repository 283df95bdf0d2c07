"""The commands of paired quality results: evidence import, list, withdraw."""

from pathlib import Path
from typing import Annotated

import typer

from advisor.evidence import files, gates, register, sentences, store
from advisor.evidence.assembly import ImportTerms
from advisor.evidence.figures import EvidenceFigure
from cli import app, options
from ledger import clock, prose
from ledger.errors import UsageError
from ledger.pricing import in_force

commands = app.new_commands()

Threshold = Annotated[
    str | None,
    typer.Option(
        help="Of a ratio: 0.9 of the source's pass rate if absent. Of a margin: points below it."
    ),
]
JudgeLabels = Annotated[
    Path | None,
    typer.Option(help="Answers marked by hand too: a CSV with the columns hand and judge."),
]


@commands.command(
    "import",
    epilog=(
        "Example: switchwise evidence import results.csv --project search --workload rag-answers"
    ),
)
def import_file(
    file: Annotated[Path, typer.Argument(help="JSON lines, CSV, or a result file of promptfoo.")],
    format_name: Annotated[
        str, typer.Option("--format", help=f"One of {prose.one_of(files.FORMATS)}.")
    ] = "auto",
    pair: Annotated[str | None, typer.Option(help="FROM:TO, of rows that name none.")] = None,
    project: Annotated[str | None, typer.Option(help="Project of rows that name none.")] = None,
    workload: Annotated[str | None, typer.Option(help="Workload of rows that name none.")] = None,
    rule: Annotated[
        str, typer.Option(help="What is asked of the target: a ratio or a margin.")
    ] = "ratio",
    threshold: Threshold = None,
    measured_on: Annotated[
        str | None, typer.Option(help="UTC day of the comparison; today if absent.")
    ] = None,
    judge: Annotated[
        str | None, typer.Option(help="The model that marked the answers, if one did.")
    ] = None,
    judge_labels: JudgeLabels = None,
    prompt_version: Annotated[
        str | None,
        typer.Option(help="Version of the compared prompt; another one begins a new comparison."),
    ] = None,
    graded: Annotated[
        bool, typer.Option("--graded", help="Take promptfoo's scores, not pass and fail.")
    ] = False,
    by: options.By = None,
    data: options.Data = None,
    as_json: options.AsJson = False,
) -> None:
    """Store paired results of two models.

    Scores and counts are kept, text is not. Both models answer the same inputs, one row each: it
    has item_id, a and b: 1 for a right answer and 0 for a wrong one, or scores. It may have cluster
    (the conversation), and what the answers took, which then replaces what is assumed:
    a_input_tokens, a_output_tokens, b_input_tokens, b_output_tokens, b_cached_input_tokens,
    b_attempts, escalated.
    """
    if format_name not in files.FORMATS:
        raise UsageError(
            f"{format_name!r} is no format of evidence; use {prose.one_of(files.FORMATS)}"
        )
    if judge_labels is not None and judge is None:
        raise UsageError("--judge-labels says how good a judge is; name it with --judge MODEL")
    terms = ImportTerms(
        pair=pair,
        project=project,
        workload=workload,
        gate=gates.parse(rule, threshold),
        measured_day=_measured(measured_on),
        source=file.name,
        judge=judge,
        labels=files.read_labels(judge_labels) if judge_labels else None,
        prompt_version=prompt_version,
    )
    with app.begin_ledger(data) as (database, _), database.transaction() as session:
        book = in_force.load_book(session)
        content = files.read_comparisons(file, format_name, terms, book=book, graded=graded)
        imported = register.add(
            session, content.comparisons, by=options.who(by), book=book, now_us=clock.now_us()
        )
    if as_json:
        app.print_json({"comparisons": imported, "unknown_fields": content.unknown_columns})
        return
    for comparison in imported:
        _show(comparison.evidence, "" if comparison.is_new else " (was here already)")
    if content.unknown_columns:
        names = ", ".join(content.unknown_columns[:10])
        app.console.print(f"Not read, and not stored: {names}.", soft_wrap=True)
    app.console.print(
        "The advice follows within seconds while the worker runs; else: switchwise rollup",
        soft_wrap=True,
    )


@commands.command("list", epilog="Example: switchwise evidence list --project search")
def list_evidence(
    project: Annotated[str | None, typer.Option(help="Only this project.")] = None,
    data: options.Data = None,
    as_json: options.AsJson = False,
) -> None:
    """Every comparison, the last measured first."""
    with app.open_ledger(data) as (database, _), database.snapshot() as session:
        comparisons = register.list_all(
            session, in_force.load_book(session), clock.now_us(), project
        )
    if as_json:
        app.print_json({"evidence": comparisons})
        return
    if not comparisons:
        app.console.print("No paired results yet. Plan a trial with: switchwise trial plan ID")
        return
    for comparison in comparisons:
        app.console.print(_title(comparison), soft_wrap=True)
        app.console.print(f"  {sentences.one_line(comparison)}", soft_wrap=True)


@commands.command(
    epilog="Example: switchwise evidence withdraw 8a409b66e80aaa0a --reason 'wrong workload'"
)
def withdraw(
    id: Annotated[
        str, typer.Argument(metavar="ID", help="As `switchwise evidence list` shows it.")
    ],
    reason: Annotated[str, typer.Option(help="Why, for whoever wonders later.")],
    by: options.By = None,
    data: options.Data = None,
    as_json: options.AsJson = False,
) -> None:
    """Take a comparison back: its answers count no more.

    It stays listed with who did it and why. The look at it stays spent, and where it came out
    inferior, at least as many pairs have to take its place.
    """
    with app.open_ledger(data) as (database, _), database.transaction() as session:
        withdrawn = store.withdraw(session, id, reason, clock.now_us(), by=options.who(by))
        comparison = register.evidence_figure(
            session, withdrawn, in_force.load_book(session), clock.now_us()
        )
    if as_json:
        app.print_json(comparison)
        return
    app.console.print(f"{id} is withdrawn: {reason}", soft_wrap=True)


def _measured(day: str | None) -> int:
    measured_on = options.day("--measured-on", day)
    if measured_on > clock.day_of(clock.now_us()):
        raise UsageError(f"--measured-on: {day} is yet to come; give the day of the comparison")
    return measured_on


def _show(comparison: EvidenceFigure, remark: str) -> None:
    app.console.print(f"{_title(comparison)}{remark}", soft_wrap=True)
    for sentence in (*sentences.summary(comparison), *sentences.factors(comparison)):
        app.console.print(f"  {sentence}", soft_wrap=True)


def _title(comparison: EvidenceFigure) -> str:
    return (
        f"{comparison.id}  {comparison.from_model} -> {comparison.to_model},"
        f" {comparison.project} / {comparison.workload}"
    )
