"""What a parser returns, and how the sender's names become labels. Pure: it looks nothing up but what it is handed."""

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from ledger.events import Event


@dataclass(frozen=True, slots=True)
class Ignored:
    """Well-formed, but no usage record."""

    reason: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """Not an event. The reason is one line that names the field and the remedy and shows no content."""

    reason: str


Reading = Event | Ignored | Rejected


class Naming(msgspec.Struct, frozen=True, cache_hash=True):
    """What the receiver knows about a sender's names.

    `project`, `workload`, `provider` and `model` win over what a record says: a key fixes the project, an import its
    options. `default_project` stands in where a record names none. `vendor_of` gives the provider of a model that came
    without one, if a single vendor publishes it.
    """

    namespace: str = "default"
    project: str | None = None
    default_project: str | None = None
    workload: str | None = None
    provider: str | None = None
    model: str | None = None
    vendor_of: Callable[[str], str | None] | None = None


Parser = Callable[[bytes, Naming], Reading]
"""One element of a body, and the naming of its sender."""

WholeParser = Callable[[bytes, Naming], list[Reading] | None]
"""The same for a whole body, in one go; None where that might differ from taking it apart first."""
