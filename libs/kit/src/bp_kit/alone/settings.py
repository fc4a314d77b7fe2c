"""What a process that runs one service is told of its node: environment variables that begin with `BP_POD__`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class PodSettings(BaseSettings):
    """Settings of one process; the service's own have its own prefix."""

    model_config = SettingsConfigDict(env_prefix="BP_POD__", frozen=True, extra="forbid")

    node_id: str = Field(pattern=r"^[a-z][a-z0-9-]{1,30}$", description="The node's short name in the register.")
    country: str = Field(pattern=r"^[A-Z]{3}$", description="ISO 3166-1 alpha-3 code of the country it speaks for.")
    public_url: str = Field(pattern=r"^https?://", description="Where people reach the gateway; its tokens' issuer.")
    blobs_dir: Path = Field(
        description="Folder of files by content, shared by the node's services; with a bucket, this process's own."
    )
    blobs_bucket: str = Field(
        "",
        pattern=r"^(s3://.+)?$",
        description="Bucket of files by content, as s3://bucket/prefix; empty for the folder.",
    )
    blobs_endpoint: str = Field(
        "", pattern=r"^(https?://.+)?$", description="URL of the bucket's S3 API; empty for the region's own."
    )
    blobs_region: str = Field("us-east-1", description="The bucket's region, as its S3 API names it.")
    blobs_keys_dir: Path | None = Field(
        None, description="Folder of access_key_id and secret_access_key of the bucket; none for what the cloud offers."
    )
    page_token_file: Path = Field(
        description="File of 64 hexadecimal digits that seal page tokens: the same in all pods."
    )
    tls_dir: Path = Field(
        description="Folder of tls.crt, tls.key and ca.crt: this service's certificate from the node's own authority."
    )
    listen: str = Field("127.0.0.1:8443", description="host:port where the gateway calls, as people do, with tokens.")
    own_listen: str = Field("127.0.0.1:8444", description="host:port where the other services of this node call.")
    health_listen: str = Field(
        "127.0.0.1:8445", description="host:port of health alone, in clear, since probes know no certificates."
    )
    addresses: dict[str, str] = Field(
        description="host:port by service. For the gateway where people's calls go, for a service where its siblings' do."
    )
    place: Literal["local", "central"] = Field(
        "local", description="Which of the node's places this is: in the country, or at the centre."
    )
    other_places: dict[str, str] = Field(
        default_factory=dict,
        description="host:port by service, where it stands when it is not at its address: services that may be moved.",
    )
    other_place: str = Field(
        "", description="host:port at which this service would stand at the other place, for its siblings; empty: none."
    )
    awaits: bool = Field(
        default=False,
        description="A service that is not here yet: nothing runs before `bluepacific node move` brought it.",
    )
    public_tls_dir: Path | None = Field(
        None, description="Gateway: folder of tls.crt and tls.key that people see; none where a proxy ends TLS."
    )
    workers: bool = Field(default=True, description="`serve` runs the workers, too; false where `worker` does.")
    drain_seconds: float = Field(
        10, ge=0, le=600, description="How long calls in progress may take after the process was told to stop."
    )
    span_store: Path | None = Field(None, description="SQLite file that keeps the newest spans; none keeps none.")
    otlp_endpoint: str = Field("", description="URL of an OpenTelemetry collector (OTLP gRPC); empty for none.")
    sample_ratio: float = Field(1.0, ge=0, le=1, description="Share of new traces that are kept.")
    log_style: Literal["json", "terminal"] = Field("json", description="For machines or for a person.")
    log_level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="The least that is logged.")
