"""Our LiteLLM callback, loaded as LiteLLM loads it: from the file, without a package."""

import importlib.util
import json
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

PATH = Path(__file__).parent.parent.parent / "integrations" / "switchwise_litellm.py"


def load() -> ModuleType:
    """The file as a module of its own, which is not in `sys.modules`.

    So dataclasses, pickles and the like would fail here as they do in LiteLLM.
    """
    spec = importlib.util.spec_from_file_location("switchwise_litellm", PATH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def payload(number: int, **changed: object) -> dict[str, Any]:
    """A standard logging payload with an id of its own, and with what must stay in the proxy."""
    start = 1_795_000_000 + number
    return {
        "id": f"chatcmpl-{number}",
        "status": "success",
        "call_type": "acompletion",
        "startTime": start + 0.25,
        "endTime": start + 1.5,
        "custom_llm_provider": "openai",
        "model": "gpt-4.1",
        "model_group": "gpt-4.1",
        "prompt_tokens": 100 + number,
        "completion_tokens": 10,
        "request_tags": ["workload:chat", "User-Agent: CANARY"],
        "messages": [{"content": "CANARY"}],
        "metadata": {
            "user_api_key_team_alias": "search",
            "user_api_key_user_email": "CANARY@example.com",
        },
        "model_parameters": {"tools": [{"description": "CANARY"}]},
        "response": {"model": "gpt-4.1", "choices": ["CANARY"]},
        **changed,
    }


def main() -> None:
    """A proxy of one process: it takes these payloads, reports that, and stays.

    Its arguments are the number of payloads, and the number of the first one.
    """
    handler = load().handler
    count, first = int(sys.argv[1]), int(sys.argv[2])
    for number in range(first, first + count):
        handler.log_success_event(
            kwargs={"standard_logging_object": payload(number)},
            response_obj=None,
            start_time=None,
            end_time=None,
        )
    json.dump({"pid": os.getpid()}, sys.stdout)
    sys.stdout.write("\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
