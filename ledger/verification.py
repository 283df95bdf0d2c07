"""The result of the last `verify`, stored as a fact for the metrics. Never commits."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from sqlmodel import Session

from ledger import facts
from ledger.checks import Check

FACT = "last_verification"


@dataclass(frozen=True, slots=True)
class Verification:
    """The time of the last `verify` (UTC epoch microseconds), and each check's findings."""

    verified_at: int
    findings: dict[str, int]

    @property
    def is_clean(self) -> bool:
        """Whether every invariant held."""
        return not any(self.findings.values())


def record(session: Session, checks: Sequence[Check], now_us: int) -> None:
    """Store the result of these checks in place of the last one."""
    verification = Verification(now_us, {check.name: len(check.findings) for check in checks})
    facts.put(session, FACT, msgspec.json.encode(verification).decode())


def last(session: Session) -> Verification | None:
    """The last result; None before the first."""
    value = facts.get(session, FACT)
    return None if value is None else msgspec.json.decode(value, type=Verification)
