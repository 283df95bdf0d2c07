"""What moving a slice from model A to model B would save, exactly: no float, no rounding."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from advisor.switching import cost
from advisor.switching.factors import NEUTRAL, Factors
from ledger.errors import PriceUnknown
from ledger.pricing import prices


@dataclass(frozen=True, slots=True)
class PricedCell:
    """A cell that can move, with the price in force on either side."""

    cell: cost.Cell
    now: prices.Price
    instead: prices.Price


Exact = int | Fraction


@dataclass(frozen=True, slots=True)
class Legs:
    """The parts of the formula in femto-USD.

    K_A, the input cost on B with phi_in, and B's output cost before phi_out.
    """

    stay_femto_usd: Fraction
    input_femto_usd: Fraction
    output_femto_usd: Fraction

    def moved_femto_usd(self, factors: Factors) -> Fraction:
        """K_B: one attempt at everything on B."""
        return self.input_femto_usd + factors.phi_out * self.output_femto_usd

    def attempts_femto_usd(self, factors: Factors) -> Fraction:
        """(1 + r) K_B: all attempts at everything on B."""
        return (1 + factors.extra_attempts) * self.moved_femto_usd(factors)


def legs(cells: Iterable[PricedCell], factors: Factors) -> Legs:
    """The three costs of cells at the factors.

    Raises PriceUnknown where either side has tokens without a rate.
    """
    # Whole numbers stay integers as long as they can: a Fraction reduces itself at every step,
    # which is most of the work.
    stay: Exact = 0
    input_side: Exact = 0
    output_side: Exact = 0
    for priced in cells:
        stay += _stay_femto_usd(priced, factors)
        tokens = target_input(priced, factors)
        input_side += _price(tokens, priced.instead)
        audio = priced.cell.counts.output_audio_tokens
        text = priced.cell.counts.output_tokens - audio
        output_side += _price({"output": text, "output_audio": audio}, priced.instead)
    return Legs(Fraction(stay), Fraction(input_side), Fraction(output_side))


def saving_of(costs: Legs, factors: Factors) -> Fraction:
    """S = K_A - net with net = (1 - s) K_A + s [(1 + r) K_B + e sigma K_A + V].

    In femto-USD; negative when B costs more.
    """
    stay = costs.stay_femto_usd
    moved = (
        costs.attempts_femto_usd(factors)
        + factors.escalated_cost_share * stay
        + factors.verifier_femto_usd
    )
    return factors.share * (stay - moved)


def saving(cells: Sequence[PricedCell], factors: Factors) -> Fraction:
    """What moving cells saves at the factors, exact femto-USD, with its sign."""
    return saving_of(legs(cells, factors), factors)


def router_saving(costs: Legs, factors: Factors) -> Fraction:
    """What a router saves that sends the hard share straight to A, in femto-USD.

    There is no first try on B for that share. `verifier_femto_usd` is here what the router costs
    if the whole slice went through it.
    """
    easy = (1 - factors.escalated_cost_share) * (
        costs.stay_femto_usd - costs.attempts_femto_usd(factors)
    )
    return factors.share * (easy - factors.verifier_femto_usd)


def price_gap(cells: Sequence[PricedCell], factors: Factors = NEUTRAL) -> Fraction | None:
    """The share of today's cost that the price lists alone save, at the factors of price lists.

    They are neutral, but for the cache writes that the target adds. None where nothing is spent.
    """
    costs = legs(cells, factors)
    return saving_of(costs, factors) / costs.stay_femto_usd if costs.stay_femto_usd else None


def adds_writes(priced: PricedCell) -> bool:
    """Whether the target bills cache writes that the source's own record says nothing of.

    Writing there costs more than plain input, and the source bills no writes, or is of another
    family of models, which writes by other rules.
    """
    if not writes_cost_more(priced.instead.rates):
        return False
    same_family = _family(priced.now.key.model) == _family(priced.instead.key.model)
    return priced.now.rates.cache_write_input is None or not same_family


def writes_cost_more(rates: prices.Rates) -> bool:
    """Whether input that is written to the cache is dearer than plain input."""
    write, plain = rates.cache_write_input, rates.uncached_input
    return write is not None and plain is not None and write > plain


def _family(model: str) -> str:
    """The first word of a model's name, without the regions and makers before it."""
    return model.partition("-")[0].rpartition(".")[2].lower()


def target_input(priced: PricedCell, factors: Factors) -> dict[str, Exact]:
    """Input tokens by meter on the target, disjoint and adding up to phi_in x input.

    A target without a cached rate caches nothing; without a cache-write rate those tokens are
    ordinary input. Input that was read from the cache and is not any more becomes a write where the
    target bills writes.
    """
    cell, rates, counts = priced.cell, priced.instead.rates, priced.cell.counts
    writes = counts.cache_write_input_tokens
    cached: Exact = counts.cached_input_tokens
    before: Exact = cached
    if factors.cached_share is not None:
        not_cached = unknown_tokens(cell) if factors.unknown_input_is_cached else 0
        before += not_cached
        cacheable = counts.input_tokens - not_cached
        cached = min(factors.cached_share * cacheable, Fraction(counts.input_tokens - writes))
    # Audio comes out of the uncached part first, as the ledger prices it.
    audio: Exact = min(counts.input_audio_tokens, counts.input_tokens - writes - cached)
    cached = cached if rates.cached_input is not None else 0
    written: Exact = writes if rates.cache_write_input is not None else 0
    if writes_cost_more(rates):
        plain = counts.input_tokens - audio - cached
        if factors.written_share is not None:
            written = _whole(factors.written_share * plain)
        else:
            written = min(written + max(0, before - cached), plain)
    tokens = {
        "uncached_input": counts.input_tokens - audio - cached - written,
        "cached_input": cached,
        "cache_write_input": written,
        "input_audio": audio,
    }
    return (
        tokens
        if factors.phi_in == 1
        else {meter: factors.phi_in * count for meter, count in tokens.items()}
    )


def _whole(number: Fraction) -> Exact:
    """The same number, as an integer where it is one."""
    return number.numerator if number.denominator == 1 else number


def _stay_femto_usd(priced: PricedCell, factors: Factors) -> int:
    """K_A of one cell; at the pessimistic end the input of unknown detail was cached already."""
    cost_now = cost.at_price(priced.cell, priced.now)
    if cost_now.unpriced_tokens:
        raise _unpriced(priced.now)
    rates, discount = priced.now.rates, 0
    if (
        factors.unknown_input_is_cached
        and rates.cached_input is not None
        and rates.uncached_input is not None
    ):
        discount = unknown_tokens(priced.cell) * (rates.uncached_input - rates.cached_input)
    return cost_now.femto_usd - discount


def unknown_tokens(cell: cost.Cell) -> int:
    """Text input that may have been cached unseen: at most what is priced as uncached text."""
    uncached = cell.counts.uncached_input_tokens
    return min(cell.detail_unknown_input_tokens, max(0, uncached - cell.counts.input_audio_tokens))


def _price(tokens: dict[str, Exact], price: prices.Price) -> Exact:
    """Femto-USD of tokens by meter at a price."""
    amount: Exact = 0
    for meter, count in tokens.items():
        rate: int | None = getattr(price.rates, meter)
        if rate is not None:
            amount += count * rate
        elif count:
            raise _unpriced(price)
    return amount


def _unpriced(price: prices.Price) -> PriceUnknown:
    key = price.key
    return PriceUnknown(
        f"{key.provider} {key.model} at tier {key.service_tier} has no rate for some of these"
        f" tokens; add one with: prices set {key.model}"
    )
