"""The compose form without Docker: each file agrees with the others and with the code, and each rule notices a planted fault."""

import copy
import json
import re
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deploy import first_keys
from tests import composition, processes
from tests.composition import Compose

COMPOSE: Compose = composition.load_yaml("compose.yaml")
PROMETHEUS: Any = composition.load_yaml("prometheus/prometheus.yml")
DOCKERFILE = (composition.FOLDER / "Dockerfile").read_text()
Rule = Callable[[Compose], list[str]]

PLANTED: list[tuple[Rule, tuple[str, ...], object]] = [
    (composition.unpinned_images, ("services", "redis", "image"), "redis"),
    (composition.unpinned_images, ("services", "redis", "image"), "redis:latest"),
    (composition.open_ports, ("services", "advisor", "ports"), ["8081:8080"]),
    (composition.open_ports, ("services", "redis", "ports"), ["0.0.0.0:6379:6379"]),
    (composition.unwatched_services, ("services", "grafana", "healthcheck"), {}),
    (composition.unwatched_services, ("services", "beat", "restart"), "always"),
    (composition.unwatched_services, ("services", "worker", "restart"), "no"),
    (composition.unwatched_services, ("services", "redis", "healthcheck"), {}),
    (composition.unguarded_services, ("services", "worker", "read_only"), False),
    (composition.unguarded_services, ("services", "worker", "cap_drop"), []),
    (composition.unguarded_services, ("services", "postgres", "security_opt"), []),
    (composition.loose_volumes, ("services", "redis", "volumes"), ["elsewhere:/data"]),
    (composition.loose_volumes, ("services", "prometheus", "volumes"), ["./prometheus/none.yml:/etc/x"]),
    (composition.loose_volumes, ("services", "redis", "networks"), ["nowhere"]),
    (composition.unknown_settings, ("services", "worker", "environment"), {"SWITCHWISE_REDIS": ""}),
    (composition.unknown_settings, ("services", "worker", "environment"), {"REDIS_URL": ""}),
    (composition.written_secrets, ("services", "grafana", "environment"), {"GF_SECURITY_ADMIN_PASSWORD": "admin"}),
    (composition.unknown_commands, ("services", "worker", "command"), ["switchwise", "work"]),
    (composition.unknown_commands, ("services", "worker", "command"), ["switchwise", "worker", "--threads", "2"]),
    (composition.unknown_commands, ("services", "advisor", "command"), ["switchwise", "serve", "adviser"]),
    (composition.unknown_commands, ("services", "beat", "healthcheck"), {"test": ["CMD", "switchwise", "health"]}),
]  # fmt: skip
RULES = list(dict.fromkeys(rule for rule, _, _ in PLANTED))


def name_of(value: object) -> str | None:
    """The id of a parametrised test: the rule's name."""
    return getattr(value, "__name__", "")


@pytest.mark.parametrize("rule", RULES, ids=name_of)
def test_the_compose_file_keeps_the_rule(rule: Rule) -> None:
    assert rule(COMPOSE) == []


@pytest.mark.parametrize(("rule", "path", "value"), PLANTED, ids=name_of)
def test_a_planted_fault_is_noticed(rule: Rule, path: tuple[str, ...], value: object) -> None:
    spoilt = copy.deepcopy(COMPOSE)
    *above, last = path
    place = spoilt
    for key in above:
        place = place[key]
    place[last] = value
    assert rule(spoilt) != []


def test_every_process_of_the_design_is_there() -> None:
    third_party = {"postgres", "redis", "prometheus", "grafana"}
    assert composition.ours(COMPOSE).keys() == {"init", "collector", "advisor", "worker", "beat"}
    assert COMPOSE["services"].keys() - composition.ours(COMPOSE).keys() == third_party


def test_every_service_of_ours_asks_for_keys() -> None:
    environments = [service["environment"] for service in composition.ours(COMPOSE).values()]
    assert {given["SWITCHWISE_REQUIRE_KEYS"] for given in environments} == {"true"}


def test_redis_evicts_nothing_and_survives_a_restart() -> None:
    words = COMPOSE["services"]["redis"]["command"]
    assert composition.option(words, "--maxmemory-policy") == "noeviction"
    assert composition.option(words, "--appendonly") == "yes"


def test_the_databases_can_be_reached_by_our_services_alone() -> None:
    networks = {name: set(service["networks"]) for name, service in COMPOSE["services"].items()}
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    assert {name for name, joined in networks.items() if "inside" in joined} == {
        "postgres",
        "redis",
        *composition.ours(COMPOSE),
    }
    assert networks["postgres"] == networks["redis"] == {"inside"}


def test_prometheus_accepts_its_configuration(tmp_path: Path) -> None:
    key = tmp_path / "scrape.key"
    key.write_text("sw_key\n")
    for job in PROMETHEUS["scrape_configs"]:
        assert job["authorization"]["credentials_file"] == _where_prometheus_finds_its_key()
    config = copy.deepcopy(PROMETHEUS)
    for job in config["scrape_configs"]:
        job["authorization"] = {**job["authorization"], "credentials_file": str(key)}
    (tmp_path / "prometheus.yml").write_text(json.dumps(config))
    promtool = processes.command_path("promtool", "prometheus")
    checked = subprocess.run(
        [promtool, "check", "config", tmp_path / "prometheus.yml"], capture_output=True, check=False
    )
    assert checked.returncode == 0, checked.stdout


def _where_prometheus_finds_its_key() -> str:
    """By way of the volume that init writes to and Prometheus reads."""
    init, prometheus = COMPOSE["services"]["init"], COMPOSE["services"]["prometheus"]
    (first,) = (each for each in first_keys.FIRST_KEYS if each.scope == "scrape")
    written = Path(composition.option(init["command"], "--keys-dir")) / first.file
    below = written.relative_to(composition.mounts(init)["scrape-key"])
    return str(Path(composition.mounts(prometheus)["scrape-key"]) / below)


def test_prometheus_gets_no_key_but_its_own() -> None:
    assert "keys" not in composition.mounts(COMPOSE["services"]["prometheus"])
    init = COMPOSE["services"]["init"]
    shared = Path(composition.mounts(init)["scrape-key"])
    keys = Path(composition.option(init["command"], "--keys-dir"))
    inside = [
        first.scope for first in first_keys.FIRST_KEYS if (keys / first.file).is_relative_to(shared)
    ]
    assert inside == ["scrape"]


def test_prometheus_scrapes_services_where_they_listen() -> None:
    targets = [
        target
        for job in PROMETHEUS["scrape_configs"]
        for each in job["static_configs"]
        for target in each["targets"]
    ]
    commands = {name: service["command"] for name, service in composition.ours(COMPOSE).items()}
    served = {
        f"{name}:{composition.option(words, '--port')}"
        for name, words in commands.items()
        if "--port" in words
    }
    assert set(targets) == served
    assert len({job["job_name"] for job in PROMETHEUS["scrape_configs"]}) == len(targets)


def test_grafana_asks_prometheus_and_knows_how_often_it_scrapes() -> None:
    (source,) = composition.load_yaml("grafana/provisioning/datasources/switchwise.yaml")[
        "datasources"
    ]
    assert source["jsonData"]["timeInterval"] == PROMETHEUS["global"]["scrape_interval"]
    host, port = source["url"].removeprefix("http://").split(":")
    assert COMPOSE["services"][host]["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert source["uid"]


def test_grafana_finds_the_dashboards_where_init_writes_them() -> None:
    (provider,) = composition.load_yaml("grafana/provisioning/dashboards/switchwise.yaml")[
        "providers"
    ]
    init, grafana = COMPOSE["services"]["init"], COMPOSE["services"]["grafana"]
    assert composition.mounts(init)["dashboards"] == composition.option(
        init["command"], "--dashboards-dir"
    )
    assert composition.mounts(grafana)["dashboards"] == provider["options"]["path"]


def test_grafana_lets_nobody_in_without_a_password() -> None:
    assert COMPOSE["services"]["grafana"]["environment"]["GF_AUTH_ANONYMOUS_ENABLED"] == "false"


def test_the_example_names_what_the_compose_file_asks_for() -> None:
    example = (composition.FOLDER / "compose.env.example").read_text()
    offered = set(re.findall(r"^#?([A-Z_]+)=", example, re.MULTILINE))
    asked = set(re.findall(r"\$\{([A-Z_]+)", (composition.FOLDER / "compose.yaml").read_text()))
    environment = composition.ours(COMPOSE)["worker"]["environment"]
    assert offered == asked | {name for name, value in environment.items() if value is None}


def test_the_image_runs_as_an_ordinary_user_who_owns_what_it_writes_to() -> None:
    (user,) = re.findall(r"^USER (\d+):\d+$", DOCKERFILE, re.MULTILINE)
    assert int(user) > 0
    (owned,) = re.findall(
        rf"install --directory --owner {user} --group {user} (.*)$", DOCKERFILE, re.MULTILINE
    )
    written = {
        target
        for service in composition.ours(COMPOSE).values()
        for target in composition.mounts(service).values()
    }
    assert written <= set(owned.split())


def test_the_image_installs_the_locked_packages_on_a_pinned_python() -> None:
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert len(bases) == 2
    assert all(re.fullmatch(r"python:3\.11\.\d+-slim-\w+", base) for base in bases)
    assert "--require-hashes --requirement requirements/runtime.txt" in DOCKERFILE


def test_the_image_and_the_compose_file_check_health_alike() -> None:
    (checked,) = re.findall(r"HEALTHCHECK .*\\\n\s+CMD (\[.*\])", DOCKERFILE)
    for name in ("collector", "advisor"):
        assert composition.ours(COMPOSE)[name]["healthcheck"]["test"] == [
            "CMD",
            *json.loads(checked),
        ]


def test_the_image_is_built_from_our_packages_and_never_from_a_password() -> None:
    lines = (composition.ROOT / ".dockerignore").read_text().splitlines()
    project = tomllib.loads((composition.ROOT / "pyproject.toml").read_text())
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    files = [
        "pyproject.toml",
        "requirements/runtime.txt",
        project["project"]["readme"],
        *project["project"]["license-files"],
    ]
    assert lines[1] == "*"
    assert {line[1:] for line in lines if line.startswith("!")} == {*packages, *files}
    assert "**/.env" in lines
    assert "deploy/.env" in (composition.ROOT / ".gitignore").read_text().splitlines()
