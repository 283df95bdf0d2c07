"""The fast path stands on members of uvicorn's protocol that are not its public interface.

So uvicorn is pinned to one minor version, and each member is named here: a version without one of
them fails in this file and not in production.
"""

import ast
import asyncio
import inspect
import re
import textwrap
import tomllib
from importlib.metadata import version
from pathlib import Path
from unittest import mock

from uvicorn import Config
from uvicorn.protocols.http import httptools_impl
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from collector.fast_path import FastPathProtocol, Post

ROOT = Path(__file__).parents[2]
OVERRIDDEN = {
    "connection_lost",
    "data_received",
    "on_body",
    "on_headers_complete",
    "on_message_complete",
}
"""What uvicorn calls, and the fast path answers first."""
USED = {
    "cycle",
    "flow",
    "headers",
    "loop",
    "on_response_complete",
    "parser",
    "server_state",
    "transport",
    "url",
}
"""What the fast path reads of uvicorn's protocol, or calls."""
USED_OF_A_CYCLE = {"keep_alive", "response_complete"}
"""What uvicorn asks of a request that it did not make itself: a post of the fast path."""


def members_of(variable: str, tree: ast.AST) -> set[str]:
    """The attributes of a variable that some code uses, such as `self.url`."""
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == variable
    }


def tree_of(code: type) -> ast.AST:
    return ast.parse(textwrap.dedent(inspect.getsource(code)))


def new_protocol() -> HttpToolsProtocol:
    """A protocol of uvicorn's own, with a request begun on it."""
    loop = asyncio.new_event_loop()
    try:
        protocol = HttpToolsProtocol(Config(app=mock.sentinel.app), ServerState(), {}, loop)
    finally:
        loop.close()
    protocol.on_message_begin()
    return protocol


def test_the_names_above_are_those_that_the_fast_path_uses() -> None:
    own = set(vars(FastPathProtocol)) | set(FastPathProtocol.__annotations__)
    by_protocol = members_of("self", tree_of(FastPathProtocol)) - (own - {"cycle"})
    post = tree_of(Post)
    by_post = members_of("protocol", post) | members_of("self._protocol", post)
    assert by_protocol | by_post == USED
    assert (
        set(vars(FastPathProtocol))
        & set(vars(HttpToolsProtocol))
        - {
            "__doc__",
            "__module__",
        }
        == OVERRIDDEN
    )


def test_uvicorn_still_has_every_member_that_the_fast_path_uses() -> None:
    protocol = new_protocol()
    assert [name for name in sorted(USED | OVERRIDDEN) if not hasattr(protocol, name)] == []
    assert protocol.server_state.default_headers == []
    assert protocol.headers == []
    assert protocol.url == b""
    assert httptools_impl.STATUS_LINE[200] == b"HTTP/1.1 200 OK\r\n"
    assert {"get_method", "get_http_version", "should_keep_alive"} <= set(dir(protocol.parser))
    assert "write_paused" in inspect.getsource(FlowControl)


def test_a_post_has_what_uvicorn_asks_of_a_cycle() -> None:
    methods = [
        method
        for name, method in vars(HttpToolsProtocol).items()
        if inspect.isfunction(method) and name not in OVERRIDDEN
    ]
    members: set[str] = set()
    for method in methods:
        tree = ast.parse(textwrap.dedent(inspect.getsource(method)))
        members |= members_of("self.cycle", tree)
    assert members == USED_OF_A_CYCLE
    assert set(Post.__slots__) >= USED_OF_A_CYCLE


def test_uvicorn_is_pinned_to_the_minor_version_that_was_read() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (requirement,) = (line for line in project["dependencies"] if line.startswith("uvicorn"))
    bounds = re.fullmatch(r"uvicorn>=(\d+)\.(\d+),<(\d+)\.(\d+)", requirement)
    assert bounds
    first, last = (int(bounds[1]), int(bounds[2])), (int(bounds[3]), int(bounds[4]))
    assert last == (first[0], first[1] + 1)
    assert tuple(map(int, version("uvicorn").split(".")[:2])) == first
    for name in ("runtime.txt", "dev.txt"):
        lock = (ROOT / "requirements" / name).read_text()
        assert f"uvicorn=={first[0]}.{first[1]}." in lock
