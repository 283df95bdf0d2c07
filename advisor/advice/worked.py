"""The arithmetic behind a recommendation, in steps that a person with a calculator can repeat. Pure; from what is stored."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

from advisor import words
from advisor.advice import figures as advice_figures
from advisor.advice import recomputed
from advisor.switching import breakeven, counterfactual, factors, life, window
from ledger import money
from ledger.pricing import prices

SUM = "the sum of these lines"
_INPUT_METERS = prices.METERS[:4]
_TITLES = {
    "low": "At the low end",
    "expected": "As expected",
    "high": "At the high end",
    "neutral": "As priced, with neutral factors",
}
_EXACT = Context(prec=200, rounding=ROUND_HALF_EVEN)


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what it gives, how (numbers with + - x / and brackets, or `SUM`), and the result.

    Results are exact, but for divisions, which are rounded half-even to 9 decimals.
    """

    name: str
    how: str
    result: str


@dataclass(frozen=True, slots=True)
class Block:
    """Steps that belong together, under a title."""

    title: str
    steps: tuple[Step, ...]


_Cells = list[tuple[advice_figures.CellFigure, counterfactual.PricedCell]]


def blocks(item: advice_figures.RecommendationFigure) -> Iterator[Block]:
    """What the tokens cost now, what they would cost at each end of the factors, and what follows from the two."""
    cells = [(each, recomputed.priced_cell(each)) for each in item.cells]
    if not cells or not item.window_days or not all(_is_priced(priced) for _, priced in cells):
        return
    at_ends = {end: recomputed.factors_at(item, end) for end in ("low", "expected", "high")}
    stay = {end: _stays(cells, at) for end, at in at_ends.items()}
    yield Block(f"What moves costs now, on {item.from_model}", tuple(stay["expected"][0]))
    if stay["low"][1] != stay["expected"][1]:
        yield Block(
            "At the low end, with input of unknown detail as cached already", tuple(stay["low"][0])
        )
    target = words.target(item.to_model, item.to_service_tier)
    as_priced = {"neutral": factors.NEUTRAL} if item.break_evens else {}
    for end, at in (at_ends | as_priced).items():
        steps, costs = _moves(cells, at, stay.get(end, stay["expected"])[1])
        follows = _as_priced(costs) if end == "neutral" else _saving(item, at, costs)
        beside = (
            (*_beside(item, at, costs), *_answers(item, at, costs)) if end == "expected" else ()
        )
        yield Block(f"{_TITLES[end]}, on {target}", (*steps, *follows, *beside))
    yield from _conclusions(item)


def _stays(cells: _Cells, at: factors.Factors) -> tuple[list[Step], Fraction]:
    """K_A, meter by meter."""
    steps, total = [], Fraction(0)
    for figure, priced in cells:
        tokens = prices.tokens_by_meter(priced.cell.counts, priced.now.rates)
        shift = counterfactual.unknown_tokens(priced.cell) if at.unknown_input_is_cached else 0
        if shift and priced.now.rates.cached_input is not None:
            tokens["uncached_input"] -= shift
            tokens["cached_input"] += shift
        for meter, count in tokens.items():
            if count:
                rate = getattr(priced.now.rates, meter)
                steps.append(
                    _times(f"{_place(figure)} {words.label(meter)}", Fraction(count), rate)
                )
                total += Fraction(count) * rate
    return [*steps, Step("cost now", SUM, _usd(total))], total


def _moves(
    cells: _Cells, at: factors.Factors, stay: Fraction
) -> tuple[list[Step], counterfactual.Legs]:
    """K_B, meter by meter: input with its cached share, then output."""
    told: dict[str, list[Step]] = {"input": [], "output": []}
    sums = {"input": Fraction(0), "output": Fraction(0)}
    for figure, priced in cells:
        rates, counts = priced.instead.rates, priced.cell.counts
        tokens = counterfactual.target_input(priced.cell, rates, at)
        audio = Fraction(counts.output_audio_tokens)
        tokens |= {"output": counts.output_tokens - audio, "output_audio": audio}
        for meter, count in tokens.items():
            side, factor = (
                ("input", factors.ONE) if meter in _INPUT_METERS else ("output", at.phi_out)
            )
            if count:
                rate = getattr(rates, meter)
                told[side].append(
                    _times(f"{_place(figure)} {words.label(meter)}", factor * count, rate)
                )
                sums[side] += count * rate
    costs = counterfactual.Legs(stay, sums["input"], sums["output"])
    amounts = _usd(costs.input_femto_usd), _usd(at.phi_out * costs.output_femto_usd)
    steps = [
        step
        for side, amount in zip(("input", "output"), amounts, strict=True)
        if told[side]
        for step in (*told[side], Step(f"there, {side}", SUM, amount))
    ]
    once = Step("cost there, tried once", " + ".join(amounts), _usd(costs.moved_femto_usd(at)))
    return [*steps, once], costs


def _saving(
    item: advice_figures.RecommendationFigure, at: factors.Factors, costs: counterfactual.Legs
) -> Iterator[Step]:
    """S = s (K_A - (1 + r) K_B - e sigma K_A - V), and what it is per average month."""
    stay, again = costs.stay_femto_usd, at.escalated_cost_share * costs.stay_femto_usd
    attempts, saved = costs.attempts_femto_usd(at), counterfactual.saving_of(costs, at)
    tries = f"(1 + {_plain(at.extra_attempts)}) x {_usd(costs.moved_femto_usd(at))}"
    yield Step("with extra attempts", tries, _usd(attempts))
    capped = at.escalation_rate * at.sigma > 1
    share = "1" if capped else f"{_plain(at.escalation_rate)} x {_plain(at.sigma)}"
    yield Step("run again on the source", f"{share} x {_usd(stay)}", _usd(again))
    inner = " - ".join(
        _usd(part) for part in (stay, attempts, again, Fraction(at.verifier_femto_usd))
    )
    yield Step(f"saving of {item.window_days} days", f"{_plain(at.share)} x ({inner})", _usd(saved))
    yield _month("per average month", item, saved)
    if item.days_left is not None:
        days = min(life.DAYS_PER_YEAR, item.days_left)
        until = saved / item.window_days * days
        yield Step(
            f"in the {days} days left",
            f"{_usd(saved)} / {item.window_days} x {days}",
            _rounded(until),
        )


def _beside(
    item: advice_figures.RecommendationFigure, at: factors.Factors, costs: counterfactual.Legs
) -> Iterator[Step]:
    """The router instead of the cascade, and the break-evens, where the advice has them."""
    stay, attempts, checking = (
        costs.stay_femto_usd,
        costs.attempts_femto_usd(at),
        Fraction(at.verifier_femto_usd),
    )
    easy, saved = _plain(1 - at.escalated_cost_share), counterfactual.router_saving(costs, at)
    if item.router_month_usd is not None:
        how = (
            f"{_plain(at.share)} x ({easy} x ({_usd(stay)} - {_usd(attempts)}) - {_usd(checking)})"
        )
        yield Step("with a router instead", how, _usd(saved))
        yield _month("that per average month", item, saved)
    if not item.break_evens:
        return
    escalation, output = breakeven.escalation_rate(costs, at), breakeven.output_inflation(costs, at)
    if escalation is not None:
        how = f"(1 - ({_usd(attempts)} + {_usd(checking)}) / {_usd(stay)}) / {_plain(at.sigma)}"
        yield Step("break-even escalation", how, _ratio(escalation))
    if output is not None:
        kept = f"({_usd(stay)} x {easy} - {_usd(checking)}) / (1 + {_plain(at.extra_attempts)})"
        how = f"({kept} - {_usd(costs.input_femto_usd)}) / {_usd(costs.output_femto_usd)}"
        yield Step("break-even output", how, _ratio(output))


def _answers(
    item: advice_figures.RecommendationFigure, at: factors.Factors, costs: counterfactual.Legs
) -> Iterator[Step]:
    """What a wrong answer may cost until nothing is saved, and what a right one costs, where pass rates are known."""
    requests = sum(each.requests for each in item.cells)
    if item.pass_ratios is None or not requests:
        return
    now, instead = item.pass_ratios
    saved = counterfactual.saving_of(costs, at)
    limit = breakeven.wrong_answer_femto_usd(saved, at, requests, Fraction(now), Fraction(instead))
    if limit is not None:
        how = f"{_usd(saved)} / ({_plain(at.share)} x {requests:,} x ({now} - {instead}))"
        yield Step("price of a wrong answer", how, _rounded(limit))
    sides = (("now", costs.stay_femto_usd, now), ("there", costs.attempts_femto_usd(at), instead))
    for side, spent, rate in sides:
        cost = breakeven.good_answer_femto_usd(spent, requests, Fraction(rate))
        if cost is not None:
            yield Step(
                f"a right answer {side}", f"{_usd(spent)} / ({requests:,} x {rate})", _rounded(cost)
            )


def _as_priced(costs: counterfactual.Legs) -> Iterator[Step]:
    """The price gap, which is the neutral break-even of escalation, and that of output."""
    stay, at = costs.stay_femto_usd, factors.NEUTRAL
    gap, output = breakeven.escalation_rate(costs, at), breakeven.output_inflation(costs, at)
    if gap is not None:
        yield Step(
            "break-even, and price gap",
            f"1 - {_usd(costs.moved_femto_usd(at))} / {_usd(stay)}",
            _ratio(gap),
        )
    if output is not None:
        how = f"({_usd(stay)} - {_usd(costs.input_femto_usd)}) / {_usd(costs.output_femto_usd)}"
        yield Step("break-even output", how, _ratio(output))


def _month(name: str, item: advice_figures.RecommendationFigure, saved: Fraction) -> Step:
    month = window.per_average_month(saved, item.window_days)
    return Step(name, f"{_usd(saved)} / {item.window_days} x 365 / 12", _rounded(month))


def _conclusions(item: advice_figures.RecommendationFigure) -> Iterator[Block]:
    """The split over several levers, and the payback."""
    if len(item.parts) > 1 and item.saving_month is not None:
        for end in ("low", "expected", "high"):
            yield Block(
                f"Split over its levers, {end}; what rounding leaves goes to the largest part",
                tuple(
                    _part(item.parts, mine, item.saving_month, f"{end}_usd") for mine in item.parts
                ),
            )
    if (
        item.payback_days is not None
        and money.femto_usd(item.one_off_usd)
        and item.saving_month is not None
    ):
        how = f"{item.one_off_usd} / ({item.saving_month.low_usd} x 12 / 365)"
        yield Block("Payback at the low end", (Step("days", how, item.payback_days),))


def _part(
    parts: Sequence[advice_figures.PartFigure],
    mine: advice_figures.PartFigure,
    saving: advice_figures.Ends,
    end: str,
) -> Step:
    """The mean of what a lever adds over every order of the two or three: first, second (of three), last."""
    others = [each for each in parts if each is not mine]
    whole, alone = getattr(saving, end), _alone(mine, end)
    if len(others) == 1:
        how = f"({alone} + {whole} - {_alone(others[0], end)}) / 2"
    else:
        second = " + ".join(
            f"({_pair(parts, third, end)} - {_alone(other, end)})"
            for other, third in (others, others[::-1])
        )
        how = f"(2 x {alone} + {second} + 2 x ({whole} - {_pair(parts, mine, end)})) / 6"
    return Step(f"the {mine.lever}'s part", how, getattr(mine.saving_month, end))


def _alone(part: advice_figures.PartFigure, end: str) -> str:
    """What one lever alone saves; nothing where that state has no price."""
    return "0.00" if part.alone_month is None else getattr(part.alone_month, end)


def _pair(
    parts: Sequence[advice_figures.PartFigure], left_out: advice_figures.PartFigure, end: str
) -> str:
    """What two of three levers save; without a price, as much as the better of them alone, at least nothing."""
    if left_out.without_month is not None:
        return str(getattr(left_out.without_month, end))
    return max(
        ("0.00", *(_alone(each, end) for each in parts if each is not left_out)), key=Decimal
    )


def _is_priced(priced: counterfactual.PricedCell) -> bool:
    """Whether every token has a rate on both sides, as those of a cell that can move do."""
    sides = (priced.now.rates, priced.instead.rates)
    return not any(prices.cost(priced.cell.counts, rates).unpriced_tokens for rates in sides)


def _times(name: str, tokens: Fraction, rate: int) -> Step:
    return Step(
        name, f"{_plain(tokens)} x {_plain(Fraction(rate, 10**9))} / 1,000,000", _usd(tokens * rate)
    )


def _place(figure: advice_figures.CellFigure) -> str:
    over = f" over {figure.context_band:,}" if figure.context_band else ""
    return f"{figure.service_tier}{over}{f' {figure.region}' if figure.region else ''}"


def _usd(amount_femto_usd: Fraction) -> str:
    """An exact amount of USD: tokens, rates and factors are decimals, so it is one."""
    return money.text(_decimal(amount_femto_usd / money.FEMTO_PER_USD))


def _rounded(amount_femto_usd: Fraction) -> str:
    return money.usd_text(money.round_to_nano_usd(amount_femto_usd))


def _ratio(value: Fraction) -> str:
    return _rounded(value * money.FEMTO_PER_USD)


def _plain(value: Fraction) -> str:
    text = f"{_decimal(value):,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _decimal(value: Fraction) -> Decimal:
    """The decimal that a fraction of twos and fives is, exactly."""
    return _EXACT.divide(Decimal(value.numerator), Decimal(value.denominator))
