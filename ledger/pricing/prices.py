"""The price book: effective-dated integer rates by price key, and the exact cost of tokens.

Pure.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from ledger.pricing.matchers import MatcherRow, RefusalRow
from ledger.tokens import TokenCounts

METERS = (
    "uncached_input",
    "cached_input",
    "cache_write_input",
    "input_audio",
    "output",
    "output_audio",
)


class PriceKey(NamedTuple):
    """What a price is for: a provider's model at a service tier.

    `over_input_tokens` is 0 or a long-context threshold. `region` is empty where the provider asks
    the same everywhere, else its word for where the model runs: only an alias sets it.
    """

    provider: str
    model: str
    service_tier: str
    over_input_tokens: int = 0
    region: str = ""

    def __str__(self) -> str:
        over = f" over {self.over_input_tokens} tokens" if self.over_input_tokens else ""
        region = f" in {self.region}" if self.region else ""
        return f"{self.model} at {self.provider}, {self.service_tier}{over}{region}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Rates by meter: integer nano-USD per million tokens, which is femto-USD per token.

    A rate is None where the provider has none. Without `cached_input` the provider gives no cache
    discount and bills cached input as input; likewise cache write. Without audio rates, audio
    tokens have no price.
    """

    uncached_input: int | None = None
    cached_input: int | None = None
    cache_write_input: int | None = None
    output: int | None = None
    input_audio: int | None = None
    output_audio: int | None = None
    rare: tuple[tuple[str, int], ...] = ()
    """The rates of meters that few requests have, by name in rising order: femto-USD per unit."""

    @property
    def by_meter(self) -> dict[str, int]:
        """The rates that are known."""
        plain = {meter: rate for meter in METERS if (rate := getattr(self, meter)) is not None}
        return plain | dict(self.rare)


def from_meters(rates: Mapping[str, int]) -> Rates:
    """The rates of these meters, plain and rare."""
    return Rates(
        **{meter: rates[meter] for meter in METERS if meter in rates},
        rare=tuple(sorted((name, rate) for name, rate in rates.items() if name not in METERS)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """Rates in force from a UTC day (number since 1970-01-01) on, with their source and last check.

    `backdated` is True where the asked day lies before the earliest known list row, whose rates are
    then used. `list_rates` are the catalogue's, `rates` those after contract; they are equal
    without a contract, which `contract` names.
    """

    key: PriceKey
    effective_from: int
    rates: Rates
    list_rates: Rates
    source: str
    checked: str
    backdated: bool = False
    contract: str = ""


@dataclass(frozen=True, slots=True)
class Cost:
    """What tokens cost: exact femto-USD of the priced tokens, and how many tokens have no rate."""

    femto_usd: int = 0
    priced_tokens: int = 0
    unpriced_tokens: int = 0

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(
            self.femto_usd + other.femto_usd,
            self.priced_tokens + other.priced_tokens,
            self.unpriced_tokens + other.unpriced_tokens,
        )

    def __sub__(self, other: "Cost") -> "Cost":
        return self + Cost(-other.femto_usd, -other.priced_tokens, -other.unpriced_tokens)


def tokens_by_meter(counts: TokenCounts, rates: Rates) -> dict[str, int]:
    """Tokens by meter, disjoint; they add up to input + output (reasoning is output).

    Audio is taken from the uncached part first; the remainder stays in the cached part. Where a
    provider has no cached or cache-write rate, those tokens are ordinary input.
    """
    audio_in = min(counts.input_audio_tokens, counts.uncached_input_tokens)
    cached = counts.cached_input_tokens if rates.cached_input is not None else 0
    written = counts.cache_write_input_tokens if rates.cache_write_input is not None else 0
    return {
        "uncached_input": counts.input_tokens - audio_in - cached - written,
        "cached_input": cached,
        "cache_write_input": written,
        "input_audio": audio_in,
        "output": counts.output_tokens - counts.output_audio_tokens,
        "output_audio": counts.output_audio_tokens,
    }


def cost(counts: TokenCounts, rates: Rates | None) -> Cost:
    """The exact cost of tokens: the sum of tokens x rate, in Python integers.

    A meter without a rate leaves its tokens unpriced.
    """
    if rates is None:
        return Cost(unpriced_tokens=counts.total_tokens)
    femto_usd = priced = unpriced = 0
    for meter, tokens in tokens_by_meter(counts, rates).items():
        rate: int | None = getattr(rates, meter)
        if rate is None:
            unpriced += tokens
        else:
            priced += tokens
            femto_usd += tokens * rate
    return Cost(femto_usd, priced, unpriced)


@dataclass(frozen=True, slots=True)
class Retirement:
    """When a provider shuts a model down (UTC day number), and the successor that it names."""

    shutdown_day: int
    successor: str | None
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """Facts of a model other than its prices; None where the catalogue does not say."""

    context_window: int | None = None
    max_output_tokens: int | None = None
    modalities: frozenset[str] = frozenset()
    retirement: Retirement | None = None
    without_rate: Mapping[str, str] = field(default_factory=dict)
    """By service tier, why the model has no price per token there: unpriced, never free."""
    lacks: frozenset[str] = frozenset()
    """Features that requests may ask for and the model lacks: `tools`, `json_schema`."""
    multipliers: Mapping[str, Fraction] = field(default_factory=dict)
    """By modifier, such as `speed=fast`, what multiplies every rate of a request that has it."""
    maker: str | None = None
    """Who makes the model, whoever sells it."""
    reasons: bool | None = None
    """Whether answers hold reasoning tokens where the caller sets no effort."""
    efforts: tuple[str, ...] = ()
    """The reasoning efforts that a caller can set, least first; `none` where it can be off."""
    default_effort: str | None = None
    tokenizer: str | None = None
    """Its family: models of one family count the same text as the same number of tokens."""
    writes_cache_from_tokens: int | None = None
    """From what prompt size on the seller bills cache writes that nobody marked; else None."""
    least_cached_tokens: int | None = None
    """The smallest prefix of a prompt that can be cached."""
    smaller: str | None = None
    """The next smaller sibling of the same maker that the same seller has a price for."""
    sources: Mapping[str, str] = field(default_factory=dict)
    """By kind (`reasoning`, `tokenizer`, `cache`, `smaller`), the source of these facts."""

    @property
    def can_reason(self) -> bool | None:
        """Whether answers may hold reasoning tokens, by default or where a caller asks for them.

        Cautious figures follow it: a gateway or a client may set another effort than the default.
        """
        return True if self.reasons or set(self.efforts) - {"none"} else self.reasons


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceBook:
    """Effective-dated prices of every price key. Build it with `price_book.build()`.

    `version` names its content.
    """

    version: str
    prices: Mapping[PriceKey, tuple[Price, ...]]
    """By key, in rising order of `effective_from`."""
    facts: Mapping[tuple[str, str], ModelFacts]
    aliases: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Aliases, in lower case: (provider, name) -> model id."""
    checked: str = ""
    """The day on which the book was last checked."""
    matchers: Mapping[str, tuple[MatcherRow, ...]] = field(default_factory=dict)
    """By provider, the catalogue's matchers of names in its order, also of models left out."""
    refusals: Mapping[str, tuple[RefusalRow, ...]] = field(default_factory=dict)
    """By provider, the names that a matcher fits and that cost something else."""
    left_out: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """(provider, model id) -> why the catalogue's model has no price here."""
    shutdowns: Mapping[tuple[str, str], Retirement] = field(default_factory=dict)
    """(provider, name in lower case) -> its own retirement, where its model has none or another."""
    thresholds: Mapping[PriceKey, tuple[int, ...]] = field(init=False)
    """By key without a threshold, the thresholds of its prices, in rising order."""
    steps: Mapping[PriceKey, tuple[int, ...]] = field(init=False)
    """By tier's key without a threshold, the thresholds that only the standard tier has."""
    models: Mapping[str, frozenset[str]] = field(init=False)
    """By provider, the ids of the models that have a price there."""
    names: Mapping[tuple[str, str], str] = field(init=False)
    """(provider, name in lower case) -> model id, of every priced model and alias."""

    def __post_init__(self) -> None:
        thresholds: dict[PriceKey, set[int]] = {}
        names = dict(self.aliases)
        models: dict[str, set[str]] = {}
        for key in self.prices:
            models.setdefault(key.provider, set()).add(key.model)
            thresholds.setdefault(key._replace(over_input_tokens=0), set()).add(
                key.over_input_tokens
            )
            names[key.provider, key.model.lower()] = key.model
        object.__setattr__(
            self, "thresholds", {key: tuple(sorted(sizes)) for key, sizes in thresholds.items()}
        )
        steps = {
            key: thresholds.get(key._replace(service_tier="standard"), sizes) - sizes
            for key, sizes in thresholds.items()
        }
        object.__setattr__(
            self, "steps", {key: tuple(sorted(sizes)) for key, sizes in steps.items() if sizes}
        )
        object.__setattr__(
            self, "models", {provider: frozenset(sold) for provider, sold in models.items()}
        )
        object.__setattr__(self, "names", names)

    def at(
        self,
        provider: str,
        model: str,
        service_tier: str,
        *,
        context_band: int,
        day: int,
        region: str = "",
    ) -> Price | None:
        """The price in force on a UTC day for a request of a context band; None if unpriced.

        `model` is a canonical id. The earliest row of a key also serves every earlier day and is
        then `backdated`. A region has its own prices: prices of everywhere else never stand in for
        them. Nor do a tier's prices of short requests stand in for those of long ones, where the
        standard tier asks another price for these.
        """
        key = PriceKey(provider, model, service_tier, region=region)
        sizes = self.thresholds.get(key)
        if not sizes or sizes[0] > context_band:
            return None
        over = sizes[bisect_right(sizes, context_band) - 1]
        if key in self.steps and self.missing_step(key, context_band, day) is not None:
            return None
        rows = self.prices[key._replace(over_input_tokens=over) if over else key]
        index = bisect_right(rows, day, key=lambda row: row.effective_from)
        if index:
            return rows[index - 1]
        return replace(rows[0], backdated=True)

    def missing_step(self, key: PriceKey, context_band: int, day: int) -> int | None:
        """The size from which requests of a context band have a price at standard alone.

        The key is a tier's, without a threshold. None if the tier's price holds: also where the
        standard tier, too, asks the same for short and for long requests on that day. A threshold
        that a provider gave up stays a row with the rates of short requests.
        """
        sizes = self.thresholds.get(key, ())
        index = bisect_right(sizes, context_band)
        over = sizes[index - 1] if index else 0
        passed = [size for size in self.steps.get(key, ()) if over < size <= context_band]
        short = self._standard_rates(key, over, day) if passed else None
        return next(
            (size for size in passed if self._standard_rates(key, size, day) != short), None
        )

    def _standard_rates(self, key: PriceKey, size: int, day: int) -> Rates | None:
        standard = self.at(
            key.provider, key.model, "standard", context_band=size, day=day, region=key.region
        )
        return standard.list_rates if standard else None

    def facts_of(self, provider: str, model: str) -> ModelFacts:
        """The facts of a canonical model; empty facts when none are known."""
        return self.facts.get((provider, model), ModelFacts())

    def change_days(
        self, models: Iterable[tuple[str, str]], first_day: int, last_day: int
    ) -> list[int]:
        """The days after `first_day`, up to `last_day`, on which one of these models changes price.

        Models are (provider, model); the days are sorted.
        """
        sold = set(models)
        return sorted(
            {
                row.effective_from
                for key, rows in self.prices.items()
                if key[:2] in sold
                for row in rows
                if first_day < row.effective_from <= last_day
            }
        )


def sum_costs(costs: Iterable[Cost]) -> Cost:
    """The sum of costs."""
    return sum(costs, Cost())


def blended_usd_per_mtok(cost: Cost) -> Decimal | None:
    """USD per million priced tokens *as used*, rounded to 9 decimals; None without any."""
    if not cost.priced_tokens:
        return None
    return Decimal(round(Fraction(cost.femto_usd, cost.priced_tokens))).scaleb(-9)
