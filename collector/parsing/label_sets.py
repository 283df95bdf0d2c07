"""From the names in a record to the label set of its event: what the receiver fixed wins, and unknown gets its word. Pure."""

from collections.abc import Hashable

import msgspec

from collector.parsing import fields
from collector.parsing.naming import Naming
from ledger import events
from ledger.events import Labels
from ledger.pricing import names

_KEPT, _KEPT_CHARACTERS = 10_000, 2_048


class Said(msgspec.Struct, frozen=True):
    """The names in a record, as sent; None where it says nothing."""

    provider: str | None = None
    model: str | None = None
    request_model: str | None = None
    project: str | None = None
    workload: str | None = None
    key: str | None = None


class Traits(msgspec.Struct, frozen=True):
    """What a parser decided about a request, in our words."""

    service_tiers: tuple[str, str]
    usage_source: str
    status: str = "success"
    context_band: int = 0
    features: int = 0


class Seen:
    """Label sets made before, by whatever they were made of: most requests repeat an earlier one's names."""

    def __init__(self) -> None:
        self._labels: dict[Hashable, Labels] = {}
        self.get = self._labels.get

    def keep(self, names: Hashable, found: Labels, characters: int) -> None:
        """Remember a label set, unless what it was made of is long: memory stays bounded whatever is sent."""
        if characters <= _KEPT_CHARACTERS:
            if len(self._labels) >= _KEPT:
                self._labels.clear()
            self._labels[names] = found


_SEEN = Seen()


def labels(said: Said, traits: Traits, naming: Naming) -> Labels:
    """The label set of one event."""
    names = (said, traits, naming)
    found = _SEEN.get(names)
    if found is None:
        found = _labels(said, traits, naming)
        _SEEN.keep(names, found, sum(len(text) for text in msgspec.structs.astuple(said) if text))
    return found


def _labels(said: Said, traits: Traits, naming: Naming) -> Labels:
    model = fields.first_label(naming.model, said.model)
    return Labels(
        namespace=naming.namespace,
        provider=_provider(naming.provider or said.provider, model, naming),
        model=model or events.UNKNOWN,
        request_model=fields.label(said.request_model) or events.UNKNOWN,
        service_tier=traits.service_tiers[0],
        service_tier_requested=traits.service_tiers[1],
        context_band=traits.context_band,
        features=traits.features,
        usage_source=traits.usage_source,
        status=traits.status,
        project=fields.first_label(naming.project, said.project, naming.default_project)
        or events.UNASSIGNED,
        workload=fields.first_label(naming.workload, said.workload) or events.UNLABELLED,
        key=fields.label(said.key) or events.UNKNOWN,
    )


def _provider(sent: str | None, model: str | None, naming: Naming) -> str:
    if fields.label(sent) is None and model is not None and naming.vendor_of is not None:
        sent = naming.vendor_of(model)
    return fields.label(names.provider_name(fields.label(sent))) or events.UNKNOWN
