"""What happens to a node's pods while people work: nothing acknowledged is lost, nothing doubled, and nobody refused."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bp_kit.ports import system_clock
from tests.cluster.kube import apply, get, helm, is_rolled_out, kubectl, python_in, until
from tests.cluster.nodes import CENTRE, NEXT_IMAGE, RELEASE, SERVICES
from tests.cluster.region_on_cluster import Region
from tests.cluster.traffic import working
from tests.cluster.values import image

# As a caller sees it: from the gateway, with the gateway's own certificate.
_SHOWN = """
import hashlib, socket, ssl, sys
context = ssl.create_default_context(cafile="/run/bluepacific/tls/ca.crt")
context.load_cert_chain("/run/bluepacific/tls/tls.crt", "/run/bluepacific/tls/tls.key")
for address in sorted({one[4][0] for one in socket.getaddrinfo("node-cooperation", 8443)}):
    with socket.create_connection((address, 8443), timeout=5) as plain:
        with context.wrap_socket(plain, server_hostname="node-cooperation") as sealed:
            print(hashlib.sha256(sealed.getpeercert(True)).hexdigest())
"""


def _pods(*components: str) -> set[str]:
    chosen = f",app.kubernetes.io/component in ({','.join(components)})" if components else ""
    return {one["metadata"]["uid"] for one in get("pods", CENTRE, "-l", f"bluepacific/serves=true{chosen}")}


def _images() -> set[str]:
    pods = get("pods", CENTRE, "-l", "bluepacific/serves=true")
    return {one["spec"]["containers"][0]["image"] for one in pods}


async def test_each_pod_killed_in_turn(region: Region) -> None:
    async with working(region, "killed") as traffic:
        for service in SERVICES:
            chosen = ("-l", f"app.kubernetes.io/component={service},bluepacific/serves=true")
            pod = (await asyncio.to_thread(get, "pods", CENTRE, *chosen))[0]["metadata"]["name"]
            gone = ("delete", "pod", pod, "--force", "--grace-period=0")
            await asyncio.to_thread(kubectl, *gone, namespace=CENTRE)
            await asyncio.to_thread(until, f"{service} is back", lambda: is_rolled_out(CENTRE))
            await traffic.go_on()


async def test_the_database_ends_at_once_and_starts_again(region: Region) -> None:
    def starts() -> int:
        (pod,) = get("pods", CENTRE, "-l", "app=postgres")
        return int(pod["status"]["containerStatuses"][0]["restartCount"])

    before = await asyncio.to_thread(starts)
    async with working(region, "database restarted") as traffic:
        # What PostgreSQL calls immediate: as when the machine loses power, it recovers from its log.
        ended = ("exec", "deploy/postgres", "--", "/bin/sh", "-c", "kill -QUIT 1")
        await asyncio.to_thread(kubectl, *ended, namespace=CENTRE)
        await asyncio.to_thread(until, "the database starts again", lambda: starts() > before)
        await asyncio.to_thread(until, "all are ready", lambda: is_rolled_out(CENTRE))
        await traffic.go_on()


async def test_a_certificate_that_is_rotated_is_taken_up(region: Region) -> None:
    made, secret = await asyncio.to_thread(_another_certificate, "cooperation")

    def all_show_it() -> bool:
        shown = python_in(CENTRE, f"deploy/{RELEASE}-gateway", _SHOWN).split()
        return len(shown) > 1 and set(shown) == {made}

    async with working(region, "certificate rotated"):
        await asyncio.to_thread(apply, secret, CENTRE)
        await asyncio.to_thread(until, "both pods show the new certificate", lambda: _quietly(all_show_it))
        await asyncio.to_thread(until, "all are ready", lambda: is_rolled_out(CENTRE))


def _quietly(look: Any) -> bool:
    """Tells what is seen; nothing while a pod that is asked starts again."""
    try:
        return bool(look())
    except AssertionError:
        return False


def _another_certificate(service: str) -> tuple[str, dict[str, Any]]:
    """Returns the digest of a service's new certificate and its Secret, as whoever renews certificates writes it."""
    name = f"{RELEASE}-{service}-tls"
    (held,), (authority,) = get(f"secret/{name}", CENTRE), get(f"secret/{RELEASE}-authority", CENTRE)
    old = x509.load_pem_x509_certificate(base64.b64decode(held["data"]["tls.crt"]))
    issuer = x509.load_pem_x509_certificate(base64.b64decode(authority["data"]["tls.crt"]))
    signing = serialization.load_pem_private_key(base64.b64decode(authority["data"]["tls.key"]), None)
    key = rsa.generate_private_key(65537, 2048)
    now = system_clock()
    builder = x509.CertificateBuilder(issuer.subject, old.subject, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now).not_valid_after(old.not_valid_after_utc)
    for one in old.extensions:
        builder = builder.add_extension(one.value, one.critical)
    made = builder.sign(signing, hashes.SHA256())  # type: ignore[arg-type] # Helm makes RSA keys
    plain = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    told = {"tls.crt": made.public_bytes(serialization.Encoding.PEM), "tls.key": plain}
    data = {**held["data"], **{file: base64.b64encode(content).decode() for file, content in told.items()}}
    kept = {part: held["metadata"].get(part, {}) for part in ("name", "labels", "annotations")}
    return made.fingerprint(hashes.SHA256()).hex(), {**held, "metadata": kept, "data": data}


async def test_an_upgrade_to_the_next_version_and_the_way_back(region: Region) -> None:
    before = await asyncio.to_thread(_pods)
    revision = json.loads(await asyncio.to_thread(helm, "history", RELEASE, "-n", CENTRE, "-o", "json"))[-1]["revision"]
    async with working(region, "upgraded") as traffic:
        await asyncio.to_thread(region.deploy, CENTRE, image(NEXT_IMAGE))
        # Counted no more, the old ones still drain.
        await asyncio.to_thread(until, "all pods are new", lambda: before.isdisjoint(_pods()))
        assert await asyncio.to_thread(_images) == {NEXT_IMAGE}
        await traffic.go_on()
        upgraded = await asyncio.to_thread(_pods)
        back = ("rollback", RELEASE, str(revision), "-n", CENTRE, "--wait", "--timeout", "10m")
        await asyncio.to_thread(helm, *back)
        await asyncio.to_thread(until, "all pods are the old release's", lambda: upgraded.isdisjoint(_pods()))
    assert set(traffic.retried) <= {"UNAVAILABLE"}
