"""`switchwise contracts commit`: entered, listed and ended beside the other contracts."""

from tests.cli.command import CommandLine


def test_a_commitment_is_entered_listed_and_ended(line: CommandLine) -> None:
    entry = "contracts commit openai 5000 --since 2026-12-01 --shares search=60,support=40"
    assert "Without --dry-run this is stored." in line.said(f"{entry} --dry-run")
    assert "No contracts" in line.said("contracts list")
    assert "Stored." in line.said(entry)
    (body,) = line.run("contracts list --json").json
    assert (body["amount_usd"], body["kind"]) == ("5000.00", "commitment")
    text = " ".join(line.said("contracts list").split())
    assert "spend commitment of 5000.00 USD a month" in text
    ended = " ".join(line.said(f"contracts end {body['id']} --on 2027-01-01").split())
    assert "over from 2027-01-01 on Stored." in ended
    (body,) = line.run("contracts list --json").json
    assert body["effective_until"] == "2027-01-01"
    refusal = line.run("contracts commit openai 5000 --per total --since 2026-12-01")
    assert refusal.status == 2
    assert "a total needs its end" in refusal.error
