"""Verifies what passkeys say, by py_webauthn: for this node's address alone, and only where the owner was seen to be there.

The library comes with the first passkey: with its OpenSSL and ASN.1 it takes 8 MiB.
"""

# ruff: noqa: PLC0415 - see above

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from bp_identity.domain.officer import Officer
from bp_identity.domain.passkey import Passkey
from bp_identity.usecases.proving import Seen
from bp_kit.errors import Refused

_NAME = "Blue Pacific"
# What the library raises on what no browser would send, besides its own.
_UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError)


class WebAuthn:
    """Passkeys of this node.

    Args:
        public_url: The node's public URL; passkeys are bound to its host.
        secret: 32 bytes; hides which officer a passkey is of.
    """

    def __init__(self, public_url: str, secret: bytes) -> None:
        self._origin = public_url
        self._host = urlsplit(public_url).hostname or ""
        self._secret = secret

    @property
    def available(self) -> bool:
        """Whether browsers offer passkeys here: for names of hosts only, never for addresses."""
        try:
            ip_address(self._host)
        except ValueError:
            return True
        return False

    def sign_in_options(self, challenge: bytes) -> str:
        """Returns what a page asks an authenticator for, JSON."""
        from webauthn import generate_authentication_options, options_to_json
        from webauthn.helpers.structs import UserVerificationRequirement

        options = generate_authentication_options(
            rp_id=self._host, challenge=challenge, user_verification=UserVerificationRequirement.REQUIRED
        )
        return options_to_json(options)

    def registration_options(self, challenge: bytes, officer: Officer, passkeys: Sequence[Passkey]) -> str:
        """Returns what a page asks an authenticator for to make a passkey, JSON; none that it has already."""
        from webauthn import generate_registration_options, options_to_json
        from webauthn.helpers import structs

        options = generate_registration_options(
            rp_id=self._host,
            rp_name=_NAME,
            user_id=self._handle(officer.name),
            user_name=officer.person.email,
            user_display_name=officer.display_name,
            challenge=challenge,
            authenticator_selection=structs.AuthenticatorSelectionCriteria(
                resident_key=structs.ResidentKeyRequirement.REQUIRED,
                user_verification=structs.UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=[
                structs.PublicKeyCredentialDescriptor(id=_decoded(passkey.credential_id)) for passkey in passkeys
            ],
        )
        return options_to_json(options)

    def registered(self, credential: Mapping[str, Any], challenge: bytes) -> Seen:
        """Returns the new passkey.

        Raises:
            Refused: PASSKEY_REFUSED.
        """
        from webauthn import verify_registration_response
        from webauthn.helpers.exceptions import WebAuthnException
        from webauthn.helpers.structs import CredentialDeviceType

        try:
            made = verify_registration_response(
                credential=dict(credential),
                expected_challenge=challenge,
                expected_rp_id=self._host,
                expected_origin=self._origin,
                require_user_verification=True,
            )
        except (WebAuthnException, *_UNREADABLE):
            raise Refused("PASSKEY_REFUSED") from None
        synced = made.credential_device_type is CredentialDeviceType.MULTI_DEVICE
        return Seen(_encoded(made.credential_id), made.credential_public_key, made.sign_count, synced)

    def asserted(self, credential: Mapping[str, Any], challenge: bytes, passkey: Passkey) -> Seen:
        """Returns what the passkey shows.

        Raises:
            Refused: SIGN_IN_FAILED.
        """
        from webauthn import verify_authentication_response
        from webauthn.helpers.exceptions import WebAuthnException
        from webauthn.helpers.structs import CredentialDeviceType

        try:
            handle = credential["response"].get("userHandle") or _encoded(self._handle(passkey.officer))
            shown = verify_authentication_response(
                credential=dict(credential),
                expected_challenge=challenge,
                expected_rp_id=self._host,
                expected_origin=self._origin,
                credential_public_key=passkey.public_key,
                credential_current_sign_count=passkey.sign_count,
                require_user_verification=True,
            )
            if not hmac.compare_digest(_decoded(handle), self._handle(passkey.officer)):
                raise Refused("SIGN_IN_FAILED")
        except (WebAuthnException, *_UNREADABLE):
            raise Refused("SIGN_IN_FAILED") from None
        synced = shown.credential_device_type is CredentialDeviceType.MULTI_DEVICE
        return Seen(passkey.credential_id, b"", shown.new_sign_count, synced)

    def _handle(self, officer: str) -> bytes:
        return hmac.new(self._secret, officer.encode(), hashlib.sha256).digest()


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
