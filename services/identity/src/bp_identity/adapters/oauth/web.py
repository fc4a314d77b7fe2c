"""HTTP as it comes through the gateway: what was asked, what is answered."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs, unquote

from authlib.oauth2.rfc6749 import OAuth2Payload, OAuth2Request

_FIELDS = 40
Headers = tuple[tuple[str, str], ...]
NO_STORE: Headers = (("cache-control", "no-store"), ("pragma", "no-cache"))


@dataclass(frozen=True)
class Asked:
    """A request.

    Attributes:
        method: `GET` or `POST`.
        path: Without query.
        query: As sent, still percent-encoded.
        headers: By lower-case name.
        body: As sent.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = b""

    @cached_property
    def parameters(self) -> dict[str, list[str]]:
        """The query's parameters."""
        return _fields(self.query)

    @cached_property
    def form(self) -> dict[str, list[str]]:
        """The body's fields; none when it is not a form."""
        if self.headers.get("content-type", "").split(";")[0].strip().lower() != "application/x-www-form-urlencoded":
            return {}
        return _fields(self.body.decode("utf-8", "replace"))

    def typed(self, name: str) -> str:
        """Returns a field that a person filled in; empty when there is none."""
        return self.form.get(name, [""])[0]

    @cached_property
    def cookies(self) -> dict[str, str]:
        """Cookies by name."""
        pairs = (part.strip().partition("=") for part in self.headers.get("cookie", "").split(";"))
        return {name: value for name, _, value in pairs}

    @cached_property
    def basic(self) -> tuple[str, str] | None:
        """Id and secret of HTTP Basic authentication as OAuth encodes them (RFC 6749, 2.3.1); None without, or malformed."""
        scheme, _, encoded = self.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            name, colon, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
        except ValueError:
            return None
        return (unquote(name), unquote(secret)) if colon else None


@dataclass(frozen=True)
class Answer:
    """A response.

    Attributes:
        status: HTTP status.
        headers: In order.
        body: The whole body.
    """

    status: int
    headers: Headers = ()
    body: bytes = b""


def answer_json(status: int, content: Mapping[str, Any], headers: Headers = NO_STORE) -> Answer:
    """Returns an answer in JSON, which nobody may keep unless the headers say otherwise."""
    body = json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()
    return Answer(status, (("content-type", "application/json"), *headers), body)


class _Payload(OAuth2Payload):  # type: ignore[misc] # Authlib has no types
    def __init__(self, fields: dict[str, list[str]]) -> None:
        self._fields = fields

    @property
    def datalist(self) -> dict[str, list[str]]:
        """The values of each parameter."""
        return self._fields

    @property
    def data(self) -> dict[str, str]:
        """The first value of each parameter."""
        return {name: values[0] for name, values in self._fields.items()}


class OAuthRequest(OAuth2Request):  # type: ignore[misc] # Authlib has no types
    """A request as Authlib reads it.

    Args:
        asked: What came.
        issuer: The node's public URL.
        fields: The OAuth parameters: of the query or of the form.
    """

    def __init__(self, asked: Asked, issuer: str, fields: dict[str, list[str]]) -> None:
        # What cannot be read as Basic authentication is as good as absent; Authlib would stumble over it.
        headers = {"Authorization": asked.headers["authorization"]} if asked.basic else {}
        super().__init__(asked.method, f"{issuer}{asked.path}", headers=headers)
        self.payload = _Payload(_plain(fields))

    @property
    def form(self) -> dict[str, str]:
        """The OAuth parameters of the body."""
        form: dict[str, str] = self.payload.data
        return form


def _plain(fields: dict[str, list[str]]) -> dict[str, list[str]]:
    """Returns the fields with a response type that Authlib can quote: only some letters may stand in its errors."""
    given = fields.get("response_type", [])
    if all(value.isascii() and value.replace("_", "").isalnum() for value in given):
        return fields
    return {**fields, "response_type": ["other"] * len(given)}


def _fields(encoded: str) -> dict[str, list[str]]:
    try:
        return parse_qs(encoded, keep_blank_values=True, max_num_fields=_FIELDS)
    except ValueError:  # more fields than any honest request has
        return {}
