"""What every HTTP face shares: one form of errors, and the access of a request. No route."""

import secrets
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import structlog
from fastapi import Depends, FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from ledger import request_errors
from ledger.access import Access, Gate
from ledger.errors import (
    DatabaseUnavailable,
    Forbidden,
    NotAllowed,
    NotFound,
    StoreUnavailable,
    SwitchwiseError,
    Unauthorised,
    UsageError,
)

_STATUS = (
    (Unauthorised, 401),
    (Forbidden, 403),
    (NotFound, 404),
    (NotAllowed, 409),
    (UsageError, 400),
    (StoreUnavailable, 503),
)
FAILED = "the request failed here; its cause is in the server's log"
_WRITES = ("POST", "PUT", "PATCH", "DELETE")
_MAX_RETRY_SECONDS = 5

log = structlog.get_logger()


def status_of(error: SwitchwiseError) -> int:
    """The HTTP status of one of our errors; 500 for one that no client can cause."""
    own = getattr(error, "http_status", None)
    if isinstance(own, int):
        return own
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def message_of(error: SwitchwiseError) -> str:
    """The message of an error for a client: its own line, but not the database's words."""
    if isinstance(error, DatabaseUnavailable):
        return (
            "the ledger's database cannot be used now; nothing of this was acknowledged, try again"
        )
    return str(error)


def error_response(
    status: int, message: str, headers: dict[str, str] | None = None
) -> JSONResponse:
    """The one form of an error.

    429 and 503 say when to try again, at random, so that refused senders do not return together.
    """
    sent = dict(headers or {})
    if status in (429, 503):
        sent["Retry-After"] = str(1 + secrets.randbelow(_MAX_RETRY_SECONDS))
    if status == 401:
        sent["WWW-Authenticate"] = "Bearer"
    return JSONResponse({"error": message}, status, headers=sent)


def install_error_handlers(app: FastAPI, reword: Callable[[str], str] | None = None) -> None:
    """Answer every error in the one form. Each room that adds routes calls it before it does.

    Every route then refuses query parameters that it does not have: to ignore a misspelt one would
    answer another question.

    `reword` turns the message of one of our own errors into what the clients of the app can follow.
    """
    app.router.redirect_slashes = False
    if not app.router.dependencies:
        app.router.dependencies.append(Depends(_refuse_unknown_parameters))
    if reword is not None:
        app.state.reword = reword
    app.add_exception_handler(SwitchwiseError, _refused)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _failed)


async def access_of(gate: Gate, request: Request, scope: str) -> Access:
    """The access of a request, checked for the scope.

    Raises Unauthorised, Forbidden or StoreUnavailable.
    """
    key = _key_of(request)
    if key is None and request.method in _WRITES:
        _refuse_other_sites(request)
    access = gate.recall(key)
    if access is None:
        access = await run_in_threadpool(_admitted, gate, key)
    access.check(scope)
    return access


def _admitted(gate: Gate, key: str | None) -> Access:
    access = gate.admit(key)
    gate.note_use(access)
    return access


def require_scope(gate: Gate, scope: str) -> Callable[[Request], Awaitable[Access]]:
    """A FastAPI dependency that returns the Access of a request with this scope, or refuses it."""

    async def required(request: Request) -> Access:
        return await access_of(gate, request, scope)

    return required


def _key_of(request: Request) -> str | None:
    return key_in(request.headers.get("authorization"), request.headers.get("x-api-key"))


def key_in(authorization: str | None, api_key: str | None) -> str | None:
    """The key of a request. An Authorization header without a bearer token is a malformed key."""
    if authorization is None:
        return api_key
    kind, _, key = authorization.partition(" ")
    return key.strip() if kind.lower() == "bearer" else ""


def _refuse_other_sites(request: Request) -> None:
    """Refuse a write by a web page of another site; browsers send the page's origin.

    Without keys, any page that a user of this machine visits could write here.
    """
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise Forbidden("a page of another site may not write here; send an API key")


async def _refuse_unknown_parameters(request: Request) -> None:
    request_errors.check_query(request)


async def _refused(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, SwitchwiseError):
        raise error
    status = status_of(error)
    if status == 500:
        log.error("request_failed", error=str(error), exc_info=error)
    if isinstance(error, DatabaseUnavailable):
        log.warning("database_unavailable", reason=str(error))
    reword: Callable[[str], str] = getattr(request.app.state, "reword", str)
    return error_response(status, reword(message_of(error)))


async def _http(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise error
    message = str(error.detail)
    if error.status_code == 404 and "route" not in request.scope:
        message = request_errors.describe_missing_route(request)
    return error_response(error.status_code, message, dict(error.headers or {}))


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestValidationError):
        raise error
    return error_response(400, request_errors.sentence(request, error))


async def _failed(_request: Request, _error: Exception) -> JSONResponse:
    return error_response(500, FAILED)
