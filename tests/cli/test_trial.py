"""`trial plan` as a person reads it."""

import pytest

from tests.advisor.stages import advised_ledger
from tests.cli.command import CommandLine

pytestmark = pytest.mark.usefixtures("frozen_now")


def test_a_plan_says_how_many_how_long_how_dear_and_how_to_split(line: CommandLine) -> None:
    name = advised_ledger.fill(line.database).recommendation.id
    said = line.said(f"trial plan {name} --judge-usd 0.02 --share 20")
    for part in (
        "search / chat: gpt-4.1 -> gpt-4.1-mini",
        "200 pairs, so that a target that is just as good passes 80 % of the time;",
        "it must reach 0.9 of the source's pass rate.",
        "Assumed, because nobody has measured it: the source's pass rate and the share of pairs that",
        "and $4.00 to mark them.",
        "Each month of waiting costs $505.29, by the low end.",
        "LiteLLM's weights for 20 % on the target:",
        "      weight: 80",
        "Then: switchwise trial run PROMPTS --pair gpt-4.1:gpt-4.1-mini --endpoint URL,",
        "or with tools of your own: switchwise evidence import FILE",
    ):
        assert part in said
    assert f"next     switchwise trial plan {name}" in line.said("advise")
    assert line.run(f"trial plan {name} --json").json["pairs"] == 200


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        ("nothing", 1, "no recommendation 'nothing'"),
        ("{} --share 7", 2, "--share: 7 is not offered; use 1, 5 or 20"),
        ("{} --power 2", 2, "is no power to plan for"),
    ],
)
def test_a_refusal_is_one_line_with_the_remedy(
    line: CommandLine, words: str, status: int, says: str
) -> None:
    name = advised_ledger.fill(line.database).recommendation.id
    ended = line.run(f"trial plan {words.format(name)}")
    assert (ended.status, ended.out, len(ended.error.splitlines())) == (status, "", 1)
    assert says in ended.error
