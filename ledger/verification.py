"""The result of the last `verify`, kept as a fact so that the metrics can show it. Never commits."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from sqlmodel import Session

from ledger import facts
from ledger.checks import Check

FACT = "last_verification"


@dataclass(frozen=True, slots=True)
class Verification:
    """When the ledger was last verified (UTC epoch microseconds), and how many findings each check had."""

    verified_at: int
    findings: dict[str, int]

    @property
    def is_clean(self) -> bool:
        """Whether every invariant held."""
        return not any(self.findings.values())


def record(session: Session, checks: Sequence[Check], now_us: int) -> None:
    """Keep the result of these checks in place of the one before."""
    verification = Verification(now_us, {check.name: len(check.findings) for check in checks})
    facts.put(session, FACT, msgspec.json.encode(verification).decode())


def last(session: Session) -> Verification | None:
    """The result that was kept last; None before the first."""
    value = facts.get(session, FACT)
    return None if value is None else msgspec.json.decode(value, type=Verification)
