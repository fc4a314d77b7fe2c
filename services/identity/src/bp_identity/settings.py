"""Settings of identity: environment variables that begin with `BP_IDENTITY__`."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, field_validator
from pydantic_settings import SettingsConfigDict

from bp_kit.settings import ServiceSettings


class IdentitySettings(ServiceSettings):
    """What identity is told."""

    model_config = SettingsConfigDict(env_prefix="BP_IDENTITY__", frozen=True, extra="forbid")

    key_dir: Path = Field(description="Folder of the node's signing keys and secrets; made with mode 0700.")
    public_url: str = Field(
        description="Where people reach this node's gateway; also the issuer of its tokens. HTTPS, or HTTP on the own machine."
    )
    countries: tuple[str, ...] = Field(
        min_length=1, description="ISO 3166-1 alpha-3 codes of the countries whose people are kept here."
    )
    access_token_lifetime: timedelta = Field(
        default=timedelta(minutes=10), gt=timedelta(0), le=timedelta(minutes=15), description="Of access tokens."
    )
    session_lifetime: timedelta = Field(
        default=timedelta(hours=12), gt=timedelta(0), le=timedelta(days=30), description="Sign-in again after this."
    )
    temporary_password_lifetime: timedelta = Field(
        default=timedelta(days=3), gt=timedelta(0), description="Of passwords an administrator hands over."
    )
    key_lifetime: timedelta = Field(
        default=timedelta(days=90), ge=timedelta(hours=1), description="A new signing key is made after this."
    )
    announce_interval: timedelta = Field(
        default=timedelta(hours=6), ge=timedelta(minutes=1), description="How often all units are announced anew."
    )

    upstream_issuer: str = Field(
        default="", description="Issuer of the country's own OpenID provider, if officers may sign in through it."
    )
    upstream_client_id: str = Field(default="", description="This node's client id there.")
    upstream_secret_file: Path | None = Field(default=None, description="File with this node's client secret there.")
    upstream_claim: str = Field(
        default="sub",
        pattern="^(sub|oid|[a-z_]{1,60}_id)$",
        description="Claim of its ID tokens by which officers are known: one that it never gives to another person.",
    )

    @field_validator("upstream_issuer")
    @classmethod
    def _safe_issuer(cls, value: str) -> str:
        """Plain HTTP is refused everywhere but on the own machine."""
        parts = urlsplit(value)
        own = parts.scheme == "http" and parts.hostname is not None and _own_machine(parts.hostname)
        if value and not (own or (parts.scheme == "https" and parts.hostname)):
            raise ValueError("is HTTPS, or HTTP on the own machine")
        return value

    @field_validator("public_url")
    @classmethod
    def _safe_url(cls, value: str) -> str:
        """OAuth over plain HTTP is refused everywhere but on the own machine."""
        parts = urlsplit(value)
        if parts.path not in ("", "/") or parts.query or parts.fragment or not parts.hostname:
            raise ValueError("is a scheme, a host and perhaps a port, nothing more")
        if parts.scheme != "https" and not (parts.scheme == "http" and _own_machine(parts.hostname)):
            raise ValueError("is HTTPS, or HTTP on the own machine")
        return value.rstrip("/")

    @field_validator("countries")
    @classmethod
    def _codes(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if any(len(code) != 3 or not code.isascii() or not code.isupper() for code in value):  # noqa: PLR2004
            raise ValueError("are ISO 3166-1 alpha-3 codes: FJI")
        return value


def _own_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
