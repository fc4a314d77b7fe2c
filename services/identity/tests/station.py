"""What tests do with a running identity service, in few words."""

import base64
import hashlib
import json
import re
import secrets
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import parse_qs, urlencode, urlsplit

import grpc
from google.rpc import error_details_pb2

from bluepacific.identity.v1 import (
    access_review_service_pb2_grpc,
    client_service_pb2_grpc,
    country_service_pb2_grpc,
    emergency_service_pb2_grpc,
    grant_pb2,
    grant_service_pb2,
    grant_service_pb2_grpc,
    key_service_pb2_grpc,
    oauth_service_pb2,
    oauth_service_pb2_grpc,
    officer_import_service_pb2,
    officer_import_service_pb2_grpc,
    officer_pb2,
    officer_service_pb2,
    officer_service_pb2_grpc,
    passkey_service_pb2_grpc,
    proposal_service_pb2,
    proposal_service_pb2_grpc,
    recovery_service_pb2_grpc,
    role_pb2,
    session_service_pb2,
    session_service_pb2_grpc,
    unit_service_pb2_grpc,
    upstream_service_pb2_grpc,
)
from bp_identity.domain.officer import Person
from bp_identity.usecases.bootstrap import Seed, SeedClient, SeedOfficer, SeedUnit
from bp_kit.proofs import REQUEST_MARK
from bp_kit.testing.canaries import plant
from bp_kit.testing.harness import detail, status_of_error
from bp_kit.testing.tokens import make_token

ISSUER = "http://127.0.0.1:8999"
CALLBACK = "https://portal.example/signed-in"
PORTAL = "countries/FJI/clients/portal"
GOODBYE = "https://portal.example/good-bye"
TERMINAL = "countries/FJI/clients/terminal"
IMPORTER = "countries/FJI/clients/importer"
SECRET = plant("secret", "an-importers-secret-of-many-letters")
PASSWORDS = {
    "ana": "reef lantern walks slowly",
    "ben": "copper tide under seven",
    "litia": "seven lanterns at low water",
    "mele": "quiet mango at the harbour",
}

for planted in (
    *PASSWORDS.values(),
    "Vakatale",
    "Tuilagi",
    "Fifita",
    "ben@police.example.fj",
    "mele@police.example.to",
):
    plant("person or password", planted)
SEED = Seed(
    country="FJI",
    units=(SeedUnit("ncb", "NCB Suva", "NCB"), SeedUnit("tcu", "Crime unit", "TRANSNATIONAL_CRIME_UNIT")),
    officers=(
        SeedOfficer(
            "ana",
            Person("Ana", "Vakatale", "Ana.Vakatale@police.example.fj", "FEMALE", "en"),
            PASSWORDS["ana"],
            (("ADMINISTRATOR", "ncb"), ("OFFICER", "ncb")),
        ),
        SeedOfficer("ben", Person("Ben", "Tuilagi", "ben@police.example.fj"), PASSWORDS["ben"], (("LEARNER", "tcu"),)),
    ),
    clients=(
        SeedClient(
            "portal",
            "Police portal",
            redirect_uris=(CALLBACK, "http://127.0.0.1:5173/back"),
            post_logout_redirect_uris=(GOODBYE,),
        ),
        SeedClient("terminal", "Command line", "TERMINAL"),
        SeedClient("importer", "Importer", "SERVICE", grants=(("ANALYST", "tcu"),), secret=SECRET),
    ),
)
# With her, two administer Fiji: from then on acts that take two persons do.
SECOND_SEED = Seed(
    country="FJI",
    officers=(
        SeedOfficer(
            "litia", Person("Litia", "Cama", "litia@police.example.fj"), PASSWORDS["litia"], (("ADMINISTRATOR", "tcu"),)
        ),
    ),
)
OTHER_SEED = Seed(
    country="TON",
    units=(SeedUnit("ncb", "NCB Nuku'alofa", "NCB"),),
    officers=(
        SeedOfficer(
            "mele", Person("Mele", "Fifita", "mele@police.example.to"), PASSWORDS["mele"], (("ADMINISTRATOR", "ncb"),)
        ),
    ),
    clients=(SeedClient("portal", "Police portal", redirect_uris=(CALLBACK,)),),
)


class Clock:
    """The time, moved by the test."""

    def __init__(self):
        self.now = datetime.now(UTC).replace(microsecond=0)

    def __call__(self):
        return self.now

    def passes(self, **spans):
        self.now += timedelta(**spans)


class Station:
    """One node's identity service.

    Args:
        under_test: From the kit's harness.
        clock: Its clock.
    """

    def __init__(self, under_test, clock):
        self.under_test = under_test
        self.clock = clock
        self.topics = under_test.topics
        self.refused = under_test.refused
        channel = under_test.channel
        self.countries = country_service_pb2_grpc.CountryServiceStub(channel)
        self.units = unit_service_pb2_grpc.UnitServiceStub(channel)
        self.officers = officer_service_pb2_grpc.OfficerServiceStub(channel)
        self.imports = officer_import_service_pb2_grpc.OfficerImportServiceStub(channel)
        self.proposals = proposal_service_pb2_grpc.ProposalServiceStub(channel)
        self.emergencies = emergency_service_pb2_grpc.EmergencyServiceStub(channel)
        self.access_reviews = access_review_service_pb2_grpc.AccessReviewServiceStub(channel)
        self.grants = grant_service_pb2_grpc.GrantServiceStub(channel)
        self.clients = client_service_pb2_grpc.ClientServiceStub(channel)
        self.sessions = session_service_pb2_grpc.SessionServiceStub(channel)
        self.passkeys = passkey_service_pb2_grpc.PasskeyServiceStub(channel)
        self.recoveries = recovery_service_pb2_grpc.RecoveryServiceStub(channel)
        self.upstream = upstream_service_pb2_grpc.UpstreamServiceStub(channel)
        self.keys = key_service_pb2_grpc.KeyServiceStub(channel)
        self.oauth = oauth_service_pb2_grpc.OAuthServiceStub(channel)

    def as_(self, who, *roles, country="FJI", language="en"):
        """Returns call metadata of an officer: `as_("ana", "administrator@ncb")`."""
        token = make_token(f"countries/{country}/officers/{who}", roles, lifetime=10**8)
        return (("authorization", f"Bearer {token}"), ("accept-language", language))

    @property
    def admin(self):
        return self.as_("ana", "administrator@ncb")

    @staticmethod
    def bearing(token):
        return (("authorization", f"Bearer {token}"),)

    def sign_in(self, who, password=None, totp="", *, language="en"):
        request = session_service_pb2.SignInRequest(
            username=who, password=PASSWORDS.get(who, "") if password is None else password, totp=totp
        )
        return self.sessions.SignIn(request, metadata=(("accept-language", language),))

    def refresh(self, token):
        return self.sessions.RefreshSession(session_service_pb2.RefreshSessionRequest(refresh_token=token))

    def change_password(self, who, password, new, totp=""):
        return self.sessions.ChangePassword(
            session_service_pb2.ChangePasswordRequest(username=who, password=password, new_password=new, totp=totp)
        )

    def me(self, metadata):
        return self.officers.GetMe(officer_service_pb2.GetMeRequest(), metadata=metadata)

    async def in_force(self, call):
        """Makes a call that may take two persons, and has a second one confirm it; returns what it answers, if it takes one."""
        try:
            return await call
        except grpc.RpcError as error:
            info = detail(status_of_error(error), error_details_pb2.ErrorInfo())
            assert info.reason == "SECOND_PERSON_MUST_CONFIRM", info
        request = proposal_service_pb2.ConfirmProposalRequest(name=info.metadata["proposal"])
        await self.proposals.ConfirmProposal(request, metadata=self.as_("litia", "administrator@tcu"))
        return None

    def create_officer(self, officer_id, *, metadata=None, country="FJI", request_id="", **fields):
        values = {"given_name": "Seru", "family_name": "Rabuka", "email": f"{officer_id}@police.example.fj"}
        request = officer_service_pb2.CreateOfficerRequest(
            parent=f"countries/{country}",
            officer_id=officer_id,
            officer=officer_pb2.Officer(**(values | fields)),
            request_id=request_id,
        )
        return self.officers.CreateOfficer(request, metadata=metadata or self.admin)

    def import_officers(self, content, *, validate_only=False, metadata=None, country="FJI"):
        request = officer_import_service_pb2.ImportOfficersRequest(
            parent=f"countries/{country}", content=content, validate_only=validate_only
        )
        return self.imports.ImportOfficers(request, metadata=metadata or self.admin)

    def grant(self, who, role, unit="countries/FJI/units/tcu", *, start=None, end=None, metadata=None):
        given = grant_pb2.Grant(role=role_pb2.Role.Value(f"ROLE_{role.upper()}"), unit=unit)
        if start:
            given.start_time.FromDatetime(start)
        if end:
            given.end_time.FromDatetime(end)
        request = grant_service_pb2.CreateGrantRequest(parent=f"countries/FJI/officers/{who}", grant=given)
        return self.grants.CreateGrant(request, metadata=metadata or self.admin)

    def grants_of(self, who):
        request = grant_service_pb2.ListGrantsRequest(parent=f"countries/FJI/officers/{who}")
        return self.grants.ListGrants(request, metadata=self.admin)

    def revoke(self, grant, *, metadata=None):
        return self.grants.RevokeGrant(
            grant_service_pb2.RevokeGrantRequest(name=grant.name), metadata=metadata or self.admin
        )

    def reset(self, who):
        return self.officers.ResetPassword(
            officer_service_pb2.ResetPasswordRequest(name=f"countries/FJI/officers/{who}"), metadata=self.admin
        )

    async def with_totp(self, who):
        """Enrols a one-time code; returns its secret."""
        tokens = await self.sign_in(who)
        metadata = self.bearing(tokens.access_token)
        enrolment = await self.officers.EnrolTotp(officer_service_pb2.EnrolTotpRequest(), metadata=metadata)
        code = self.code(enrolment.secret)
        await self.officers.ConfirmTotp(officer_service_pb2.ConfirmTotpRequest(totp=code), metadata=metadata)
        self.clock.passes(seconds=30)
        return enrolment.secret

    def code(self, secret):
        """Returns the one-time code of now, as an authenticator app shows it."""
        import pyotp

        return pyotp.TOTP(secret).at(self.clock.now)

    def web(self, method, path, query=None, *, form=None, language="en", cookies=None, **headers):
        """Sends what the gateway would pass on."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()} | {"accept-language": language}
        if form is not None:
            sent.setdefault("content-type", "application/x-www-form-urlencoded")
        if cookies:
            sent["cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        request = oauth_service_pb2.WebRequest(
            method=method,
            path=path,
            query=query if isinstance(query, str) else urlencode(query or {}),
            headers=sent,
            body=(form if isinstance(form, bytes) else urlencode(form).encode()) if form is not None else b"",
        )
        return getattr(self.oauth, _RPCS[path])(request, metadata=((REQUEST_MARK, secrets.token_hex(16)),))

    async def token(self, form, **headers):
        """Posts to the token endpoint; returns status and content."""
        answer = await self.web("POST", "/oauth2/token", form=form, **headers)
        return answer.status, json.loads(answer.body)


_RPCS = {
    "/.well-known/openid-configuration": "GetDiscovery",
    "/oauth2/jwks.json": "GetJwks",
    "/oauth2/authorize": "Authorize",
    "/oauth2/token": "Token",
    "/oauth2/revoke": "Revoke",
    "/oauth2/userinfo": "GetUserInfo",
    "/oauth2/introspect": "Introspect",
    "/oauth2/device_authorization": "AuthorizeDevice",
    "/oauth2/device": "ApproveDevice",
    "/oauth2/account": "Account",
    "/oauth2/recover": "Recover",
    "/oauth2/upstream": "ReturnFromUpstream",
    "/oauth2/logout": "EndSession",
}


class Browser:
    """A browser at the sign-in page: keeps cookies, reads forms, follows nothing by itself."""

    def __init__(self, station, *, client=PORTAL, language="en", **parameters):
        self.station = station
        self.language = language
        self.cookies = {}
        self.verifier = secrets.token_urlsafe(32)
        digest = hashlib.sha256(self.verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": client,
            "redirect_uri": CALLBACK,
            "scope": "openid profile email",
            "state": "st/ate +1",
            "nonce": "n-1",
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        self.query = {name: value for name, value in (asked | parameters).items() if value is not None}
        self.page = ""

    async def open(self, path="/oauth2/authorize", query=None):
        return await self._send("GET", self.query if query is None else query, path=path)

    async def fill(self, username, password, **fields):
        """Fills in the form on the page and sends it to where it says."""
        action = unescape(re.search(r'action="([^"]*)"', self.page).group(1))
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', self.page))
        form = hidden | {"username": username, "password": password} | fields
        return await self._send("POST", urlsplit(action).query, form=form, path=urlsplit(action).path)

    async def sign_in(self, who, **fields):
        """Signs in and returns the code."""
        await self.open()
        answer = await self.fill(who, PASSWORDS[who], **fields)
        assert answer.status == 303, self.alarm
        return self.returned(answer)["code"]

    async def redeem(self, code, /, **changes):
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.query["redirect_uri"],
            "client_id": self.query["client_id"],
            "code_verifier": self.verifier,
        }
        sent = {name: value for name, value in (form | changes).items() if value is not None}
        return await self.station.token(sent)

    async def refresh(self, token, **changes):
        form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": self.query["client_id"]}
        return await self.station.token(form | changes)

    @property
    def alarm(self):
        found = re.search(r'role="alert"[^>]*>([^<]*)<', self.page)
        return unescape(found.group(1)) if found else ""

    @staticmethod
    def returned(answer):
        """Returns the parameters that the browser is sent back with."""
        location = header(answer, "location")
        assert location.startswith(CALLBACK + "?"), location
        return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}

    async def _send(self, method, query, form=None, path="/oauth2/authorize"):
        answer = await self.station.web(method, path, query, form=form, language=self.language, cookies=self.cookies)
        for one in answer.headers:
            if one.name == "set-cookie":
                name, _, value = one.value.split(";")[0].partition("=")
                self.cookies[name] = value
        self.page = answer.body.decode()
        return answer


def header(answer, name):
    return next((one.value for one in answer.headers if one.name == name), "")
