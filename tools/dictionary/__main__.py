"""Trains a zstd dictionary for envelopes of version 2 and writes it beside those of earlier releases.

    .venv/bin/python -m tools.dictionary services/exchange/src/bp_exchange/protocol/dictionaries/general-2.zdict

prints its SHA-256, which goes into `bp_exchange.protocol.compression`. A dictionary that a release has written with is never changed.
"""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

import zstandard
from tools.dictionary.samples import Maker

from bluepacific.exchange.v1 import envelope_pb2

_SIZE = 110 * 1024
_SAMPLES = 6000


def main() -> None:
    """Trains and writes."""
    options = argparse.ArgumentParser(description="Trains a zstd dictionary.")
    options.add_argument("file", type=Path)
    options.add_argument("--seed", default="general-1")
    chosen = options.parse_args()
    maker = Maker(chosen.seed)
    samples = [_sample(*maker.message()) for _ in range(_SAMPLES)]
    trained = zstandard.train_dictionary(_SIZE, samples, level=19)
    chosen.file.write_bytes(trained.as_bytes())
    print(hashlib.sha256(trained.as_bytes()).hexdigest())


def _sample(head: bytes, content: bytes) -> bytes:
    return envelope_pb2.SealedMessages(heads=[head], contents=[content]).SerializeToString(deterministic=True)


if __name__ == "__main__":
    main()
