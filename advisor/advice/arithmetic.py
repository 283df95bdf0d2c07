"""The arithmetic behind a recommendation, in steps that a person with a calculator can repeat."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

from advisor import words
from advisor.advice.values import Recommendation
from advisor.switching import breakeven, candidates, counterfactual, factors, levers, life, window
from advisor.switching.counterfactual import PricedCell
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
    """One step: its name, how it is computed, the result.

    `how` is numbers with + - x / and brackets, or `SUM`. Results are exact, but for divisions,
    which are rounded half-even to 9 decimals.
    """

    name: str
    how: str
    result: str


@dataclass(frozen=True, slots=True)
class Block:
    """Steps that belong together, under a title."""

    title: str
    steps: tuple[Step, ...]


def blocks(recommendation: Recommendation) -> Iterator[Block]:
    """What the tokens cost now, what they would cost at each end of the factors, what follows."""
    cells, band = recommendation.cells, recommendation.factors
    if not cells or not recommendation.window.days or not all(map(_is_priced, cells)):
        return
    at_ends = {"low": band.low, "expected": band.expected, "high": band.high}
    stay = {end: _stay_steps(cells, at) for end, at in at_ends.items()}
    yield Block(f"What moves costs now, on {recommendation.from_model}", tuple(stay["expected"][0]))
    if stay["low"][1] != stay["expected"][1]:
        yield Block(
            "At the low end, with input of unknown detail as cached already", tuple(stay["low"][0])
        )
    target = words.target(recommendation.to_model, recommendation.to_service_tier)
    for end, at in at_ends.items():
        steps, costs = _move_steps(cells, at, stay[end][1])
        if recommendation.potential is None:
            steps.extend(_replacement_steps(recommendation, at, costs))
        else:
            steps.extend(_saving_steps(recommendation, at, costs))
        if end == "expected" and recommendation.potential is not None:
            steps.extend(_worth_steps(recommendation, at, costs))
        yield Block(f"{_TITLES[end]}, on {target}", tuple(steps))
    if recommendation.at_neutral is not None and recommendation.compares:
        steps, costs = _move_steps(cells, band.price_lists, stay["expected"][1])
        steps.extend(_price_list_steps(costs))
        written = " and cache writes as at the low end" if band.sets_writes else ""
        yield Block(f"{_TITLES['neutral']}{written}, on {target}", tuple(steps))
    yield from _conclusions(recommendation)


def _stay_steps(cells: tuple[PricedCell, ...], at: factors.Factors) -> tuple[list[Step], Fraction]:
    """K_A, meter by meter."""
    steps, total = [], Fraction(0)
    for priced in cells:
        tokens = prices.tokens_by_meter(priced.cell.counts, priced.now.rates)
        shift = counterfactual.unknown_tokens(priced.cell) if at.unknown_input_is_cached else 0
        if shift and priced.now.rates.cached_input is not None:
            tokens["uncached_input"] -= shift
            tokens["cached_input"] += shift
        for meter, count in tokens.items():
            if count:
                rate = getattr(priced.now.rates, meter)
                steps.append(_times(_meter_name(priced, meter), Fraction(count), rate))
                total += Fraction(count) * rate
    return [*steps, Step("cost now", SUM, _usd(total))], total


def _move_steps(
    cells: tuple[PricedCell, ...], at: factors.Factors, stay_femto_usd: Fraction
) -> tuple[list[Step], counterfactual.Legs]:
    """K_B, meter by meter: input with its cached share, then output."""
    by_side: dict[str, list[Step]] = {"input": [], "output": []}
    sums = {"input": Fraction(0), "output": Fraction(0)}
    for priced in cells:
        rates, counts = priced.instead.rates, priced.cell.counts
        tokens = counterfactual.target_input(priced, at)
        audio = Fraction(counts.output_audio_tokens)
        tokens |= {"output": counts.output_tokens - audio, "output_audio": audio}
        for meter, count in tokens.items():
            is_input = meter in _INPUT_METERS
            side, factor = ("input", factors.ONE) if is_input else ("output", at.phi_out)
            if count:
                rate = getattr(rates, meter)
                by_side[side].append(_times(_meter_name(priced, meter), factor * count, rate))
                sums[side] += count * rate
    costs = counterfactual.Legs(stay_femto_usd, sums["input"], sums["output"])
    amounts = _usd(costs.input_femto_usd), _usd(at.phi_out * costs.output_femto_usd)
    steps = [
        step
        for side, amount in zip(("input", "output"), amounts, strict=True)
        if by_side[side]
        for step in (*by_side[side], Step(f"there, {side}", SUM, amount))
    ]
    once = Step("cost there, tried once", " + ".join(amounts), _usd(costs.moved_femto_usd(at)))
    return [*steps, once], costs


def _saving_steps(
    recommendation: Recommendation, at: factors.Factors, costs: counterfactual.Legs
) -> Iterator[Step]:
    """S = s (K_A - (1 + r) K_B - e sigma K_A - V), and what it is per average month."""
    stay, again = costs.stay_femto_usd, at.escalated_cost_share * costs.stay_femto_usd
    attempts, saving = costs.attempts_femto_usd(at), counterfactual.saving_of(costs, at)
    tries = f"(1 + {_plain(at.extra_attempts)}) x {_usd(costs.moved_femto_usd(at))}"
    yield Step("with extra attempts", tries, _usd(attempts))
    capped = at.escalation_rate * at.sigma > 1
    share = "1" if capped else f"{_plain(at.escalation_rate)} x {_plain(at.sigma)}"
    yield Step("run again on the source", f"{share} x {_usd(stay)}", _usd(again))
    inner = " - ".join(
        _usd(amount) for amount in (stay, attempts, again, Fraction(at.verifier_femto_usd))
    )
    days, days_left = recommendation.window.days, recommendation.days_left
    yield Step(f"saving of {days} days", f"{_plain(at.share)} x ({inner})", _usd(saving))
    yield _month("per average month", days, saving)
    if days_left is not None:
        earning_days = min(life.DAYS_PER_YEAR, days_left)
        yield Step(
            f"in the {earning_days} days left",
            f"{_usd(saving)} / {days} x {earning_days}",
            _rounded(saving / days * earning_days),
        )


def _replacement_steps(
    recommendation: Recommendation, at: factors.Factors, costs: counterfactual.Legs
) -> Iterator[Step]:
    """What the work costs there, where there is nothing to save: tried, checked, not run again."""
    attempts = costs.attempts_femto_usd(at)
    tries = f"(1 + {_plain(at.extra_attempts)}) x {_usd(costs.moved_femto_usd(at))}"
    yield Step("with extra attempts", tries, _usd(attempts))
    checking = Fraction(at.verifier_femto_usd)
    days, there = recommendation.window.days, at.share * (attempts + checking)
    how = f"{_plain(at.share)} x ({_usd(attempts)} + {_usd(checking)})"
    yield Step(f"cost of {days} days there", how, _usd(there))
    yield _month("per average month", days, there)


def _worth_steps(
    recommendation: Recommendation, at: factors.Factors, costs: counterfactual.Legs
) -> Iterator[Step]:
    """What a move is worth besides its saving."""
    yield from _router_steps(recommendation, at, costs)
    yield from _break_even_steps(recommendation, at, costs)
    yield from _answer_steps(recommendation, at, costs)


def _router_steps(
    recommendation: Recommendation, at: factors.Factors, costs: counterfactual.Legs
) -> Iterator[Step]:
    """The router instead of the cascade, where the advice has one."""
    if recommendation.router_femto_usd is None:
        return
    stay, attempts = costs.stay_femto_usd, costs.attempts_femto_usd(at)
    easy, checking = _plain(1 - at.escalated_cost_share), _usd(Fraction(at.verifier_femto_usd))
    saving = counterfactual.router_saving(costs, at)
    how = f"{_plain(at.share)} x ({easy} x ({_usd(stay)} - {_usd(attempts)}) - {checking})"
    yield Step("with a router instead", how, _usd(saving))
    yield _month("that per average month", recommendation.window.days, saving)


def _break_even_steps(
    recommendation: Recommendation, at: factors.Factors, costs: counterfactual.Legs
) -> Iterator[Step]:
    """How far escalation and output may go, where the advice has break-evens."""
    if recommendation.at_expected is None:
        return
    stay, attempts = _usd(costs.stay_femto_usd), _usd(costs.attempts_femto_usd(at))
    easy, checking = _plain(1 - at.escalated_cost_share), _usd(Fraction(at.verifier_femto_usd))
    escalation, output = breakeven.escalation_rate(costs, at), breakeven.output_inflation(costs, at)
    if escalation is not None:
        how = f"(1 - ({attempts} + {checking}) / {stay}) / {_plain(at.sigma)}"
        yield Step("break-even escalation", how, money.ratio_text(escalation))
    if output is not None:
        affordable = f"({stay} x {easy} - {checking}) / (1 + {_plain(at.extra_attempts)})"
        how = f"({affordable} - {_usd(costs.input_femto_usd)}) / {_usd(costs.output_femto_usd)}"
        yield Step("break-even output", how, money.ratio_text(output))


def _answer_steps(
    recommendation: Recommendation, at: factors.Factors, costs: counterfactual.Legs
) -> Iterator[Step]:
    """What a wrong answer may cost until nothing is saved, and what a right one costs."""
    requests = sum(priced.cell.requests for priced in recommendation.cells)
    if recommendation.pass_rates is None or not requests:
        return
    # A pass rate is a division: the steps go on from its 9 decimals.
    now = money.ratio_text(recommendation.pass_rates.now)
    instead = money.ratio_text(recommendation.pass_rates.instead)
    saving = counterfactual.saving_of(costs, at)
    rates = breakeven.PassRates(Fraction(now), Fraction(instead))
    limit = breakeven.wrong_answer_femto_usd(saving, at, requests, rates)
    if limit is not None:
        how = f"{_usd(saving)} / ({_plain(at.share)} x {requests:,} x ({now} - {instead}))"
        yield Step("price of a wrong answer", how, _rounded(limit))
    sides = (("now", costs.stay_femto_usd, now), ("there", costs.attempts_femto_usd(at), instead))
    for side, cost, rate in sides:
        good_answer = breakeven.good_answer_femto_usd(cost, requests, Fraction(rate))
        if good_answer is not None:
            how = f"{_usd(cost)} / ({requests:,} x {rate})"
            yield Step(f"a right answer {side}", how, _rounded(good_answer))


def _price_list_steps(costs: counterfactual.Legs) -> Iterator[Step]:
    """The price gap, which is the neutral break-even of escalation, and that of output."""
    stay, at = costs.stay_femto_usd, factors.NEUTRAL
    gap, output = breakeven.escalation_rate(costs, at), breakeven.output_inflation(costs, at)
    if gap is not None:
        how = f"1 - {_usd(costs.moved_femto_usd(at))} / {_usd(stay)}"
        yield Step("break-even, and price gap", how, money.ratio_text(gap))
    if output is not None:
        how = f"({_usd(stay)} - {_usd(costs.input_femto_usd)}) / {_usd(costs.output_femto_usd)}"
        yield Step("break-even output", how, money.ratio_text(output))


def _month(name: str, days: int, saving: Fraction) -> Step:
    month = window.per_average_month(saving, days)
    return Step(name, f"{_usd(saving)} / {days} x 365 / 12", _rounded(month))


def _conclusions(recommendation: Recommendation) -> Iterator[Block]:
    """The split over several levers, and the payback."""
    saving, parts = recommendation.potential, recommendation.parts
    if saving is None:
        return
    if len(parts) > 1:
        for end in candidates.ENDS:
            yield Block(
                f"Split over its levers, {end}; what rounding leaves goes to the largest part",
                tuple(_part(parts, lever, saving, end) for lever in parts),
            )
    if recommendation.payback_days is not None and recommendation.one_off_femto_usd:
        once = money.usd_text(recommendation.one_off_femto_usd)
        how = f"{once} / ({money.usd_text(saving.low_femto_usd)} x 12 / 365)"
        days = money.ratio_text(recommendation.payback_days)
        yield Block("Payback at the low end", (Step("days", how, days),))


def _part(
    parts: Mapping[str, levers.Part], lever: str, saving: candidates.Estimate, end: candidates.End
) -> Step:
    """The mean of what a lever adds over every order of the two or three: first, second, last."""
    others = [other for other in parts if other != lever]
    joint_saving, alone = money.usd_text(saving.at(end)), _alone(parts[lever], end)
    if len(others) == 1:
        how = f"({alone} + {joint_saving} - {_alone(parts[others[0]], end)}) / 2"
    else:
        second = " + ".join(
            f"({_pair(parts, third, end)} - {_alone(parts[other], end)})"
            for other, third in (others, others[::-1])
        )
        how = f"(2 x {alone} + {second} + 2 x ({joint_saving} - {_pair(parts, lever, end)})) / 6"
    return Step(f"the {lever}'s part", how, money.usd_text(parts[lever].saving.at(end)))


def _alone(part: levers.Part, end: candidates.End) -> str:
    """What one lever alone saves; nothing where that state has no price."""
    return money.usd_text(0 if part.alone is None else part.alone.at(end))


def _pair(parts: Mapping[str, levers.Part], omitted: str, end: candidates.End) -> str:
    """What two of three levers save; without a price, as much as the better of them, at least 0."""
    together = parts[omitted].without
    if together is not None:
        return money.usd_text(together.at(end))
    alone = (part.alone for lever, part in parts.items() if lever != omitted)
    return money.usd_text(max(0, *(state.at(end) if state else 0 for state in alone)))


def _is_priced(priced: PricedCell) -> bool:
    """Whether every token has a rate on both sides, as those of a cell that can move do."""
    sides = (priced.now.rates, priced.instead.rates)
    return not any(prices.cost(priced.cell.counts, rates).unpriced_tokens for rates in sides)


def _times(name: str, tokens: Fraction, rate: int) -> Step:
    how = f"{_plain(tokens)} x {_plain(Fraction(rate, 10**9))} / 1,000,000"
    return Step(name, how, _usd(tokens * rate))


def _meter_name(priced: PricedCell, meter: str) -> str:
    cell = priced.cell
    over = f" over {cell.context_band:,}" if cell.context_band else ""
    region = f" {cell.region}" if cell.region else ""
    return f"{cell.service_tier}{over}{region} {words.label(meter)}"


def _usd(amount_femto_usd: Fraction) -> str:
    """An exact amount of USD: tokens, rates and factors are decimals, so it is one."""
    return money.text(_decimal(amount_femto_usd / money.FEMTO_PER_USD))


def _rounded(amount_femto_usd: Fraction) -> str:
    return money.usd_text(money.round_to_nano_usd(amount_femto_usd))


def _plain(number: Fraction) -> str:
    text = f"{_decimal(number):,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _decimal(number: Fraction) -> Decimal:
    """The decimal that a fraction of twos and fives is, exactly."""
    return _EXACT.divide(Decimal(number.numerator), Decimal(number.denominator))
