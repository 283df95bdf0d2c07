"""The shape of the code and of the repository, and that each rule would notice a planted fault."""

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests import shape

ROOT = Path(__file__).parent.parent
Rule = Callable[[Sequence[shape.Module]], list[str]]

BOUNDARIES = {
    "worker/runner.py": "a job's fault must not end the worker that runs the other jobs",
}
"""Files with the one place of a process that may catch every exception, and why."""

LONG_FUNCTION = "def f(x):\n" + "    x += 1\n" * 26
PACKED_CALLS = "".join(f"x{number} = f(1, 2, 3, 4, 5)\n" for number in range(10))
SWALLOWS = "try:\n    f()\nexcept {}:\n    log()\n"
PLANTED = [
    (shape.long_files, "ledger/a.py", "x = 1\n" * 401),
    (shape.long_functions, "ledger/a.py", LONG_FUNCTION),
    (shape.long_functions, "ledger/a.py", LONG_FUNCTION.replace("):", "):\n    'Says it.'")),
    (
        shape.long_functions,
        "ledger/a.py",
        "class A:\n    async " + LONG_FUNCTION.replace("\n", "\n    "),
    ),
    (shape.packed_calls, "ledger/a.py", PACKED_CALLS),
    (shape.vague_names, "ledger/a.py", "found = 1"),
    (shape.vague_names, "ledger/a.py", "def f(asked): return [1 for x in asked]"),
    (shape.vague_names, "ledger/a.py", "class A:\n    whole: int"),
    (shape.nameless_functions, "ledger/a.py", "def of(x): return x"),
    (shape.nameless_functions, "ledger/a.py", "async def opened(): ..."),
    (shape.shared_class_names, "ledger/a.py", "class Innocent: ..."),
    (shape.formatter_exceptions, "ledger/a.py", "x = 1  # fmt: {}".format("skip")),
    (shape.formatter_exceptions, "ledger/a.py", "# fmt: {}\nx = 1".format("off")),
    (shape.import_cycles, "ledger/a.py", "from ledger import b"),
    (shape.import_cycles, "ledger/a.py", "from ledger.b import thing"),
    (shape.folder_cycles, "ledger/a.py", "from ledger.room import d"),
    (shape.folder_cycles, "collector/a.py", "from ledger import e"),
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
    (shape.floats, "ledger/tokens.py", "def f(text): return float(text)"),
    (shape.missing_docstrings, "ledger/a.py", "x = 1"),
    (shape.bare_ignores, "ledger/a.py", "x = y  # type: ignore"),
    (shape.bare_ignores, "ledger/a.py", "x = y  # type: ignore[attr-defined]"),
    (shape.bare_ignores, "ledger/a.py", "x = y  # noqa"),
    (shape.unfinished_work, "ledger/a.py", "x = y  # {}: later".format("TO" + "DO")),
]
EVERY_RULE = [shape.long_median, *dict.fromkeys(rule for rule, _, _ in PLANTED)]


def name_of(value: object) -> str | None:
    """The id of a parametrised test: the rule's name, and nothing for a planted text."""
    return getattr(value, "__name__", "")


INNOCENT = {
    "ledger/a.py": "name = 1",
    "ledger/b.py": "import os\n\nfrom collector import a as inlet\nfrom ledger import a",
    "ledger/e.py": "name = 1",
    "ledger/room/c.py": "from ledger import a\n\n\nclass Innocent:\n    name: str",
    "ledger/room/d.py": "name = 1",
    "collector/a.py": "name = 1",
}
"""A small project in which imports go one way, of files and of folders."""


def plant(root: Path, path: str, text: str) -> list[shape.Module]:
    """The modules of the small project with one of its files replaced by a planted one."""
    for place, code in INNOCENT.items():
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        (root / place).write_text(f'"""Innocent."""\n\n{code}\n')
    (root / path).write_text(text)
    return shape.read_modules(root)


@pytest.mark.parametrize(
    "rule", [rule for rule in EVERY_RULE if rule is not shape.swallowed_errors], ids=name_of
)
def test_our_code_keeps_the_rule(rule: Rule) -> None:
    assert rule(shape.our_modules()) == []


def test_errors_are_swallowed_once_in_each_named_boundary_and_nowhere_else() -> None:
    assert sorted(
        fault.partition(":")[0] for fault in shape.swallowed_errors(shape.our_modules())
    ) == sorted(BOUNDARIES)


@pytest.mark.parametrize(("rule", "path", "text"), PLANTED, ids=name_of)
def test_a_planted_fault_is_noticed(rule: Rule, path: str, text: str, tmp_path: Path) -> None:
    faults = rule(plant(tmp_path, path, text))
    assert faults
    assert all(fault.startswith((path, "ledger", "collector")) for fault in faults)


def test_a_median_over_the_bound_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "ledger").mkdir()
    for name in ("a", "b"):
        (tmp_path / "ledger" / f"{name}.py").write_text("x = 1\n" * 121)
    (fault,) = shape.long_median(shape.read_modules(tmp_path))
    assert fault.startswith("the median file has 121 lines")


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


# An address of an index, or a folder of wheels, would tie an installation to one machine.
ADDRESS = re.compile(
    r"https?:|file:|--(extra-)?index-url|--find-links|--trusted-host|^-[if] ", re.MULTILINE
)
# The home and working folders of whoever wrote the file.
MACHINE_PATH = re.compile(r"(?<![\w.~-])/(?:work|root|home|Users)/\w")


@pytest.mark.parametrize(
    "name",
    [f"requirements/{name}.txt" for name in ("runtime", "trial", "dev", "litellm-e2e")],
)
def test_a_lock_file_pins_every_package_with_hashes_and_names_no_address(name: str) -> None:
    text = (ROOT / name).read_text()
    assert not ADDRESS.search(text)
    pins = text.replace("\\\n", " ").splitlines()
    assert pins
    assert [
        pin for pin in pins if not re.match(r"[a-z0-9.-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", pin)
    ] == []


def test_the_lock_files_agree_on_what_they_share() -> None:
    runtime, trial, tools = (
        dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", (ROOT / name).read_text(), re.MULTILINE))
        for name in ("requirements/runtime.txt", "requirements/trial.txt", "requirements/dev.txt")
    )
    assert runtime.items() <= trial.items() <= tools.items()
    assert {"openai", "jsonschema"} <= trial.keys() - runtime.keys()


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


def test_only_one_place_keeps_a_process_from_writing() -> None:
    """Elsewhere the limit would leave cut modules behind, which no later process could load."""
    limit = "RLIMIT_" + "FSIZE"
    files = [path for path in project_files() if path.suffix == ".py" and limit in path.read_text()]
    assert files == [ROOT / "tests" / "processes.py"]


@pytest.mark.parametrize("folder", ["work", "root", "home", "Users"])
def test_a_path_of_a_machine_is_noticed(folder: str) -> None:
    assert MACHINE_PATH.search(f"cd '/{folder}/x'")
    assert MACHINE_PATH.search(f"data=/{folder}/x")
    assert not MACHINE_PATH.search(f"see https://example.org/{folder}/x and src/{folder}/x")


def project_files() -> list[Path]:
    """The files of the project, without what was installed, built, cached or collected."""
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
    files = []
    for folder, subfolders, names in os.walk(ROOT):
        subfolders[:] = [
            name for name in subfolders if name not in skipped and not name.endswith("_cache")
        ]
        files += [Path(folder, name) for name in names if name not in skipped]
    return files
