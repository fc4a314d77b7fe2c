"""A gateway's side of the socket, scripted: real HTTP on loopback, so that the client's own transport is what is tested."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest


@dataclass
class Seen:
    verb: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Answer:
    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=lambda: {"content-type": "application/json"})
    cut: bool = False


class Gateway:
    """Answers in turn what was scripted, then the last answer again; or what `answer` decides."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.script: list[Answer] = [Answer()]
        self.answer: Callable[[Seen], Answer] = self._next
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _serve(self) -> None:
                path, _, query = self.path.partition("?")
                headers = {key.lower(): value for key, value in self.headers.items()}
                seen = Seen(self.command, path, query, headers, self._body(headers))
                gateway.seen.append(seen)
                answer = gateway.answer(seen)
                if answer.cut:
                    self.close_connection = True
                    return
                self.send_response(answer.status)
                for key, value in answer.headers.items():
                    self.send_header(key, value)
                self.send_header("content-length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)

            def _body(self, headers: dict[str, str]) -> bytes:
                if headers.get("transfer-encoding") != "chunked":
                    return self.rfile.read(int(headers.get("content-length", 0)))
                body = b""
                while size := int(self.rfile.readline(), 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
                return body

            def log_message(self, *_: Any) -> None:
                pass

        for verb in ("GET", "POST", "PATCH", "DELETE"):
            setattr(Handler, f"do_{verb}", Handler._serve)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    @staticmethod
    def ok(document: Any = None) -> Answer:
        return Answer(body=json.dumps(document or {}).encode())

    @staticmethod
    def refused(status: int, document: Any) -> Answer:
        """Refuses as OAuth does, without a problem document."""
        return Answer(status, json.dumps(document).encode())

    @staticmethod
    def text(body: str, media_type: str) -> Answer:
        return Answer(body=body.encode(), headers={"content-type": media_type})

    @staticmethod
    def cut() -> Answer:
        """Closes the connection without an answer."""
        return Answer(cut=True)

    @staticmethod
    def problem(status: int, reason: str, **headers: str) -> Answer:
        document = {
            "title": f"It is {reason}.",
            "reason": reason,
            "instance": "urn:trace:" + "a" * 32,
            "metadata": {"name": "x"},
            "errors": [{"pointer": "/title", "reason": "INVALID_FIELD", "detail": "too long"}],
        }
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        return Answer(status, json.dumps(document).encode(), {"content-type": "application/problem+json", **named})

    def tokens(self, number: int, seconds: float = 600) -> Answer:
        """A TokenSet that ends so many seconds from now."""
        ends = datetime.fromtimestamp(time.time() + seconds, UTC).isoformat().replace("+00:00", "Z")
        return self.ok(
            {
                "accessToken": f"access-{number}",
                "expireTime": ends,
                "refreshToken": f"refresh-{number}",
                "officer": "countries/FJI/officers/ana",
            }
        )

    def _next(self, _: Seen) -> Answer:
        return self.script.pop(0) if len(self.script) > 1 else self.script[0]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    made = Gateway()
    yield made
    made.close()


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Back-off without the wait: what is tested is how often and when not."""
    monkeypatch.setattr("bp_client.flow._backoff", lambda _attempt: 0.001)
