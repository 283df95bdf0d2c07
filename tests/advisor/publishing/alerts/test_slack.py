"""What is posted to Slack, what its answers mean, and that the webhook's address stays secret."""

import html
import io
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from advisor.publishing.alerts import alert_text, slack
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
    assert slack.post(SecretStr(webhook.url), text, "https://switchwise.example") == slack.Answer()
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


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        (Reply(500, "server_error"), slack.Answer("answered 500 server_error")),
        (Reply(503, "<html>down</html>"), slack.Answer("answered 503")),
        (Reply(404, "no_service"), slack.Answer("answered 404 no_service", final=True)),
        (Reply(403, "Bearer abc"), slack.Answer("answered 403", final=True)),
        (Reply(429, "", {"Retry-After": "7"}), slack.Answer("answered 429", wait_seconds=7)),
        (
            Reply(429, "", {"retry-after": "99999999"}),
            slack.Answer("answered 429", wait_seconds=3_600),
        ),
        (Reply(429, "", {"Retry-After": "soon"}), slack.Answer("answered 429", wait_seconds=30)),
        (
            Reply(200, "<html>log in</html>"),
            slack.Answer("answered with a web page; is the webhook's address right?", final=True),
        ),
    ],
)
def test_an_answer_is_read_for_what_it_is(
    reply: Reply, answer: slack.Answer, webhook: FakeSlack
) -> None:
    webhook.replies.append(reply)
    assert slack.post(SecretStr(webhook.url), "hello") == answer
    assert len(webhook.asked) == 1


@pytest.mark.parametrize(
    "reply", [Reply(0), Reply(200, "ok" * 500, drip=True)], ids=["silent", "dripping"]
)
def test_a_server_that_does_not_finish_is_left_after_a_while(
    reply: Reply, webhook: FakeSlack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slack, "TIMEOUT_SECONDS", 0.5)
    monkeypatch.setattr(slack, "WHOLE_SECONDS", 1)
    webhook.replies.append(reply)
    answer = slack.post(SecretStr(webhook.url), "hello")
    assert (answer.failure, answer.final) in {
        ("no answer: TimeoutError", False),
        ("no whole answer in 1 seconds", False),
    }


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
    assert answers[-1] == slack.Answer("no answer: ConnectionRefusedError")
    assert "secret" not in f"{answers} {stream.getvalue()} {caplog.text}"
