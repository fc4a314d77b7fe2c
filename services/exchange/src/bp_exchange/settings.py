"""Settings of the exchange: environment variables that begin with `BP_EXCHANGE__`."""

from __future__ import annotations

import socket
from datetime import timedelta
from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from bp_kit.settings import ServiceSettings


class ExchangeSettings(ServiceSettings):
    """What the exchange is told."""

    model_config = SettingsConfigDict(env_prefix="BP_EXCHANGE__", frozen=True, extra="forbid")

    key_dir: Path = Field(description="Folder of the node's keys and certificates; made with mode 0700. Back it up.")
    files_dir: Path | None = Field(
        default=None, description="Folder of encrypted files on their way; `sealed` in the keys' folder when not set."
    )
    node_id: str = Field(pattern=r"^[a-z][a-z0-9-]{1,30}$", description="The node's short name in the register.")
    countries: tuple[str, ...] = Field(min_length=1, description="Codes of the countries this node serves.")
    centre: bool = Field(default=False, description="It keeps the register, lets nodes in and relays for them.")
    link: str = Field(
        default="", description="host:port of the centre's link: listened on there, dialled by everybody else."
    )
    link_listen: str = Field(
        default="",
        description="At the centre: host:port to listen on where that is another than countries dial, as behind a Service.",
    )
    wire_version: int = Field(
        default=2,
        ge=1,
        le=2,
        description="The newest version of envelopes that others may send this node; the register tells them. Lower it only to go back.",
    )
    register_fresh: timedelta = Field(
        default=timedelta(days=7), gt=timedelta(0), description="How long a register stays fresh: the same everywhere."
    )
    register_emergency: timedelta = Field(
        default=timedelta(days=30),
        ge=timedelta(0),
        description="How long a register may be stale before only FLASH and URGENT leave this node.",
    )
    invitation_lifetime: timedelta = Field(
        default=timedelta(days=2), gt=timedelta(0), description="At the centre: how long an invitation is open."
    )
    certificate_lifetime: timedelta = Field(
        default=timedelta(days=825), gt=timedelta(0), description="At the centre: how long a node's certificate holds."
    )
    key_overlap: timedelta = Field(
        default=timedelta(days=100),
        gt=timedelta(0),
        description="At the centre: how long a node's replaced keys are taken on new things; a country may be dark for months.",
    )
    redial_first: timedelta = Field(
        default=timedelta(milliseconds=500), gt=timedelta(0), description="Longest first pause before dialling again."
    )
    redial_longest: timedelta = Field(
        default=timedelta(minutes=2), gt=timedelta(0), description="Longest pause before dialling again."
    )
    keepalive: timedelta = Field(
        default=timedelta(seconds=30), ge=timedelta(seconds=1), description="How often a silent link is tried."
    )
    sweep_interval: timedelta = Field(
        default=timedelta(seconds=5), gt=timedelta(0), description="How often what has expired is looked for."
    )
    files_kept: timedelta = Field(
        default=timedelta(days=100), gt=timedelta(0), description="How long encrypted files are kept for others."
    )

    reads_kept: timedelta = Field(
        default=timedelta(days=3 * 365),
        gt=timedelta(0),
        description="How long it is kept who read personal data: as long as a complaint or an inquiry may ask. The log's roots stay.",
    )

    pod: str = Field(
        default="",
        description="Names this process among several that share a PostgreSQL database; the host's name when empty.",
    )

    @property
    def pod_name(self) -> str:
        """How people name this process."""
        return self.pod or socket.gethostname()

    @property
    def sealed_dir(self) -> Path:
        """Where encrypted files are."""
        return self.files_dir or self.key_dir / "sealed"
