"""Slack's incoming webhooks, the only module that imports slack_sdk: one attempt a call.

The webhook's address appears in no error and no log.
"""

import http.client
import logging
import re
import threading
from dataclasses import dataclass
from itertools import accumulate
from urllib.parse import quote

from pydantic import SecretStr
from slack_sdk.errors import SlackClientError
from slack_sdk.webhook import WebhookClient, WebhookResponse

TIMEOUT_SECONDS = 5
WHOLE_SECONDS = 10
"""How long a complete answer may take: the timeout bounds each read, and a slow server has many."""
MOST_WAIT_SECONDS = 3_600
_DEFAULT_WAIT_SECONDS = 30
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_HEADER_CHARACTERS, _SECTION_CHARACTERS = 150, 2_900

# The library logs the address with each request; a logger above every level says nothing.
_SILENT = logging.Logger("slack", logging.CRITICAL + 1)


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a message: accepted (no `failure`), refused for good, or to be tried again.

    `wait_seconds` is how long Slack asked every message to wait.
    """

    failure: str | None = None
    final: bool = False
    wait_seconds: int | None = None


def post(webhook_url: SecretStr, text: str, public_url: str | None = None) -> Answer:
    """Post plain lines, the headline first, with a link to us if our address is known."""
    answers: list[Answer] = []
    # A thread, because no timeout of the library bounds the whole exchange.
    thread = threading.Thread(
        target=lambda: answers.append(_post(webhook_url, text, public_url)), daemon=True
    )
    thread.start()
    thread.join(WHOLE_SECONDS)
    return answers[0] if answers else Answer(f"no whole answer in {WHOLE_SECONDS} seconds")


def blocks(text: str, public_url: str | None) -> list[dict[str, object]]:
    """The message as blocks of plain text: Slack sees no mention, link or formatting in it."""
    headline, _, details = text.partition("\n")
    message: list[dict[str, object]] = [
        {"type": "header", "text": _plain(headline, _HEADER_CHARACTERS)}
    ]
    if details:
        message.append({"type": "section", "text": _plain(details, _SECTION_CHARACTERS)})
    if public_url:
        # The one link is made of the operator's setting, quoted so that it cannot end the link
        # early.
        link = {
            "type": "mrkdwn",
            "text": f"<{quote(public_url, safe=':/?&=%#').translate(_ESCAPES)}|Open Switchwise>",
        }
        message.append({"type": "context", "elements": [link]})
    return message


def escaped(text: str) -> str:
    """Text in which Slack reads no mention, link or entity.

    Receivers that only look like Slack also read a bare @channel.
    """
    return text.translate(_ESCAPES).replace("@", "@\u200b")


def _plain(text: str, most: int) -> dict[str, object]:
    # Slack counts what it is sent, and half an entity would show as rubbish: whole escaped
    # characters, as many as fit.
    characters = [character.translate(_ESCAPES) for character in text]
    ends = accumulate(map(len, characters))
    fitting = [character for character, end in zip(characters, ends, strict=True) if end <= most]
    return {"type": "plain_text", "text": "".join(fitting), "emoji": False}


def _post(webhook_url: SecretStr, text: str, public_url: str | None) -> Answer:
    client = WebhookClient(
        webhook_url.get_secret_value(), timeout=TIMEOUT_SECONDS, retry_handlers=[], logger=_SILENT
    )
    try:
        answer = client.send(
            text=escaped(text),
            blocks=blocks(text, public_url),
            unfurl_links=False,
            unfurl_media=False,
        )
    except (OSError, http.client.HTTPException, SlackClientError, ValueError) as error:
        # The error's text may hold the address; the kind of fault is what an operator needs.
        return Answer(f"no answer: {type(getattr(error, 'reason', None) or error).__name__}")
    return _read(answer)


def _read(answer: WebhookResponse) -> Answer:
    status, body = answer.status_code, (answer.body or "").strip()
    reason = f"answered {status}" + (f" {body}" if re.fullmatch(r"[a-z_]{1,60}", body) else "")
    if 200 <= status < 300:
        # A login page also answers 200; taking it for Slack would lose the alert.
        is_page = "<" in body
        return (
            Answer("answered with a web page; is the webhook's address right?", final=True)
            if is_page
            else Answer()
        )
    if status == 429:
        return Answer(reason, wait_seconds=_wait_seconds(answer.headers.get("Retry-After", "")))
    return Answer(reason, final=status < 500)


def _wait_seconds(retry_after: str) -> int:
    seconds = (
        int(retry_after) if re.fullmatch(r"[0-9]{1,9}", retry_after) else _DEFAULT_WAIT_SECONDS
    )
    return min(seconds, MOST_WAIT_SECONDS)
