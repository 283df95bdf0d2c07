"""From the names in a record to the label set of its event. Pure.

What the receiver has fixed comes before what the record says, and an unknown name has a word.
"""

from collections.abc import Hashable

import msgspec

from collector.parsing import fields
from collector.parsing.fields import Tiers
from collector.parsing.naming import Naming
from ledger import events
from ledger.events import Labels
from ledger.pricing import names

_MAX_LABEL_SETS, _MAX_CHARACTERS = 10_000, 2_048


class SentNames(msgspec.Struct, frozen=True, kw_only=True):
    """The names in a record, as sent; None where it has none."""

    provider: str | None = None
    model: str | None = None
    request_model: str | None = None
    project: str | None = None
    workload: str | None = None
    key: str | None = None


class Traits(msgspec.Struct, frozen=True, kw_only=True):
    """What a parser has found out about a request, in our words."""

    tiers: Tiers
    usage_source: str
    status: str = "success"
    context_band: int = 0
    features: int = 0
    modifiers: str = ""


class LabelCache:
    """Label sets by what they were made from: most requests repeat the names of an earlier one."""

    def __init__(self) -> None:
        self._labels: dict[Hashable, Labels] = {}
        self.get = self._labels.get

    def remember(self, source: Hashable, labels: Labels, characters: int) -> None:
        """Remember the label set of a source, unless it is long: so memory stays bounded."""
        if characters <= _MAX_CHARACTERS:
            if len(self._labels) >= _MAX_LABEL_SETS:
                self._labels.clear()
            self._labels[source] = labels


_CACHE = LabelCache()


def build_labels(sent: SentNames, traits: Traits, naming: Naming) -> Labels:
    """The label set of one event."""
    source = (sent, traits, naming)
    labels = _CACHE.get(source)
    if labels is None:
        labels = _build_labels(sent, traits, naming)
        characters = sum(len(text) for text in msgspec.structs.astuple(sent) if text)
        _CACHE.remember(source, labels, characters)
    return labels


def _build_labels(sent: SentNames, traits: Traits, naming: Naming) -> Labels:
    model = fields.first_label(naming.model, sent.model)
    project = fields.first_label(naming.project, sent.project, naming.default_project)
    workload = fields.first_label(naming.workload, sent.workload)
    return Labels(
        namespace=naming.namespace,
        provider=_name_provider(naming.provider or sent.provider, model, naming),
        model=model or events.UNKNOWN,
        request_model=fields.clean_label(sent.request_model) or events.UNKNOWN,
        service_tier=traits.tiers.served_tier,
        service_tier_requested=traits.tiers.requested_tier,
        context_band=traits.context_band,
        features=traits.features,
        usage_source=traits.usage_source,
        status=traits.status,
        project=project or events.UNASSIGNED,
        workload=workload or events.UNLABELLED,
        key=fields.clean_label(sent.key) or events.UNKNOWN,
        modifiers=traits.modifiers,
    )


def _name_provider(provider: str | None, model: str | None, naming: Naming) -> str:
    if fields.clean_label(provider) is None and model is not None and naming.vendor_of is not None:
        provider = naming.vendor_of(model)
    known_name = names.provider_name(fields.clean_label(provider))
    return fields.clean_label(known_name) or events.UNKNOWN
