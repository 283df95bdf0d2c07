"""The command that runs both models on a file of prompts: trial run."""

import asyncio
import re
import shlex
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from advisor.evidence import files, gates, register
from advisor.evidence.figures import EvidenceFigure
from advisor.trial.runs import endpoint, estimate, figures, graders, journal, results, setup
from advisor.trial.runs.budget import TrialBudget
from advisor.trial.runs.execution import TrialRun
from advisor.trial.runs.figures import TrialRunFigure
from advisor.trial.runs.graders import Grader
from advisor.trial.runs.journal import Journal
from advisor.trial.runs.results import Row
from advisor.trial.runs.setup import SideTerms, TrialRequest, TrialSetup
from cli import app, option_groups, options, program, progress
from cli.text import trial_text
from ledger import clock, money, prose
from ledger import settings as ledger_settings
from ledger.errors import SwitchwiseError, UsageError
from ledger.pricing import in_force

commands = app.new_commands()
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")
_MOST_AT_ONCE = 64
_INTERRUPTED = 130


@dataclass(frozen=True, slots=True, kw_only=True)
class SideOptions:
    """How the source (a) and the target (b) are asked; each field is an option."""

    model_a: Annotated[
        str | None, typer.Option(help="The source's name at the endpoint, if another.")
    ] = None
    model_b: Annotated[
        str | None, typer.Option(help="The target's name at the endpoint, if another.")
    ] = None
    effort_a: Annotated[str | None, typer.Option(help="The source's reasoning effort.")] = None
    effort_b: Annotated[str | None, typer.Option(help="The target's reasoning effort.")] = None
    temperature_a: Annotated[
        float | None, typer.Option(help="The source's temperature.", min=0, max=2)
    ] = None
    temperature_b: Annotated[
        float | None, typer.Option(help="The target's temperature.", min=0, max=2)
    ] = None
    seed_a: Annotated[int | None, typer.Option(help="The source's seed.")] = None
    seed_b: Annotated[int | None, typer.Option(help="The target's seed.")] = None

    def terms(self) -> tuple[SideTerms, SideTerms]:
        """The terms of both sides."""
        source = SideTerms(
            sent_name=self.model_a,
            effort=self.effort_a,
            temperature=self.temperature_a,
            seed=self.seed_a,
        )
        target = SideTerms(
            sent_name=self.model_b,
            effort=self.effort_b,
            temperature=self.temperature_b,
            seed=self.seed_b,
        )
        return source, target


@dataclass(frozen=True, slots=True, kw_only=True)
class GradingOptions:
    """How answers are marked, and what is required of the target; each field is an option."""

    grader: Annotated[
        str,
        typer.Option(help=f"How lines are marked that do not say: {prose.one_of(graders.KINDS)}."),
    ] = "exact"
    tolerance: Annotated[
        str | None, typer.Option(help="How far a number may be off, for the grader number.")
    ] = None
    judge: Annotated[
        str | None, typer.Option(help="The model that marks, for the grader judge.")
    ] = None
    judge_labels: Annotated[
        Path | None,
        typer.Option(help="Answers marked by hand too: a CSV with the columns hand and judge."),
    ] = None
    rule: Annotated[str, typer.Option(help="What is asked of the target: a ratio or a margin.")] = (
        "ratio"
    )
    threshold: Annotated[
        str | None, typer.Option(help="0.9 of the source's pass rate if absent.")
    ] = None

    def default_grader(self) -> Grader:
        """The grader of lines that name none. Raises UsageError."""
        choice = {"type": self.grader}
        if self.tolerance is not None:
            choice["tolerance"] = self.tolerance
        try:
            return graders.parse_grader(choice, Grader())
        except UsageError as error:
            raise UsageError(f"--grader {self.grader}: it {error}") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendingOptions:
    """What a run may cost, and how it is sent; each field is an option."""

    max_usd: Annotated[
        str | None, typer.Option(help="Budget in USD; the most of the estimate if absent.")
    ] = None
    yes: Annotated[bool, typer.Option("--yes", help="Send without asking.")] = False
    concurrency: Annotated[
        int, typer.Option(help="Requests in flight at once.", min=1, max=_MOST_AT_ONCE)
    ] = 4
    key_env: Annotated[
        str, typer.Option(metavar="NAME", help="The variable that holds the endpoint's key.")
    ] = "OPENAI_API_KEY"

    def secret_key(self) -> str:
        """The endpoint's key. Raises UsageError without a word of what was typed in its place."""
        if not _VARIABLE.fullmatch(self.key_env):
            raise UsageError(
                "--key-env takes the name of a variable, such as OPENAI_API_KEY; never type a key"
            )
        secret = ledger_settings.secret_of(self.key_env)
        if secret is None:
            raise UsageError(
                f"{self.key_env} is not set: put the endpoint's key there, or name another variable"
                " with --key-env"
            )
        key = secret.get_secret_value()
        if not key.isascii() or not key.isprintable() or " " in key:
            raise UsageError(f"{self.key_env} holds characters that no key has; set it anew")
        return key

    @property
    def limit_femto_usd(self) -> int | None:
        """The budget; None where none was named. Raises UsageError."""
        if self.max_usd is None:
            return None
        limit = money.femto_usd(self.max_usd)
        if limit <= 0:
            raise UsageError(f"--max-usd {self.max_usd}: write an amount over 0, such as 5")
        return limit


@commands.command(
    "run",
    epilog=(
        "Example: switchwise trial run prompts.jsonl --pair gpt-4.1:gpt-4.1-mini"
        " --endpoint http://127.0.0.1:4000 --max-usd 5"
    ),
)
@option_groups.spread
def run_trial(
    file: Annotated[Path, typer.Argument(help="The prompts: a JSON object a line.")],
    pair: Annotated[str, typer.Option(help="FROM:TO, each [provider/]model[@tier].")],
    endpoint_url: Annotated[
        str, typer.Option("--endpoint", metavar="URL", help="Your OpenAI-compatible proxy.")
    ],
    grading: GradingOptions,
    sides: SideOptions,
    spending: SpendingOptions,
    project: Annotated[str | None, typer.Option(help="Project that the prompts are of.")] = None,
    workload: Annotated[str | None, typer.Option(help="Workload that the prompts are of.")] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Results file; the prompts' name with .results.jsonl if absent."),
    ] = None,
    by: options.By = None,
    data: options.Data = None,
    as_json: options.AsJson = False,
) -> None:
    """Run both models on your own prompts.

    Each line has an id, a prompt or messages, and expected; it may have cluster, grader and
    parameters. Both models answer each prompt through your proxy, the answers are marked, and the
    marks, tokens and times become evidence. No text is stored. What is answered stays in
    OUT.journal: the same command goes on where a run stopped, and pays for no answer twice.
    """
    endpoint.check_installed()
    key, who = spending.secret_key(), options.who(by)
    request = TrialRequest(
        file=file,
        pair=pair,
        endpoint=_base_url(endpoint_url),
        sides=sides.terms(),
        grader=grading.default_grader(),
        judge=grading.judge,
        judge_labels=grading.judge_labels,
        gate=gates.parse(grading.rule, grading.threshold),
        project=project,
        workload=workload,
    )
    now_us = clock.now_us()
    with app.open_prices(data) as (database, _), database.snapshot() as session:
        trial = setup.prepare(session, request, now_us)
    out = out or Path(f"{file.stem}.results.jsonl")
    journal_path = out.with_name(f"{out.name}.journal")
    with journal.open_journal(journal_path, trial.run_terms(now_us)) as log:
        run = _perform(trial, log, key, spending)
        rows = list(results.rows(trial.prompts, log.history, trial.names(log.history)))
        evidence = _store(run, trial, rows, out, data=data, by=who)
    figure = figures.figure_of(
        run,
        pairs=len({row["item_id"] for row in rows}),
        files=(str(out), str(journal_path)),
        evidence=evidence,
    )
    if as_json:
        app.print_json(figure)
    else:
        trial_text.show(app.console, figure)
    _conclude(figure, as_json=as_json)


def _perform(trial: TrialSetup, log: Journal, key: str, spending: SpendingOptions) -> TrialRun:
    """The run, at its end: complete, out of budget, stopped or failing."""
    run = TrialRun(
        prompts=trial.prompts,
        estimator=trial.estimator,
        budget=TrialBudget(limit_femto_usd=spending.limit_femto_usd),
        journal=log,
        concurrency=spending.concurrency,
    )
    run.recall()
    if log.history.is_finished:
        _say("This run is finished already: nothing is sent.")
        return run
    _agree(run, trial, spending)
    with progress.bar(trial.request.file.name) as show:
        run.progress = show
        asyncio.run(_send(run, trial.request.endpoint, key))
    return run


def _agree(run: TrialRun, trial: TrialSetup, spending: SpendingOptions) -> None:
    """Say what the run may cost, and ask. Raises UsageError where nobody agrees."""
    open_prompts = run.open_prompts
    by_model = trial.estimates(open_prompts)
    total = estimate.total(by_model.values())
    for sentence in trial_text.estimate(len(trial.prompts), len(open_prompts), total, by_model):
        _say(sentence)
    for warning in trial.warnings:
        _say(warning)
    if total.most_femto_usd is None and spending.limit_femto_usd is not None:
        raise UsageError(
            "--max-usd cannot be held, as not every model has a price; add the price with:"
            " switchwise prices set MODEL, or leave --max-usd out"
        )
    if run.budget.limit_femto_usd is None and total.most_femto_usd is not None:
        run.budget.limit_femto_usd = run.budget.claimed_femto_usd + total.most_femto_usd
    if run.budget.limit_femto_usd is not None:
        _say(trial_text.budget(run.budget))
    if spending.yes:
        return
    typer.echo("Send them? [y/N] ", nl=False, err=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise UsageError("nothing was sent; to send without being asked: --yes")


async def _send(run: TrialRun, url: str, key: str) -> None:
    """Execute a run. The first Ctrl-C lets the requests in flight end, the second drops them."""
    task = asyncio.current_task()
    loop = asyncio.get_running_loop()

    def interrupt() -> None:
        if run.stopping and task is not None:
            task.cancel()
        else:
            _say("Stopping: requests in flight come to their end; Ctrl-C again drops them.")
            run.stop()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, interrupt)
    try:
        async with endpoint.open_endpoint(url, key, run.concurrency) as client:
            await run.execute(client)
    except asyncio.CancelledError:
        run.end = "stopped"


def _store(
    run: TrialRun,
    trial: TrialSetup,
    rows: list[Row],
    out: Path,
    *,
    data: Path | None,
    by: str,
) -> EvidenceFigure | None:
    """Write the results, and import them if the run is complete; else None."""
    if run.end not in ("complete", "budget") or not rows:
        return None
    results.write_file(out, rows)
    if run.end != "complete":
        return None
    with app.begin_ledger(data) as (database, _), database.transaction() as session:
        book = in_force.load_book(session)
        terms = trial.import_terms(run.journal.history)
        content = files.read_comparisons(out, "jsonl", terms, book=book)
        (imported,) = register.add(
            session, content.comparisons, by=by, book=book, now_us=clock.now_us()
        )
    return imported.evidence


def _conclude(figure: TrialRunFigure, *, as_json: bool) -> None:
    """Say what comes next, and end with the status of how the run ended."""
    resume = f"{program.command_name()} {shlex.join(sys.argv[1:])}"
    if figure.end == "complete":
        if figure.evidence is None:
            raise SwitchwiseError(
                "no pair came about, so there is nothing to import; mend what failed, and begin a"
                " new run with another --out"
            )
        if not as_json:
            app.console.print(
                "The advice follows within seconds while the worker runs; else: switchwise rollup",
                soft_wrap=True,
            )
        return
    if figure.end == "stopped":
        _say(f"Stopped. What was answered is kept; go on with: {resume}")
        raise typer.Exit(_INTERRUPTED)
    if figure.end == "budget":
        raise SwitchwiseError(trial_text.used_up(figure))
    raise SwitchwiseError(f"{trial_text.trouble(figure)}; then go on with: {resume}")


def _base_url(url: str) -> str:
    """The address to call; `/v1` is added where it has no path. Raises UsageError."""
    try:
        parts = urlsplit(url.strip())
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname)
        is_plain = parts.username is None and not parts.query and not parts.fragment
    except ValueError:
        is_address = is_plain = False
    if not is_plain:
        raise UsageError(
            "--endpoint: write the address alone, without a key, name or query in it;"
            " the key is read from the variable that --key-env names"
        )
    if not is_address:
        raise UsageError(f"--endpoint {url[:80]}: write an address such as http://127.0.0.1:4000")
    path = parts.path.rstrip("/").removesuffix("/chat/completions")
    return f"{parts.scheme}://{parts.netloc}{path or '/v1'}"


def _say(sentence: str) -> None:
    """Print beside the results: their reader may be a program."""
    typer.echo(sentence, err=True)
