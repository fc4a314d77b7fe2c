"""Signing in through the country's own provider: leaves for it from a sign-in page, comes back to the same page.

What must survive the way there and back stands in sealed cookies of the browser that goes it; nothing is kept here, so that nobody can
fill a table by leaving. The proof to have come back works once, within a minute, at the page that was left.
"""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

from bp_identity.adapters.oauth.cookies import Cookies
from bp_identity.adapters.oauth.pages import Pages, visit_of
from bp_identity.adapters.oauth.upstream import Errand, Upstream
from bp_identity.adapters.oauth.web import NO_STORE, Answer, Asked
from bp_identity.usecases.sign_in import Proof
from bp_identity.usecases.upstream import is_meant, recognise
from bp_identity.usecases.work import Desk
from bp_kit.errors import Refused
from bp_kit.ports import Ids

PATH = "/oauth2/upstream"
_BAD, _SEE_OTHER = 400, 303
_ERRAND, _ARRIVED = "errand", "arrived"
_AWAY, _BACK = timedelta(minutes=15), timedelta(minutes=1)
# A cookie has 4096 bytes.
_LONGEST_ADDRESS = 2000


class UpstreamDesk:
    """The way to the provider and back.

    Args:
        upstream: The provider.
        desk: Opens transactions.
        pages: What people see.
        cookies: What browsers keep.
        new_id: Tells one arrival from another.
    """

    def __init__(self, upstream: Upstream, desk: Desk, pages: Pages, cookies: Cookies, new_id: Ids) -> None:
        self._upstream = upstream
        self._desk = desk
        self._pages = pages
        self._cookies = cookies
        self._new_id = new_id

    def link(self, address: str, form_key: str) -> str:
        """Returns where a sign-in page sends people who want to go there; empty where there is no provider."""
        if not self._upstream.issuer:
            return ""
        return f"{PATH}?{urlencode({'address': address, 'proof': self._cookies.proof(form_key, _leaving(address))})}"

    async def answer(self, asked: Asked) -> Answer:
        """Sends a browser to the provider; takes one that comes back."""
        if "proof" in asked.parameters:
            return await self._leave(asked)
        return await self._come_back(asked)

    async def arrived(self, asked: Asked, address: str, country: str) -> Proof | None:
        """Returns who has just come back to a page from the provider; None where nobody has.

        Raises:
            Refused: UPSTREAM_FAILED: somebody has, but was not signed in.
        """
        kept = self._cookies.kept(asked, _ARRIVED, _BACK)
        if kept is None or kept[0] != address:
            return None
        _, subject, methods, mark = kept
        async with self._desk.transactions() as work:
            if not await work.passkeys.use_challenge(f"arrived {mark}".encode(), work.clock()):
                return None
            proof = await recognise(work, self._upstream.issuer, subject, methods)
        if not is_meant(proof, country):
            raise Refused("UPSTREAM_FAILED")
        return proof

    async def _leave(self, asked: Asked) -> Answer:
        address = asked.parameters.get("address", [""])[0]
        if not self._upstream.issuer or not self._cookies.is_proof(
            asked, _leaving(address), asked.parameters["proof"][0]
        ):
            return self._lost(asked)
        if len(address) > _LONGEST_ADDRESS:
            return self._lost(asked)
        try:
            errand, where = await self._upstream.begin(address)
        except Refused:
            return self._back(asked, address, "")
        kept = [errand.address, errand.state, errand.nonce, errand.verifier]
        return _see(where, self._cookies.keep(asked, _ERRAND, kept, _AWAY))

    async def _come_back(self, asked: Asked) -> Answer:
        kept = self._cookies.kept(asked, _ERRAND, _AWAY)
        if kept is None or not self._upstream.issuer:
            return self._lost(asked)
        errand = Errand(*kept)
        try:
            claims = await self._upstream.finish(errand, {name: values[0] for name, values in asked.parameters.items()})
        except Refused:
            return self._back(asked, errand.address, "")
        return self._back(asked, errand.address, claims.subject, *claims.methods)

    def _back(self, asked: Asked, address: str, subject: str, *methods: object) -> Answer:
        """Sends the browser back to its page, with what it brings; without a subject it brings bad news."""
        known = [str(one)[:20] for one in methods[:10]]
        kept = [address, subject[:300], known, self._new_id()]
        return _see(
            address,
            self._cookies.keep(asked, _ARRIVED, kept, _BACK),
            self._cookies.keep(asked, _ERRAND, [], timedelta(0)),
        )

    def _lost(self, asked: Asked) -> Answer:
        return self._pages.refusal(visit_of(asked), "invalid_request", "", status=_BAD)


def _leaving(address: str) -> str:
    """Returns what a link to leave a page is made for: not what its form is, which would be as good as the link."""
    return f"leave {address}"


def _see(address: str, *cookies: tuple[str, str]) -> Answer:
    return Answer(_SEE_OTHER, (("location", address), ("referrer-policy", "no-referrer"), *NO_STORE, *cookies))
