"""`switchwise alerts`: what did not reach Slack, why, and what helps."""

from advisor.publishing.alerts import alert_store, delivery
from ledger import clock, settings
from tests.advisor import advised
from tests.advisor.publishing.alerts import fake_slack
from tests.advisor.publishing.alerts.fake_slack import Reply
from tests.cli.command import CommandLine


def test_the_command_lists_what_did_not_arrive(line: CommandLine) -> None:
    assert line.said("alerts") == "No alert waits, is held or is unconfirmed.\n"
    with fake_slack.serving() as webhook:
        webhook.replies.append(Reply(404, "no_service"))
        chosen = settings.load(slack_webhook_url=webhook.url)
        with line.database.transaction() as session:
            alert_store.evaluate(session, [advised.recommendation()], chosen, clock.now_us())
        delivery.deliver(line.database, chosen)
    text = " ".join(line.said("alerts").split())
    assert "2 alerts held since 20" in text
    assert "127.0.0.1 answered 404 no_service: the webhook was removed; set SWITCHWISE_" in text
    assert text.count("save $100.00 (cautious) a month") == 2
    body = line.run("alerts --json").json
    assert body["counts"]["held"]["count"] == len(body["alerts"]) == 2
