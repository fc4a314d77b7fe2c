"""The services of an embedded node: which there are, what each is told, and how each is built. The one place that imports them."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import import_module
from typing import Any

from pydantic import ValidationError

from bp_kit.ports import Seams
from bp_kit.service import Service
from bp_kit.settings import ServiceSettings
from bp_node.failure import CommandError
from bp_node.settings import NodeSettings

# In the order in which they start: who is asked before who asks.
NAMES = ("exchange", "identity", "notifications", "cooperation", "catalogue", "training")


def settings_of(name: str, node: NodeSettings) -> ServiceSettings:
    """Returns a service's settings: what the node decides, over it node.toml's `[services.<name>]`, over both the environment.

    Raises:
        CommandError: A setting cannot be.
    """
    kind = settings_class(name)
    prefix = str(kind.model_config.get("env_prefix", ""))
    decided = {key: value for key, value in _known(name, node).items() if key in kind.model_fields}
    values = {**decided, **node.services.get(name, {})}
    given = {key: value for key, value in values.items() if f"{prefix}{key}".upper() not in os.environ}
    try:
        return kind(**given)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise CommandError(f"setting services.{name}.{field} is wrong: {first['msg']}") from error


def build_service(name: str, node: NodeSettings, seams: Seams) -> Service:
    """Returns the service, built."""
    build: Callable[[ServiceSettings, Seams], Service] = import_module(f"bp_{name}.app").build
    return build(settings_of(name, node), seams)


def settings_class(name: str) -> type[ServiceSettings]:
    """Returns what a service's settings are read into."""
    module = import_module(f"bp_{name}.settings")
    found = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, ServiceSettings) and value.__module__ == module.__name__
    ]
    return found[0]


def _known(name: str, node: NodeSettings) -> dict[str, Any]:
    """What a node can tell any of its services; each takes the settings it has."""
    return {
        "database_url": f"sqlite+aiosqlite:///{node.place('data', f'{name}.sqlite')}",
        "key_dir": node.place("keys", name),
        "public_url": node.public_url,
        "countries": node.home_countries,
        "country": node.country,
        "node_id": node.node_id,
        "centre": node.centre,
        "link": node.link,
        "files_dir": node.place("sealed"),
        "smtp_host": node.smtp_host,
        "smtp_port": node.smtp_port,
        "mail_from": node.mail_from,
    }
