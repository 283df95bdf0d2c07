"""A script that makes calls to a proxy with the official OpenAI client library.

It reads a list of calls and writes what became of each.
"""

import json
import sys
from typing import Any

import openai


def make(address: str, call: dict[str, Any]) -> dict[str, Any]:
    """One call: `key`, `kind`, `retries` and `seconds`, and arguments of the library's method."""
    library = openai.OpenAI(
        base_url=f"{address}/v1",
        api_key=call["key"],
        max_retries=call.get("retries", 0),
        timeout=call.get("seconds", 60),
    )
    methods = {
        "chat": library.chat.completions,
        "responses": library.responses,
        "embeddings": library.embeddings,
    }
    method: Any = methods[call["kind"]]
    try:
        answer = method.create(**call["arguments"])
        if call["arguments"].get("stream"):
            return {"chunks": sum(1 for _ in answer)}
        return {"usage": answer.usage.model_dump()}
    except openai.APIStatusError as error:
        return {"status": error.status_code}


def main() -> None:
    """Read, call, write."""
    calls = json.load(sys.stdin)
    json.dump([make(sys.argv[1], call) for call in calls], sys.stdout)


if __name__ == "__main__":
    main()
