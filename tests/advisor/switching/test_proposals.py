"""What `auto` proposes: the successor, the smaller sibling, tiers for work that can wait; at most four."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.evidence.rules import Evidence
from advisor.switching import advice, candidates, proposals, ranking
from advisor.switching.market import Market
from advisor.switching.standing import Standing
from ledger import clock, events, pairs
from ledger.pricing import price_book
from tests.advisor import books
from tests.advisor.evidence import examples

TODAY = clock.day_number(clock.EPOCH.replace(year=2026, month=11, day=23).date())
SHIPPED = Market(price_book.shipped(), TODAY)
AUTO = advice.Terms(pairs=(), proposes=True)
DEFAULT = advice.Terms(pairs=pairs.parse("gpt-4.1:gpt-4.1-mini"), proposes=True)
KNOWN = Standing(coverage=None)


def _slice(model: str, provider: str = "openai", *, can_wait: bool = False) -> candidates.Slice:
    cell = books.cell(10**9, output=10**8)
    slice_ = books.slice_of(cell)
    return replace(slice_, provider=provider, model=model, can_wait=can_wait)


def _with_prompts_of(slice_: candidates.Slice, tokens: int) -> candidates.Slice:
    cells = tuple(replace(cell, largest_input_tokens=tokens) for cell in slice_.cells)
    return replace(slice_, cells=cells)


def _texts(slice_: candidates.Slice, market: Market = SHIPPED) -> list[str]:
    return [str(pair) for pair in proposals.propose(slice_, market)]


def _decided(
    slice_: candidates.Slice,
    terms: advice.Terms = AUTO,
    *,
    market: Market = SHIPPED,
    claimed: frozenset[str] = frozenset(),
    standing: Standing = KNOWN,
) -> list[advice.Advice]:
    return advice.on_slice(slice_, standing, terms, market, claimed=claimed).ranked


def _states(slice_: candidates.Slice) -> tuple[pairs.Pair, ...]:
    return proposals.find_states(slice_, DEFAULT.pairs, SHIPPED, proposes=True)


def _targets(decided: list[advice.Advice]) -> set[tuple[str, str | None]]:
    return {(each.to_model, each.to_service_tier) for each in decided}


@pytest.mark.parametrize(
    ("provider", "model", "targets"),
    [
        ("openai", "gpt-4.1", ["gpt-6-luna", "gpt-4.1-mini"]),
        ("openai", "gpt-5", ["gpt-6.1-sol", "gpt-6.1-terra"]),
        ("openai", "gpt-6.1-sol", ["gpt-6.1-terra"]),
        ("openai", "gpt-6-luna", []),
        ("openai", "text-embedding-3-large", []),
        ("openai", "ft:gpt-4.1", []),
        ("openai", "no-such-model", []),
        ("azure.ai.openai", "gpt-4.1", ["gpt-5.1", "gpt-4.1-mini"]),
        ("anthropic", "claude-opus-5-5", ["claude-sonnet-5-5"]),
        ("anthropic", "claude-sonnet-4-5", ["claude-sonnet-5-5", "claude-haiku-4-5"]),
        ("gcp.vertex_ai", "claude-opus-5", ["claude-sonnet-5-5"]),
        ("gcp.gemini", "gemini-2.5-pro", ["gemini-3.8-flash", "gemini-3.5-flash-lite"]),
        (
            "aws.bedrock",
            "regional.anthropic.claude-sonnet-4-5-20250929-v1:0",
            ["regional.anthropic.claude-sonnet-5-5", "regional.anthropic.claude-haiku-5-5"],
        ),
        ("aws.bedrock", "amazon.nova-pro-v1:0", ["amazon.nova-lite-v1:0"]),
    ],
)
def test_the_successor_and_the_smaller_sibling_are_proposed(
    provider: str, model: str, targets: list[str]
) -> None:
    assert list(proposals.propose_models(provider, model, SHIPPED)) == targets


def test_a_target_that_is_as_good_as_gone_gives_its_place_to_its_own_successor() -> None:
    # From 2026-12-15 on the smaller sibling of GPT-4.1 is no target any more.
    late = Market(price_book.shipped(), TODAY + 22)
    assert proposals.propose_models("openai", "gpt-4.1", late) == ("gpt-6-luna",)


def test_what_can_wait_is_proposed_the_tiers_that_are_sold() -> None:
    assert _texts(_slice("gpt-5.4")) == ["gpt-5.4:gpt-5.4-mini"]
    waiting = _texts(_slice("gpt-5.4", can_wait=True))
    assert waiting == ["gpt-5.4:gpt-5.4-mini", "gpt-5.4:gpt-5.4@batch", "gpt-5.4:gpt-5.4@flex"]
    # GPT-4.1 is not sold at flex.
    assert "gpt-4.1:gpt-4.1@flex" not in _texts(_slice("gpt-4.1", can_wait=True))


def test_a_person_s_tag_on_a_request_is_enough_to_propose_a_tier() -> None:
    tagged = replace(books.cell(10**9), features=events.FEATURE_CAN_WAIT)
    slice_ = replace(books.slice_of(tagged, books.cell(10**9)), model="gpt-4.1")
    assert "gpt-4.1:gpt-4.1@batch" in _texts(slice_)


def test_requests_in_batch_stay_there() -> None:
    cells = books.cell(10**9), books.cell(10**9, tier="batch")
    slice_ = replace(books.slice_of(*cells, can_wait=True), model="gpt-5.4")
    assert "gpt-5.4@standard:gpt-5.4@flex" in _texts(slice_)
    batched = replace(books.slice_of(cells[1], can_wait=True), model="gpt-5.4")
    assert _texts(batched) == ["gpt-5.4:gpt-5.4-mini"]


def test_capacity_paid_ahead_is_proposed_nothing() -> None:
    assert _texts(replace(_slice("gpt-4.1", can_wait=True), is_paid_ahead=True)) == []


def test_at_most_four_are_decided_on_the_safe_step_and_the_successor_among_them() -> None:
    decided = _decided(_slice("gpt-4.1", can_wait=True), DEFAULT)
    assert len(decided) == proposals.MOST_DECIDED
    # The first two are named or forced; the joined move of the best low end takes the last place.
    assert _targets(decided) >= {
        ("gpt-4.1-mini", None),
        ("gpt-4.1", "batch"),
        ("gpt-6-luna", None),
    }
    assert len(_states(_slice("gpt-4.1", can_wait=True))) > 4


def test_without_auto_only_the_pairs_are_decided_on() -> None:
    named = replace(DEFAULT, proposes=False)
    assert _targets(_decided(_slice("gpt-4.1", can_wait=True), named)) == {("gpt-4.1-mini", None)}
    assert _decided(_slice("gpt-5.4"), named) == []


def test_all_that_is_named_is_decided_on_however_much_it_is() -> None:
    text = ",".join(
        f"gpt-4.1:{name}" for name in ("gpt-5-mini", "gpt-5.4-mini", "gpt-5.4", "gpt-5.5", "o3")
    )
    many = advice.Terms(pairs=pairs.parse(text), proposes=True)
    # GPT-4.1 retires within 180 days, so its successor comes on top.
    assert {model for model, _ in _targets(_decided(_slice("gpt-4.1"), many))} == {
        *("gpt-5-mini", "gpt-5.4-mini", "gpt-5.4", "gpt-5.5", "o3"),
        "gpt-6-luna",
    }


def test_a_proposal_that_somebody_claimed_or_compared_keeps_its_decision() -> None:
    slice_ = _slice("gpt-4.1", can_wait=True)
    everything = [candidates.assess(slice_, pair, SHIPPED) for pair in _states(slice_)]
    dropped = {each.id for each in everything} - {each.id for each in _decided(slice_, DEFAULT)}
    assert dropped
    for claimed in dropped:
        assert _decided(slice_, DEFAULT, claimed=frozenset({claimed}))[0].id == claimed
    compared: dict[str, Evidence] = {"gpt-6-luna": examples.evidence("non_inferior")}
    decided = _decided(slice_, DEFAULT, standing=Standing(evidence=compared))
    assert len([each for each in decided if each.to_model == "gpt-6-luna"]) == 2


def test_a_blocked_proposal_is_dropped_unless_the_source_has_to_be_left() -> None:
    huge = _with_prompts_of(_slice("gpt-4.1"), 1_049_000)
    assert _targets(_decided(huge)) == {("gpt-6-luna", None)}  # GPT-4.1 Mini takes 1,047,576
    small = _with_prompts_of(_slice("gpt-6.1-sol"), 5_000_000)
    assert _decided(small) == []


def test_other_models_leave_out_what_is_decided_on_and_hold_what_is_not() -> None:
    slice_ = _slice("gpt-4.1")
    decided = _decided(slice_)
    others = {
        other.model
        for other in ranking.other_models(slice_, SHIPPED, {each.to_model for each in decided})
    }
    assert others.isdisjoint({each.to_model for each in decided})
    assert "gpt-6-luna" in {other.model for other in ranking.other_models(slice_, SHIPPED, ())}


@given(
    st.sampled_from(
        sorted((p, m) for p, sold in price_book.shipped().models.items() for m in sold)
    ),
    st.booleans(),
    st.integers(-400, 400),
)
def test_whatever_is_in_use_the_proposals_are_priced_alive_and_few(
    sold: tuple[str, str], can_wait: bool, days: int
) -> None:
    provider, model = sold
    market = Market(price_book.shipped(), TODAY + days)
    slice_ = _slice(model, provider, can_wait=can_wait)
    for pair in proposals.propose(slice_, market):
        assert pair.target.model in market.book.models[provider]
        assert not (pair.keeps_model and pair.target.service_tier is None)
        days_left = market.days_left(provider, pair.target.model)
        assert pair.keeps_model or days_left is None or days_left > 30
    decided = _decided(slice_, market=market)
    assert len(decided) <= proposals.MOST_DECIDED
    assert len({each.id for each in decided}) == len(decided)
    assert {each.to_provider for each in decided} <= {provider}
