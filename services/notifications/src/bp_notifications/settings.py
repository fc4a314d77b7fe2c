"""Settings of notifications: environment variables that begin with `BP_NOTIFICATIONS__`."""

from __future__ import annotations

import ipaddress
from datetime import timedelta
from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import SettingsConfigDict

from bp_kit.settings import ServiceSettings
from bp_notifications.adapters.smtp import MailServer, Security, is_sender


class NotificationsSettings(ServiceSettings):
    """What notifications is told."""

    model_config = SettingsConfigDict(
        env_prefix="BP_NOTIFICATIONS__", frozen=True, extra="forbid", hide_input_in_errors=True
    )

    public_url: str = Field(pattern="^https?://", description="Where people reach the node; links begin with it.")
    countries: tuple[str, ...] = Field((), description="Codes of countries whose people are kept here; empty: its own.")
    smtp_host: str = Field("127.0.0.1", min_length=1, description="Mail server.")
    smtp_port: int = Field(25, ge=1, le=65535, description="Port of the mail server.")
    smtp_security: Security = Field(
        "none", description="starttls or tls: the server's certificate is verified, or nothing is sent. none: in clear."
    )
    smtp_ca_file: Path | None = Field(None, description="PEM file of authorities to trust instead of the system's.")
    smtp_username: str = Field("", description="User at the mail server; empty for no sign-in.")
    smtp_password: SecretStr = Field(SecretStr(""), description="Password of that user.")
    smtp_timeout: timedelta = Field(
        timedelta(seconds=30),
        gt=timedelta(0),
        le=timedelta(minutes=10),
        description="Longest that one e-mail may take.",
    )
    mail_from: str = Field("noreply@bluepacific.example", description="Sender of e-mails.")
    mail_retry: timedelta = Field(
        timedelta(seconds=30),
        gt=timedelta(0),
        le=timedelta(hours=1),
        description="First wait before an e-mail is tried again; doubles each time, up to an hour.",
    )
    mail_lifetime: timedelta = Field(
        timedelta(days=5), gt=timedelta(0), description="An e-mail older than this is given up (RFC 5321, 4.5.4.1)."
    )
    notification_lifetime: timedelta = Field(
        timedelta(days=180), gt=timedelta(0), description="Notifications older than this are deleted."
    )
    stream_limit: int = Field(10, ge=1, description="Live streams of one person at once.")
    stream_lifetime: timedelta = Field(
        timedelta(minutes=15),
        gt=timedelta(0),
        description="Age at which a live stream ends; its client opens it again.",
    )
    poll_interval: timedelta = Field(
        timedelta(seconds=2), gt=timedelta(0), description="How often to look for what other pods wrote."
    )
    tidy_interval: timedelta = Field(
        timedelta(hours=1), gt=timedelta(0), description="How often what is too old is given up and deleted."
    )

    @field_validator("mail_from")
    @classmethod
    def _sends(cls, value: str) -> str:
        if not is_sender(value):
            raise ValueError("is not an e-mail address")
        return value

    @model_validator(mode="after")
    def _keeps_the_password_secret(self) -> Self:
        if self.smtp_username and self.smtp_security == "none" and not _is_loopback(self.smtp_host):
            raise ValueError("smtp_username needs smtp_security starttls or tls: a password must not travel in clear")
        return self

    @property
    def mail_server(self) -> MailServer:
        """Where e-mails go."""
        return MailServer(
            host=self.smtp_host,
            port=self.smtp_port,
            security=self.smtp_security,
            username=self.smtp_username,
            password=self.smtp_password.get_secret_value(),
            ca_file=str(self.smtp_ca_file or ""),
            timeout=self.smtp_timeout.total_seconds(),
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
