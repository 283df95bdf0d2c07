"""The files of the compose form as tests read them, and rules that each service keeps.

Starts nothing.
"""

import re
from pathlib import Path
from typing import Any

import yaml

from cli import lazy
from ledger.settings import PREFIX, Settings

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "deploy"
# libpq reads the password from its own variable, so that it is in no address.
OTHER_NAMES = {"PGPASSWORD"}
_IMAGE = re.compile(r"[a-z/]+:v?\d+\.\d+(\.\d+)?(-[a-z0-9.]+)?")

Compose = dict[str, Any]


def load_yaml(name: str) -> Any:
    """A YAML file below deploy/."""
    return yaml.safe_load((FOLDER / name).read_text())


def ours(compose: Compose) -> dict[str, Any]:
    """The services that run our own image."""
    return {
        name: service
        for name, service in compose["services"].items()
        if service["image"].startswith("switchwise:")
    }


def option(command: list[str], name: str) -> str:
    """The word after an option of a command line."""
    return command[command.index(name) + 1]


def mounts(service: Any) -> dict[str, str]:
    """What a service mounts (a volume's name or a path), and where."""
    pairs = [mount.split(":")[:2] for mount in service.get("volumes", [])]
    return dict(pairs)


def unpinned_images(compose: Compose) -> list[str]:
    """An image without a version becomes another one overnight."""
    services = compose["services"].items()
    return [
        f"{name}: {service['image']}"
        for name, service in services
        if not _IMAGE.fullmatch(service["image"])
    ]


def open_ports(compose: Compose) -> list[str]:
    """Ports are published on loopback only."""
    published = [
        (name, port)
        for name, service in compose["services"].items()
        for port in service.get("ports", [])
    ]
    return [f"{name}: {port}" for name, port in published if not port.startswith("127.0.0.1:")]


def unwatched_services(compose: Compose) -> list[str]:
    """A service that stays has a health check and a restart policy.

    One that ends has neither, and another service waits for its end.
    """
    services = compose["services"]
    waits = [
        (after, how["condition"])
        for service in services.values()
        for after, how in service.get("depends_on", {}).items()
    ]
    faults = [
        f"{after}: nobody can see whether it is healthy"
        for after, how in waits
        if how == "service_healthy" and "test" not in services[after].get("healthcheck", {})
    ]
    for name, service in services.items():
        if service["restart"] == "no":
            faults += (
                [f"{name}: nobody waits for it"]
                if (name, "service_completed_successfully") not in waits
                else []
            )
        elif "test" not in service.get("healthcheck", {}) or service["restart"] != "unless-stopped":
            faults.append(f"{name}: no health check or no restart policy")
    return faults


def unguarded_services(compose: Compose) -> list[str]:
    """Our services hold no right that they do not need; nobody gains rights."""
    faults = [
        f"{name}: may gain rights"
        for name, service in compose["services"].items()
        if "no-new-privileges:true" not in service.get("security_opt", [])
    ]
    for name, service in ours(compose).items():
        if (
            not service.get("read_only")
            or service.get("cap_drop") != ["ALL"]
            or "/tmp" not in service.get("tmpfs", [])  # noqa: S108  # a mount point in a container
        ):  # a mount point in a container
            faults.append(f"{name}: may write to its image, or has capabilities")
    return faults


def loose_volumes(compose: Compose) -> list[str]:
    """Every volume and network is declared and used; every file that is mounted exists."""
    sources = {source for service in compose["services"].values() for source in mounts(service)}
    volumes = {source for source in sources if not source.startswith(".")}
    faults = [f"volume {name}" for name in volumes ^ compose["volumes"].keys()]
    faults += [
        f"no such file: {source}" for source in sources - volumes if not (FOLDER / source).exists()
    ]
    networks = {
        network for service in compose["services"].values() for network in service["networks"]
    }
    return faults + [f"network {name}" for name in networks ^ compose["networks"].keys()]


def unknown_settings(compose: Compose) -> list[str]:
    """A variable of ours is a setting that exists."""
    variables = {PREFIX + name.upper() for name in Settings.model_fields} | OTHER_NAMES
    return [
        f"{name}: {key}"
        for name, service in ours(compose).items()
        for key in service["environment"].keys() - variables
    ]


def written_secrets(compose: Compose) -> list[str]:
    """A password comes from the operator, and a start without it says so."""
    variables = [
        (name, *item)
        for name, service in compose["services"].items()
        for item in service.get("environment", {}).items()
    ]
    return [
        f"{name}: {key}"
        for name, key, value in variables
        if "PASSWORD" in key and not re.fullmatch(r"\$\{[A-Z_]+:\?.+\}", str(value))
    ]


def unknown_commands(compose: Compose) -> list[str]:
    """A command line of ours, to run or to check health, is one that the command line takes."""
    lines = [(name, service["command"]) for name, service in ours(compose).items()]
    lines += [
        (name, service["healthcheck"].get("test", [])[1:])
        for name, service in ours(compose).items()
    ]
    group = lazy.LazyGroup(name="switchwise")
    faults = []
    for name, words in lines:
        if words[:1] != ["switchwise"]:
            continue
        try:
            group.load(words[1]).make_context(words[1], list(words[2:]))
        except Exception as error:  # noqa: BLE001  # every error of the parser is a fault
            faults.append(f"{name}: {words}: {error}")
    return faults
