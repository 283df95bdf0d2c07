"""The models of a trial: how each is asked, and what its answers cost. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from advisor.trial.runs.answers import AnswerUsage
from ledger import bands
from ledger.pricing import names, prices
from ledger.pricing.prices import PriceBook

Role = Literal["a", "b", "ab", "ba"]
"""Whose answer a call is for: the source, the target, or the judge in one of the two orders."""
_MOVING = "-latest"
"""The end of a name that stands for a snapshot with a name of its own."""
_OPENAI = frozenset({"openai", "azure.ai.openai"})
_SERVED_TIERS = {"": None, "auto": None, "default": "standard", "fast": "priority"}
"""What an endpoint calls a tier, where our word is another; None where it does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """A model of a trial: its name in the price book and at the endpoint, and its parameters.

    Without a provider nobody sells it under that name alone, so nothing of it has a price.
    """

    label: str
    provider: str | None
    model: str
    sent_name: str
    service_tier: str | None = None
    can_reason: bool = False
    """Whether its answers may hold reasoning tokens, as far as the price book knows."""
    parameters: Mapping[str, Any]

    def request(self, messages: object, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """The body of a request: those of the prompt, and over them the parameters of this side."""
        tier = {"service_tier": self.service_tier} if self.service_tier else {}
        return {
            **self._renamed(parameters),
            **self.parameters,
            **tier,
            "model": self.sent_name,
            "messages": messages,
        }

    def _renamed(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters, with the limit of tokens under the name that the model takes.

        OpenAI's reasoning models refuse `max_tokens`:
        https://platform.openai.com/docs/api-reference/chat/create.
        """
        renamed = dict(parameters)
        if self.can_reason and self.provider in _OPENAI and "max_tokens" in renamed:
            limit = renamed.pop("max_tokens")
            renamed.setdefault("max_completion_tokens", limit)
        return renamed


@dataclass(frozen=True, slots=True)
class Pricer:
    """Prices the answers of a contender at the prices of one UTC day."""

    book: PriceBook
    day: int

    def cost_femto_usd(
        self, contender: Contender, usage: AnswerUsage | None, tier: str
    ) -> int | None:
        """What an answer cost in femto-USD; None where its usage or a price of it is unknown.

        `tier` is the endpoint's word for the service tier that answered.
        """
        if usage is None or contender.provider is None:
            return None
        served_tier = _SERVED_TIERS.get(tier, tier)
        price = self.book.at(
            contender.provider,
            contender.model,
            served_tier or contender.service_tier or "standard",
            context_band=bands.band_of(usage.input_tokens),
            day=self.day,
        )
        cost = prices.cost(usage.counts, price.rates if price else None)
        return None if cost.unpriced_tokens else cost.femto_usd


def is_other_model(book: PriceBook, contender: Contender, answering_name: str) -> bool:
    """Whether an answer names a priced model that is another one than was asked for.

    A proxy that falls back would else let one model be marked for the other.
    """
    if contender.provider is None or not answering_name:
        return False
    if names.is_snapshot_of(answering_name.rpartition("/")[2], contender.model):
        return False
    if contender.model.endswith(_MOVING) and answering_name.startswith(
        contender.model.removesuffix(_MOVING)
    ):
        return False
    model = names.canonical_model(book, contender.provider, answering_name)
    is_priced = (contender.provider, model.lower()) in book.names
    return is_priced and model != contender.model
