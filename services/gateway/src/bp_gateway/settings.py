"""What the gateway is told: where it listens, who it is, and its limits. Environment prefix `BP_GATEWAY__`."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

_KIB = 1024
_MIB = 1024 * 1024


class HostedCountry(BaseModel):
    """A country of another node whose services this gateway calls as well."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    addresses: dict[str, str] = Field(description="host:port by service, where people's calls go.")
    tls_dir: Path = Field(
        description="Folder of tls.crt, tls.key and ca.crt: a certificate of this gateway from that node's own authority."
    )


class GatewaySettings(BaseSettings):
    """Settings of a gateway; sizes in bytes, times in seconds."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", env_prefix="BP_GATEWAY__")

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8080, ge=0, le=65535, description="Port to listen on; 0 for any.")
    public_url: str = Field("http://127.0.0.1:8080", description="The URL people use; also the tokens' issuer.")
    body_bytes: int = Field(2 * _MIB, gt=0, description="Largest JSON or form body.")
    upload_bytes: int = Field(512 * _MIB, gt=0, description="Largest upload.")
    header_bytes: int = Field(32 * _KIB, gt=0, le=64 * _KIB, description="Largest request line and headers together.")
    body_seconds: float = Field(300, gt=0, description="How long a JSON or form body may take to arrive.")
    max_requests: int = Field(1000, gt=0, description="Requests served at once, streams included; more get 429.")
    deadline_seconds: float = Field(10, gt=0, description="Deadline of a call whose client sets none.")
    max_deadline_seconds: float = Field(60, gt=0, description="Longest deadline a client may set with x-deadline-ms.")
    transfer_seconds: float = Field(3600, gt=0, description="Deadline of an upload or download.")
    heartbeat_seconds: float = Field(15, gt=0, description="Between comments on a silent event stream.")
    stream_seconds: float = Field(
        900, gt=0, description="Age at which an event stream ends; its client opens it again."
    )
    cors_origins: tuple[str, ...] = Field((), description="Origins whose pages may call; none by default.")
    hosted: dict[str, HostedCountry] = Field(
        default_factory=dict,
        description="Countries whose nodes stand beside this one, by ISO 3166-1 alpha-3 code; their calls go to their services.",
    )
    queue_dir: Path | None = Field(
        None,
        description="Folder of calls that wait here for a service that cannot be reached, where a client prefers that; none: they do not.",
    )
    queue_calls: int = Field(10_000, gt=0, description="Calls that may wait; to more, the service is unavailable.")
    queue_calls_each: int = Field(200, gt=0, description="Calls of one person that may wait.")
    queue_bytes: int = Field(64 * _MIB, gt=0, description="Bytes of all calls that wait.")
    queue_pause_seconds: float = Field(
        5, gt=0, le=3600, description="Between tries to reach a service that calls wait for."
    )
    access_log: bool = Field(default=True, description="Log a line for each request.")
