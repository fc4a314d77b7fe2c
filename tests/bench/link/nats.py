"""NATS JetStream: a stream on a leaf node in the country, mirrored at the hub in the centre; TLS, and S2 at its best.

S2 is on for messages in clear and off for sealed ones, where it finds nothing. It speaks in blocks of up to 1 MiB, of which nothing is read
before all is there; a hub that gets no message for 10 s takes the mirror's source for stalled and asks for everything anew, again and again
("Retrying mirror consumer" in its debug log). With S2 over 128 kbit/s the queue never drains; without, it does.

Urgent messages get a stream of their own, mirrored too: a stream knows no priorities. A mirror whose link was cut may take minutes to look
for it again; so that this is not what is measured, its link stays up, thin already, while the stream fills, which takes about a second.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from pathlib import Path

import nats
import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from nats.js.api import ExternalStream, StreamConfig, StreamSource
from nats.js.client import JetStreamContext

from bp_exchange.protocol.keys import SealingKey, wrap
from tests.bench.link.certificate import write_certificate
from tests.bench.link.contestant import end, free_port, spawn

_COMMON = """
server_name: {name}
listen: "127.0.0.1:{client}"
# Patience for a thin link; with the usual values connections are taken for dead.
write_deadline: "120s"
ping_interval: "10m"
jetstream {{ store_dir: "{store}", domain: {name} }}
"""
_HUB = """
leafnodes {{
  listen: "127.0.0.1:{leaf}"
  compression: {compression}
  # Else a leaf that lost its link dials the hub by itself, past the link.
  no_advertise: true
  authorization {{ timeout: 60 }}
  tls {{ cert_file: "{certificate}", key_file: "{key}", timeout: 60 }}
}}
"""
_LEAF = """
leafnodes {{
  reconnect: 1
  remotes: [ {{
    url: "tls://127.0.0.1:{link}"
    compression: {compression}
    first_info_timeout: "60s"
    tls {{ ca_file: "{certificate}", timeout: 60 }}
  }} ]
}}
"""


class Nats:
    """A leaf and a hub.

    Args:
        folder: For what they keep.
        sealed: Messages are sealed each on its own before they are published.
        compressed: The link uses S2.
    """

    def __init__(self, folder: Path, *, sealed: bool, compressed: bool) -> None:
        self.stays_connected = True
        self.name = f"NATS leaf + mirror, {'sealed' if sealed else 'in clear'}{', S2' if compressed else ''}"
        self._compression = "s2_best" if compressed else "off"
        self.port = free_port()
        self._folder = folder
        self._seal = _Seal() if sealed else None
        self._processes: list[object] = []

    async def start(self, link_port: int) -> None:
        certificate, key = write_certificate(self._folder)
        hub, leaf = free_port(), free_port()
        text = _HUB.format(leaf=self.port, certificate=certificate, key=key, compression=self._compression)
        self._serve("hub", hub, text)
        text = _LEAF.format(link=link_port, certificate=certificate, compression=self._compression)
        self._serve("leaf", leaf, text)
        self._hub, self._hub_stream = await _connected(hub, "hub")
        self._leaf, self._leaf_stream = await _connected(leaf, "leaf")
        for name in ("MESSAGES", "FLASH"):
            await self._leaf_stream.add_stream(StreamConfig(name=name, subjects=[f"{name.lower()}.>"]))
            source = StreamSource(name=name, external=ExternalStream(api="$JS.leaf.API"))
            await self._hub_stream.add_stream(StreamConfig(name=f"{name}-MIRROR", mirror=source))

    def _serve(self, name: str, client: int, more: str) -> None:
        file = self._folder / f"{name}.conf"
        file.write_text(_COMMON.format(name=name, client=client, store=self._folder / name) + more)
        server = shutil.which("nats-server", path=str(Path(sys.executable).parent)) or "nats-server"
        self._processes.append(spawn([server, "-c", str(file)], self._folder / f"{name}.log"))

    async def load(self, messages: list[bytes]) -> None:
        for at, message in enumerate(messages):
            await self._publish(f"messages.{at % 50}", message)

    async def _publish(self, subject: str, message: bytes) -> None:
        await self._leaf_stream.publish(subject, self._seal(message) if self._seal else message)

    async def arrived(self) -> int:
        return await self._count("MESSAGES-MIRROR")

    async def flash(self, number: int) -> None:
        await self._publish("flash.one", b'{"flash": %d}' % number)

    async def flashes(self) -> int:
        return await self._count("FLASH-MIRROR")

    async def _count(self, stream: str) -> int:
        return int((await self._hub_stream.stream_info(stream)).state.messages)

    async def stop(self) -> None:
        await self._hub.close()
        await self._leaf.close()
        await end(*self._processes)  # type: ignore[arg-type] # processes


class _Seal:
    """Seals as the exchange's first format did: compressed, a content key of its own, wrapped (hybrid HPKE), signed."""

    def __init__(self) -> None:
        self._public = SealingKey.generate().public_bytes()
        self._sign = Ed25519PrivateKey.generate()

    def __call__(self, message: bytes) -> bytes:
        key = os.urandom(32)
        ciphertext = AESGCM(key).encrypt(bytes(12), zstandard.compress(message), b"")
        return ciphertext + wrap(key, self._public, b"") + self._sign.sign(ciphertext)


async def _ignore(_error: Exception) -> None:
    """What cannot be reached yet is tried again."""


async def _connected(port: int, domain: str) -> tuple[nats.NATS, JetStreamContext]:
    for _ in range(200):
        try:
            client = await nats.connect(f"nats://127.0.0.1:{port}", allow_reconnect=False, error_cb=_ignore)
            return client, client.jetstream(domain=domain, timeout=30)
        except OSError:
            await asyncio.sleep(0.05)
    raise TimeoutError("the server did not start")
