"""The shape of our code: each rule takes the modules and returns its faults, `path:line: what`. Holds no list of excused faults."""

import ast
import io
import re
import statistics
import tokenize
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

PACKAGES = ("ledger", "collector", "advisor", "worker", "dashboards", "deploy", "cli")
MAX_FILE_LINES = 300
MAX_MEDIAN_LINES = 120
MAX_FUNCTION_LINES = 40
# A migration is a record: alembic writes it once, and it is never changed again.
RECORDS = "ledger/migrations/versions/"
FLOATLESS = ("ledger/money.py", "ledger/pricing/prices.py", "ledger/tokens.py")

_IGNORE = re.compile(r"#\s*type:\s*ignore(?!\[[a-z-, ]+\]\s+#\s*\S)|#\s*noqa(?!: [A-Z]+[0-9]+)")
_UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
_CLOCKS = {
    "time": {
        "time",
        "time_ns",
        "monotonic",
        "monotonic_ns",
        "perf_counter",
        "perf_counter_ns",
        "gmtime",
        "localtime",
    },
    "datetime": {"now", "utcnow", "today"},
    "date": {"today"},
    "dt": {"now", "utcnow", "today"},
    "func": {"now", "current_timestamp"},
}


@dataclass(frozen=True, slots=True)
class Module:
    """One of our source files: its path below the project, its dotted name, its text and its syntax tree."""

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


def modules(root: Path) -> list[Module]:
    """The modules of the six packages below a folder."""
    return [
        _read(root, path) for package in PACKAGES for path in sorted((root / package).rglob("*.py"))
    ]


def _read(root: Path, path: Path) -> Module:
    relative = path.relative_to(root)
    text = path.read_text()
    name = ".".join(relative.with_suffix("").parts).removesuffix(".__init__")
    return Module(relative.as_posix(), name, text, ast.parse(text, str(relative)))


def imports(tree: ast.AST) -> Iterator[Import]:
    """Everything that a tree imports, at the top or inside functions; `from a import b` counts as `a.b`."""
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


def long_files(found: Sequence[Module]) -> list[str]:
    """Files of more than 300 lines."""
    counts = ((module, module.text.count("\n")) for module in _written(found))
    return [
        module.fault(1, f"{lines} lines; split it")
        for module, lines in counts
        if lines > MAX_FILE_LINES
    ]


def long_median(found: Sequence[Module]) -> list[str]:
    """A median of more than 120 lines over the files that hold more than a docstring."""
    median = statistics.median(
        [module.text.count("\n") for module in found if len(module.tree.body) > 1] or [0]
    )
    return (
        [f"the median file has {median:g} lines; split the longer ones"]
        if median > MAX_MEDIAN_LINES
        else []
    )


def long_functions(found: Sequence[Module]) -> list[str]:
    """Functions of more than 40 lines from `def` to the end, without their docstring."""
    faults = []
    for module in _written(found):
        for function in functions(module):
            lines = (function.end_lineno or 0) - function.lineno + 1
            if ast.get_docstring(function):
                lines -= (function.body[0].end_lineno or 0) - function.body[0].lineno + 1
            if lines > MAX_FUNCTION_LINES:
                faults.append(
                    module.fault(function, f"{function.name} has {lines} lines; split it")
                )
    return faults


def _written(found: Iterable[Module]) -> Iterator[Module]:
    return (module for module in found if not module.path.startswith(RECORDS))


def import_cycles(found: Sequence[Module]) -> list[str]:
    """Modules of ours that import each other, directly or round a corner."""
    names = {module.name for module in found}
    graph = {
        module.name: {
            ours for imported in imports(module.tree) if (ours := _ours(imported.name, names))
        }
        - {module.name}
        for module in found
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return [" -> ".join(error.args[1])]
    return []


def _ours(name: str, names: set[str]) -> str | None:
    """Which of our modules an imported name belongs to."""
    parent = name.rpartition(".")[0]
    return name if name in names else parent if parent in names else None


def deferred_imports(found: Sequence[Module]) -> list[str]:
    """Imports of our own code, or relative ones, inside a function."""
    return sorted(
        {
            module.fault(
                imported.node,
                f"{imported.name} is imported inside {function.name}; move it to the top",
            )
            for module in found
            for function in functions(module)
            for imported in imports(function)
            if imported.name.partition(".")[0] in (*PACKAGES, "")
        }
    )


def swallowed_errors(found: Sequence[Module]) -> list[str]:
    """Handlers of every exception that do not raise again."""
    return [
        module.fault(
            node, "catches every exception and raises none; name the errors that it can answer"
        )
        for module in found
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


def commits(found: Sequence[Module]) -> list[str]:
    """Calls of anything's `commit()`."""
    return [
        module.fault(node, "commits; only database.transaction() may")
        for module in found
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and node.attr == "commit"
    ]


def environment_reads(found: Sequence[Module]) -> list[str]:
    """Uses of the environment of the process."""
    return _uses(
        found,
        {"os": {"environ", "environb", "getenv", "getenvb", "putenv"}},
        "uses the environment",
    )


def clock_reads(found: Sequence[Module]) -> list[str]:
    """Uses of a clock: Python's, or the database's."""
    return _uses(found, _CLOCKS, "reads the clock")


def _uses(found: Iterable[Module], members: dict[str, set[str]], what: str) -> list[str]:
    """Where `owner.member` is used, also behind a package's name, or imported by `from owner import member`."""
    faults = []
    for module in found:
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


def importers(found: Sequence[Module], library: str) -> list[str]:
    """Imports of a library, whole or in part."""
    return [
        module.fault(imported.node, f"imports {imported.name}")
        for module in found
        for imported in imports(module.tree)
        if imported.name.partition(".")[0] == library
    ]


def floats(found: Sequence[Module]) -> list[str]:
    """Float literals, and uses of `float`, in the files that count money or tokens."""
    return [
        module.fault(node, "holds a float; money and tokens are integers")
        for module in found
        if module.path in FLOATLESS
        for node in ast.walk(module.tree)
        if (isinstance(node, ast.Constant) and isinstance(node.value, float))
        or (isinstance(node, ast.Name) and node.id == "float")
    ]


def missing_docstrings(found: Sequence[Module]) -> list[str]:
    """Modules that do not say what they hold."""
    return [
        module.fault(1, "has no docstring")
        for module in found
        if not ast.get_docstring(module.tree)
    ]


def bare_ignores(found: Sequence[Module]) -> list[str]:
    """Comments that silence the type checker without a code and a reason, or the linter without a code."""
    return _comments(found, _IGNORE, "silences a check without saying which one and why")


def unfinished_work(found: Sequence[Module]) -> list[str]:
    """Comments that put work off."""
    return _comments(found, _UNFINISHED, "puts work off; do it or say it in DECISIONS.md")


def _comments(found: Sequence[Module], pattern: re.Pattern[str], what: str) -> list[str]:
    return [
        module.fault(token.start[0], f"{what}: {token.string}")
        for module in found
        for token in tokenize.generate_tokens(io.StringIO(module.text).readline)
        if token.type == tokenize.COMMENT and pattern.search(token.string)
    ]
