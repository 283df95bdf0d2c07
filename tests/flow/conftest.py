"""What tests of whole processes share: a product over a folder, removed after the test."""

import shutil
from collections.abc import Callable, Iterator, Sequence

import pytest

from ledger.database import Database
from tests import processes, serving
from tests.flow.harness import Product
from tests.serving import RunningCollector

Launch = Callable[..., Product]


@pytest.fixture
def launch() -> Iterator[Launch]:
    """Start processes of the product: `launch(roles, **environment)`."""
    started: list[Product] = []
    folder = processes.scratch_folder("product")

    def launched(roles: Sequence[str], **environment: str) -> Product:
        product = Product(folder / "data", processes.free_port(), roles, environment)
        product.data.mkdir(exist_ok=True)
        started.append(product)
        product.tend()
        return product

    yield launched
    for product in started:
        product.destroy()
    shutil.rmtree(folder)


# Every way on one database, and the other database by the way that most writes take.
ROUTES = [*(("sqlite", way) for way in serving.WAYS), ("postgresql", serving.WAYS[0])]


@pytest.fixture(params=ROUTES, ids="-".join)
def route(request: pytest.FixtureRequest) -> tuple[str, str]:
    """The database of the test and the way of its writes: all ways must give the same answers."""
    database, way = request.param
    return database, way


@pytest.fixture
def way(route: tuple[str, str]) -> str:
    """The way of the test's writes."""
    return route[1]


@pytest.fixture
def collector(database: Database, way: str) -> Iterator[RunningCollector]:
    """A collector that takes writes by this way."""
    with serving.collector(database, way) as running:
        yield running
