"""What use cases need: the parts of one transaction, and of a sign-in, whose failures must be kept."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta

from bp_identity.usecases.proving import Authenticators, OneTimeCodes, PasswordHasher, TokenMinter
from bp_identity.usecases.records import Clients, Directory, Grants, Officers, ProvisionedRecords, Units
from bp_identity.usecases.sign_in_records import (
    Codes,
    Credentials,
    Devices,
    Passkeys,
    Recoveries,
    Sessions,
    Throttles,
    UpstreamLinks,
    Voids,
)


@dataclass(frozen=True)
class Lifetimes:
    """How long things last."""

    session: timedelta
    temporary_password: timedelta
    code: timedelta = timedelta(seconds=60)


@dataclass(frozen=True)
class Work:
    """One transaction's parts."""

    units: Units
    officers: Officers
    grants: Grants
    clients: Clients
    credentials: Credentials
    sessions: Sessions
    voids: Voids
    codes: Codes
    devices: Devices
    passkeys: Passkeys
    recoveries: Recoveries
    upstream_links: UpstreamLinks
    provisioned: ProvisionedRecords
    throttles: Throttles
    directory: Directory
    clock: Callable[[], datetime]
    ids: Callable[[], str]
    countries: tuple[str, ...]


Transactions = Callable[[], AbstractAsyncContextManager[Work]]


@dataclass(frozen=True)
class Desk:
    """What signing in needs beyond one transaction: its failures must be kept although the call is refused.

    Attributes:
        transactions: Opens a transaction of its own, committed at its end.
        passwords: Slow hashes.
        one_time_codes: TOTP.
        authenticators: Passkeys.
        minter: Access tokens.
        lifetimes: How long things last.
    """

    transactions: Transactions
    passwords: PasswordHasher
    one_time_codes: OneTimeCodes
    authenticators: Authenticators
    minter: TokenMinter
    lifetimes: Lifetimes
