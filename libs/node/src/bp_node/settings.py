"""What one node is told: `node.toml` in its folder, and environment variables that begin with `BP_NODE__`, which win."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bp_kit import disk
from bp_node.failure import CommandError, told_plainly

FILE = "node.toml"
_CODE = r"^[A-Z]{3}$"


class NodeSettings(BaseSettings):
    """Settings of a node with all its services."""

    model_config = SettingsConfigDict(env_prefix="BP_NODE__", env_nested_delimiter="__", frozen=True, extra="forbid")

    folder: Path = Field(description="The node's folder: keys, databases, files. Not written into node.toml.")
    node_id: str = Field(pattern=r"^[a-z][a-z0-9-]{1,30}$", description="The node's short name in the register.")
    country: str = Field(pattern=_CODE, description="ISO 3166-1 alpha-3 code of the country it speaks for.")
    countries: tuple[str, ...] = Field((), description="Countries whose people are kept here; its own when empty.")
    centre: bool = Field(default=False, description="It keeps the register and relays for the others.")
    host: str = Field("127.0.0.1", description="Address its gateway listens on.")
    port: int = Field(8080, ge=1, le=65535, description="Port its gateway listens on.")
    public_url: str = Field("http://127.0.0.1:8080", description="Where people reach its gateway; its tokens' issuer.")
    tls_certificate: Path | None = Field(None, description="PEM chain of the gateway; none where a proxy ends TLS.")
    tls_key: Path | None = Field(None, description="PEM key of that certificate.")
    link: str = Field("127.0.0.1:8101", description="host:port of the centre's link: listened on there, dialled here.")
    grpc_listen: str = Field("", description="Where integrators' gRPC is served: host:port or unix:/path; empty: not.")
    smtp_host: str = Field("127.0.0.1", description="Mail server.")
    smtp_port: int = Field(25, ge=1, le=65535, description="Port of the mail server.")
    mail_from: str = Field("noreply@bluepacific.example", description="Sender of e-mails.")
    otlp_endpoint: str = Field("", description="URL of an OpenTelemetry collector (OTLP gRPC); empty for none.")
    sample_ratio: float = Field(1.0, ge=0, le=1, description="Share of new traces that are kept.")
    log_style: Literal["json", "terminal"] = Field("json", description="For machines or for a person.")
    log_level: str = Field("INFO", description="DEBUG, INFO, WARNING or ERROR.")
    services: dict[str, dict[str, Any]] = Field(default_factory=dict, description="Further settings by service.")

    @classmethod
    def settings_customise_sources(cls, *_: Any, **sources: Any) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over the file, whose values are given when the settings are made."""
        return sources["env_settings"], sources["init_settings"]

    @property
    def home_countries(self) -> tuple[str, ...]:
        """Countries whose people are kept here."""
        return self.countries or (self.country,)

    def place(self, *parts: str) -> Path:
        """Returns a path within the node's folder."""
        return self.folder.joinpath(*parts)


def load(folder: Path) -> NodeSettings:
    """Returns the settings of the node in a folder.

    Raises:
        CommandError: There is no node, or a setting cannot be.
    """
    file = folder / FILE
    if not file.is_file():
        raise CommandError(f"there is no node in {folder}: make one with `bluepacific node init --dir {folder}`")
    with told_plainly("read", file):
        text = file.read_text(encoding="utf-8")
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CommandError(f"{file} is not TOML: {error}") from error
    return checked(folder, values)


def checked(folder: Path, values: dict[str, Any]) -> NodeSettings:
    """Returns the settings of those values and the environment.

    Raises:
        CommandError: A setting cannot be.
    """
    try:
        return NodeSettings(**{**values, "folder": folder.resolve()})
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise CommandError(f"setting {name} is wrong: {first['msg']}") from error


def save(settings: NodeSettings) -> None:
    """Writes `node.toml`, with what each setting means.

    Raises:
        CommandError: The folder cannot be written to.
    """
    lines = ["# Settings of this node. Environment variables BP_NODE__<NAME> win over them."]
    for name, field in NodeSettings.model_fields.items():
        value = getattr(settings, name)
        if name in ("folder", "services"):
            continue
        lines += ["", f"# {field.description}"]
        lines.append(f"# {name} = " if value is None else f"{name} = {_toml(value)}")
    with told_plainly("write", settings.place(FILE)):
        disk.write_private(settings.place(FILE), ("\n".join(lines) + "\n").encode(), replace=True)


def _toml(value: Any) -> str:
    """JSON's strings, numbers, truths and lists are TOML's as well."""
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)
