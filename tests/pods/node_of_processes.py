"""One node whose services are processes of their own, as pods are: mutual TLS between them, settings from the environment."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import socket
import sys
from pathlib import Path

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from bp_kit.testing.certificates import NodeAuthority

SERVICES = ("exchange", "identity", "notifications", "cooperation", "catalogue", "training")
_KEYED = ("exchange", "identity", "training")
_READY_SECONDS = 120


class NodeOfProcesses:
    """Starts and stops the processes of a node.

    Args:
        folder: Everything of it.
        authority: Of the node, where another place of it has made one.
    """

    def __init__(self, folder: Path, authority: NodeAuthority | None = None) -> None:
        self.folder = folder
        self.authority = authority or NodeAuthority()
        self.ports = dict(zip(_ports(), free_ports(len(_ports())), strict=True))
        self.url = f"http://127.0.0.1:{self.ports['gateway', 'http']}"
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self._tls = {name: self.authority.issue(name, folder) for name in (*SERVICES, "gateway", "stranger")}
        (folder / "blobs").mkdir()
        (folder / "page-tokens").write_text(secrets.token_hex(32))

    def address(self, service: str, port: str) -> str:
        return f"127.0.0.1:{self.ports[service, port]}"

    def environment(self, service: str) -> dict[str, str]:
        """Returns what the process of a service is told."""
        port = "people" if service == "gateway" else "own"
        prefix = f"BP_{service.upper()}__"
        told = {
            "BP_POD__NODE_ID": "fji",
            "BP_POD__COUNTRY": "FJI",
            "BP_POD__PUBLIC_URL": self.url,
            "BP_POD__BLOBS_DIR": str(self.folder / "blobs"),
            "BP_POD__PAGE_TOKEN_FILE": str(self.folder / "page-tokens"),
            "BP_POD__TLS_DIR": str(self._tls[service]),
            "BP_POD__ADDRESSES": json.dumps({name: self.address(name, port) for name in SERVICES}),
            "BP_POD__DRAIN_SECONDS": "2",
        }
        if service == "gateway":
            return {**told, f"{prefix}PORT": str(self.ports[service, "http"]), f"{prefix}PUBLIC_URL": self.url}
        told |= {
            "BP_POD__LISTEN": self.address(service, "people"),
            "BP_POD__OWN_LISTEN": self.address(service, "own"),
            "BP_POD__HEALTH_LISTEN": self.address(service, "health"),
            f"{prefix}DATABASE_URL": f"sqlite+aiosqlite:///{self.folder}/data/{service}.sqlite",
        }
        if service in _KEYED:
            told[f"{prefix}KEY_DIR"] = str(self.folder / "keys" / service)
        if service in ("exchange", "identity"):
            told[f"{prefix}COUNTRIES"] = '["FJI"]'
        if service in ("identity", "notifications"):
            told[f"{prefix}PUBLIC_URL"] = self.url
        if service == "exchange":
            told[f"{prefix}NODE_ID"] = "fji"
        return told

    async def run(self, service: str, verb: str, **changed: str) -> tuple[int, str]:
        """Runs a verb that ends by itself, and returns its exit code and what it said."""
        process = await self._spawn(service, verb, changed, asyncio.subprocess.PIPE)
        said, _ = await process.communicate()
        assert process.returncode is not None
        return process.returncode, said.decode()

    async def start(self, service: str, **changed: str) -> None:
        """Starts a service that has been migrated; returns when it is ready."""
        with (self.folder / f"{service}.log").open("ab") as log:
            self._processes[service] = await self._spawn(service, "serve", changed, log)
        if service == "gateway":
            await self._until_listening(service)
        else:
            await self.until_health(service, "ready", health_pb2.HealthCheckResponse.SERVING)

    async def until_health(self, service: str, what: str, wanted: int) -> None:
        """Returns when a service's probe says so."""
        async with (
            asyncio.timeout(_READY_SECONDS),
            grpc.aio.insecure_channel(self.address(service, "health")) as channel,
        ):
            stub = health_pb2_grpc.HealthStub(channel)
            while True:
                assert self._processes[service].returncode is None, self.log(service)
                try:
                    answer = await stub.Check(health_pb2.HealthCheckRequest(service=what))
                except grpc.aio.AioRpcError:
                    answer = health_pb2.HealthCheckResponse()
                if answer.status == wanted:
                    return
                await asyncio.sleep(0.05)

    async def until_logged(self, service: str, event: str) -> None:
        """Returns when a service has logged an event."""
        async with asyncio.timeout(_READY_SECONDS):
            while f'"{event}"' not in (self.folder / f"{service}.log").read_text(errors="replace"):  # noqa: ASYNC110 - a file tells nobody
                await asyncio.sleep(0.05)

    async def stop(self, service: str) -> int:
        """Tells a service to stop and returns its exit code."""
        process = self._processes.pop(service)
        process.terminate()
        return await process.wait()

    async def kill_one(self, service: str) -> None:
        """Ends a service without a word."""
        process = self._processes.pop(service)
        process.kill()
        await process.wait()

    async def kill(self) -> None:
        """Ends what still runs."""
        for process in self._processes.values():
            if process.returncode is None:
                process.kill()
            await process.wait()

    def channel(self, caller: str, service: str, port: str) -> grpc.aio.Channel:
        """Returns a channel with the certificate of `caller`."""
        place = self._tls[caller]
        chain, key, authority = ((place / name).read_bytes() for name in ("tls.crt", "tls.key", "ca.crt"))
        return grpc.aio.secure_channel(self.address(service, port), grpc.ssl_channel_credentials(authority, key, chain))

    def pid(self, service: str) -> int:
        return self._processes[service].pid

    def log(self, service: str) -> str:
        return (self.folder / f"{service}.log").read_text(errors="replace")[-4000:]

    async def _until_listening(self, service: str) -> None:
        async with asyncio.timeout(_READY_SECONDS):
            while True:
                assert self._processes[service].returncode is None, self.log(service)
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", self.ports[service, "http"])
                except OSError:
                    await asyncio.sleep(0.05)
                else:
                    writer.close()
                    return

    async def _spawn(
        self, service: str, verb: str, changed: dict[str, str], output: object
    ) -> asyncio.subprocess.Process:
        environment = {**os.environ, **self.environment(service), **changed}
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            f"bp_{service}",
            verb,
            stdout=output,  # type: ignore[arg-type]
            stderr=asyncio.subprocess.STDOUT,
            env={name: value for name, value in environment.items() if value},
        )


def _ports() -> list[tuple[str, str]]:
    return [("gateway", "http"), *((name, port) for name in SERVICES for port in ("people", "own", "health"))]


def free_ports(count: int) -> list[int]:
    taken = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return [one.getsockname()[1] for one in taken]
    finally:
        for one in taken:
            one.close()
