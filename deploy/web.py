"""The web process: an app of the rooms that were asked for, over one open ledger, served by
uvicorn. It holds no route."""

import argparse
import asyncio
import gc
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import structlog
import uvicorn
from fastapi import FastAPI

from advisor.advice import pair_names
from advisor.publishing import routes as advisor_routes
from collector import exposition as collector_exposition
from collector import routes as collector_routes
from collector.routes import CollectorState
from deploy import process
from ledger import access, logs, settings, startup
from ledger.database import Database
from ledger.errors import StoreUnavailable, SwitchwiseError
from ledger.settings import Settings

ROOMS = ("collector", "advisor")
STOP_SECONDS = 5
"""How long requests that are under way may take to end; the supervisor waits a little longer."""
_WATCH_SECONDS = 1.0

log = structlog.get_logger()


def create_app(web_settings: Settings, rooms: Sequence[str] = ROOMS) -> FastAPI:
    """An app with the routes of these rooms, over a migrated ledger that it closes when it shuts
    down.

    Its state has the `http` protocol to serve it with.

    """
    database = Database(web_settings.database)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        watch = asyncio.create_task(_end_when_ill(collector)) if collector else None
        yield
        if watch and collector:
            watch.cancel()
            collector.close()
        database.close()

    app = FastAPI(title="Switchwise", lifespan=lifespan)
    collector = (
        collector_routes.install(app, database, web_settings) if "collector" in rooms else None
    )
    if "advisor" in rooms:
        advisor_routes.install(
            app, database, web_settings, collector.registry if collector else None
        )
    elif collector:
        collector_exposition.install(app, collector)
    app.state.http = collector.protocol if collector else "httptools"
    return app


async def _end_when_ill(collector: CollectorState) -> None:
    """End the process once it can store nothing more: whoever started it starts it again, and
    nothing acknowledged is lost."""
    while (reason := collector.health.ill()) is None:
        await asyncio.sleep(_WATCH_SECONDS)
    log.error("web_ended", reason=reason)
    os._exit(1)


def serve(
    web_settings: Settings, rooms: Sequence[str] = ROOMS, listener: socket.socket | None = None
) -> int:
    """Serve these rooms until a signal ends it; the exit status. Raises UsageError for a port in
    use or an open bind."""
    logs.configure(web_settings.log_level)
    _prepare(web_settings, rooms)
    app = create_app(web_settings, rooms)
    config = uvicorn.Config(
        app,
        http=app.state.http,
        loop="uvloop" if sys.platform != "win32" else "asyncio",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        workers=1,  # Otherwise uvicorn reads WEB_CONCURRENCY.
        timeout_graceful_shutdown=STOP_SECONDS,
    )
    with listener or process.listen(web_settings.host, web_settings.port) as bound:
        # uvicorn ends by raising again the signal that stopped it; after a clean stop that is no
        # failure.
        signal.signal(signal.SIGTERM, _leave)
        signal.signal(signal.SIGINT, _leave)
        # What is loaded by now stays: to search it for garbage again and again would hold up every
        # request under way.
        gc.freeze()
        log.info("serving", address=process.address_of(bound), rooms=list(rooms))
        uvicorn.Server(config).run(sockets=[bound])
    return 0


def _prepare(web_settings: Settings, rooms: Sequence[str]) -> None:
    """Bring the tables up to date, and refuse to serve strangers without a key.

    A collector with a spool starts without its database too, and does both with what it last knew
    of it.
    """
    may_start_without = web_settings.spool_dir is not None and list(rooms) == ["collector"]
    try:
        database = startup.open_ledger(
            web_settings.database, wait_seconds=0 if may_start_without else startup.WAIT_SECONDS
        )
    except StoreUnavailable:
        if may_start_without:
            return
        raise
    try:
        access.refuse_open_bind(web_settings.host, database)
        if "advisor" in rooms:
            with database.snapshot() as session:
                pair_names.check_models(session, web_settings.pairs)
    finally:
        database.close()


def _leave(_number: int, _frame: object) -> None:
    sys.exit(0)


def main() -> int:
    """The web process of the one-command form, started by the supervisor with its listening socket;
    the exit status."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--socket", type=int, required=True)
    arguments = parser.parse_args()
    process.end_with(arguments.parent)
    try:
        return serve(settings.load(), listener=socket.socket(fileno=arguments.socket))
    except SwitchwiseError as error:
        sys.stderr.write(f"switchwise: {error}\n")
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
