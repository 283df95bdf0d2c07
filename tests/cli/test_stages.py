"""The stages on the command line: each step says how it stands, and a refusal is one line with the remedy."""

import re
from datetime import timedelta

import pytest
import time_machine

from tests import conftest, ledgers
from tests.advisor.stages import advised_ledger
from tests.cli.command import CommandLine

pytestmark = pytest.mark.usefixtures("frozen_now")


def test_a_life_from_claim_to_rollback(line: CommandLine) -> None:
    name = advised_ledger.fill(line.database).recommendation.id
    said = line.said(f"claim {name} --by ada --share 0.5")
    assert (
        said.splitlines()[0]
        == f"{name} is claimed, owner ada, since 2026-11-23, share 50 %, version 2."
    )
    assert (
        "Frozen on 2026-11-23: cautious $505.29 per average month, $817.20 expected, $913.46 at most"
        in said
    )
    assert "share 10 %" in line.said(f"pilot {name} --share 0.1 --by ada")
    assert "is adopted, owner ada" in line.said(f"adopt {name} --by ada --hold-out chat-control")
    reported = line.said("report")
    assert re.search(r"search / chat +adopted +\$505\.29", reported)
    assert "What could be saved leaves out what people have decided on." in reported
    assert "Could save" not in reported
    advised = line.said("advise")
    assert "adopted by ada on 2026-11-23" in advised
    assert "trial plan" not in advised
    assert "is rolled back" in line.said(
        f"rollback {name} --by grace --note 'wrong answers' --version 4"
    )
    assert re.search(r"search / chat +rolled back +\$505\.29", line.said("report"))
    told = line.said(f"explain {name}")
    assert "Stage: rolled back, owner ada" in told
    assert "2026-11-23T20:00Z  piloting -> adopted, by ada; hold-out chat-control" in told
    assert "adopted -> rolled back, by grace; wrong answers" in told
    assert (
        line.run(f"explain {name} --json").json["frozen"]["saving_month"]["low_usd"]
        == "505.293833333"
    )


def test_a_refusal_names_the_stage_and_the_remedy(line: CommandLine) -> None:
    name = advised_ledger.fill(line.database).recommendation.id
    line.said(f"claim {name} --by ada")
    for words, status, says in (
        (
            f"claim {name} --by grace",
            1,
            (
                f"ada has already claimed this; to take it over: switchwise unclaim {name}, then"
                f" switchwise claim {name}"
            ),
        ),
        (
            f"unclaim {name} --by grace --version 1",
            1,
            f"claimed by ada at version 2 now; look again with: switchwise explain {name}",
        ),
        (
            "claim nothing --by ada",
            1,
            "no recommendation 'nothing'; list them with: switchwise advise",
        ),
        (f"pilot {name} --share 1 --by ada", 2, "over 0 and under 1"),
        (f"dismiss {name} --reason no --until soon --by ada", 2, "--until: 'soon' is not a day"),
    ):
        ended = line.run(words)
        assert (ended.status, ended.out, len(ended.error.splitlines())) == (status, "", 1), words
        assert says in ended.error


def test_the_list_says_whose_it_is_and_a_dismissed_one_leaves_the_total(line: CommandLine) -> None:
    name = advised_ledger.fill(line.database).recommendation.id
    assert "stage" not in line.said("advise")
    line.said(f"claim {name} --by ada")
    listed = line.said("advise")
    assert "claimed, owner ada, since 2026-11-23" in listed
    assert "What trials may add is worth $505.29 (cautious)" in listed
    line.said(f"unclaim {name} --by ada")
    line.said(f"dismiss {name} --reason 'exam season' --until 2027-01-31 --by ada")
    listed = line.said("advise")
    assert "dismissed, since 2026-11-23, until 2027-01-31" in listed
    assert "dismissed by ada until 2027-01-31: exam season" in listed
    assert "In all" not in listed
    assert [(each["stage"], each["counted"]) for each in line.run("advise --json").json] == [
        ("dismissed", False)
    ]


def test_what_is_claimed_and_not_advised_any_more_stays_in_the_list(line: CommandLine) -> None:
    name = advised_ledger.fill(line.database).recommendation.id
    line.said(f"claim {name} --by ada")
    line.monkeypatch.setenv("SWITCHWISE_PAIRS", "gpt-4o:gpt-4o-mini")
    line.said("rollup")
    assert (
        f"In hand: search / chat: gpt-4.1 -> gpt-4.1-mini  {name}; claimed, owner ada"
        in line.said("advise")
    )


def test_explain_and_report_say_what_came_of_it(line: CommandLine) -> None:
    name = advised_ledger.fill(line.database).recommendation.id
    for action in ("claim", "pilot", "adopt"):
        advised_ledger.change(line.database, name, action)
    with time_machine.travel(conftest.NOW + timedelta(days=4), tick=False):
        ledgers.add(line.database, advised_ledger.traffic(range(-3, 0), "gpt-4.1-mini", 40))
        line.said("rollup")
        told, reported = line.said(f"explain {name}"), line.said("report")
    assert "Saved, against a hold-out: unknown, no hold out." in told
    assert (
        "Saved, before and after (measured): $76.88 from 2026-11-24 to 2026-11-26,"
        " $96.10 less $19.22" in told
    )
    assert "volume effect -$24.02, which is no saving." in told
    assert "The frozen estimate says of the same 3 days: cautious $49.84, $80.60 expected." in told
    assert "Saved so far    $74.99  to $76.88: one saving, measured in 2 ways" in reported
