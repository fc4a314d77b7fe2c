"""What authorisation costs: verifying a token, deciding, signing in, giving a role in a large country, and hiding by time.

    .venv/bin/python -m tests.bench.access [--members N] [--probes N] [--json FILE]

What full authorisation leaves of the gateway's requests a second is measured by the benchmark `gateway` (rows `itself open`).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from bluepacific.identity.v1 import grant_pb2, grant_service_pb2, grant_service_pb2_grpc, role_pb2
from bp_access.deciding import Decider
from bp_identity.adapters.passwords import Argon2Passwords
from bp_identity.adapters.tables import OfficerRow
from bp_identity.app import bootstrap, build
from bp_identity.settings import IdentitySettings
from bp_identity.usecases.bootstrap import Seed, SeedUnit
from bp_kit.blobs import BlobStore
from bp_kit.database import Database
from bp_kit.migrations import migrate
from bp_kit.ports import Seams
from bp_kit.rpc.inprocess import InProcessChannel
from bp_kit.rpc.registry import handlers_of
from bp_kit.sealing import Sealer
from bp_kit.testing.tokens import TestKeys, make_token
from bp_kit.tokens import TokenVerifier
from tests.access.cells import cells
from tests.bench.hiding import critical, told_apart

_ROUNDS = 5
_CALLS = 2_000
_SIGN_INS = 60
_GRANTS = 200
_FEW = 100
_HIDINGS = 3
Row = dict[str, object]


def main() -> None:
    """Measures, and writes the table."""
    options = argparse.ArgumentParser(description="What authorisation costs.")
    options.add_argument("--members", type=int, default=100_000, help="of the large country")
    options.add_argument("--probes", type=int, default=2_000, help="of a hidden record, and as many of none")
    options.add_argument("--json", type=Path, help="Write the figures here, too.")
    chosen = options.parse_args()
    rows = asyncio.run(_measure(chosen.members, chosen.probes))
    for row in rows:
        print(f"| {row['name']} | {row['unit']} | {row['min']:.3g} | {row['median']:.3g} | {row['max']:.3g} |")
    if chosen.json:
        chosen.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


async def _measure(members: int, probes: int) -> list[Row]:
    with tempfile.TemporaryDirectory() as few_folder, tempfile.TemporaryDirectory() as many_folder:
        few = await _role_changes(Path(few_folder), _FEW)
        many = await _role_changes(Path(many_folder), members)
    return [
        _row("verify a token, the first time", "µs", [await _verified(anew=True) for _ in range(_ROUNDS)]),
        _row("verify a token, seen before", "µs", [await _verified(anew=False) for _ in range(_ROUNDS)]),
        _row("decide, a new case", "µs", [_decided(anew=True) for _ in range(_ROUNDS)]),
        _row("decide, a known case", "µs", [_decided(anew=False) for _ in range(_ROUNDS)]),
        _row("sign-ins, argon2id 19 MiB, 2 passes", "1/s", [await _signed_in() for _ in range(_ROUNDS)]),
        _row(f"give a role, {_FEW:,} members: p95", "ms", few),
        _row(f"give a role, {members:,} members: p95", "ms", many),
        _row(f"p95 with {members:,} over {_FEW:,}", "ratio", [statistics.median(many) / statistics.median(few)]),
        _row(
            f"times of a hidden record and of none, {probes:,} each: Kolmogorov-Smirnov distance over its 1 % limit",
            "ratio",
            [await told_apart(probes) / critical(probes) for _ in range(_HIDINGS)],
        ),
        _row(
            f"the same of a record hidden by its operation, {probes:,} each",
            "ratio",
            [await told_apart(probes, by_operation=True) / critical(probes) for _ in range(_HIDINGS)],
        ),
    ]


async def _verified(*, anew: bool) -> float:
    grants = [f"officer@unit-{number}" for number in range(3)]
    tokens = [make_token(f"countries/FJI/officers/o{number}", grants) for number in range(_CALLS)]
    verifier = TokenVerifier(TestKeys())
    if not anew:
        for token in tokens:
            await verifier.verify(token)
    begun = time.perf_counter()
    for token in tokens:
        await verifier.verify(token)
    return (time.perf_counter() - begun) / _CALLS * 1e6


def _decided(*, anew: bool) -> float:
    decider, questions = Decider(), [cell.question for cell, _ in zip(cells(), range(_CALLS), strict=False)]
    if not anew:
        for question in questions:
            decider.decide(question)
    else:
        # Each a country of its own, so that no two are the same case.
        questions = [
            replace(
                one,
                person=replace(
                    one.person, country=f"{chr(65 + at // 676)}{chr(65 + at // 26 % 26)}{chr(65 + at % 26)}"
                ),
            )
            for at, one in enumerate(questions)
        ]
    begun = time.perf_counter()
    for question in questions:
        decider.decide(question)
    return (time.perf_counter() - begun) / len(questions) * 1e6


async def _signed_in() -> float:
    passwords = Argon2Passwords()
    kept = await passwords.hash("reef lantern walks slowly")
    begun = time.perf_counter()
    assert all(await asyncio.gather(*(passwords.verify(kept, "reef lantern walks slowly") for _ in range(_SIGN_INS))))
    return _SIGN_INS / (time.perf_counter() - begun)


async def _role_changes(folder: Path, members: int) -> list[float]:
    """Returns the p95 of giving a role in a country of so many members, of each round in milliseconds."""
    url = f"sqlite+aiosqlite:///{folder}/identity.sqlite"
    await migrate("bp_identity", url)
    settings = IdentitySettings(
        database_url=url, key_dir=folder / "keys", public_url="https://node.test", countries=("FJI",)
    )
    seams = Seams(
        "FJI", BlobStore(folder / "blobs"), lambda _: InProcessChannel({}), TestKeys(), Sealer(os.urandom(32))
    )
    await bootstrap(settings, seams, Seed(country="FJI", units=(SeedUnit("ncb", "NCB Suva", "NCB"),)))
    await _fill(url, members)
    service = build(settings, seams)
    stub = grant_service_pb2_grpc.GrantServiceStub(InProcessChannel(handlers_of(service, seams, from_node=False)))
    try:
        return [await _p95(stub, range(at * _GRANTS, (at + 1) * _GRANTS), members) for at in range(_ROUNDS)]
    finally:
        await service.aclose()


async def _p95(stub: Any, numbers: range, members: int) -> float:
    metadata = (("authorization", f"Bearer {make_token('countries/FJI/officers/chief', ['administrator@ncb'])}"),)
    roles, took = list(role_pb2.Role.values()), []
    for number in numbers:
        # Nobody is given the same role twice.
        grant = grant_pb2.Grant(role=roles[1 + number // members], unit="countries/FJI/units/ncb")
        request = grant_service_pb2.CreateGrantRequest(
            parent=f"countries/FJI/officers/o{number % members}", grant=grant
        )
        begun = time.perf_counter()
        await stub.CreateGrant(request, metadata=metadata)
        took.append((time.perf_counter() - begun) * 1e3)
    return statistics.quantiles(took, n=20)[-1]


async def _fill(url: str, members: int) -> None:
    database, now = Database(url), datetime.now(UTC)
    usual = {"country": "FJI", "gender": "FEMALE", "language": "en", "clearance": 0, "state": "ACTIVE", "version": 1}
    usual |= {"create_time": now, "update_time": now, "totp_enrolled": False, "given_name": "Ana", "family_name": "V"}
    for begin in range(0, members, 5_000):
        rows = [
            {**usual, "name": f"countries/FJI/officers/o{at}", "officer_id": f"o{at}", "email": f"o{at}@p.fj"}
            for at in range(begin, min(begin + 5_000, members))
        ]
        async with database.write() as session:
            await session.execute(insert(OfficerRow), rows)
    await database.aclose()


def _row(name: str, unit: str, values: list[float]) -> Row:
    return {
        "name": name,
        "unit": unit,
        "min": min(values),
        "median": statistics.median(values),
        "max": max(values),
    }


if __name__ == "__main__":
    main()
