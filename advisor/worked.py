"""The arithmetic behind a recommendation, in steps that a person with a calculator can repeat. Pure; from what is stored."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

from advisor import breakeven, counterfactual, factors, figures, life, recomputed, words
from ledger import money, prices

SUM = "the sum of these lines"
_INPUT_METERS = prices.METERS[:4]
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


@dataclass(frozen=True, slots=True)
class _Sums:
    """The sums of a block that others refer to, in femto-USD."""

    stay: Fraction
    moved_input: Fraction
    moved_output: Fraction


def blocks(item: figures.RecommendationFigure) -> Iterator[Block]:
    """What the tokens cost now, what they would cost at each end of the factors, and what follows from the two."""
    cells = [(each, recomputed.priced_cell(each)) for each in item.cells]
    if not cells or not item.window_days or not all(_is_priced(priced) for _, priced in cells):
        return
    at_ends = {end: recomputed.factors_at(item, end) for end in ("low", "point", "high")}
    stay = {end: _stays(cells, at) for end, at in at_ends.items()}
    yield Block(f"What moves costs now, on {item.from_model}", tuple(stay["point"][0]))
    if stay["low"][1] != stay["point"][1]:
        yield Block("At the low end, with input of unknown detail as cached already", tuple(stay["low"][0]))
    for end, at in {**at_ends, "neutral": factors.NEUTRAL}.items():
        steps, sums = _moves(cells, at, stay.get(end, stay["point"])[1])
        ending = _as_priced(sums) if end == "neutral" else _saving(item, at, sums)
        beside = _beside(item, at, sums) if end == "point" else ()
        title = (
            "As priced, with neutral factors"
            if end == "neutral"
            else f"At the {end} end"
            if end != "point"
            else "At the point"
        )
        answers = _answers(item, at, sums) if end == "point" else ()
        yield Block(
            f"{title}, on {words.target(item.to_model, item.to_service_tier)}", (*steps, *ending, *beside, *answers)
        )
    yield from _conclusions(item)


def _stays(
    cells: list[tuple[figures.CellFigure, counterfactual.PricedCell]], at: factors.Factors
) -> tuple[list[Step], Fraction]:
    """K_A, meter by meter."""
    steps, total = [], Fraction(0)
    for figure, priced in cells:
        tokens = prices.metered(priced.cell.counts, priced.now.rates)
        shift = counterfactual.unknown_tokens(priced.cell) if at.unknown_input_is_cached else 0
        if shift and priced.now.rates.cached_input is not None:
            tokens["uncached_input"] -= shift
            tokens["cached_input"] += shift
        for meter, count in tokens.items():
            if count:
                steps.append(
                    _times(f"{_place(figure)} {_word(meter)}", Fraction(count), getattr(priced.now.rates, meter))
                )
                total += count * Fraction(getattr(priced.now.rates, meter))
    return [*steps, Step("cost now", SUM, _usd(total))], total


def _moves(
    cells: list[tuple[figures.CellFigure, counterfactual.PricedCell]], at: factors.Factors, stay: Fraction
) -> tuple[list[Step], _Sums]:
    """K_B, meter by meter: input with its cached share, then output."""
    told: dict[str, list[Step]] = {"input": [], "output": []}
    sums = {"input": Fraction(0), "output": Fraction(0)}
    for figure, priced in cells:
        rates, counts = priced.instead.rates, priced.cell.counts
        tokens = counterfactual.target_input(priced.cell, rates, at)
        audio = counts.output_audio_tokens
        tokens |= {"output": at.phi_out * (counts.output_tokens - audio), "output_audio": at.phi_out * audio}
        for meter, count in tokens.items():
            side = "input" if meter in _INPUT_METERS else "output"
            if count:
                rate = getattr(rates, meter)
                told[side].append(_times(f"{_place(figure)} {_word(meter)}", count, rate))
                sums[side] += count * rate
    steps = [
        step
        for side in ("input", "output")
        if told[side]
        for step in (*told[side], Step(f"there, {side}", SUM, _usd(sums[side])))
    ]
    found = _Sums(stay, sums["input"], sums["output"])
    moved = found.moved_input + found.moved_output
    return [
        *steps,
        Step("cost there, tried once", f"{_usd(sums['input'])} + {_usd(sums['output'])}", _usd(moved)),
    ], found


def _saving(item: figures.RecommendationFigure, at: factors.Factors, sums: _Sums) -> Iterator[Step]:
    """S = s (K_A - (1 + r) K_B - e sigma K_A - V), and what it is per average month."""
    moved = sums.moved_input + sums.moved_output
    attempts, again = (1 + at.extra_attempts) * moved, at.escalated_cost_share * sums.stay
    yield Step("with extra attempts", f"(1 + {_plain(at.extra_attempts)}) x {_usd(moved)}", _usd(attempts))
    back = f"{_plain(at.escalation_rate)} x {_plain(at.sigma)}"
    share = back if at.escalation_rate * at.sigma <= 1 else "1"
    yield Step("run again on the source", f"{share} x {_usd(sums.stay)}", _usd(again))
    checking = Fraction(at.verifier_femto_usd)
    saved = at.share * (sums.stay - attempts - again - checking)
    inner = " - ".join(_usd(part) for part in (sums.stay, attempts, again, checking))
    yield Step(f"saving of {item.window_days} days", f"{_plain(at.share)} x ({inner})", _usd(saved))
    month = saved / item.window_days * Fraction(365, 12)
    yield Step("per average month", f"{_usd(saved)} / {item.window_days} x 365 / 12", _rounded(month))
    if item.days_left is not None:
        days = min(life.DAYS_PER_YEAR, item.days_left)
        until = saved / item.window_days * days
        yield Step(f"in the {days} days left", f"{_usd(saved)} / {item.window_days} x {days}", _rounded(until))


def _beside(item: figures.RecommendationFigure, at: factors.Factors, sums: _Sums) -> Iterator[Step]:
    """The router instead of the cascade, and the break-evens, at the point factors."""
    moved, checking = sums.moved_input + sums.moved_output, Fraction(at.verifier_femto_usd)
    attempts = (1 + at.extra_attempts) * moved
    easy = 1 - at.escalated_cost_share
    saved = at.share * (easy * (sums.stay - attempts) - checking)
    how = f"{_plain(at.share)} x ({_plain(easy)} x ({_usd(sums.stay)} - {_usd(attempts)}) - {_usd(checking)})"
    yield Step("with a router instead", how, _usd(saved))
    month = saved / item.window_days * Fraction(365, 12)
    yield Step("that per average month", f"{_usd(saved)} / {item.window_days} x 365 / 12", _rounded(month))
    if sums.stay:
        how = f"(1 - ({_usd(attempts)} + {_usd(checking)}) / {_usd(sums.stay)}) / {_plain(at.sigma)}"
        costs = counterfactual.Legs(
            sums.stay, sums.moved_input, sums.moved_output / at.phi_out if at.phi_out else Fraction(0)
        )
        yield Step("break-even escalation", how, _ratio(breakeven.escalation_rate(costs, at)))
        if costs.output_femto_usd:
            kept = f"({_usd(sums.stay)} x {_plain(easy)} - {_usd(checking)}) / (1 + {_plain(at.extra_attempts)})"
            how = f"({kept} - {_usd(sums.moved_input)}) / ({_usd(sums.moved_output)} / {_plain(at.phi_out)})"
            yield Step("break-even output", how, _ratio(breakeven.output_inflation(costs, at)))


def _answers(item: figures.RecommendationFigure, at: factors.Factors, sums: _Sums) -> Iterator[Step]:
    """What a wrong answer may cost until nothing is saved, and what a right one costs, where pass rates are known."""
    requests = sum(each.requests for each in item.cells)
    if item.pass_ratios is None or not requests:
        return
    now, instead = item.pass_ratios
    attempts = (1 + at.extra_attempts) * (sums.moved_input + sums.moved_output)
    saved = at.share * (sums.stay - attempts - at.escalated_cost_share * sums.stay - at.verifier_femto_usd)
    limit = breakeven.wrong_answer_femto_usd(saved, at, requests, Fraction(now), Fraction(instead))
    if limit is not None:
        how = f"{_usd(saved)} / ({_plain(at.share)} x {requests:,} x ({now} - {instead}))"
        yield Step("price of a wrong answer", how, _rounded(limit))
    for name, spent, rate in (("a right answer now", sums.stay, now), ("a right answer there", attempts, instead)):
        cost = breakeven.good_answer_femto_usd(spent, requests, Fraction(rate))
        if cost is not None:
            yield Step(name, f"{_usd(spent)} / ({requests:,} x {rate})", _rounded(cost))


def _as_priced(sums: _Sums) -> Iterator[Step]:
    """The price gap, which is the neutral break-even of escalation, and that of output."""
    if sums.stay:
        moved = sums.moved_input + sums.moved_output
        gap = 1 - moved / sums.stay
        yield Step("break-even, and price gap", f"1 - {_usd(moved)} / {_usd(sums.stay)}", _ratio(gap))
    if sums.moved_output:
        limit = (sums.stay - sums.moved_input) / sums.moved_output
        how = f"({_usd(sums.stay)} - {_usd(sums.moved_input)}) / {_usd(sums.moved_output)}"
        yield Step("break-even output", how, _ratio(limit))


def _conclusions(item: figures.RecommendationFigure) -> Iterator[Block]:
    """The split over two levers, and the payback."""
    if len(item.parts) == 2 and item.saving_month is not None:
        first, second = item.parts
        for end in ("low", "point", "high"):
            whole = getattr(item.saving_month, f"{end}_usd")
            yield Block(
                f"Split over its levers, {end}; what rounding leaves goes to the larger part",
                tuple(_part(end, mine, other, whole) for mine, other in ((first, second), (second, first))),
            )
    if item.payback_days is not None and money.femto_usd(item.one_off_usd) and item.saving_month is not None:
        how = f"{item.one_off_usd} / ({item.saving_month.low_usd} x 12 / 365)"
        yield Block("Payback at the low end", (Step("days", how, item.payback_days),))


def _part(end: str, mine: figures.PartFigure, other: figures.PartFigure, whole: str) -> Step:
    alone, others = (
        "0.00" if each.alone_month is None else getattr(each.alone_month, f"{end}_usd") for each in (mine, other)
    )
    return Step(
        f"the {mine.lever}'s part", f"({alone} + {whole} - {others}) / 2", getattr(mine.saving_month, f"{end}_usd")
    )


def _is_priced(priced: counterfactual.PricedCell) -> bool:
    """Whether every token has a rate on both sides, as those of a cell that can move do."""
    sides = (priced.now.rates, priced.instead.rates)
    return not any(prices.cost(priced.cell.counts, rates).unpriced_tokens for rates in sides)


def _times(name: str, tokens: Fraction, rate: int) -> Step:
    return Step(name, f"{_plain(tokens)} x {_plain(Fraction(rate, 10**9))} / 1,000,000", _usd(tokens * rate))


def _place(figure: figures.CellFigure) -> str:
    over = f" over {figure.context_band:,}" if figure.context_band else ""
    return f"{figure.service_tier}{over}{f' {figure.region}' if figure.region else ''}"


def _word(meter: str) -> str:
    return meter.replace("_", " ")


def _usd(amount_femto_usd: Fraction) -> str:
    """An exact amount of USD: tokens, rates and factors are decimals, so it is one."""
    return money.text(_decimal(amount_femto_usd / money.FEMTO_PER_USD))


def _rounded(amount_femto_usd: Fraction) -> str:
    return money.usd_text(money.rounded(amount_femto_usd))


def _ratio(value: Fraction | None) -> str:
    return money.usd_text(money.rounded((value or Fraction(0)) * money.FEMTO_PER_USD))


def _plain(value: Fraction) -> str:
    text = f"{_decimal(value):,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _decimal(value: Fraction) -> Decimal:
    """The decimal that a fraction of twos and fives is, exactly."""
    return _EXACT.divide(Decimal(value.numerator), Decimal(value.denominator))
