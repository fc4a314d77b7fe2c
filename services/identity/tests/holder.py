"""A client that binds its tokens to a key of its own (DPoP, RFC 9449)."""

import base64
import hashlib
import json

from joserfc import jws
from joserfc.jwk import ECKey
from station import ISSUER, Browser

TOKEN = f"{ISSUER}/oauth2/token"


class Key:
    """A client's key."""

    def __init__(self, station):
        self.station = station
        self.key = ECKey.generate_key("P-256")
        self.count = 0

    @property
    def thumbprint(self):
        return self.key.thumbprint()

    def proof(self, address=TOKEN, method="POST", token="", **changes):
        self.count += 1
        claims = {"jti": str(self.count), "htm": method, "htu": address, "iat": self.station.clock.now.timestamp()}
        if token:
            claims["ath"] = base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode()
        protected = {"typ": "dpop+jwt", "alg": "ES256", "jwk": self.key.as_dict(private=False)}
        return jws.serialize_compact(protected, json.dumps(claims | changes), self.key, algorithms=["ES256"])


class Holder(Browser):
    async def trade(self, code, proof):
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.query["redirect_uri"],
            "client_id": self.query["client_id"],
            "code_verifier": self.verifier,
        }
        return await self.station.token(form, **({"dpop": proof} if proof else {}))

    async def renew(self, token, proof):
        form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": self.query["client_id"]}
        return await self.station.token(form, **({"dpop": proof} if proof else {}))
