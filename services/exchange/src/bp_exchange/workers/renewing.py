"""Renews the node's certificates in time, and its keys when it is asked to."""

from __future__ import annotations

import asyncio

from sqlalchemy.exc import SQLAlchemyError

from bluepacific.exchange.v1 import register_pb2
from bp_exchange.adapters.authority import Authority
from bp_exchange.adapters.bells import woken
from bp_exchange.adapters.certificates import is_due
from bp_exchange.adapters.key_folder import AUTHORITY, CERTIFICATE, RENEWAL
from bp_exchange.adapters.renewing import NotRenewedError, ask_centre, make_renewal
from bp_exchange.adapters.unbroken import unbroken
from bp_exchange.adapters.unit_of_work import House
from bp_exchange.settings import ExchangeSettings
from bp_exchange.usecases import bells
from bp_exchange.usecases.renewing import Wish, renew
from bp_kit.logs import get_logger

_FIRST_SECONDS, _LONGEST_SECONDS = 30.0, 3600.0
_log = get_logger("bp_exchange.renewing")


class Renewer:
    """Keeps the node's certificates from expiring; a worker.

    Args:
        house: The exchange.
        authority: The network's, at the centre; None elsewhere.
        settings: Where the centre is.

    Attributes:
        failure: Why the last try failed, for a person; empty when it did not.
    """

    def __init__(self, house: House, authority: Authority | None, settings: ExchangeSettings) -> None:
        self._house = house
        self._authority = authority
        self._link = settings.link
        self._wish: Wish | None = None
        self._wake = asyncio.Event()
        self.failure = ""

    def ask(self, wish: Wish) -> None:
        """Has it renew at once."""
        self._wish, self.failure = wish, ""
        self._wake.set()

    async def run(self) -> None:
        """Renews until cancelled: at once when a link has come up or the register is another, and with growing pauses where it fails."""
        pause = _FIRST_SECONDS
        with self._house.bells.listening(self._wake.set, bells.LINKS, bells.REGISTER_CURRENT):
            while True:
                wish, self._wish = self._wish, None
                if wish or self._is_due():
                    await self._try(wish or Wish())
                pause = min(pause * 2, _LONGEST_SECONDS) if self.failure else _FIRST_SECONDS
                await woken(self._wake, pause if self.failure else _LONGEST_SECONDS)

    def _is_due(self) -> bool:
        folder, node = self._house.folder, self._own()
        held, now = folder.read(CERTIFICATE), self._house.seams.clock()
        if node is None or not held or not self._link:
            return False
        return not folder.read(RENEWAL) or is_due(held, now) or max(node.wire_version, 1) != folder.wire_version

    def _own(self) -> register_pb2.Node | None:
        register = self._house.register
        return register.directory.trusted(self._house.folder.node_id) if register.current else None

    async def _try(self, wish: Wish) -> None:
        try:
            await self._renew(wish)
        except NotRenewedError as why:
            if str(why) != self.failure:
                _log.warning("certificate.not_renewed", why=str(why))
            self.failure = str(why)
        except (SQLAlchemyError, OSError) as error:
            self.failure = type(error).__name__
        else:
            self.failure = ""
            _log.info("certificate.renewed", rotated=wish.rotate or wish.compromised)

    @unbroken
    async def _renew(self, wish: Wish) -> None:
        house, node = self._house, self._own()
        known = house.register.current
        if node is None or known is None:
            raise NotRenewedError("this node is not enrolled, or was revoked")
        request = await asyncio.to_thread(
            make_renewal, house.folder, node, rotate=wish.rotate, compromised=wish.compromised
        )
        if self._authority:
            async with house.transaction() as work:
                held = await work.held_register() or known
                certificate, renewal, _ = await renew(work, self._authority, held, request)
            for name, content in ((AUTHORITY, self._authority.certificate_pem), (RENEWAL, renewal)):
                house.folder.write(name, content)
            house.folder.write(CERTIFICATE, certificate)
        else:
            trusted = await ask_centre(house.folder, self._link, known, request, house.seams.clock())
            async with house.transaction() as work:
                await work.keep_register(trusted)
        await house.register.load()
