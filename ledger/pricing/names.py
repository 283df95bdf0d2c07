"""Names as sent, mapped to the provider's one word and the price book's model id.

Exact rules first, then the catalogue's own matchers; never a guess from likeness.
"""

import difflib
import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from ledger import events
from ledger.pricing import matchers
from ledger.pricing.prices import PriceBook, Retirement

# OpenTelemetry's gen_ai.provider.name where it has a value, else the word that senders use; then
# the other spellings of LiteLLM, of older OpenTelemetry and of genai-prices.
_SPELLINGS = {
    "anthropic": (),
    "aws.bedrock": (
        "aws",
        "aws_bedrock",
        "bedrock",
        "bedrock_converse",
        "amazon_bedrock",
        "bedrock_mantle",
    ),
    "azure.ai.inference": ("azure_ai", "az.ai.inference"),
    "azure.ai.openai": ("azure", "azure_openai", "azure_text", "az.ai.openai"),
    "cerebras": (),
    "cohere": ("cohere_chat",),
    "deepseek": (),
    "fireworks_ai": ("fireworks", "fireworks-ai"),
    "gcp.gemini": ("gemini", "google", "google_ai_studio", "google-gla"),
    "gcp.gen_ai": (),
    "gcp.vertex_ai": (
        "vertex_ai",
        "vertex_ai_beta",
        "vertexai",
        "google-vertex",
        "vertex_ai-anthropic_models",
    ),
    "groq": (),
    "ibm.watsonx.ai": ("watsonx", "watsonx_text"),
    "minimax": (),
    "mistral_ai": ("mistral", "mistralai", "codestral"),
    "moonshot": ("moonshotai", "moonshot_ai"),
    "openai": ("text-completion-openai", "custom_openai"),
    "perplexity": (),
    "together_ai": ("together", "togetherai", "together-ai"),
    "voyage": ("voyageai",),
    "x_ai": ("xai", "x-ai"),
    "zai": ("z-ai", "z.ai"),
}
_PROVIDERS = {
    spelling: value for value, others in _SPELLINGS.items() for spelling in (value, *others)
}

PROVIDERS = frozenset(_SPELLINGS)
"""The providers that we have a word for."""

# Providers whose own API sells the models that they make themselves. Hosts of other people's models
# are not vendors.
VENDORS = frozenset(
    {
        "anthropic",
        "cohere",
        "deepseek",
        "gcp.gemini",
        "minimax",
        "mistral_ai",
        "moonshot",
        "openai",
        "perplexity",
        "voyage",
        "x_ai",
        "zai",
    }
)

LIKENESS = 0.8
"""How much of a misspelt name has to agree: `gpt4.1` is like `gpt-4.1`."""

# `-2025-04-14`, `-20250929`, and `@20250929` as Vertex AI writes it.
_SNAPSHOT_DATE = re.compile(r"(-20\d{2}-\d{2}-\d{2}|[-@]20\d{6})$")

_BEDROCK = "aws.bedrock"
# Whose a tuned model is, as OpenAI (`:acme:support:AbC`) and Azure (`<id>`, behind `.ft-`) add it.
_TUNER = re.compile(r":.*|^[0-9a-f]+$")
# The route to Bedrock or its region as LiteLLM writes it; the publisher of a model as Google does.
_ROUTE = re.compile(
    r"^((converse|converse_like|invoke|[a-z]{2}(-[a-z]+)+-\d)/"
    r"|(projects/.*/)?publishers/(google|anthropic)/models/)",
    re.IGNORECASE,
)
# The ARNs that name a model: of the model itself and of a profile that AWS defines. An application
# inference profile, a tuned model and provisioned capacity do not say what they cost.
_BEDROCK_MODEL = re.compile(
    r"arn:aws[a-z-]*:bedrock:[a-z0-9-]*:[0-9a-z]*:(inference-profile|foundation-model)/",
    re.IGNORECASE,
)


def provider_name(sent: str | None) -> str:
    """The one word for a provider: OpenTelemetry's, else the sent word in lower case.

    Without a word it is `unknown`.
    """
    word = (sent or "").strip().lower()
    return _PROVIDERS.get(word, word) or events.UNKNOWN


class LeftOut(NamedTuple):
    """A model of the catalogue without a price in the book, and why."""

    model: str
    reason: str


def canonical_model(book: PriceBook, provider: str, name: str) -> str:
    """The model id under which a name as sent is priced.

    Without a price it is the name itself, less its own provider's prefix.
    """
    priced = _priced_id(book, provider, name)
    if priced is not None:
        return priced
    prefix, bare = _split_prefix(name)
    return bare if prefix == provider else name


def is_snapshot_of(name: str, model: str) -> bool:
    """Whether a name is a model's id or that with the date of a snapshot."""
    return model.lower() in (name.lower(), _SNAPSHOT_DATE.sub("", name.lower()))


def retirement_of_name(book: PriceBook, provider: str, name: str) -> Retirement | None:
    """The announced shutdown of a name as sent, where its model has none or another."""
    prefix, bare = _split_prefix(name)
    return book.shutdowns.get((provider, (bare if prefix == provider else name).lower()))


def sole_vendor(book: PriceBook, model: str) -> str | None:
    """The only vendor that publishes a model, for a request without a provider; else None.

    A provider prefix in the name (`azure/gpt-4.1`) does say where, so a vendor is then named only
    if it is that one.
    """
    prefix, _ = _split_prefix(model)
    candidates = VENDORS if prefix is None else VENDORS & {prefix}
    publishing = [vendor for vendor in candidates if _priced_id(book, vendor, model) is not None]
    return publishing[0] if len(publishing) == 1 else None


def sellers(book: PriceBook, name: str) -> list[str]:
    """The providers at which a name as sent has a price, by the same exact rules."""
    providers = {provider for provider, _ in book.names}
    return sorted(
        provider for provider in providers if _priced_id(book, provider, name) is not None
    )


def _priced_id(book: PriceBook, provider: str, name: str) -> str | None:
    model = _exact_id(book, provider, (name, _split_prefix(name)[1]))
    if model is not None or reason_refused(book, provider, name) is not None:
        return model
    spellings = _spellings(provider, name)
    model = _exact_id(book, provider, spellings)
    if model is not None:
        return model
    match = _match(book, provider, spellings)
    if match is None or _is_tuned(name) != _is_tuned(match.model):
        return None
    if _is_tuned(name):
        match = match._replace(leftover=_TUNER.sub("", match.leftover))
    is_plain = matchers.is_plain(match, with_geography=provider == _BEDROCK)
    return book.names.get((provider, match.model.lower())) if is_plain else None


def _exact_id(book: PriceBook, provider: str, spellings: Iterable[str]) -> str | None:
    for candidate in spellings:
        exact = _without_tuner(candidate)
        for spelling in (candidate, exact, _SNAPSHOT_DATE.sub("", exact)):
            model = book.names.get((provider, spelling.lower()))
            if model is not None:
                return model
    return None


def reason_refused(book: PriceBook, provider: str, name: str) -> str | None:
    """Why a name takes no price though it looks like that of a model; None if nothing says so."""
    if not _spellings(provider, name):
        return "the ARN does not say its model: it is a profile, a tuned model or capacity of yours"
    return matchers.reason_refused(book.refusals.get(provider, ()), name)


def _is_tuned(name: str) -> bool:
    """Whether a name is of a tuned model, as OpenAI or Azure write it."""
    lowered = name.lower()
    return lowered.rpartition("/")[2].startswith("ft:") or ".ft-" in lowered


def near_miss(book: PriceBook, provider: str, name: str) -> str | None:
    """The priced model that a matcher finds in a name which says more than that; else None."""
    match = _match(book, provider, _spellings(provider, name))
    return book.names.get((provider, match.model.lower())) if match else None


def nearest(book: PriceBook, provider: str, name: str) -> str | None:
    """The model of a provider whose name is written most like a name: to ask, never to price by."""
    written = {sent: model for (seller, sent), model in book.names.items() if seller == provider}
    bare = _split_prefix(name)[1].lower()
    near = difflib.get_close_matches(bare, written, n=1, cutoff=LIKENESS)
    return written[near[0]] if near else None


def left_out(book: PriceBook, provider: str, name: str) -> LeftOut | None:
    """The model that a name means and that the book leaves out of its prices; else None."""
    match = _match(book, provider, _spellings(provider, name))
    if match is None or not matchers.is_plain(match, with_geography=provider == _BEDROCK):
        return None
    reason = book.left_out.get((provider, match.model))
    return LeftOut(match.model, reason) if reason else None


def _match(book: PriceBook, provider: str, spellings: Iterable[str]) -> matchers.Match | None:
    rows = book.matchers.get(provider, ())
    matches = (matchers.first_match(rows, spelling) for spelling in spellings)
    return next((match for match in matches if match is not None), None)


def _spellings(provider: str, name: str) -> tuple[str, ...]:
    """What a name may be in the book: itself, less its provider, less its route or ARN.

    Nothing for an ARN that does not name a model of the seller.
    """
    bare = _ROUTE.sub("", _split_prefix(name)[1])
    if not bare.lower().startswith("arn:"):
        return tuple(dict.fromkeys((name, bare)))
    resource = _BEDROCK_MODEL.match(bare) if provider == _BEDROCK else None
    return (bare[resource.end() :],) if resource else ()


def _split_prefix(name: str) -> tuple[str | None, str]:
    """The provider of a prefix such as `azure/`, and the bare name; or None and the full name."""
    prefix, slash, bare = name.partition("/")
    provider = _PROVIDERS.get(prefix.lower())
    return (provider, bare) if slash and bare and provider else (None, name)


def _without_tuner(name: str) -> str:
    """The name of a tuned model without its organisation, name and id.

    `ft:gpt-4.1-2025-04-14` of `ft:gpt-4.1-2025-04-14:organisation:name:id`: a tuned model never
    takes its base's price.
    """
    return ":".join(name.split(":")[:2]) if name.lower().startswith("ft:") else name


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """A user's statement that a name of one sender is a model, from a UTC day on.

    The day is a number since 1970-01-01. `region` is where that deployment runs, in the price
    book's word, if its prices differ there; else empty. An empty model ends the alias: from that
    day on the name stands for itself again.
    """

    namespace: str
    provider: str
    name: str
    model_provider: str
    model: str
    effective_from: int
    region: str = ""

    @property
    def sent(self) -> tuple[str, str, str]:
        """The name as it is sent: namespace, provider and spelling."""
        return self.namespace, self.provider, self.name


class ResolvedName(NamedTuple):
    """What a name as sent means: the billing provider, the canonical model, and the region."""

    provider: str
    model: str
    region: str = ""


class Names:
    """Resolves names under one price book and one set of aliases, and remembers the results."""

    def __init__(self, book: PriceBook, aliases: Iterable[Alias] = ()) -> None:
        self._book = book
        self._canonical: dict[tuple[str, str], str] = {}
        self._aliases: dict[tuple[str, str, str], list[Alias]] = {}
        for alias in sorted(aliases, key=lambda entry: entry.effective_from):
            self._aliases.setdefault(alias.sent, []).append(alias)

    def resolve(self, namespace: str, provider: str, name: str, day: int) -> ResolvedName:
        """What a name means on a UTC day: the alias then in force, else the book's id."""
        aliases = self._aliases.get((namespace, provider, name), ())
        index = bisect_right(aliases, day, key=lambda alias: alias.effective_from)
        alias = aliases[index - 1] if index else None
        if alias is not None and alias.model:
            return ResolvedName(
                alias.model_provider,
                self._canonical_of(alias.model_provider, alias.model),
                alias.region,
            )
        return ResolvedName(provider, self._canonical_of(provider, name))

    def change_days(self) -> list[int]:
        """The days on which some alias begins or ends, sorted."""
        return sorted(
            {alias.effective_from for aliases in self._aliases.values() for alias in aliases}
        )

    def _canonical_of(self, provider: str, name: str) -> str:
        model = self._canonical.get((provider, name))
        if model is None:
            model = self._canonical[provider, name] = canonical_model(self._book, provider, name)
        return model
