"""The command line. `main` is its boundary: an error is one line on stderr, never a traceback."""

import sys
from importlib import metadata
from typing import Annotated

import typer

from cli import lazy, streams
from ledger.errors import ParameterError, SwitchwiseError

application = typer.Typer(
    name="switchwise",
    cls=lazy.LazyGroup,
    epilog="Try it: switchwise up --demo. More on a command: switchwise COMMAND --help",
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _print_version(is_set: bool) -> None:
    if is_set:
        typer.echo(f"switchwise {metadata.version('switchwise')}")
        raise typer.Exit


@application.callback()
def switchwise(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version and exit.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    """What your LLM traffic costs, and what moving it to a cheaper model would save."""


def main() -> None:
    """Run the command line and exit: 0 on success, 1 on a failed check, 2 on wrong usage.

    Ctrl-C exits with 130. `switchwise help COMMAND` is another way to ask for its --help, and
    `switchwise migrate plan` another name of `switchwise models plan`.
    """
    words = sys.argv[1:]
    if words[:1] == ["help"]:
        words = [*words[1:], "--help"]
    if words[:2] == ["migrate", "plan"]:
        words[0] = "models"
    with streams.outlive_readers():
        try:
            application(words, prog_name="switchwise")
        except SwitchwiseError as error:
            print(f"switchwise: {_message(error)}", file=sys.stderr)  # noqa: T201  # its own voice
            sys.exit(error.exit_code)
        except KeyboardInterrupt:
            sys.exit(130)


_OPTIONS = {
    "escalation_rate": "--escalation",
    "extra_attempts": "--retries",
    "verifier_usd": "--verifier",
    "one_off_usd": "--one-off",
    "requests_per_conversation": "--per-conversation",
}
"""Options whose names differ from those of the parameters that they set."""


def _message(error: SwitchwiseError) -> str:
    """The message of an error, which names an option as it is typed."""
    if not isinstance(error, ParameterError):
        return str(error)
    option = _OPTIONS.get(error.parameter, f"--{error.parameter.replace('_', '-')}")
    return f"{option} {error.text}: {error.remedy}"
