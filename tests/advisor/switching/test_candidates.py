"""Which states a slice could move to, and what blocks them."""

from dataclasses import replace
from fractions import Fraction

import pytest

from advisor.switching import candidates, factors
from advisor.switching.market import Market
from ledger import events, pairs
from ledger.pricing import prices
from tests.advisor import books


def _assess(
    pair: str, slice_: candidates.Slice, book: prices.PriceBook | None = None
) -> candidates.Alternative:
    market = Market(book, books.AS_OF_DAY) if book else books.MARKET
    return candidates.assess(slice_, pairs.parse_one(pair), market)


def test_the_estimate_is_scaled_to_an_average_month_and_rounded_once() -> None:
    # 28 days cost 2 USD; 67.1 % of 2 x 365/12/28 = 1.457827380952...
    found = _assess("gpt-4.1:gpt-4.1-mini", books.slice_of(books.cell(10**6)))
    assert found.estimate is not None
    assert found.estimate.expected_femto_usd == 1_457_827_381 * 10**6


def test_a_model_that_nobody_sells_saves_nothing_it_blocks() -> None:
    found = _assess("gpt-4.1:gpt-9-imaginary", books.slice_of(books.cell(10**6)))
    assert (found.blocks, found.estimate, found.price_gap) == (("target_unpriced",), None, None)


def test_a_model_sold_only_elsewhere_is_not_sold_here() -> None:
    found = _assess("gpt-4.1:sold-elsewhere", books.slice_of(books.cell(10**6)))
    assert found.blocks == ("not_sold_here",)


def test_naming_the_provider_prices_the_target_there() -> None:
    found = _assess("gpt-4.1:elsewhere/sold-elsewhere", books.slice_of(books.cell(10**6)))
    assert (found.blocks, found.provider) == ((), "elsewhere")
    assert found.estimate is not None


def test_a_tier_that_the_target_does_not_price_keeps_only_that_share() -> None:
    both = books.slice_of(books.cell(10**6), books.cell(300, output=4, tier="batch"))
    found = _assess("gpt-4.1:gpt-6-luna", both)
    assert (found.stuck_tokens, found.blocks, len(found.cells)) == ({"target_unpriced": 304}, (), 1)
    assert (
        found.estimate == _assess("gpt-4.1:gpt-6-luna", books.slice_of(books.cell(10**6))).estimate
    )


def test_a_target_that_retires_in_30_days_blocks_and_one_in_31_does_not() -> None:
    slice_ = books.slice_of(books.cell(10**6))
    blocks = []
    for days in (31, 30):
        leaving = prices.ModelFacts(retirement=prices.Retirement(books.AS_OF_DAY + days, None, ""))
        blocks.append(
            _assess("gpt-4.1:gpt-4.1-mini", slice_, books.book({books.MINI: leaving})).blocks
        )
    assert blocks == [(), ("target_retires",)]


def test_only_a_cell_whose_prompts_fit_the_target_moves() -> None:
    """The target takes 200,000 tokens; a cell of which more is not known stays as a whole."""
    usual = replace(books.cell(10**6, requests=90), largest_input_tokens=200_000)
    banded = books.cell(300_000, band=200_000, requests=1)
    straddling = replace(books.cell(10**6, requests=9), largest_input_tokens=200_001)
    found = _assess(f"gpt-4.1:{books.DEAR}", books.slice_of(usual, banded, straddling))
    assert found.blocks == ()
    assert [priced.cell for priced in found.cells] == [usual]
    assert found.stuck_tokens == {"context_too_small": 1_300_000}
    assert found.stuck_requests == {"context_too_small": 10}
    assert found.fitting_share == Fraction(9, 10)
    alone = _assess(f"gpt-4.1:{books.DEAR}", books.slice_of(usual))
    assert found.estimate == alone.estimate


def test_a_prompt_larger_than_the_targets_context_blocks_where_nothing_else_moves() -> None:
    straddling = replace(books.cell(10**6), largest_input_tokens=200_001)
    banded = books.cell(300_000, band=200_000)
    for cells in ((straddling,), (banded,), (straddling, banded)):
        found = _assess(f"gpt-4.1:{books.DEAR}", books.slice_of(*cells))
        assert found.blocks == ("context_too_small",)


def test_an_answer_longer_than_the_target_writes_blocks() -> None:
    found = _assess(
        "gpt-4.1:gpt-4.1-mini", books.slice_of(books.cell(10**6), largest_output_tokens=32_769)
    )
    assert found.blocks == ("output_too_small",)


def test_an_input_that_the_target_cannot_take_blocks_and_unknown_modalities_do_not() -> None:
    slice_ = books.slice_of(books.cell(10**6, features=events.FEATURE_AUDIO | events.FEATURE_TOOLS))
    blocks = [
        _assess(pair, slice_).blocks for pair in ("gpt-4.1:gpt-4.1-mini", "gpt-4.1:gpt-6-luna")
    ]
    assert blocks == [("unsupported_feature",), ()]


def test_requests_that_the_target_cannot_take_stay_and_the_others_move() -> None:
    slice_ = books.slice_of(
        books.cell(3 * 10**6, requests=30),
        books.cell(10**6, requests=10, features=events.FEATURE_AUDIO),
    )
    found = _assess("gpt-4.1:gpt-4.1-mini", slice_)
    assert (found.blocks, found.stuck_tokens) == ((), {"unsupported_feature": 10**6})
    assert found.fitting_share == Fraction(3, 4)
    alone = _assess("gpt-4.1:gpt-4.1-mini", books.slice_of(books.cell(3 * 10**6)))
    assert found.estimate == alone.estimate


@pytest.mark.parametrize(
    ("lacks", "features", "blocks"),
    [
        ({"tools"}, events.FEATURE_TOOLS, ("unsupported_feature",)),
        (
            {"json_schema"},
            events.FEATURE_JSON_SCHEMA | events.FEATURE_TOOLS,
            ("unsupported_feature",),
        ),
        ({"json_schema"}, events.FEATURE_TOOLS, ()),
        (set(), events.FEATURE_TOOLS | events.FEATURE_JSON_SCHEMA, ()),
    ],
)
def test_tools_and_schemas_that_the_target_is_known_to_lack_block(
    lacks: set[str], features: int, blocks: tuple[str, ...]
) -> None:
    book = books.book({books.MINI: prices.ModelFacts(lacks=frozenset(lacks))})
    slice_ = books.slice_of(books.cell(10**6, features=features))
    assert _assess("gpt-4.1:gpt-4.1-mini", slice_, book).blocks == blocks


def test_only_the_requests_that_say_so_can_wait() -> None:
    slice_ = books.slice_of(
        books.cell(10**6),
        books.cell(2 * 10**6, features=events.FEATURE_CAN_WAIT),
        books.cell(5, tier="batch"),
    )
    found = _assess("gpt-4.1:gpt-4.1@batch", slice_)
    assert (found.blocks, found.stuck_tokens) == ((), {"cannot_wait": 10**6})
    assert [item.cell.counts.input_tokens for item in found.cells] == [2 * 10**6, 5]


def test_a_region_where_the_target_is_not_sold_is_told_from_a_target_without_a_price() -> None:
    here = replace(books.cell(10**6), region="swedencentral")
    held = books.book()
    sold = dict(held.prices)
    sold[prices.PriceKey(books.OPENAI, books.BIG, "standard", 0, "swedencentral")] = (
        books.price(books.BIG),
    )
    book = replace(held, prices=sold)
    assert _assess("gpt-4.1:gpt-4.1-mini", books.slice_of(here), book).blocks == ("not_in_region",)
    assert _assess("gpt-4.1:gpt-9", books.slice_of(here), book).blocks == ("target_unpriced",)


def test_a_rate_limit_leaves_the_share_that_fits_and_none_blocks() -> None:
    whole = books.slice_of(books.cell(10**9, output=10**8))
    free = _assess("gpt-4.1:gpt-4.1-mini", whole)
    half = _assess(
        "gpt-4.1:gpt-4.1-mini",
        replace(whole, headroom={(books.OPENAI, books.MINI): Fraction(1, 2)}),
    )
    assert free.estimate is not None
    assert half.estimate is not None
    assert abs(2 * half.estimate.low_femto_usd - free.estimate.low_femto_usd) <= 2 * 10**6
    assert (half.fitting_share, half.blocks) == (Fraction(1, 2), ())
    full = replace(whole, headroom={(books.OPENAI, books.MINI): Fraction(0)})
    assert _assess("gpt-4.1:gpt-4.1-mini", full).blocks == ("no_headroom",)
    assert _assess("gpt-4.1:gpt-4.1-mini@batch", replace(full, can_wait=True)).blocks == ()


def test_batch_is_open_only_to_what_can_wait() -> None:
    cells = books.cell(10**6)
    blocks = [
        _assess("gpt-4.1:gpt-4.1@batch", books.slice_of(cells, can_wait=wait)).blocks
        for wait in (False, True)
    ]
    assert blocks == [("cannot_wait",), ()]


def test_a_move_of_tier_alone_assumes_nothing() -> None:
    found = _assess("gpt-4.1:gpt-4.1@batch", books.slice_of(books.cell(10**6), can_wait=True))
    assert found.factors == factors.TIER_ALONE
    assert found.estimate is not None
    assert found.estimate.low_femto_usd == found.estimate.high_femto_usd > 0


def test_committed_capacity_stays_and_blocks_when_it_is_all_there_is() -> None:
    scale = books.cell(10**6, tier="scale")
    alone, partly = (
        _assess("gpt-4.1:gpt-4.1-mini", books.slice_of(*cells))
        for cells in ((scale,), (scale, books.cell(10**6)))
    )
    assert (alone.blocks, partly.blocks) == (("committed_capacity",), ())
    assert partly.stuck_tokens == {"committed_capacity": 10**6}


def test_a_pair_that_names_a_tier_moves_only_that_tier() -> None:
    slice_ = books.slice_of(books.cell(10**6), books.cell(70, tier="priority"))
    found = _assess("gpt-4.1@priority:gpt-4.1-mini@standard", slice_)
    assert [item.cell.service_tier for item in found.cells] == ["priority"]
    assert found.cells[0].instead.key.service_tier == "standard"
    assert found.stuck_tokens == {"other_tier": 10**6}


@pytest.mark.parametrize(
    ("pair", "applies"),
    [
        ("gpt-4.1:x", True),
        ("openai/gpt-4.1:x", True),
        ("azure/gpt-4.1:x", False),
        ("gpt-4.1-mini:x", False),
        ("gpt-4.1@standard:x", True),
        ("gpt-4.1@flex:x", False),
    ],
)
def test_a_pair_starts_at_its_own_model_provider_and_tier(pair: str, applies: bool) -> None:
    assert candidates.applies(pairs.parse_one(pair), books.slice_of(books.cell(10**6))) is applies


def test_without_a_closed_day_the_gap_is_known_and_no_amount_is() -> None:
    found = _assess("gpt-4.1:gpt-4.1-mini", books.slice_of(books.cell(10**6), days=0))
    assert found.estimate is None
    assert found.price_gap is not None
