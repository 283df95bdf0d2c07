"""API keys: shown once, stored as a hash, refused soon after revocation, visible nowhere."""

import re
import time
from pathlib import Path

import pytest
import structlog
import time_machine

from ledger import access, clock
from ledger.access import ANYONE, Gate
from ledger.database import Database
from ledger.errors import Forbidden, NotFound, Unauthorised, UsageError
from tests import servers

END_US = 1_000_000 * clock.HOUR_US


def create(
    database: Database, *scopes: str, project: str | None = None, namespace: str = "default"
) -> tuple[str, str]:
    """The id and the text of a new key."""
    with database.transaction() as session:
        row, text = access.create_key(
            session, "proxy", scopes, project=project, namespace=namespace, now_us=1
        )
        return row.id, text


def test_a_key_opens_what_its_scopes_say_and_nothing_else(database: Database) -> None:
    _, text = create(database, "ingest", "read")
    granted = Gate(database, keys_required=True).admit(text)
    granted.check("ingest")
    granted.check("read")
    with pytest.raises(Forbidden, match="scrape"):
        granted.check("scrape")


def test_an_admin_key_opens_everything(database: Database) -> None:
    granted = Gate(database, keys_required=True).admit(create(database, "admin")[1])
    for scope in access.SCOPES:
        granted.check(scope)


def test_a_key_brings_its_project_and_namespace_even_where_none_is_needed(
    database: Database,
) -> None:
    key_id, text = create(database, "ingest", project="search", namespace="proxy-2")
    granted = Gate(database, keys_required=False).admit(text)
    assert (granted.project, granted.namespace, granted.key_id) == ("search", "proxy-2", key_id)


def test_without_a_key_everyone_may_do_everything_on_loopback_and_nothing_elsewhere(
    database: Database,
) -> None:
    assert Gate(database, keys_required=False).admit(None) == ANYONE
    with pytest.raises(Unauthorised):
        Gate(database, keys_required=True).admit(None)


def test_a_key_that_is_malformed_unknown_or_altered_is_refused_even_on_loopback(
    database: Database,
) -> None:
    key_id, text = create(database, "ingest")
    other_id, other = create(database, "admin")
    swapped = f"sw_{other_id}_{text.split('_', 2)[2]}"
    gate = Gate(database, keys_required=False)
    wrong = [
        "",
        "sw_",
        "nonsense",
        f"sw_{key_id}_",
        text[:-1],
        f"{text}x",
        f"sw_{'0' * 12}_{'a' * 43}",
        swapped,
        "é\ud800",
    ]
    for key in wrong:
        with pytest.raises(Unauthorised):
            gate.admit(key)
    assert gate.admit(other).scopes == {"admin"}


def test_a_revoked_key_is_refused_soon_by_those_who_remember_it(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert access.REMEMBERED_SECONDS <= 5
    monkeypatch.setattr(access, "REMEMBERED_SECONDS", 0.2)
    key_id, text = create(database, "ingest")
    gate = Gate(database, keys_required=True)
    assert gate.admit(text).key_id == key_id
    with database.transaction() as session:
        access.revoke_key(session, key_id, now_us=2)
    time.sleep(0.25)
    with pytest.raises(Unauthorised):
        gate.admit(text)
    with pytest.raises(NotFound), database.transaction() as session:
        access.revoke_key(session, key_id, now_us=3)


def test_a_rotated_key_and_its_successor_both_work_until_the_old_one_is_revoked(
    database: Database,
) -> None:
    key_id, old = create(database, "ingest", project="search", namespace="eu")
    with database.transaction() as session:
        row, new = access.rotate_key(session, key_id, now_us=2)
    gate = Gate(database, keys_required=True)
    assert gate.admit(old).project == gate.admit(new).project == "search"
    assert gate.admit(new).namespace == "eu"
    assert row.id != key_id


@pytest.mark.parametrize(
    ("name", "scopes"),
    [("a", []), ("a", ["write"]), ("", ["read"]), ("a\n", ["read"]), ("a" * 129, ["read"])],
)
def test_a_key_without_a_name_or_with_a_wrong_scope_is_not_made(
    database: Database, name: str, scopes: list[str]
) -> None:
    with pytest.raises(UsageError), database.transaction() as session:
        access.create_key(session, name, scopes, project=None, namespace="default", now_us=1)
    with database.snapshot() as session:
        assert access.list_keys(session) == []


def test_an_open_bind_is_refused_until_a_live_key_exists(database: Database) -> None:
    for host in ("127.0.0.1", "::1", "localhost", "127.9.9.9"):
        access.refuse_open_bind(host, database)
    for host in ("0.0.0.0", "::", "10.0.0.7", "spend.example.com", ""):  # noqa: S104  # refused
        with pytest.raises(UsageError, match="switchwise keys create NAME --scope ingest"):
            access.refuse_open_bind(host, database)
    key_id, _ = create(database, "ingest")
    access.refuse_open_bind("0.0.0.0", database)  # noqa: S104  # allowed now
    with database.transaction() as session:
        access.revoke_key(session, key_id, now_us=2)
    with pytest.raises(UsageError):
        access.refuse_open_bind("0.0.0.0", database)  # noqa: S104  # no live key is left


def test_the_text_of_a_key_is_found_nowhere_but_where_it_was_handed_out(
    database: Database, backend: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with structlog.testing.capture_logs() as logs:
        key_id, text = create(database, "ingest")
        gate = Gate(database, keys_required=True)
        gate.admit(text)
        with pytest.raises(Unauthorised) as refusal:
            gate.admit(f"{text}x")
        with database.snapshot() as session:
            rows = access.list_keys(session)
    texts = [
        repr(rows),
        repr(gate),
        repr(vars(gate)),
        str(refusal.value),
        repr(logs),
        *capsys.readouterr(),
    ]
    if backend == "sqlite":
        path = Path(str(database.engine.url.database))
        texts += [file.read_bytes().decode("latin-1") for file in path.parent.iterdir()]
    secret = text.split("_", 2)[2]
    assert not [where for where in texts if secret in where]
    assert re.fullmatch(rf"sw_{key_id}_[\w-]{{43}}", text)


def test_a_key_opens_until_it_expires_and_not_a_moment_longer(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "REMEMBERED_SECONDS", 0)
    with time_machine.travel(clock.from_us(END_US - 1), tick=False) as traveller:
        with database.transaction() as session:
            row, text = access.create_key(
                session,
                "a",
                ["read"],
                project=None,
                namespace="default",
                now_us=1,
                expires_at=END_US,
            )
            key_id = row.id
        gate = Gate(database, keys_required=True)
        assert gate.admit(text).key_id == key_id
        access.refuse_open_bind("10.0.0.7", database)
        traveller.move_to(clock.from_us(END_US))
        with pytest.raises(
            Unauthorised, match=f"has expired; make another with: switchwise keys rotate {key_id}"
        ):
            gate.admit(text)
        with pytest.raises(Unauthorised, match="is not valid"):
            gate.admit(f"{text[:-1]}{'a' if text[-1] != 'a' else 'b'}")
        with pytest.raises(UsageError, match="no API key exists"):
            access.refuse_open_bind("10.0.0.7", database)


def test_a_key_that_has_expired_when_it_is_made_is_refused(database: Database) -> None:
    with pytest.raises(UsageError, match="expired already"), database.transaction() as session:
        access.create_key(
            session, "a", ["read"], project=None, namespace="default", now_us=5, expires_at=5
        )


@pytest.mark.parametrize(
    ("expiry", "grace", "end"),
    [(None, 9, 9), (5, 9, 5), (9, 5, 5), (5, None, 5), (None, None, None)],
)
def test_a_rotated_key_works_for_its_grace_and_no_longer_than_it_would_have(
    database: Database, expiry: int | None, grace: int | None, end: int | None
) -> None:
    with database.transaction() as session:
        old, _ = access.create_key(
            session, "a", ["read"], project=None, namespace="default", now_us=1, expires_at=expiry
        )
        new, _ = access.rotate_key(session, old.id, now_us=2, old_until=grace)
        assert (old.expires_at, new.expires_at) == (end, None)


def test_the_last_use_of_a_key_is_noted_once_a_minute(database: Database) -> None:
    key_id, text = create(database, "read")
    gate = Gate(database, keys_required=True)

    def noted() -> int | None:
        with database.snapshot() as session:
            return access.list_keys(session)[0].last_used_at

    with time_machine.travel(clock.from_us(END_US), tick=False) as traveller:
        admitteded = gate.admit(text)
        assert noted() is None
        gate.note_use(admitteded)
        assert noted() == END_US
        traveller.shift(59)
        gate.note_use(admitteded)
        assert noted() == END_US
        traveller.shift(1)
        gate.note_use(admitteded)
        assert noted() == END_US + access.NOTED_US
    gate.note_use(ANYONE)
    assert admitteded.key_id == key_id


def test_a_use_that_cannot_be_noted_fails_no_request(
    postgres_server: servers.Postgres, migrated_postgresql: str
) -> None:
    url = postgres_server.database(migrated_postgresql)
    database = Database(url)
    granted = Gate(database, keys_required=True).admit(create(database, "read")[1])
    postgres_server.drop(url)
    Gate(database, keys_required=True).note_use(granted)
    database.close()
