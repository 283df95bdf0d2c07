"""What is posted to Slack, what its answers mean, and that the webhook's address stays secret."""

import html
import io
import logging
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from advisor.publishing.alerts import alert_text, slack
from advisor.publishing.alerts.slack import Answer
from tests import processes
from tests.advisor import advised
from tests.advisor.publishing.alerts import fake_slack
from tests.advisor.publishing.alerts.fake_slack import FakeSlack, Reply

HOSTILE = [
    "<!channel>", "<!here|now>", "<https://evil.example|click>", "<@U123>", "a & b", "a&lt;!channel&gt;", "x\ny\r\nz", "@channel",
    "\u2028line", "\u202egnp.exe", "\x1b[31mred", "*bold* _it_ `code`", "https://evil.example/login", "<mailto:a@b|c>",
]  # fmt: skip


@pytest.fixture
def webhook() -> Iterator[FakeSlack]:
    """A fake webhook."""
    with fake_slack.serving() as serving:
        yield serving


def texts(body: Any) -> Iterator[tuple[str, str]]:
    """Every text object of a message: its type and its text."""
    for block in body["blocks"]:
        for held in [block["text"]] if "text" in block else block["elements"]:
            yield held["type"], held["text"]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_stays_text(name: str, webhook: FakeSlack) -> None:
    text = alert_text.saving(
        advised.recommendation(project=name, workload=name, to_model=name), [name]
    )
    assert slack.post(SecretStr(webhook.url), text, "https://switchwise.example") == Answer(
        "accepted"
    )
    (body,) = webhook.accepted
    assert [kind for kind, _ in texts(body)] == ["plain_text", "plain_text", "mrkdwn"]
    for kind, shown in [*texts(body), ("fallback", body["text"])]:
        if kind != "mrkdwn":
            assert not set("<>\r\x1b\u2028\u202e") & set(shown)
            assert shown.count("&") == shown.count("&lt;") + shown.count("&gt;") + shown.count(
                "&amp;"
            )
    assert "@channel" not in body["text"]
    assert body["text"].count("\n") == text.count("\n") == 5
    assert list(texts(body))[-1] == ("mrkdwn", "<https://switchwise.example|Open Switchwise>")


def test_slack_shows_the_name_as_it_was_sent() -> None:
    headline = alert_text.saving(advised.recommendation(project="R&D <eu>"), ()).partition("\n")[0]
    shown: Any = slack.blocks(headline, None)[0]
    assert shown["text"]["text"].endswith("R&amp;D &lt;eu&gt; / ranking")


@pytest.mark.parametrize("name", ["&" * 3_000, "a<b>&" * 1_000, "plain " * 1_000])
def test_a_long_text_is_cut_where_what_is_sent_fits_and_no_entity_is_halved(name: str) -> None:
    shown: Any = slack.blocks(f"{name}\n{name}", None)
    for block, most in zip(shown, (150, 2_900), strict=True):
        sent = block["text"]["text"]
        assert most - len("&amp;") < len(sent) <= most
        assert name.startswith(html.unescape(sent))


def test_an_address_of_ours_cannot_end_its_link_early() -> None:
    (*_, context) = slack.blocks("a", "https://x.example/?a=1&b=<!channel>|y")
    assert context["elements"] == [
        {
            "type": "mrkdwn",
            "text": "<https://x.example/?a=1&amp;b=%3C%21channel%3E%7Cy|Open Switchwise>",
        }
    ]


HOST = "127.0.0.1"
DOUBT = f"{HOST} was sent the whole message and"


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        (Reply(500, "server_error"), Answer("passing", f"{HOST} answered 500 server_error")),
        (Reply(503, "<html>down</html>"), Answer("passing", f"{HOST} answered 503")),
        (Reply(408, ""), Answer("passing", f"{HOST} answered 408")),
        (
            Reply(404, "no_service"),
            Answer("wrong_address", f"{HOST} answered 404 no_service: the webhook was removed"),
        ),
        (
            Reply(410, "channel_is_archived"),
            Answer(
                "wrong_address",
                f"{HOST} answered 410 channel_is_archived: the webhook or its channel was removed",
            ),
        ),
        (
            Reply(403, "Bearer abc"),
            Answer("wrong_address", f"{HOST} answered 403: the webhook may not be posted to"),
        ),
        (
            Reply(401, ""),
            Answer("wrong_address", f"{HOST} answered 401: the webhook may not be posted to"),
        ),
        (Reply(405, ""), Answer("wrong_address", f"{HOST} answered 405")),
        (
            Reply(302, "", {"Location": "/login?next=secret"}),
            Answer("wrong_address", f"{HOST} answered 302: it redirects to another address"),
        ),
        (
            Reply(308, "", {"Location": "http://127.0.0.1:9/"}),
            Answer("wrong_address", f"{HOST} answered 308: it redirects to another address"),
        ),
        (
            Reply(200, "<html>log in</html>"),
            Answer(
                "wrong_address",
                f"{HOST} answered 200 with a web page, perhaps a login, not with ok",
            ),
        ),
        (
            Reply(200, "Please log in", {"Content-Type": "text/html; charset=no-such"}),
            Answer(
                "wrong_address",
                f"{HOST} answered 200 with a web page, perhaps a login, not with ok",
            ),
        ),
        (
            Reply(400, "invalid_payload"),
            Answer(
                "refused", f"{HOST} answered 400 invalid_payload: it does not take this message"
            ),
        ),
        (Reply(429, "", {"Retry-After": "7"}), Answer("passing", f"{HOST} answered 429", 7)),
        (
            Reply(429, "", {"retry-after": "99999999"}),
            Answer("passing", f"{HOST} answered 429", 3_600),
        ),
        (Reply(429, "", {"Retry-After": "soon"}), Answer("passing", f"{HOST} answered 429", 30)),
        (Reply(200, " ok\n"), Answer("accepted")),
        (Reply(200, ""), Answer("doubtful", f"{HOST} answered 200, but not with Slack's ok")),
        (
            Reply(504, ""),
            Answer(
                "doubtful",
                f"{HOST} answered 504: a gateway passed the message on and got no answer",
            ),
        ),
        (
            Reply(-1),
            Answer(
                "doubtful", f"{DOUBT} ended the connection without an answer (RemoteDisconnected)"
            ),
        ),
    ],
)
def test_an_answer_is_read_for_what_it_is(reply: Reply, answer: Answer, webhook: FakeSlack) -> None:
    webhook.replies.append(reply)
    assert slack.post(SecretStr(webhook.url), "hello") == answer
    assert len(webhook.asked) == 1


@pytest.mark.parametrize(
    "reply", [Reply(0), Reply(200, "ok" * 500, drip=True)], ids=["silent", "dripping"]
)
def test_a_server_that_took_the_post_and_does_not_finish_leaves_a_doubt(
    reply: Reply, webhook: FakeSlack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slack, "TIMEOUT_SECONDS", 0.5)
    monkeypatch.setattr(slack, "WHOLE_SECONDS", 1)
    webhook.replies.append(reply)
    answer = slack.post(SecretStr(webhook.url), "hello")
    assert answer == Answer("doubtful", f"{DOUBT} did not answer in time")


def test_a_name_that_nobody_knows_is_a_wrong_address() -> None:
    answer = slack.post(SecretStr("https://no-such-host.invalid/services/secret"), "hello")
    assert answer == Answer("wrong_address", "the name no-such-host.invalid cannot be resolved")


def test_a_post_that_was_not_sent_when_its_time_was_over_is_never_sent(
    webhook: FakeSlack, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_resolve = threading.Event()
    resolve = socket.getaddrinfo

    def resolve_late(*args: Any, **options: Any) -> Any:
        may_resolve.wait(20)
        return resolve(*args, **options)

    monkeypatch.setattr(slack, "WHOLE_SECONDS", 0.05)
    monkeypatch.setattr(socket, "getaddrinfo", resolve_late)
    before = set(threading.enumerate())
    answer = slack.post(SecretStr(webhook.url), "hello")
    assert answer == Answer("passing", f"{HOST} cannot be reached: TimeoutError")
    (posting,) = set(threading.enumerate()) - before
    may_resolve.set()
    posting.join(20)
    assert webhook.asked == []


def test_no_failure_or_log_names_the_address(
    webhook: FakeSlack, caplog: pytest.LogCaptureFixture
) -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logging.getLogger().addHandler(handler)
    try:
        with caplog.at_level(logging.DEBUG):
            webhook.replies += [Reply(500), Reply(404, f"no such webhook {webhook.url}"), Reply()]
            closed = f"http://127.0.0.1:{processes.free_port()}/services/{fake_slack.SECRET}"
            answers = [
                slack.post(SecretStr(url), "hello")
                for url in (webhook.url, webhook.url, webhook.url, closed)
            ]
    finally:
        logging.getLogger().removeHandler(handler)
    assert answers[-1] == Answer("passing", f"{HOST} cannot be reached: ConnectionRefusedError")
    assert "secret" not in f"{answers} {stream.getvalue()} {caplog.text}"
