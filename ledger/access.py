"""API keys, and what each of them may do.

A key is shown once, when it is created; the ledger stores only the hash of its secret part.
"""

import hmac
import ipaddress
import re
import secrets
import threading
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

from sqlalchemy import update
from sqlmodel import Session, col, select

from ledger import clock, prose
from ledger.database import Database
from ledger.errors import Forbidden, NotFound, StoreUnavailable, Unauthorised, UsageError
from ledger.tables.access import ApiKey

SCOPES = ("ingest", "read", "scrape", "admin")
"""What a key may be for. `admin` includes the others."""
DEFAULT_NAMESPACE = "default"
REMEMBERED_SECONDS = 3.0
"""How long a key is trusted without asking the database; a revocation takes effect within it."""

NOTED_US = 60 * clock.SECOND_US
"""How exact the last use of a key is."""

_REMEMBERED_KEYS = 10_000
_FORM = re.compile(r"sw_([0-9a-f]{12})_([A-Za-z0-9_-]{43})", re.ASCII)
_NAME = re.compile(r"[^\x00-\x1f\x7f]{1,128}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What a request may do, and the project and the sender's namespace that its key fixes."""

    scopes: frozenset[str]
    project: str | None = None
    namespace: str = DEFAULT_NAMESPACE
    key_id: str | None = None

    def check(self, scope: str) -> None:
        """Raise Forbidden unless the access includes the scope."""
        if scope not in self.scopes and "admin" not in self.scopes:
            raise Forbidden(
                f"this key lacks the scope {scope};"
                f" create one with: switchwise keys create NAME --scope {scope}"
            )


ANYONE = Access(scopes=frozenset(SCOPES))
"""The access where no key is needed: on loopback everyone may do everything."""


def create_key(
    session: Session,
    name: str,
    scopes: Iterable[str],
    *,
    project: str | None,
    namespace: str,
    now_us: int,
    expires_at: int | None = None,
) -> tuple[ApiKey, str]:
    """Store a new key; its row and its text, which is not stored and cannot be shown again.

    Raises UsageError for an unknown scope, an expiry in the past, or a name, project or namespace
    that is empty, too long or not printable.
    """
    if expires_at is not None and expires_at <= now_us:
        raise UsageError(
            "a key that has expired already is of no use; give it a later end, or none"
        )
    sorted_scopes = sorted(set(scopes), key=lambda scope: (scope not in SCOPES, scope))
    unknown = [scope for scope in sorted_scopes if scope not in SCOPES]
    if unknown or not sorted_scopes:
        raise UsageError(
            f"{(unknown or ['no scope'])[0]!r} is not a scope; use {prose.one_of(SCOPES)}"
        )
    for what, value in (("name", name), ("project", project), ("namespace", namespace)):
        if value is not None and not _NAME.fullmatch(value):
            raise UsageError(f"the {what} of a key is 1 to 128 printable characters")
    secret = secrets.token_urlsafe(32)
    row = ApiKey(
        id=secrets.token_hex(6),
        name=name,
        secret_hash=_hash(secret),
        scopes=" ".join(sorted_scopes),
        project=project,
        namespace=namespace,
        created_at=now_us,
        expires_at=expires_at,
    )
    session.add(row)
    session.flush()
    return row, f"sw_{row.id}_{secret}"


def list_keys(session: Session) -> list[ApiKey]:
    """Every key, revoked ones too, oldest first."""
    return list(session.exec(select(ApiKey).order_by(col(ApiKey.created_at), col(ApiKey.id))))


def rotate_key(
    session: Session,
    key_id: str,
    *,
    now_us: int,
    expires_at: int | None = None,
    old_until: int | None = None,
) -> tuple[ApiKey, str]:
    """Create a second key with the name, scopes, project and namespace of a live one.

    The old key works until `old_until` at the latest, or until it is revoked. Raises NotFound
    unless it is live.
    """
    old = _live(session, key_id, now_us)
    successor = create_key(
        session,
        old.name,
        old.scopes.split(),
        project=old.project,
        namespace=old.namespace,
        now_us=now_us,
        expires_at=expires_at,
    )
    old.expires_at = min(
        (end for end in (old.expires_at, old_until) if end is not None), default=None
    )
    session.add(old)
    session.flush()
    return successor


def revoke_key(session: Session, key_id: str, *, now_us: int) -> ApiKey:
    """Revoke a key. Raises NotFound unless it is live.

    Every process refuses it within REMEMBERED_SECONDS.
    """
    row = _live(session, key_id, now_us)
    row.revoked_at = now_us
    session.add(row)
    session.flush()
    return row


def is_live(row: ApiKey, now_us: int) -> bool:
    """Whether a key still opens anything."""
    return row.revoked_at is None and (row.expires_at is None or now_us < row.expires_at)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server bound to this host."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def refuse_open_bind(host: str, database: Database) -> None:
    """Raise UsageError where other machines could reach the server and no live key exists."""
    if not is_loopback(host):
        with database.snapshot() as session:
            refuse_open_bind_without(list_keys(session), host)


def refuse_open_bind_without(keys: Iterable[ApiKey], host: str) -> None:
    """The same for a list of keys."""
    if not is_loopback(host) and not any(is_live(row, clock.now_us()) for row in keys):
        raise UsageError(
            "no API key exists; create one with: switchwise keys create NAME --scope ingest"
        )


class Keys(Protocol):
    """Where a gate finds keys, and notes that one was used."""

    def find(self, key_id: str) -> ApiKey | None:
        """The key of an id. Raises StoreUnavailable."""

    def note_use(self, key_id: str, now_us: int) -> None:
        """Note when a key was last used; failing to note it is no error."""


class StoredKeys:
    """The keys in the ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, key_id: str) -> ApiKey | None:
        """The key of an id. Raises StoreUnavailable."""
        with self._database.snapshot() as session:
            return session.get(ApiKey, key_id)

    def note_use(self, key_id: str, now_us: int) -> None:
        """Note when a key was last used, unless the database cannot be used."""
        with suppress(StoreUnavailable), self._database.transaction() as session:
            session.execute(
                update(ApiKey).where(col(ApiKey.id) == key_id).values(last_used_at=now_us)
            )


class Gate:
    """Decides what a request may do, and remembers keys for a few seconds.

    One for each process; any thread may ask it.
    """

    def __init__(self, keys: Keys | Database, *, keys_required: bool) -> None:
        self._keys = StoredKeys(keys) if isinstance(keys, Database) else keys
        self.keys_required = keys_required
        # By the hash of the key, so that no key stays in memory longer than its request.
        self._remembered: dict[bytes, tuple[float, Access]] = {}
        self._use_noted_at: dict[str, int] = {}
        self._lock = threading.Lock()

    def recall(self, key: str | None) -> Access | None:
        """The access of a request if it is remembered; None if the database must be asked.

        Raises Unauthorised where a key is needed and there is none.
        """
        if key is None:
            if self.keys_required:
                raise Unauthorised("an API key is needed; send it as Authorization: Bearer KEY")
            return ANYONE
        remembered = self._remembered.get(_hash(key))
        return remembered[1] if remembered and remembered[0] > clock.monotonic_seconds() else None

    def admit(self, key: str | None) -> Access:
        """The access of a request; it may ask the database.

        Raises Unauthorised where a needed key is missing, malformed, unknown, revoked or expired,
        and StoreUnavailable.
        """
        access = self.recall(key)
        if access is None and key is not None:
            access = self._look_up(key)
            with self._lock:
                if len(self._remembered) >= _REMEMBERED_KEYS:
                    self._remembered.clear()
                self._remembered[_hash(key)] = (
                    clock.monotonic_seconds() + REMEMBERED_SECONDS,
                    access,
                )
        return access or ANYONE

    def note_use(self, access: Access) -> None:
        """Note when a key was last used, at most once a minute for each process."""
        now_us = clock.now_us()
        if access.key_id is None or self._use_noted_at.get(access.key_id, 0) > now_us - NOTED_US:
            return
        self._use_noted_at[access.key_id] = now_us
        self._keys.note_use(access.key_id, now_us)

    def _look_up(self, key: str) -> Access:
        form = _FORM.fullmatch(key)
        if form is not None:
            row = self._keys.find(form[1])
            # Hashes are compared even for an unknown id, so that the time does not show which ids
            # exist.
            same = hmac.compare_digest(row.secret_hash if row else bytes(32), _hash(form[2]))
            if row is not None and same and is_live(row, clock.now_us()):
                return Access(
                    scopes=frozenset(row.scopes.split()),
                    project=row.project,
                    namespace=row.namespace,
                    key_id=row.id,
                )
            if row is not None and same and row.revoked_at is None:
                raise Unauthorised(
                    f"the API key has expired; make another with: switchwise keys rotate {row.id}"
                )
        raise Unauthorised(
            "the API key is not valid; create one with: switchwise keys create NAME --scope ingest"
        )


def _hash(text: str) -> bytes:
    return sha256(text.encode("utf-8", "surrogatepass")).digest()


def _live(session: Session, key_id: str, now_us: int) -> ApiKey:
    row = session.get(ApiKey, key_id)
    if row is None or not is_live(row, now_us):
        raise NotFound(f"no live key has the id {key_id[:32]!r}; see: switchwise keys list")
    return row
