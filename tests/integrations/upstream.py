"""A model provider for tests. It answers in OpenAI's shapes and counts its answers in integers.

A prompt begins with a plan in JSON, such as `{"project": "search", "input": 1200, "cached": 1024,
"output": 80}`, which the provider follows; it ignores the text after it. So the provider knows
whose tokens it counts, and a test knows a text that must appear nowhere.
"""

import asyncio
import json
import threading
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

SNAPSHOT = "2025-04-14"
METERS = ("requests", "input", "cached", "output", "reasoning")

Plan = dict[str, Any]


@dataclass(slots=True)
class Provider:
    """The provider's own books: its answers by (project, model, tier, meter), and its refusals."""

    answered: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    refused: Counter[int] = field(default_factory=Counter)
    _attempts: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _number: int = 0

    def app(self) -> Starlette:
        """The provider as a web application."""
        routes = {
            "chat/completions": self._chat,
            "responses": self._respond,
            "embeddings": self._embed,
        }
        return Starlette(
            routes=[
                Route(f"/v1/{path}", answer, methods=["POST"]) for path, answer in routes.items()
            ]
        )

    def total(self, meter: str) -> int:
        """What was served in all, of one of METERS."""
        return sum(amount for (*_, name), amount in self.answered.items() if name == meter)

    async def _chat(self, request: Request) -> Response:
        body = await request.json()
        plan = plan_of(body["messages"][-1]["content"])
        if refusal := await self._refuse(plan):
            return refusal
        number, tier = self._serve(plan, body), _tier(plan, body)
        if not body.get("stream"):
            return JSONResponse(_completion(number, body["model"], plan, tier))
        with_usage = bool((body.get("stream_options") or {}).get("include_usage"))
        return StreamingResponse(
            _chunks(number, body["model"], plan, tier, with_usage), media_type="text/event-stream"
        )

    async def _respond(self, request: Request) -> Response:
        body = await request.json()
        sent = body["input"]
        plan = plan_of(sent if isinstance(sent, str) else sent[-1]["content"])
        if refusal := await self._refuse(plan):
            return refusal
        answer = _response(self._serve(plan, body), body["model"], plan, _tier(plan, body))
        return (
            StreamingResponse(_events(answer), media_type="text/event-stream")
            if body.get("stream")
            else JSONResponse(answer)
        )

    async def _embed(self, request: Request) -> Response:
        body = await request.json()
        sent = body["input"]
        plan = plan_of(sent if isinstance(sent, str) else sent[0])
        if refusal := await self._refuse(plan):
            return refusal
        self._serve(plan, body)
        usage = {"prompt_tokens": plan["input"], "total_tokens": plan["input"]}
        vector = {"object": "embedding", "index": 0, "embedding": [0.25, -0.5]}
        return JSONResponse(
            {"object": "list", "data": [vector], "model": body["model"], "usage": usage}
        )

    async def _refuse(self, plan: Plan) -> Response | None:
        """The failure of a plan: status `fail`, for all or the first `times` attempts at `name`."""
        await asyncio.sleep(plan.get("seconds", 0))
        with self._lock:
            self._attempts[plan.get("name", "")] += 1
            if "fail" not in plan or self._attempts[plan.get("name", "")] > plan.get(
                "times", 10**9
            ):
                return None
            self.refused[plan["fail"]] += 1
        error = {"message": "not now", "type": "server_error", "param": None, "code": None}
        return JSONResponse(
            {"error": error}, status_code=plan["fail"], headers={"Retry-After": "0"}
        )

    def _serve(self, plan: Plan, body: dict[str, Any]) -> int:
        with self._lock:
            self._number += 1
            for meter in METERS:
                cell = plan["project"], body["model"], _tier(plan, body), meter
                self.answered[cell] += 1 if meter == "requests" else plan.get(meter, 0)
            return self._number


def prompt(text: str, **plan: object) -> str:
    """A prompt that makes the provider follow a plan."""
    return f"{json.dumps(plan)} {text}"


def plan_of(text: str) -> Plan:
    """The plan at the beginning of a prompt."""
    plan: Plan = json.JSONDecoder().raw_decode(text)[0]
    return plan


def _tier(plan: Plan, body: dict[str, Any]) -> str:
    """The tier served: what the plan says, whatever was asked for."""
    return str(plan.get("tier", "default"))


def _usage(plan: Plan) -> dict[str, Any]:
    return {
        "prompt_tokens": plan["input"],
        "completion_tokens": plan.get("output", 0),
        "total_tokens": plan["input"] + plan.get("output", 0),
        "prompt_tokens_details": {"cached_tokens": plan.get("cached", 0), "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": plan.get("reasoning", 0),
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def _completion(number: int, model: str, plan: Plan, tier: str) -> dict[str, Any]:
    message = {"role": "assistant", "content": plan.get("answer", "ok"), "refusal": None}
    return {
        "id": f"chatcmpl-{number:024}",
        "object": "chat.completion",
        "created": 1_795_464_000,
        "model": f"{model}-{SNAPSHOT}",
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}],
        "usage": _usage(plan),
        "service_tier": tier,
        "system_fingerprint": "fp_test",
    }


async def _chunks(
    number: int, model: str, plan: Plan, tier: str, with_usage: bool
) -> AsyncIterator[str]:
    completion = _completion(number, model, plan, tier)
    shared = {
        **{
            name: completion[name]
            for name in ("id", "created", "model", "service_tier", "system_fingerprint")
        },
        "object": "chat.completion.chunk",
    }
    deltas: list[dict[str, str]] = [
        {"role": "assistant", "content": ""},
        {"content": plan.get("answer", "ok")},
        {},
    ]
    for delta in deltas:
        choice = {
            "index": 0,
            "delta": delta,
            "logprobs": None,
            "finish_reason": None if delta else "stop",
        }
        yield _frame({**shared, "choices": [choice], **({"usage": None} if with_usage else {})})
    if with_usage:
        yield _frame({**shared, "choices": [], "usage": completion["usage"]})
    yield "data: [DONE]\n\n"


def _response(number: int, model: str, plan: Plan, tier: str) -> dict[str, Any]:
    text = {"type": "output_text", "text": plan.get("answer", "ok"), "annotations": []}
    message = {
        "type": "message",
        "id": f"msg_{number}",
        "status": "completed",
        "role": "assistant",
        "content": [text],
    }
    usage = {
        "input_tokens": plan["input"],
        "input_tokens_details": {"cached_tokens": plan.get("cached", 0)},
        "output_tokens": plan.get("output", 0),
        "output_tokens_details": {"reasoning_tokens": plan.get("reasoning", 0)},
        "total_tokens": plan["input"] + plan.get("output", 0),
    }
    return {
        "id": f"resp_{number:024}",
        "object": "response",
        "created_at": 1_795_464_000,
        "status": "completed",
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "max_output_tokens": None,
        "model": f"{model}-{SNAPSHOT}",
        "output": [message],
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "reasoning": None,
        "service_tier": tier,
        "store": False,
        "temperature": 1.0,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": usage,
        "user": None,
        "metadata": {},
    }


def _events(answer: dict[str, Any]) -> Iterator[str]:
    created = {**answer, "status": "in_progress", "usage": None, "output": []}
    message = answer["output"][0]
    place = {"item_id": message["id"], "output_index": 0, "content_index": 0}
    events = [
        {"type": "response.created", "response": created},
        {
            "type": "response.output_text.delta",
            **place,
            "delta": message["content"][0]["text"],
            "logprobs": [],
        },
        {"type": "response.completed", "response": answer},
    ]
    for number, event in enumerate(events):
        yield f"event: {event['type']}\n{_frame({**event, 'sequence_number': number})}"


def _frame(event: dict[str, Any]) -> str:
    return f"data: {json.dumps(event)}\n\n"
