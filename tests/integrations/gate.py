"""A gate between a sender and a collector: it passes posts on, delays or refuses them."""

import asyncio
import zlib
from dataclasses import dataclass, field

import httpx
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

PATIENCE_SECONDS = 60


@dataclass(slots=True)
class Gate:
    """An ASGI app before the collector at `target`.

    Each answer is delayed by `seconds`. A `status` other than 0 is answered instead of the
    collector's. A body of more lines than `most_lines` is answered 413.
    """

    target: str
    seconds: float = 0.0
    status: int = 0
    most_lines: int = 1_000_000
    answer: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    bodies: list[bytes] = field(default_factory=list)
    """What was posted, inflated."""
    wire_bytes: int = 0
    statuses: list[int] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one post."""
        request = Request(scope, receive)
        body = await request.body()
        self.wire_bytes += len(body)
        packed = request.headers.get("content-encoding") == "gzip"
        self.bodies.append(zlib.decompress(body, wbits=31) if packed else body)
        status = 413 if len(self.bodies[-1].split(b"\n")) > self.most_lines else self.status
        answer = (
            Response(self.answer, status, self.headers)
            if status
            else await self._passed_on(request, body)
        )
        await asyncio.sleep(self.seconds)
        self.statuses.append(answer.status_code)
        await answer(scope, receive, send)

    async def _passed_on(self, request: Request, body: bytes) -> Response:
        names = ("content-type", "content-encoding", "authorization")
        headers = {name: request.headers[name] for name in names if name in request.headers}
        async with httpx.AsyncClient(timeout=PATIENCE_SECONDS) as client:
            try:
                answer = await client.post(
                    f"{self.target}{request.url.path}", content=body, headers=headers
                )
            except httpx.TransportError:
                return Response(b"", 502)
        return Response(answer.content, answer.status_code, {"content-type": "application/json"})
