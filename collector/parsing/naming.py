"""What the receiver of a record knows about the names in it. Pure."""

from collections.abc import Callable

import msgspec


class Naming(msgspec.Struct, frozen=True, cache_hash=True, kw_only=True):
    """What the receiver knows about a sender's names.

    `project`, `workload`, `provider` and `model` win over what a record says: a key fixes the
    project, an import its options. `default_project` is used where a record names no project.
    `vendor_of` gives the provider of a model that came without one, if a single vendor publishes
    that model.
    """

    namespace: str = "default"
    project: str | None = None
    default_project: str | None = None
    workload: str | None = None
    provider: str | None = None
    model: str | None = None
    vendor_of: Callable[[str], str | None] | None = None
