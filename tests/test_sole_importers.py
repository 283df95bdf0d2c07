"""What only one place may use: some libraries, the commit, the environment and the clock."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from tests import shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Owned:
    """What only files whose path starts with `owner` may use, and examples of its use."""

    name: str
    owner: str
    uses: Callable[[Sequence[shape.Module]], list[str]]
    examples: tuple[str, ...]
    most_files: int | None = None


def library(name: str, owner: str, most_files: int | None = None) -> Owned:
    """A library with one owner."""
    examples = (
        f"import {name}",
        f"from {name}.part import thing",
        f"def f():\n    import {name}.part as p",
    )
    return Owned(
        name=name,
        owner=owner,
        uses=partial(shape.importers, library=name),
        examples=examples,
        most_files=most_files,
    )


OWNED = [
    library("celery", "worker/"),
    library("kombu", "worker/"),
    library("redis", "worker/"),
    library("grafana_api", "dashboards/", most_files=1),
    library("openai", "advisor/trial/runs/endpoint.py", most_files=1),
    library("genai_prices", "ledger/pricing/catalogue.py", most_files=1),
    Owned(
        name="commit",
        owner="ledger/database.py",
        uses=shape.commits,
        examples=("session.commit()", "end = session.commit"),
    ),
    Owned(
        name="the environment",
        owner="ledger/settings.py",
        uses=shape.environment_reads,
        examples=(
            "import os\nos.environ['A']",
            "import os\nos.getenv('A')",
            "from os import environ",
            "from os import getenv as g",
        ),
    ),
    Owned(
        name="the clock",
        owner="ledger/clock.py",
        uses=shape.clock_reads,
        examples=(
            "import time\ntime.time()",
            "import time\ntime.monotonic()",
            "from time import time_ns",
            "from datetime import datetime\ndatetime.now(UTC)",
            "import datetime\ndatetime.datetime.utcnow()",
            "from datetime import date\ndate.today()",
            "select(func.now())",
        ),
    ),
]


@pytest.mark.parametrize("owned", OWNED, ids=lambda owned: owned.name)
def test_only_its_owner_uses_it(owned: Owned) -> None:
    uses = owned.uses(shape.our_modules())
    assert [use for use in uses if not use.startswith(owned.owner)] == []
    files = {use.partition(":")[0] for use in uses}
    assert owned.most_files is None or len(files) <= owned.most_files, files


@pytest.mark.parametrize(
    ("owned", "example"),
    [pytest.param(owned, example, id=owned.name) for owned in OWNED for example in owned.examples],
)
def test_a_use_elsewhere_is_noticed(owned: Owned, example: str, tmp_path: Path) -> None:
    (tmp_path / "collector").mkdir()
    (tmp_path / "collector" / "a.py").write_text(example)
    uses = owned.uses(shape.read_modules(tmp_path))
    assert len(uses) == 1
    assert uses[0].startswith("collector/a.py:")


@pytest.mark.parametrize("owned", OWNED, ids=lambda owned: owned.name)
def test_what_only_looks_alike_is_left_alone(owned: Owned, tmp_path: Path) -> None:
    (tmp_path / "ledger").mkdir()
    alike = (
        "import os, time\nfrom ledger import clock, rediscovery\n"
        "clock.now()\ntime.sleep(1)\nos.getpid()\ncommitted = 1\n"
    )
    (tmp_path / "ledger" / "a.py").write_text(alike)
    assert owned.uses(shape.read_modules(tmp_path)) == []
