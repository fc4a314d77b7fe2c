"""A peer we did not write: Authlib's OpenID client finds everything by discovery and signs in through the pages."""

from __future__ import annotations

import asyncio
from urllib.parse import parse_qs, urlsplit

import pytest
from authlib.integrations.base_client import OAuthError
from authlib.integrations.base_client.sync_app import BaseApp, OAuth2Mixin
from authlib.integrations.base_client.sync_openid import OpenIDMixin
from authlib.integrations.requests_client import OAuth2Session
from front_door import CALLBACK, IMPORTER, PORTAL, SECRET


class Peer(OAuth2Mixin, OpenIDMixin, BaseApp):
    client_cls = OAuth2Session


def peer(door, **client):
    session = {"code_challenge_method": "S256", "scope": "openid profile email", "token_endpoint_auth_method": "none"}
    return Peer(
        None,
        "node",
        client_id=PORTAL,
        client_kwargs=session,
        server_metadata_url=f"{door.url}/.well-known/openid-configuration",
        **client,
    )


async def test_authlib_signs_in(door):
    client = peer(door)
    begun = await asyncio.to_thread(client.create_authorization_url, CALLBACK)
    returned = parse_qs(urlsplit(await door.sign_in(begun["url"])).query)
    assert returned["state"] == [begun["state"]]
    fetched = {"code": returned["code"][0], "code_verifier": begun["code_verifier"]}
    token = await asyncio.to_thread(client.fetch_access_token, CALLBACK, **fetched)
    claims = await asyncio.to_thread(client.parse_id_token, token, begun["nonce"])
    assert claims["sub"] == "countries/FJI/officers/ana"
    told = await asyncio.to_thread(client.userinfo, token=token)
    assert (told["email"], told["name"]) == ("ana@police.example.fj", "Ana Vakatale")
    with pytest.raises(OAuthError, match="invalid_grant"):
        await asyncio.to_thread(client.fetch_access_token, CALLBACK, **fetched)


async def test_authlib_renews_and_revokes(door):
    client = peer(door)
    begun = await asyncio.to_thread(client.create_authorization_url, CALLBACK)
    returned = parse_qs(urlsplit(await door.sign_in(begun["url"])).query)
    token = await asyncio.to_thread(
        client.fetch_access_token, CALLBACK, code=returned["code"][0], code_verifier=begun["code_verifier"]
    )
    with OAuth2Session(PORTAL, token_endpoint_auth_method="none") as session:
        endpoint = f"{door.url}/oauth2/token"
        renewed = await asyncio.to_thread(session.refresh_token, endpoint, refresh_token=token["refresh_token"])
        assert renewed["access_token"] != token["access_token"]
        answer = await asyncio.to_thread(
            session.revoke_token, f"{door.url}/oauth2/revoke", token=renewed["refresh_token"]
        )
        assert answer.status_code == 200
        with pytest.raises(OAuthError, match="invalid_grant"):
            await asyncio.to_thread(session.refresh_token, endpoint, refresh_token=renewed["refresh_token"])


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
async def test_authlib_calls_for_a_service(door, method):
    with OAuth2Session(IMPORTER, SECRET, token_endpoint_auth_method=method) as session:
        await asyncio.to_thread(session.fetch_token, f"{door.url}/oauth2/token", grant_type="client_credentials")
        answer = await asyncio.to_thread(session.get, f"{door.url}/v1/countries/FJI/units")
        assert [unit["name"] for unit in answer.json()["units"]] == ["countries/FJI/units/ncb"]
