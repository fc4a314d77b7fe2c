"""zstd with a shared dictionary, with bounds on what comes out, and sizes padded to classes.

The dictionary is part of the program, as a constant would be: its digest stands here and in each envelope that needs it, so nobody is
talked into another one. A receiver keeps every dictionary that a release has ever written with. docs/adr/0008 says how it was trained.
"""

from __future__ import annotations

import hashlib
import threading
from functools import cache
from importlib.resources import files

import zstandard

from bp_exchange.protocol.refusal import Ground, RefusedItemError

# File -> SHA-256. The last one is written with.
_DICTIONARIES = {
    "general-1.zdict": "919d512b32212f896c6bae9b6f5b7a766a870829f634f0d8e182da9134b98761",
}
# What is smaller is compressed with tables for small inputs, whose setting up costs less.
_SMALL_BYTES = 16 * 1024
_LEVEL = 19
_FORMAT = zstandard.FORMAT_ZSTD1_MAGICLESS
_LEAST_STEP = 8
# Compressors are not to be shared by threads at the same time.
_lock = threading.Lock()


def _number(digest: str) -> int:
    return int.from_bytes(bytes.fromhex(digest)[:4], "little")


NEWEST_DICTIONARY = _number(list(_DICTIONARIES.values())[-1])


@cache
def _dictionary(number: int) -> zstandard.ZstdCompressionDict | None:
    for name, digest in _DICTIONARIES.items():
        if _number(digest) == number:
            raw = files("bp_exchange.protocol.dictionaries").joinpath(name).read_bytes()
            if hashlib.sha256(raw).hexdigest() != digest:
                raise RuntimeError(f"{name} is not the dictionary of this release")
            return zstandard.ZstdCompressionDict(raw)
    return None


@cache
def _compressor(number: int, source_size: int) -> zstandard.ZstdCompressor:
    dictionary = _dictionary(number)
    size = len(dictionary.as_bytes()) if dictionary else 0
    parameters = zstandard.ZstdCompressionParameters.from_level(
        _LEVEL, source_size=source_size, dict_size=size, format=_FORMAT, write_dict_id=0, write_checksum=0
    )
    return zstandard.ZstdCompressor(dict_data=dictionary, compression_params=parameters)


def compress(plain: bytes, dictionary: int = 0) -> bytes:
    """Returns bytes compressed, with a dictionary by its number, or with none."""
    size = _SMALL_BYTES if len(plain) <= _SMALL_BYTES else 16 * _SMALL_BYTES
    with _lock:
        return _compressor(dictionary, size).compress(plain)


def decompress(compressed: bytes, limit: int, dictionary: int = 0) -> bytes:
    """Returns what `compress` was given; what follows it, as padding does, is left.

    Raises:
        RefusedItemError: UNKNOWN_VERSION for another dictionary, TOO_LARGE, MALFORMED.
    """
    taught = _dictionary(dictionary) if dictionary else None
    if dictionary and taught is None:
        raise RefusedItemError(Ground.UNKNOWN_VERSION)
    try:
        size = zstandard.get_frame_parameters(compressed, format=_FORMAT).content_size
        if size == zstandard.CONTENTSIZE_UNKNOWN:
            raise RefusedItemError(Ground.MALFORMED)
        # Told before anything is unpacked, and zstd unpacks no more than that.
        if size > limit:
            raise RefusedItemError(Ground.TOO_LARGE)
        decompressor = zstandard.ZstdDecompressor(dict_data=taught, format=_FORMAT)
        return decompressor.decompress(compressed, allow_extra_data=True)
    except zstandard.ZstdError:
        raise RefusedItemError(Ground.MALFORMED) from None


def padded(size: int) -> int:
    """Returns the size class of a size: steps of at most 1/128 of it, and of at least 8 bytes."""
    step = max(_LEAST_STEP, 1 << max(size.bit_length() - 8, 0))
    return -(-size // step) * step
