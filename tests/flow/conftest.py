"""What tests of whole processes share: a product over a folder of its own, gone with everything it started after the test."""

import shutil
from collections.abc import Callable, Iterator, Sequence

import pytest

from tests import processes
from tests.flow.harness import Product

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
