"""The servers that are measured, each a process: ours, the bare floor, and a naive service."""

import sys
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import datetime
from typing import Any

import msgspec
import uvicorn
from fastapi import Depends, FastAPI
from sqlalchemy import MetaData
from sqlalchemy.orm import registry
from sqlmodel import Field, Session, SQLModel, create_engine

from deploy import web
from ledger import settings

Message = MutableMapping[str, Any]


class _Bare(msgspec.Struct):
    """What the floor decodes: every field typed and the time parsed, nothing else checked."""

    id: str
    time: datetime
    provider: str
    model: str
    request_model: str
    project: str
    workload: str
    key: str
    input_tokens: int
    cached_input_tokens: int
    cache_write_input_tokens: int
    output_tokens: int
    reasoning_tokens: int
    service_tier: str
    status: str
    latency_ms: int
    first_token_ms: int
    retry_count: int


DECODER = msgspec.json.Decoder(_Bare)
_HEADERS = [(b"content-type", b"application/json"), (b"content-length", b"14")]


async def _floor(
    scope: Message,
    receive: Callable[[], Awaitable[Message]],
    send: Callable[[Message], Awaitable[None]],
) -> None:
    """Raw ASGI: decode one event and forget it."""
    body = b""
    while True:
        message = await receive()
        body += message["body"]
        if not message["more_body"]:
            break
    DECODER.decode(body)
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    await send({"type": "http.response.body", "body": b'{"accepted":1}'})


class _Tables(SQLModel, registry=registry()):
    """Tables of its own: the naive service's must not stand among those of the ledger."""

    metadata = MetaData()


class NaiveEvent(_Tables, table=True):
    """An event as a first version would store it: text labels, an index where a report filters."""

    id: str = Field(primary_key=True)
    time: datetime = Field(index=True)
    provider: str
    model: str = Field(index=True)
    request_model: str
    project: str = Field(index=True)
    workload: str
    key: str
    input_tokens: int
    cached_input_tokens: int
    cache_write_input_tokens: int
    output_tokens: int
    reasoning_tokens: int
    service_tier: str
    status: str
    latency_ms: int
    first_token_ms: int
    retry_count: int


def _naive(url: str) -> FastAPI:
    """FastAPI and SQLModel as their documentation shows them: a session and a commit a request."""
    engine = create_engine(url)
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            for pragma in ("journal_mode=WAL", "synchronous=FULL"):
                connection.exec_driver_sql(f"PRAGMA {pragma}")
    _Tables.metadata.create_all(engine)
    app = FastAPI()

    def session() -> Any:
        with Session(engine) as request_session:
            yield request_session

    @app.post("/events")
    def add(
        event: dict[str, Any],
        session: Session = Depends(session),  # noqa: B008  # FastAPI's own form
    ) -> dict[str, int]:
        session.add(NaiveEvent.model_validate(event))
        session.commit()
        return {"accepted": 1}

    return app


def _serve(app: Any, port: int) -> None:
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=port,
        http="httptools",
        loop="uvloop",
        lifespan="off",
        access_log=False,
        log_level="warning",
    )


def main() -> int:
    """Serve `ours`, `whole` (with the advisor), `floor` or `naive` on a port.

    The database is that of the settings.
    """
    name, port = sys.argv[1], int(sys.argv[2])
    loaded = settings.load(port=port, log_level="warning")
    if name in ("ours", "whole"):
        return web.serve(loaded, ("collector",) if name == "ours" else web.ROOMS)
    _serve(_floor if name == "floor" else _naive(loaded.database), port)
    return 0


if __name__ == "__main__":
    sys.exit(main())
