"""The shape of our code: each rule takes the modules and returns its faults, `path:line: what`.

It holds no list of excused faults.
"""

import ast
import functools
import io
import re
import statistics
import tokenize
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

PACKAGES = ("ledger", "collector", "advisor", "worker", "dashboards", "deploy", "cli")
MAX_FILE_LINES = 400
MAX_MEDIAN_LINES = 120
MAX_FUNCTION_STATEMENTS = 25
MAX_POSITIONAL_ARGUMENTS = 4
MAX_CALLS_OF_MORE = 9
MAX_VAGUE_SHARE = 0.005
_VAGUE_WORDS = """
asked beside booked came chosen done each every found given gone got held it kept known left made
named of put read rest said seen served shown some stored taken thing things told wanted whole
"""
VAGUE_NAMES = frozenset(_VAGUE_WORDS.split())
"""Participles, pronouns and determiners: alone, they name nothing."""
NAMELESS_FUNCTIONS = frozenset({"of", "read", "opened"})
"""Names of functions that do not say of what, what, or opened how."""
# A migration is a record: alembic writes it once, and it is never changed again.
RECORDS = "ledger/migrations/versions/"
FLOATLESS = ("ledger/money.py", "ledger/pricing/prices.py", "ledger/tokens.py")

_IGNORE = re.compile(r"#\s*type:\s*ignore(?!\[[a-z-, ]+\]\s+#\s*\S)|#\s*noqa(?!: [A-Z]+[0-9]+)")
_UNFORMATTED = re.compile(r"fmt:\s*(skip|off)")
_UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
_TIME_CLOCKS = """
time time_ns monotonic monotonic_ns perf_counter perf_counter_ns gmtime localtime
"""
_CLOCKS = {
    "time": set(_TIME_CLOCKS.split()),
    "datetime": {"now", "utcnow", "today"},
    "date": {"today"},
    "dt": {"now", "utcnow", "today"},
    "func": {"now", "current_timestamp"},
}


@dataclass(frozen=True, slots=True)
class Module:
    """One of our source files: its path below the project, dotted name, text and syntax tree."""

    path: str
    name: str
    text: str
    tree: ast.Module

    def fault(self, node: ast.AST | int, what: str) -> str:
        """A fault of this file, as editors can open it."""
        line = node if isinstance(node, int) else getattr(node, "lineno", 1)
        return f"{self.path}:{line}: {what}"


@dataclass(frozen=True, slots=True)
class Import:
    """One imported thing: the full dotted name, and the statement that imports it."""

    name: str
    node: ast.stmt


ROOT = Path(__file__).parent.parent


@functools.cache
def our_modules() -> list[Module]:
    """The modules of this project, read once a process and only where a test asks for them."""
    return read_modules(ROOT)


def read_modules(root: Path) -> list[Module]:
    """The modules of our packages below a folder."""
    return [
        _read(root, path) for package in PACKAGES for path in sorted((root / package).rglob("*.py"))
    ]


def _read(root: Path, path: Path) -> Module:
    relative = path.relative_to(root)
    text = path.read_text()
    name = ".".join(relative.with_suffix("").parts).removesuffix(".__init__")
    return Module(relative.as_posix(), name, text, ast.parse(text, str(relative)))


def imports(tree: ast.AST) -> Iterator[Import]:
    """Everything that a tree imports, at the top or in functions; `from a import b` is `a.b`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, node) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (Import(f"{node.module or ''}.{alias.name}", node) for alias in node.names)


def functions(module: Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method, nested ones too."""
    return (
        node
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


def long_files(modules: Sequence[Module]) -> list[str]:
    """Files of more than 400 lines."""
    counts = ((module, module.text.count("\n")) for module in _without_records(modules))
    return [
        module.fault(1, f"{lines} lines; split it")
        for module, lines in counts
        if lines > MAX_FILE_LINES
    ]


def long_median(modules: Sequence[Module]) -> list[str]:
    """A median of more than 120 lines over the files that hold more than a docstring."""
    counts = [module.text.count("\n") for module in modules if len(module.tree.body) > 1]
    median = statistics.median(counts or [0])
    if median <= MAX_MEDIAN_LINES:
        return []
    return [f"the median file has {median:g} lines; split the longer ones"]


def long_functions(modules: Sequence[Module]) -> list[str]:
    """Functions of more than 25 statements, nested functions included, the docstring not."""
    faults = []
    for module in _without_records(modules):
        for function in functions(module):
            statements = sum(isinstance(node, ast.stmt) for node in ast.walk(function)) - 1
            statements -= ast.get_docstring(function) is not None
            if statements > MAX_FUNCTION_STATEMENTS:
                what = f"{function.name} has {statements} statements; split it"
                faults.append(module.fault(function, what))
    return faults


def packed_calls(modules: Sequence[Module]) -> list[str]:
    """Calls with five or more positional arguments, where the project has more than nine."""
    faults = [
        module.fault(node, f"passes {len(node.args)} arguments by position; name them")
        for module in _without_records(modules)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and len(node.args) > MAX_POSITIONAL_ARGUMENTS
    ]
    return faults if len(faults) > MAX_CALLS_OF_MORE else []


def vague_names(modules: Sequence[Module]) -> list[str]:
    """Variables, fields and parameters that name nothing, where over 0.5 % of all names do."""
    names = [
        (name, module.fault(node, f"{name} names nothing; use the noun of what it is"))
        for module in _without_records(modules)
        for name, node in _given_names(module.tree)
    ]
    faults = [fault for name, fault in names if name in VAGUE_NAMES]
    return faults if len(faults) > MAX_VAGUE_SHARE * len(names) else []


def _given_names(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node
        elif isinstance(node, ast.arg) and node.arg not in ("self", "cls"):
            yield node.arg, node


def nameless_functions(modules: Sequence[Module]) -> list[str]:
    """Functions of a module that are called `of`, `read` or `opened`, and nothing more."""
    return [
        module.fault(node, f"{node.name} does not say of what; give the function a verb and a noun")
        for module in modules
        for node in module.tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name in NAMELESS_FUNCTIONS
    ]


def shared_class_names(modules: Sequence[Module]) -> list[str]:
    """Public classes that share their name with another one of the project."""
    places: dict[str, list[str]] = {}
    for module in modules:
        for node in module.tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places.setdefault(node.name, []).append(module.path)
    return [
        f"{paths[1]}: class {name} is also one of {paths[0]}; one name is one idea"
        for name, paths in places.items()
        if len(paths) > 1
    ]


def formatter_exceptions(modules: Sequence[Module]) -> list[str]:
    """Comments that keep the formatter out."""
    return _comments(modules, _UNFORMATTED, "keeps the formatter out")


def _without_records(modules: Iterable[Module]) -> Iterator[Module]:
    return (module for module in modules if not module.path.startswith(RECORDS))


def import_cycles(modules: Sequence[Module]) -> list[str]:
    """Modules of ours that import each other, directly or round a corner."""
    return _circles(_imported_modules(modules))


def folder_cycles(modules: Sequence[Module]) -> list[str]:
    """Neighbours in a folder (files or folders) that import each other, directly or not."""
    siblings: dict[str, dict[str, set[str]]] = {}
    for importer, imported_modules in _imported_modules(modules).items():
        for imported in imported_modules:
            folder, source, target = _fork(importer, imported)
            if source and target:
                siblings.setdefault(folder, {}).setdefault(source, set()).add(target)
    return [circle for graph in siblings.values() for circle in _circles(graph)]


def _imported_modules(modules: Sequence[Module]) -> dict[str, set[str]]:
    """By module, which others of ours it imports."""
    names = {module.name for module in modules}
    return {
        module.name: {
            ours for imported in imports(module.tree) if (ours := _ours(imported.name, names))
        }
        - {module.name}
        for module in modules
    }


def _fork(importer: str, imported: str) -> tuple[str, str, str]:
    """The folder in which two modules part, and which neighbours they belong to there."""
    paths = importer.split("."), imported.split(".")
    shared = 0
    while shared < min(map(len, paths)) and paths[0][shared] == paths[1][shared]:
        shared += 1
    source, target = (".".join(path[: shared + 1]) if len(path) > shared else "" for path in paths)
    return ".".join(paths[0][:shared]), source, target


def _circles(graph: dict[str, set[str]]) -> list[str]:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return [" -> ".join(error.args[1])]
    return []


def _ours(name: str, names: set[str]) -> str | None:
    """Which of our modules an imported name belongs to."""
    parent = name.rpartition(".")[0]
    return name if name in names else parent if parent in names else None


def deferred_imports(modules: Sequence[Module]) -> list[str]:
    """Imports of our own code, or relative ones, inside a function."""
    return sorted(
        {
            module.fault(
                imported.node,
                f"{imported.name} is imported inside {function.name}; move it to the top",
            )
            for module in modules
            for function in functions(module)
            for imported in imports(function)
            if imported.name.partition(".")[0] in (*PACKAGES, "")
        }
    )


def swallowed_errors(modules: Sequence[Module]) -> list[str]:
    """Handlers of every exception that do not raise again."""
    return [
        module.fault(
            node, "catches every exception and raises none; name the errors that it can answer"
        )
        for module in modules
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ExceptHandler) and _catches_all(node.type)
        if not any(isinstance(inner, ast.Raise) for inner in ast.walk(node))
    ]


def _catches_all(caught: ast.expr | None) -> bool:
    if isinstance(caught, ast.Tuple):
        return any(map(_catches_all, caught.elts))
    return caught is None or (
        isinstance(caught, ast.Name) and caught.id in {"Exception", "BaseException"}
    )


def commits(modules: Sequence[Module]) -> list[str]:
    """Calls of anything's `commit()`."""
    return [
        module.fault(node, "commits; only database.transaction() may")
        for module in modules
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and node.attr == "commit"
    ]


def environment_reads(modules: Sequence[Module]) -> list[str]:
    """Uses of the environment of the process."""
    return _uses(
        modules,
        {"os": {"environ", "environb", "getenv", "getenvb", "putenv"}},
        "uses the environment",
    )


def clock_reads(modules: Sequence[Module]) -> list[str]:
    """Uses of a clock: Python's, or the database's."""
    return _uses(modules, _CLOCKS, "reads the clock")


def _uses(modules: Iterable[Module], members: dict[str, set[str]], what: str) -> list[str]:
    """Where `owner.member` is used, behind a package's name too, or imported by its name."""
    faults = []
    for module in modules:
        faults += [
            module.fault(node, f"{what}: {ast.unparse(node)}")
            for node in ast.walk(module.tree)
            if isinstance(node, ast.Attribute)
            and node.attr in members.get(_last_word(node.value), ())
        ]
        faults += [
            module.fault(imported.node, f"{what}: {imported.name}")
            for imported in imports(module.tree)
            for owner, _, member in [imported.name.rpartition(".")]
            if owner in {"os", "time"} and member in members.get(owner, ())
        ]
    return faults


def _last_word(owner: ast.expr) -> str:
    return (
        owner.attr
        if isinstance(owner, ast.Attribute)
        else owner.id
        if isinstance(owner, ast.Name)
        else ""
    )


def importers(modules: Sequence[Module], library: str) -> list[str]:
    """Imports of a library, whole or in part."""
    return [
        module.fault(imported.node, f"imports {imported.name}")
        for module in modules
        for imported in imports(module.tree)
        if imported.name.partition(".")[0] == library
    ]


def floats(modules: Sequence[Module]) -> list[str]:
    """Float literals, and uses of `float`, in the files that count money or tokens."""
    return [
        module.fault(node, "holds a float; money and tokens are integers")
        for module in modules
        if module.path in FLOATLESS
        for node in ast.walk(module.tree)
        if (isinstance(node, ast.Constant) and isinstance(node.value, float))
        or (isinstance(node, ast.Name) and node.id == "float")
    ]


def missing_docstrings(modules: Sequence[Module]) -> list[str]:
    """Modules that do not say what they hold."""
    return [
        module.fault(1, "has no docstring")
        for module in modules
        if not ast.get_docstring(module.tree)
    ]


def bare_ignores(modules: Sequence[Module]) -> list[str]:
    """Comments that silence the type checker without code and reason, or the linter."""
    return _comments(modules, _IGNORE, "silences a check without saying which one and why")


def unfinished_work(modules: Sequence[Module]) -> list[str]:
    """Comments that put work off."""
    return _comments(modules, _UNFINISHED, "puts work off; do it or say it in DECISIONS.md")


def _comments(modules: Sequence[Module], pattern: re.Pattern[str], what: str) -> list[str]:
    return [
        module.fault(token.start[0], f"{what}: {token.string}")
        for module in modules
        for token in tokenize.generate_tokens(io.StringIO(module.text).readline)
        if token.type == tokenize.COMMENT and pattern.search(token.string)
    ]
