"""The tables of identity. Names are keys; the country stands beside them because every list is of one country."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from bp_kit.tables import UtcTime, service_metadata

_NAME = String(200)
_COUNTRY = String(3)
_WORD = String(40)
_DIGEST = String(64)
_THUMBPRINT = String(43)


class Base(DeclarativeBase):
    """All tables of identity."""

    metadata = service_metadata()


class UnitRow(Base):
    """A unit."""

    __tablename__ = "unit"
    name: Mapped[str] = mapped_column(_NAME, primary_key=True)
    country: Mapped[str] = mapped_column(_COUNTRY, index=True)
    display_name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(_WORD)
    state: Mapped[str] = mapped_column(_WORD)
    version: Mapped[int]
    create_time: Mapped[datetime] = mapped_column(UtcTime)
    update_time: Mapped[datetime] = mapped_column(UtcTime)


class OfficerRow(Base):
    """An officer."""

    __tablename__ = "officer"
    __table_args__ = (UniqueConstraint("country", "email"), Index(None, "officer_id"), Index(None, "email"))
    name: Mapped[str] = mapped_column(_NAME, primary_key=True)
    country: Mapped[str] = mapped_column(_COUNTRY)
    officer_id: Mapped[str] = mapped_column(String(63))
    given_name: Mapped[str] = mapped_column(String(100))
    family_name: Mapped[str] = mapped_column(String(100))
    email: Mapped[str] = mapped_column(String(254))
    gender: Mapped[str] = mapped_column(_WORD)
    language: Mapped[str] = mapped_column(String(3))
    clearance: Mapped[int]
    state: Mapped[str] = mapped_column(_WORD)
    version: Mapped[int]
    create_time: Mapped[datetime] = mapped_column(UtcTime)
    update_time: Mapped[datetime] = mapped_column(UtcTime)
    totp_enrolled: Mapped[bool]
    deactivator: Mapped[str] = mapped_column(_NAME)


class ProvisionedRow(Base):
    """What the country's own directory calls an officer or a unit."""

    __tablename__ = "provisioned"
    __table_args__ = (UniqueConstraint("country", "user_name"),)
    name: Mapped[str] = mapped_column(_NAME, primary_key=True)
    country: Mapped[str] = mapped_column(_COUNTRY)
    user_name: Mapped[str | None] = mapped_column(String(254))
    external_id: Mapped[str] = mapped_column(String(254))
    removed: Mapped[bool]


class CredentialRow(Base):
    """What proves that an officer is who signs in. TOTP secrets are sealed with the node's key."""

    __tablename__ = "credential"
    officer: Mapped[str] = mapped_column(ForeignKey("officer.name"), primary_key=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    password_expire_time: Mapped[datetime | None] = mapped_column(UtcTime)
    totp_sealed: Mapped[str] = mapped_column(String(200))
    totp_pending: Mapped[str] = mapped_column(String(200))
    totp_step: Mapped[int]


class GrantRow(Base):
    """A role at a unit for a time."""

    __tablename__ = "role_grant"
    name: Mapped[str] = mapped_column(_NAME, primary_key=True)
    country: Mapped[str] = mapped_column(_COUNTRY, index=True)
    officer: Mapped[str] = mapped_column(ForeignKey("officer.name"), index=True)
    role: Mapped[str] = mapped_column(_WORD)
    unit: Mapped[str] = mapped_column(ForeignKey("unit.name"), index=True)
    start_time: Mapped[datetime] = mapped_column(UtcTime, index=True)
    end_time: Mapped[datetime | None] = mapped_column(UtcTime, index=True)
    create_time: Mapped[datetime] = mapped_column(UtcTime)
    creator: Mapped[str] = mapped_column(_NAME)


class ClientRow(Base):
    """An OAuth client."""

    __tablename__ = "client"
    name: Mapped[str] = mapped_column(_NAME, primary_key=True)
    country: Mapped[str] = mapped_column(_COUNTRY, index=True)
    display_name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(_WORD)
    redirect_uris: Mapped[list[str]] = mapped_column(JSON)
    post_logout_redirect_uris: Mapped[list[str]] = mapped_column(JSON)
    grants: Mapped[list[list[str]]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(_WORD)
    version: Mapped[int]
    create_time: Mapped[datetime] = mapped_column(UtcTime)
    update_time: Mapped[datetime] = mapped_column(UtcTime)
    secret_digest: Mapped[str] = mapped_column(_DIGEST)
    previous_digest: Mapped[str] = mapped_column(_DIGEST)
    previous_expire_time: Mapped[datetime | None] = mapped_column(UtcTime)
    expire_time: Mapped[datetime | None] = mapped_column(UtcTime)
    scopes: Mapped[list[str]] = mapped_column(JSON)


class SessionRow(Base):
    """One sign-in."""

    __tablename__ = "session"
    session_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    officer: Mapped[str] = mapped_column(ForeignKey("officer.name"), index=True)
    client: Mapped[str] = mapped_column(_NAME, index=True)
    scope: Mapped[str] = mapped_column(String(200))
    auth_time: Mapped[datetime] = mapped_column(UtcTime)
    methods: Mapped[list[str]] = mapped_column(JSON)
    expire_time: Mapped[datetime] = mapped_column(UtcTime, index=True)
    revoke_time: Mapped[datetime | None] = mapped_column(UtcTime)
    thumbprint: Mapped[str] = mapped_column(_THUMBPRINT)


class RefreshTokenRow(Base):
    """One link of a session's chain of refresh tokens."""

    __tablename__ = "refresh_token"
    digest: Mapped[str] = mapped_column(_DIGEST, primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("session.session_id", ondelete="CASCADE"), index=True)
    use_time: Mapped[datetime | None] = mapped_column(UtcTime)
    superseded: Mapped[bool]


class VoidRow(Base):
    """Access tokens of an officer or client count only when issued later."""

    __tablename__ = "voided_tokens"
    holder: Mapped[str] = mapped_column(_NAME, primary_key=True)
    void_time: Mapped[datetime] = mapped_column(UtcTime, index=True)


class CodeRow(Base):
    """An authorization code."""

    __tablename__ = "authorization_code"
    digest: Mapped[str] = mapped_column(_DIGEST, primary_key=True)
    client: Mapped[str] = mapped_column(_NAME)
    officer: Mapped[str] = mapped_column(_NAME)
    redirect_uri: Mapped[str] = mapped_column(String(500))
    scope: Mapped[str] = mapped_column(String(200))
    nonce: Mapped[str] = mapped_column(String(500))
    challenge: Mapped[str] = mapped_column(String(128))
    auth_time: Mapped[datetime] = mapped_column(UtcTime)
    methods: Mapped[list[str]] = mapped_column(JSON)
    expire_time: Mapped[datetime] = mapped_column(UtcTime, index=True)
    session_id: Mapped[str] = mapped_column(String(36))
    thumbprint: Mapped[str] = mapped_column(_THUMBPRINT)


class DeviceRow(Base):
    """A program on a device that waits for a person."""

    __tablename__ = "device_grant"
    digest: Mapped[str] = mapped_column(_DIGEST, primary_key=True)
    user_digest: Mapped[str] = mapped_column(_DIGEST, unique=True)
    client: Mapped[str] = mapped_column(_NAME)
    scope: Mapped[str] = mapped_column(String(200))
    expire_time: Mapped[datetime] = mapped_column(UtcTime, index=True)
    interval: Mapped[int]
    poll_time: Mapped[datetime | None] = mapped_column(UtcTime)
    state: Mapped[str] = mapped_column(_WORD)
    officer: Mapped[str] = mapped_column(_NAME)
    auth_time: Mapped[datetime | None] = mapped_column(UtcTime)
    methods: Mapped[list[str]] = mapped_column(JSON)


class PasskeyRow(Base):
    """A passkey."""

    __tablename__ = "passkey"
    name: Mapped[str] = mapped_column(_NAME, primary_key=True)
    officer: Mapped[str] = mapped_column(ForeignKey("officer.name"), index=True)
    credential_id: Mapped[str] = mapped_column(String(1364), unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger)
    synced: Mapped[bool]
    display_name: Mapped[str] = mapped_column(String(60))
    create_time: Mapped[datetime] = mapped_column(UtcTime)
    last_use_time: Mapped[datetime | None] = mapped_column(UtcTime)


class UpstreamLinkRow(Base):
    """Whom the country's own provider means by a subject."""

    __tablename__ = "upstream_link"
    issuer: Mapped[str] = mapped_column(String(500), primary_key=True)
    subject: Mapped[str] = mapped_column(String(255), primary_key=True)
    officer: Mapped[str] = mapped_column(ForeignKey("officer.name"), unique=True)


class UsedChallengeRow(Base):
    """A challenge that a passkey has signed: none works twice."""

    __tablename__ = "used_challenge"
    digest: Mapped[str] = mapped_column(_DIGEST, primary_key=True)
    expire_time: Mapped[datetime] = mapped_column(UtcTime, index=True)


class RecoveryRow(Base):
    """A recovery that an officer, or nobody, has asked for."""

    __tablename__ = "recovery"
    name: Mapped[str] = mapped_column(_NAME, primary_key=True)
    code_digest: Mapped[str] = mapped_column(_DIGEST, unique=True)
    ticket_digest: Mapped[str] = mapped_column(_DIGEST, unique=True)
    create_time: Mapped[datetime] = mapped_column(UtcTime)
    expire_time: Mapped[datetime] = mapped_column(UtcTime, index=True)
    state: Mapped[str] = mapped_column(_WORD)
    confirmer: Mapped[str] = mapped_column(_NAME)


class ProposalRow(Base):
    """An act that waits for a second person."""

    __tablename__ = "proposal"
    name: Mapped[str] = mapped_column(_NAME, primary_key=True)
    country: Mapped[str] = mapped_column(_COUNTRY, index=True)
    method: Mapped[str] = mapped_column(_NAME)
    act: Mapped[str] = mapped_column(_NAME)
    subject: Mapped[str] = mapped_column(String(255))
    request: Mapped[bytes] = mapped_column(LargeBinary)
    proposer: Mapped[str] = mapped_column(_NAME)
    create_time: Mapped[datetime] = mapped_column(UtcTime)
    expire_time: Mapped[datetime] = mapped_column(UtcTime)
    state: Mapped[str] = mapped_column(_WORD)
    decider: Mapped[str] = mapped_column(_NAME)


class EmergencyRow(Base):
    """A role taken in an emergency."""

    __tablename__ = "emergency"
    name: Mapped[str] = mapped_column(_NAME, primary_key=True)
    country: Mapped[str] = mapped_column(_COUNTRY, index=True)
    role: Mapped[str] = mapped_column(_WORD)
    unit: Mapped[str] = mapped_column(_NAME)
    reason: Mapped[str] = mapped_column(String(1000))
    minutes: Mapped[int]
    officer: Mapped[str] = mapped_column(_NAME, index=True)
    grant: Mapped[str] = mapped_column(_NAME)
    create_time: Mapped[datetime] = mapped_column(UtcTime)
    end_time: Mapped[datetime] = mapped_column(UtcTime)
    state: Mapped[str] = mapped_column(_WORD)
    reviewer: Mapped[str] = mapped_column(_NAME)
    finding: Mapped[str] = mapped_column(String(1000))


class AccessReviewRow(Base):
    """A role in question."""

    __tablename__ = "access_review"
    __table_args__ = (UniqueConstraint("grant", "quarter"), Index(None, "state", "due_time"))
    name: Mapped[str] = mapped_column(_NAME, primary_key=True)
    country: Mapped[str] = mapped_column(_COUNTRY, index=True)
    grant: Mapped[str] = mapped_column(_NAME)
    officer: Mapped[str] = mapped_column(_NAME)
    role: Mapped[str] = mapped_column(_WORD)
    unit: Mapped[str] = mapped_column(_NAME)
    quarter: Mapped[datetime] = mapped_column(UtcTime)
    create_time: Mapped[datetime] = mapped_column(UtcTime)
    due_time: Mapped[datetime] = mapped_column(UtcTime)
    state: Mapped[str] = mapped_column(_WORD)
    reviewer: Mapped[str] = mapped_column(_NAME)
    reminders: Mapped[int]


class ThrottleRow(Base):
    """Attempts on one user name; kept by a keyed hash, since people type passwords into the wrong field."""

    __tablename__ = "throttle"
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    attempts: Mapped[int]
    last_time: Mapped[datetime | None] = mapped_column(UtcTime, index=True)
    blocked_until: Mapped[datetime | None] = mapped_column(UtcTime)


class MarkRow(Base):
    """How far a recurring job has come."""

    __tablename__ = "mark"
    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    time: Mapped[datetime] = mapped_column(UtcTime)
