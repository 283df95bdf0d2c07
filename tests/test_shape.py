"""The shape of the code and of the repository, and that each rule would notice a planted fault."""

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests import shape

ROOT = Path(__file__).parent.parent
MODULES = shape.modules(ROOT)
Rule = Callable[[Sequence[shape.Module]], list[str]]

BOUNDARIES = {
    "worker/runner.py": "a job's fault must not end the worker that runs the other jobs",
}
"""Files with the one place of a process that may catch every exception without raising again, and why."""

LONG_FUNCTION = "def f(x):\n" + "    x += 1\n" * 40
SWALLOWS = "try:\n    f()\nexcept {}:\n    log()\n"
PLANTED = [
    (shape.long_files, "ledger/a.py", "x = 1\n" * 301),
    (shape.long_median, "ledger/a.py", "x = 1\n" * 300),
    (shape.long_functions, "ledger/a.py", LONG_FUNCTION),
    (
        shape.long_functions,
        "ledger/a.py",
        "class A:\n    async " + LONG_FUNCTION.replace("\n", "\n    "),
    ),
    (shape.import_cycles, "ledger/a.py", "from ledger import b"),
    (shape.import_cycles, "ledger/a.py", "from ledger.b import thing"),
    (shape.deferred_imports, "ledger/a.py", "def f():\n    from ledger import b"),
    (shape.deferred_imports, "ledger/a.py", "def f():\n    if x:\n        from . import b"),
    (shape.swallowed_errors, "ledger/a.py", SWALLOWS.format("Exception")),
    (
        shape.swallowed_errors,
        "ledger/a.py",
        SWALLOWS.format("(ValueError, BaseException) as error"),
    ),
    (shape.swallowed_errors, "ledger/a.py", SWALLOWS.replace(" {}", "")),
    (shape.floats, "ledger/money.py", "HALF = 0.5"),
    (shape.floats, "ledger/pricing/prices.py", "def f(text): return float(text)"),
    (shape.missing_docstrings, "ledger/a.py", "x = 1"),
    (shape.bare_ignores, "ledger/a.py", "x = y  # type: ignore"),
    (shape.bare_ignores, "ledger/a.py", "x = y  # type: ignore[attr-defined]"),
    (shape.bare_ignores, "ledger/a.py", "x = y  # noqa"),
    (shape.unfinished_work, "ledger/a.py", "x = y  # {}: later".format("TO" + "DO")),
]
EVERY_RULE = list(dict.fromkeys(rule for rule, _, _ in PLANTED))
RULES = [rule for rule in EVERY_RULE if rule is not shape.swallowed_errors]


def name_of(value: object) -> str | None:
    """The id of a parametrised test: the rule's name, and nothing for a planted text."""
    return getattr(value, "__name__", "")


def plant(root: Path, path: str, text: str) -> list[shape.Module]:
    """The modules of a small project with one planted file, beside an innocent one that imports it."""
    (root / "ledger").mkdir()
    (root / "ledger" / "b.py").write_text('"""Innocent."""\n\nimport os\n\nfrom ledger import a\n')
    (root / path).write_text(text)
    return shape.modules(root)


@pytest.mark.parametrize("rule", RULES, ids=name_of)
def test_our_code_keeps_the_rule(rule: Rule) -> None:
    assert rule(MODULES) == []


def test_errors_are_swallowed_once_in_each_named_boundary_and_nowhere_else() -> None:
    assert sorted(fault.partition(":")[0] for fault in shape.swallowed_errors(MODULES)) == sorted(
        BOUNDARIES
    )


@pytest.mark.parametrize(("rule", "path", "text"), PLANTED, ids=name_of)
def test_a_planted_fault_is_noticed(rule: Rule, path: str, text: str, tmp_path: Path) -> None:
    (fault,) = rule(plant(tmp_path, path, text))
    assert fault.startswith((path, "the median", "ledger."))


@pytest.mark.parametrize("rule", EVERY_RULE, ids=name_of)
def test_innocent_code_is_left_alone(rule: Rule, tmp_path: Path) -> None:
    innocent = (
        '''"""Says what it holds."""


def f(x: object) -> object:
    """A long story.
'''
        + "    word\n" * 50
        + '''    """
    try:
        return x  # type: ignore[attr-defined]  # the reason
    except Exception:
        log()
        raise
'''
    )
    assert rule(plant(tmp_path, "ledger/a.py", innocent)) == []


# An address of an index, or a folder of wheels, would tie an installation to the machine that made the lock.
ADDRESS = re.compile(
    r"https?:|file:|--(extra-)?index-url|--find-links|--trusted-host|^-[if] ", re.MULTILINE
)
# The home and working folders of whoever wrote the file.
MACHINE_PATH = re.compile(r"(?<![\w.~-])/(?:work|root|home|Users)/\w")


@pytest.mark.parametrize(
    "name", ["requirements.txt", "requirements-dev.txt", "integrations/requirements-e2e.txt"]
)
def test_a_lock_file_pins_every_package_with_hashes_and_names_no_address(name: str) -> None:
    text = (ROOT / name).read_text()
    assert not ADDRESS.search(text)
    pins = text.replace("\\\n", " ").splitlines()
    assert pins
    assert [
        pin for pin in pins if not re.match(r"[a-z0-9.-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", pin)
    ] == []


def test_both_lock_files_agree_on_what_they_share() -> None:
    runtime, tools = (
        dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", (ROOT / name).read_text(), re.MULTILINE))
        for name in ("requirements.txt", "requirements-dev.txt")
    )
    assert runtime.items() <= tools.items()


@pytest.mark.parametrize(
    "line", ["--index-url x", "a @ https://b/a.whl", "-f wheels", "--find-links ."]
)
def test_an_address_in_a_lock_file_is_noticed(line: str) -> None:
    assert ADDRESS.search(f"a==1\n{line}\n")


def test_no_file_names_a_folder_of_somebodys_machine() -> None:
    faults = []
    for path in project_files():
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        faults += [f"{path}: {found.group()}" for found in MACHINE_PATH.finditer(text)]
    assert faults == []


@pytest.mark.parametrize("folder", ["work", "root", "home", "Users"])
def test_a_path_of_a_machine_is_noticed(folder: str) -> None:
    assert MACHINE_PATH.search(f"cd '/{folder}/x'")
    assert MACHINE_PATH.search(f"data=/{folder}/x")
    assert not MACHINE_PATH.search(f"see https://example.org/{folder}/x and src/{folder}/x")


def project_files() -> list[Path]:
    """The files of the project, without what was installed, built, cached or collected by a running Switchwise."""
    skipped = {
        ".git",
        ".venv",
        ".venv-e2e",
        ".hypothesis",
        "node_modules",
        "__pycache__",
        "dist",
        "switchwise-data",
    }
    found = []
    for folder, subfolders, names in os.walk(ROOT):
        subfolders[:] = [
            name for name in subfolders if name not in skipped and not name.endswith("_cache")
        ]
        found += [Path(folder, name) for name in names]
    return found
