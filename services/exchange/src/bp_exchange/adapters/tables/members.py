"""The register, and who is invited."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from bp_exchange.adapters.tables.base import Base
from bp_kit.tables import UtcTime


class RegisterRow(Base):
    """The newest verified register with its proofs; one row."""

    __tablename__ = "register"
    node_id: Mapped[str] = mapped_column(String(31), primary_key=True)
    bundle: Mapped[bytes] = mapped_column(LargeBinary)
    # When its timestamp came, and the latest time this node's clock has shown since: a clock that jumps back makes nothing fresh.
    receive_time: Mapped[datetime | None] = mapped_column(UtcTime)
    latest_time: Mapped[datetime | None] = mapped_column(UtcTime)
    # The nodes that it had while it was last fresh.
    admitted: Mapped[list[Any] | None] = mapped_column(JSON)


class InvitationRow(Base):
    """At the centre: who may enrol. The secret itself is kept nowhere."""

    __tablename__ = "invitation"
    secret_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    node_id: Mapped[str] = mapped_column(String(31))
    countries: Mapped[list[Any]] = mapped_column(JSON)
    # The certificate (PEM) that opens the listener's TLS to whoever holds the secret.
    door: Mapped[bytes] = mapped_column(LargeBinary)
    create_time: Mapped[datetime] = mapped_column(UtcTime)
    expire_time: Mapped[datetime] = mapped_column(UtcTime)
    # What was let in with it, and the certificate it got; none while it is open.
    request_digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    certificate: Mapped[bytes | None] = mapped_column(LargeBinary)
    # Who invited it, as that person said.
    invited_by: Mapped[str] = mapped_column(String(100), server_default="")
    # The node (register.proto) as it enrolled; in the register once a second person has confirmed its fingerprint.
    candidate: Mapped[bytes | None] = mapped_column(LargeBinary)
    enrol_time: Mapped[datetime | None] = mapped_column(UtcTime)
    confirmed_by: Mapped[str] = mapped_column(String(100), server_default="")
