"""Joint moves of model and tier: priced once, and split over their levers without an order among them."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.switching import advice, candidates, cost, counterfactual, factors, levers
from advisor.switching.standing import Standing
from ledger import money, pairs
from tests.advisor import books, strategies

MODEL, BATCH = "gpt-4.1:gpt-4.1-mini", "gpt-4.1:gpt-4.1@batch"
NEUTRAL = factors.Band(
    low=factors.NEUTRAL, expected=factors.NEUTRAL, high=factors.NEUTRAL, label="assumed"
)
ENDS = ("low_femto_usd", "expected_femto_usd", "high_femto_usd")


def _assess(pair: str, slice_: candidates.Slice) -> candidates.Alternative:
    return candidates.assess(slice_, pairs.parse_one(pair), books.MARKET)


def _waiting(*cells: cost.Cell) -> candidates.Slice:
    return books.slice_of(*cells, can_wait=True)


def test_the_models_factors_apply_once_in_a_joint_move() -> None:
    # 10,000 USD at half input, half output. Mini on batch: 0.20 + 0.80 = 1 of 10 USD; low: 1.05 (0.20 + 1.5 x 0.80) = 1.47,
    # and 37.5 % of 10 comes back: 4.78 of 10. Applied twice, the assumptions would leave less.
    slice_ = _waiting(books.cell(10**9, output=10**9))
    found = _assess("gpt-4.1:gpt-4.1-mini@batch", slice_)
    low = Fraction("0.478") * 10_000 * books.USD / 28 * Fraction(365, 12)
    assert found.estimate is not None
    assert found.estimate.low_femto_usd == money.round_to_nano_usd(low)


def test_a_joint_saving_is_split_by_hand() -> None:
    # Point: model alone 67.1 % of 10,000, batch alone 50 %, both 1 - 1.02 x 0.1 - 0.125 = 77.3 %.
    # Model (67.1 + 77.3 - 50) / 2 = 47.2 %, tier (50 + 77.3 - 67.1) / 2 = 30.1 %.
    slice_ = _waiting(books.cell(10**9, output=10**9))
    parts = levers.split(_assess("gpt-4.1:gpt-4.1-mini@batch", slice_), books.MARKET)
    month = Fraction(10_000 * books.USD, 28) * Fraction(365, 12)
    assert abs(parts["model"].saving.expected_femto_usd - Fraction("0.472") * month) <= 10**6
    assert abs(parts["tier"].saving.expected_femto_usd - Fraction("0.301") * month) <= 10**6


@pytest.mark.parametrize(
    ("pair", "names"),
    [(MODEL, ["model"]), (BATCH, ["tier"]), (MODEL + "@batch", ["model", "tier"])],
)
def test_a_single_lever_is_the_whole_saving(pair: str, names: list[str]) -> None:
    found = _assess(pair, _waiting(books.cell(10**9)))
    parts = levers.split(found, books.MARKET)
    assert list(parts) == names
    if len(names) == 1:
        assert parts[names[0]].saving == parts[names[0]].alone == found.estimate


def test_a_model_without_a_price_at_the_own_tier_takes_the_best_of_its_parts() -> None:
    # LUNA has no batch price, so a batch cell cannot move to it at its own tier: that state is 0, and all is the tier's.
    slice_ = _waiting(books.cell(10**9, tier="batch"))
    found = _assess("gpt-4.1:gpt-6-luna@standard", slice_)
    parts = levers.split(found, books.MARKET)
    assert found.estimate is not None
    assert (
        sum(part.saving.expected_femto_usd for part in parts.values())
        == found.estimate.expected_femto_usd
    )
    assert parts["tier"].saving.expected_femto_usd < 0 < parts["model"].saving.expected_femto_usd


def test_a_saving_that_is_not_known_has_no_parts() -> None:
    found = _assess(MODEL, books.slice_of(books.cell(10**9), days=0))
    assert levers.split(found, books.MARKET) == {}


@given(
    strategies.SLICES, st.sampled_from([MODEL + "@batch", MODEL + "@standard", MODEL + "@priority"])
)
def test_the_parts_add_up_exactly_at_every_end(cells: list[cost.Cell], pair: str) -> None:
    found = _assess(pair, _waiting(*cells))
    parts = levers.split(found, books.MARKET)
    assert found.estimate is not None
    for end in ENDS:
        assert sum(getattr(part.saving, end) for part in parts.values()) == getattr(
            found.estimate, end
        )


def test_a_better_cache_is_a_lever_of_its_own_split_by_hand() -> None:
    # 8,500 USD of input, 0.2 of it at 0.50 USD, 0.8 at 2 USD. On 0.60 of the input from the cache: 5,500. Neutral factors.
    # Mini costs a fifth of either: model alone saves 6,800, the cache alone 3,000, both 8,500 - 1,100 = 7,400.
    # Model (6,800 + 7,400 - 3,000) / 2 = 5,600, cache (3,000 + 7,400 - 6,800) / 2 = 1,800.
    slice_ = books.slice_of(books.cell(5 * 10**9, cached=10**9))
    asked = NEUTRAL.with_given("cached_share", [Fraction("0.6")] * 3)
    joint = candidates.assess(slice_, pairs.parse_one(MODEL), books.MARKET, asked)
    parts = levers.split(joint, books.MARKET, NEUTRAL)
    dollars = {
        lever: part.saving.expected_femto_usd * 28 * 12 / (365 * books.USD)
        for lever, part in parts.items()
    }
    assert dollars == pytest.approx({"model": 5_600, "cache": 1_800})
    alone = candidates.assess(
        slice_,
        pairs.parse_one("gpt-4.1:gpt-4.1", may_stay=True),
        books.MARKET,
        factors.TIER_ALONE.with_given("cached_share", [Fraction("0.6")] * 3),
    )
    assert alone.stays
    assert parts["cache"].alone == alone.estimate == parts["model"].without


@given(strategies.SLICES, st.sampled_from(["", "@batch", "@standard"]), strategies.SHARES)
def test_the_parts_of_model_tier_and_cache_add_up_exactly(
    cells: list[cost.Cell], tier: str, share: Fraction
) -> None:
    asked = factors.ASSUMED.with_given("cached_share", [share] * 3)
    found = candidates.assess(_waiting(*cells), pairs.parse_one(MODEL + tier), books.MARKET, asked)
    parts = levers.split(found, books.MARKET, factors.ASSUMED)
    assert list(parts) == ["model", *(["tier"] if tier else []), "cache"]
    assert found.estimate is not None
    for end in ENDS:
        assert sum(getattr(part.saving, end) for part in parts.values()) == getattr(
            found.estimate, end
        )


def test_pairs_of_model_and_tier_make_the_joint_state_and_nothing_else() -> None:
    def states(text: str) -> list[str]:
        return [str(pair) for pair in pairs.join_moves(pairs.parse(text), books.OPENAI)]

    assert states(f"{MODEL},{BATCH}") == [MODEL, BATCH, "gpt-4.1:gpt-4.1-mini@batch"]
    assert states(f"{BATCH},gpt-4.1:gpt-4.1@flex") == [BATCH, "gpt-4.1:gpt-4.1@flex"]
    assert states(f"{MODEL}@priority,{BATCH}") == [f"{MODEL}@priority", BATCH]
    assert states(f"{MODEL},{MODEL}@batch,{BATCH}") == [MODEL, f"{MODEL}@batch", BATCH]
    assert len(states(f"{MODEL},gpt-4.1:gpt-6-luna,{BATCH},gpt-4.1:gpt-4.1@flex")) == 8


def test_a_tier_that_moves_some_requests_joins_a_model_that_moves_them_all_and_not_the_other_way_round() -> (
    None
):
    wide = pairs.join_moves(pairs.parse(f"{MODEL},gpt-4.1@priority:gpt-4.1@standard"), books.OPENAI)
    assert [(pair.tier_of("priority"), pair.tier_of("batch")) for pair in wide[2:]] == [
        ("standard", "batch")
    ]
    narrow = pairs.join_moves(pairs.parse(f"gpt-4.1@priority:gpt-4.1-mini,{BATCH}"), books.OPENAI)
    assert len(narrow) == 2


def test_a_joint_state_keeps_the_tier_of_what_its_tier_does_not_change() -> None:
    _, _, joint = pairs.join_moves(
        pairs.parse(f"{MODEL},gpt-4.1@priority:gpt-4.1@standard"), books.OPENAI
    )
    slice_ = books.slice_of(books.cell(10**6, tier="priority"), books.cell(10**6, tier="batch"))
    found = candidates.assess(slice_, joint, books.MARKET)
    assert [item.instead.key.service_tier for item in found.cells] == ["standard", "batch"]
    parts = levers.split(found, books.MARKET)
    alone = candidates.assess(slice_, pairs.parse_one(MODEL), books.MARKET).estimate
    assert parts["tier"].alone == _assess("gpt-4.1@priority:gpt-4.1@standard", slice_).estimate
    assert found.estimate is not None
    assert alone is not None
    assert found.estimate.expected_femto_usd > alone.expected_femto_usd
    assert (
        parts["model"].saving.expected_femto_usd + parts["tier"].saving.expected_femto_usd
        == found.estimate.expected_femto_usd
    )


def test_joint_moves_are_advised_on_only_where_the_workload_can_wait() -> None:
    terms = advice.Terms(pairs=pairs.parse(f"{MODEL},{BATCH}"))
    size = books.cell(10**9)
    for can_wait, chosen in ((True, (books.BIG, "batch")), (False, (books.MINI, None))):
        found = advice.on_slice(
            books.slice_of(size, can_wait=can_wait),
            Standing(coverage=Fraction(1)),
            terms,
            market=books.MARKET,
        ).ranked
        assert len(found) == 3
        assert (found[0].to_model, found[0].to_service_tier) == chosen


def test_tier_alone_assumes_nothing_needs_no_evidence_and_is_not_waived_by_a_shutdown() -> None:
    terms = advice.Terms(pairs=pairs.parse(BATCH))

    def decided(tokens: int) -> tuple[str, str, int]:
        slice_, standing = (
            books.slice_of(books.cell(tokens), can_wait=True),
            Standing(coverage=Fraction(1)),
        )
        (found,) = advice.on_slice(slice_, standing, terms, market=books.MARKET).ranked
        assert found.factors == factors.TIER_ALONE
        return found.decision.kind, found.decision.reason, found.risk.drivers["evidence"]

    assert decided(10**9) == ("switch_now", "same_model", 0)
    assert decided(10**6) == ("keep", "not_material", 0)


@given(strategies.SLICES)
def test_batch_and_priority_of_the_pair_differ_by_the_same_80_percent(
    cells: list[cost.Cell],
) -> None:
    for tier in ("standard", "batch", "priority"):
        moved = [
            counterfactual.PricedCell(
                each, books.price(books.BIG, tier), books.price(books.MINI, tier)
            )
            for each in cells
        ]
        assert counterfactual.price_gap(moved) in (None, Fraction(4, 5))


def test_a_lever_alone_moves_the_same_share_as_the_joint_state() -> None:
    limited = replace(
        books.slice_of(books.cell(10**9)), headroom={(books.OPENAI, books.MINI): Fraction(1, 2)}
    )
    found = _assess(MODEL + "@standard", limited)
    parts = levers.split(found, books.MARKET)
    assert parts["model"].alone == _assess(MODEL, limited).estimate == found.estimate
    assert parts["tier"].saving.expected_femto_usd == 0
