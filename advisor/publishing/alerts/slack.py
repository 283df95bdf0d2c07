"""Slack's incoming webhooks: one attempt a call, and what the answer means.

Of the webhook's address only the host appears in an error or a log.
"""

import json
import re
import socket
import ssl
import urllib.error
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal
from urllib.parse import quote, urlsplit

from pydantic import SecretStr

from advisor.publishing.alerts import webhook_post
from advisor.publishing.alerts.webhook_post import Exchange

TIMEOUT_SECONDS: float = 30
"""How long Slack may take to answer. It has often taken the message long before it says so."""
WHOLE_SECONDS: float = 40
"""How long a complete answer may take: the timeout bounds each read, and a slow server has many."""
MOST_WAIT_SECONDS = 3_600
_DEFAULT_WAIT_SECONDS = 30
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_HEADER_CHARACTERS, _SECTION_CHARACTERS = 150, 2_900
_PASSING_STATUSES = (408, 425, 429)
_MESSAGE_STATUSES = (400, 413, 422)
_GATEWAY_TIMEOUT = 504
_REMARKS = {
    401: ": the webhook may not be posted to",
    403: ": the webhook may not be posted to",
    404: ": the webhook was removed",
    410: ": the webhook or its channel was removed",
}

Outcome = Literal["accepted", "passing", "wrong_address", "refused", "doubtful"]
"""What became of a message. Of these only `accepted` and perhaps `doubtful` reached a reader:

`passing` will be different later, `wrong_address` only at another address, and `refused` is about
this message; `doubtful` was sent wholly and not confirmed.
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a message, and why where it was not accepted.

    `wait_seconds` is how long every message has to wait.
    """

    outcome: Outcome
    reason: str = ""
    wait_seconds: int | None = None


def post(webhook_url: SecretStr, text: str, public_url: str | None = None) -> Answer:
    """Post plain lines, the headline first, with a link to us if our address is known."""
    message = {
        "text": escaped(text),
        "blocks": blocks(text, public_url),
        "unfurl_links": False,
        "unfurl_media": False,
    }
    address = webhook_url.get_secret_value()
    exchange = webhook_post.post(
        address,
        json.dumps(message).encode(),
        timeout_seconds=TIMEOUT_SECONDS,
        whole_seconds=WHOLE_SECONDS,
    )
    host = urlsplit(address).hostname or "the webhook"
    if exchange.fault is not None:
        return _read_fault(exchange.fault, host, is_sent=exchange.is_sent)
    return _read(exchange, host)


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


def _read_fault(fault: Exception, host: str, *, is_sent: bool) -> Answer:
    """What it means that no answer came."""
    # The error's text may hold the address; the kind of fault is what an operator needs.
    wrapped = fault.reason if isinstance(fault, urllib.error.URLError) else None
    cause = wrapped if isinstance(wrapped, Exception) else fault
    if is_sent:
        how = (
            "did not answer in time"
            if isinstance(cause, TimeoutError)
            else f"ended the connection without an answer ({type(cause).__name__})"
        )
        return Answer("doubtful", f"{host} was sent the whole message and {how}")
    if isinstance(cause, socket.gaierror):
        return Answer("wrong_address", f"the name {host} cannot be resolved")
    if isinstance(cause, ssl.SSLCertVerificationError):
        return Answer("wrong_address", f"the certificate of {host} is not valid")
    if isinstance(cause, ValueError):
        return Answer("wrong_address", f"{host} is not an address that can be posted to")
    return Answer("passing", f"{host} cannot be reached: {type(cause).__name__}")


def _read(exchange: Exchange, host: str) -> Answer:
    status, body = exchange.status or 0, exchange.body.strip()
    word = f" {body}" if re.fullmatch(r"[a-z_]{1,60}", body) else ""
    reason = f"{host} answered {status}{word}"
    headers = {name.lower(): text for name, text in exchange.headers.items()}
    if 200 <= status < 300:
        return _read_success(reason, body, headers.get("content-type", ""))
    if 300 <= status < 400:
        return Answer("wrong_address", f"{reason}: it redirects to another address")
    if status == _GATEWAY_TIMEOUT:
        return Answer("doubtful", f"{reason}: a gateway passed the message on and got no answer")
    if status == 429:
        return Answer("passing", reason, _wait_seconds(headers.get("retry-after", "")))
    if status >= 500 or status in _PASSING_STATUSES:
        return Answer("passing", reason)
    if status in _MESSAGE_STATUSES:
        return Answer("refused", f"{reason}: it does not take this message")
    return Answer("wrong_address", f"{reason}{_REMARKS.get(status, '')}")


def _read_success(reason: str, body: str, content_type: str) -> Answer:
    """Slack answers the text "ok"; a login page also answers 200, and was not given the message."""
    if body == "ok":
        return Answer("accepted")
    if body.startswith("<") or "html" in content_type.lower():
        return Answer("wrong_address", f"{reason} with a web page, perhaps a login, not with ok")
    return Answer("doubtful", f"{reason}, but not with Slack's ok")


def _wait_seconds(retry_after: str) -> int:
    seconds = (
        int(retry_after) if re.fullmatch(r"[0-9]{1,9}", retry_after) else _DEFAULT_WAIT_SECONDS
    )
    return min(seconds, MOST_WAIT_SECONDS)
