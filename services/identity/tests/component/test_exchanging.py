"""An officer's token for another node (RFC 8693): who gets one, and who not. That it is taken there, the region shows."""

import base64

from holder import Holder, Key
from station import IMPORTER, PORTAL, SECRET, TERMINAL, Browser

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS = "urn:ietf:params:oauth:token-type:access_token"


def form(token, **changes):
    usual = {
        "grant_type": EXCHANGE,
        "client_id": PORTAL,
        "subject_token": token,
        "subject_token_type": ACCESS,
        "audience": "countries/TON",
    }
    return {name: value for name, value in (usual | changes).items() if value is not None}


async def test_whom_this_node_does_not_vouch_for(station):
    ana = (await station.sign_in("ana")).access_token
    learner = (await station.sign_in("ben")).access_token
    browser = Browser(station)
    _, of_portal = await browser.redeem(await browser.sign_in("ana"))
    basic = "Basic " + base64.b64encode(f"{IMPORTER.replace('/', '%2F')}:{SECRET}".encode()).decode()
    _, service = await station.token({"grant_type": "client_credentials"}, authorization=basic)
    for token, changes, error in (
        (ana, {"audience": "countries/FJI"}, "invalid_target"),
        (ana, {"audience": None}, "invalid_target"),
        (ana, {"audience": "bluepacific"}, "invalid_target"),
        (ana, {"subject_token_type": "urn:ietf:params:oauth:token-type:refresh_token"}, "invalid_request"),
        (ana, {"requested_token_type": "urn:ietf:params:oauth:token-type:saml2"}, "invalid_request"),
        (ana, {"actor_token": "another"}, "invalid_request"),
        ("no.such.token", {}, "invalid_grant"),
        (learner, {}, "invalid_grant"),
        (service["access_token"], {}, "invalid_grant"),
        (of_portal["access_token"], {"client_id": TERMINAL}, "invalid_grant"),
        (ana, {"client_id": IMPORTER, "client_secret": SECRET}, "invalid_client"),
        (ana, {"client_id": "countries/FJI/clients/nobody"}, "invalid_client"),
    ):
        status, refusal = await station.token(form(token, **changes))
        assert (status in (400, 401), refusal["error"]) == (True, error), changes


async def test_a_bound_token_travels_with_its_key_only(station):
    key = Key(station)
    browser = Holder(station)
    _, bound = await browser.trade(await browser.sign_in("ana"), key.proof())
    for proof in (None, Key(station).proof()):
        status, refusal = await station.token(form(bound["access_token"]), **({"dpop": proof} if proof else {}))
        assert (status, refusal["error"]) == (400, "invalid_grant")
    # Let through, it comes to what only the exchange can do; so does a free one that is bound from now on.
    free = (await station.sign_in("ana")).access_token
    for token in (bound["access_token"], free):
        trade = station.web("POST", "/oauth2/token", form=form(token), dpop=key.proof())
        await station.refused(trade, "UNAVAILABLE")


async def test_without_the_exchange_nothing_can_be_vouched_for(station):
    token = (await station.sign_in("ana")).access_token
    await station.refused(station.web("POST", "/oauth2/token", form=form(token)), "UNAVAILABLE")
