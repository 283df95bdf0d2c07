"""The Celery app: what its messages carry, what it needs of Redis, and how often it wakes jobs."""

import json

import pytest
import redis
from celery.beat import Scheduler
from structlog.testing import capture_logs

from ledger import clock
from ledger.errors import UsageError
from ledger.settings import Settings
from tests import servers
from worker import celery_app
from worker.jobs import JOBS


@pytest.fixture
def settings(redis_server: servers.Redis) -> Settings:
    with redis.Redis.from_url(redis_server.url) as client:
        client.flushall()
    return Settings.model_validate({"redis_url": redis_server.url})


def test_a_message_holds_the_name_of_its_job_and_nothing_else(
    settings: Settings, redis_server: servers.Redis
) -> None:
    app = celery_app.create_on_redis(settings)
    for job in JOBS:
        app.tasks[job.name].apply_async()
    with redis.Redis.from_url(redis_server.url) as client:
        messages = [json.loads(raw) for raw in client.lrange("switchwise", 0, -1)]
    app.close()
    assert {message["headers"]["task"] for message in messages} == {job.name for job in JOBS}
    assert {message["headers"]["argsrepr"] for message in messages} == {"()"}
    assert {message["headers"]["kwargsrepr"] for message in messages} == {"{}"}


def test_a_task_that_ran_leaves_nothing_in_redis(settings: Settings) -> None:
    conf = celery_app.create_on_redis(settings).conf
    assert conf.task_ignore_result
    assert conf.result_backend is None


def test_a_message_is_given_back_when_its_worker_dies_and_never_before_its_job_must_have_ended(
    settings: Settings,
) -> None:
    conf = celery_app.create_on_redis(settings).conf
    assert conf.task_acks_late
    assert conf.task_reject_on_worker_lost
    assert conf.worker_prefetch_multiplier == 1
    assert conf.broker_transport_options["unacked_restore_throttle"] == 1
    app = celery_app.create_on_redis(settings)
    for task in (app.tasks[job.name] for job in JOBS):
        assert (
            task.soft_time_limit
            < task.time_limit
            < conf.broker_transport_options["visibility_timeout"]
        )


def test_a_worker_keeps_remote_control_because_without_it_it_may_never_come_back(
    settings: Settings,
) -> None:
    assert celery_app.create_on_redis(settings).conf.worker_enable_remote_control


def test_only_json_is_accepted(settings: Settings) -> None:
    for app in (celery_app.create_on_redis(settings), celery_app.create_in_memory(settings)):
        assert app.conf.accept_content == ["json"]
        assert app.conf.task_serializer == "json"


def test_beat_wakes_each_job_in_its_period_and_at_least_once_a_minute(settings: Settings) -> None:
    schedule = celery_app.create_on_redis(settings).conf.beat_schedule
    for job in JOBS:
        assert schedule[job.name]["schedule"] == min(job.period_us / clock.SECOND_US, 60)


def test_a_redis_that_evicts_keys_is_warned_of() -> None:
    with servers.Redis() as server, redis.Redis.from_url(server.url) as client:
        settings = Settings.model_validate({"redis_url": server.url})
        with capture_logs() as logs:
            celery_app.warn_of_eviction(settings)
            assert logs == []
            client.config_set("maxmemory-policy", "allkeys-lru")
            celery_app.warn_of_eviction(settings)
        assert [(entry["event"], entry["policy"]) for entry in logs] == [
            ("redis_evicts", "allkeys-lru")
        ]


def test_a_redis_that_cannot_be_asked_is_named_without_its_address() -> None:
    settings = Settings.model_validate({"redis_url": "redis://:hunter2@127.0.0.1:1/0"})
    with capture_logs() as logs:
        celery_app.warn_of_eviction(settings)
    assert [entry["event"] for entry in logs] == ["redis_policy_unknown"]
    assert "hunter2" not in repr(logs)


@pytest.mark.parametrize(
    "address", ["hunter2:nonsense", "amqp://:hunter2@host", "redis://:hunter2@host:port/0"]
)
def test_a_redis_address_that_is_none_is_refused_without_being_quoted(address: str) -> None:
    with pytest.raises(UsageError, match="SWITCHWISE_REDIS_URL") as error:
        celery_app.create_on_redis(Settings.model_validate({"redis_url": address}))
    assert "hunter2" not in str(error.value)


def test_beat_wakes_every_job_as_soon_as_it_starts(settings: Settings) -> None:
    scheduler = Scheduler(celery_app.create_on_redis(settings))
    due = {name for name, entry in scheduler.schedule.items() if scheduler.is_due(entry).is_due}
    assert due == {job.name for job in JOBS}
