"""The registry lists every command truthfully, and listing them loads none of them."""

import importlib
import os
import pkgutil
import resource
import subprocess
import sys

import pytest
from typer.testing import CliRunner

import cli
from cli import commands, lazy, registry

COMMAND = [sys.executable, "-c", "import cli; cli.main()"]
PATHS = {" ".join(words): command for words, command in registry.paths()}
HEAVY = {"sqlalchemy", "fastapi", "celery", "rich.console", "advisor", "cli.app"}


def help_of(*words: str) -> str:
    """What `switchwise WORDS --help` prints."""
    outcome = CliRunner().invoke(cli.application, [*words, "--help"], prog_name="switchwise")
    assert outcome.exit_code == 0, outcome.output
    return outcome.stdout


def test_a_command_that_a_module_defines_is_registered_and_the_other_way_round() -> None:
    defined = {
        (module.name, command.name or command.callback.__name__.replace("_", "-"))
        for module in pkgutil.iter_modules(commands.__path__)
        for command in importlib.import_module(
            f"cli.commands.{module.name}"
        ).commands.registered_commands
    }
    assert defined == {(command.module, command.name) for command in PATHS.values()}


@pytest.mark.parametrize("path", PATHS)
def test_each_command_has_help_with_an_example_and_the_line_that_the_list_shows(path: str) -> None:
    usage, _, first, *rest = help_of(*path.split()).splitlines()
    assert usage.startswith(f"Usage: switchwise {path} ")
    assert first.strip() == PATHS[path].help
    assert any(
        f"Example: switchwise {path}" in line or "Example: SWITCHWISE_" in line for line in rest
    )


def test_the_help_names_every_command_with_its_line() -> None:
    listed = help_of()
    for entries in registry.SECTIONS.values():
        for entry in entries:
            assert any(line.split()[:1] == [entry.name] for line in listed.splitlines())
            assert entry.help in listed
            if isinstance(entry, registry.Group):
                assert all(command.help in help_of(entry.name) for command in entry.commands)


@pytest.mark.parametrize("words", [["--help"], ["-h"], ["help"], ["keys", "-h"], ["--version"]])
def test_listing_commands_loads_none_of_them_and_warns_of_nothing(words: list[str]) -> None:
    code = f"""
import sys, cli
try:
    cli.main()
except SystemExit:
    print(*({HEAVY} & sys.modules.keys()), file=sys.stderr)
"""
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *words],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout
    assert ended.stderr.strip() == ""


def test_the_help_takes_less_than_four_tenths_of_a_second_of_processor_time() -> None:
    def seconds() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([*COMMAND, "--help"], capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert min(seconds() for _ in range(3)) < 0.4


@pytest.mark.parametrize(("typed", "offered"), [("re", "report"), ("keys r", "rotate"), ("", "up")])
def test_completion_lists_commands(typed: str, offered: str) -> None:
    completion = {
        "_SWITCHWISE_COMPLETE": "complete_bash",
        "COMP_WORDS": f"switchwise {typed}",
        "COMP_CWORD": str(len(typed.split()) or 1),
    }
    ended = subprocess.run(
        COMMAND, env={**os.environ, **completion}, capture_output=True, text=True, check=False
    )
    assert offered in ended.stdout.split()


def test_the_completion_script_is_printed() -> None:
    shown = subprocess.run(
        [*COMMAND, "--show-completion", "bash"],
        env={**os.environ, "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "_SWITCHWISE_COMPLETE=complete_bash" in shown.stdout


def test_a_mistyped_command_is_answered_with_what_was_meant() -> None:
    outcome = CliRunner().invoke(cli.application, ["reprot"], prog_name="switchwise")
    assert outcome.exit_code == 2
    assert "Did you mean 'report'" in outcome.output


def test_a_group_is_loaded_by_its_name() -> None:
    group = lazy.LazyGroup(name="switchwise").load("prices")
    assert isinstance(group, lazy.LazyGroup)
    assert list(group.commands) == ["list", "show", "set", "compile", "diff", "shutdowns"]
