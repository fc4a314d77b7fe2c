"""At the centre: makes the one-time token that lets a node in. Safe while the centre runs as another process."""

from __future__ import annotations

import base64
import binascii
import os
from datetime import timedelta

from google.protobuf.message import DecodeError
from sqlalchemy.ext.asyncio import AsyncSession

from bluepacific.exchange.v1 import enrolment_service_pb2 as enrolment_pb2
from bp_exchange.adapters.authority import Authority
from bp_exchange.adapters.certificates import der, door_key, make_door, pem
from bp_exchange.adapters.invitations import SqlInvitations, secret_name
from bp_exchange.settings import ExchangeSettings
from bp_exchange.usecases.records import InvitationRecord
from bp_kit.ports import Clock

SECRET_BYTES = 32
_LINGERS = timedelta(hours=1)


async def invite(
    session: AsyncSession,
    authority: Authority,
    settings: ExchangeSettings,
    *,
    node_id: str,
    countries: tuple[str, ...],
    clock: Clock,
    invited_by: str = "",
) -> str:
    """Returns a token for a new node; nothing but its secret's digest is kept.

    Who is named as inviting it makes another person confirm the node's fingerprint before it is in the register.
    """
    now, secret = clock(), os.urandom(SECRET_BYTES)
    door = make_door(door_key(secret), now, settings.invitation_lifetime + _LINGERS)
    invitation = InvitationRecord(
        secret_sha256=secret_name(secret),
        node_id=node_id,
        countries=countries,
        door=pem(door),
        expire_time=now + settings.invitation_lifetime,
        invited_by=invited_by,
    )
    await SqlInvitations(session).add(invitation, now)
    told = enrolment_pb2.Invitation(
        link=settings.link,
        centre=settings.node_id,
        node_id=node_id,
        authority=der(authority.certificate),
        secret=secret,
    )
    return base64.urlsafe_b64encode(told.SerializeToString(deterministic=True)).rstrip(b"=").decode()


def read_token(token: str) -> enrolment_pb2.Invitation:
    """Returns what a token says.

    Raises:
        ValueError: It is not a token, or was cut.
    """
    try:
        raw = base64.b64decode(token.encode() + b"=" * (-len(token) % 4), altchars=b"-_", validate=True)
        told = enrolment_pb2.Invitation.FromString(raw)
    except (binascii.Error, UnicodeEncodeError, DecodeError) as error:
        raise ValueError("not a token") from error
    if len(told.secret) != SECRET_BYTES or not (told.link and told.centre and told.node_id and told.authority):
        raise ValueError("not a whole token")
    return told
