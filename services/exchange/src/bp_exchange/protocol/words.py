"""Fingerprints that two people read to each other: five letters for each two bytes, consonant and vowel in turn.

The words are proquints (Wilkerson, arXiv:0901.4016): they can be said in every language of the region, and no list of words is needed.
"""

from __future__ import annotations

import hashlib

from bluepacific.exchange.v1 import register_pb2

_CONSONANTS = "bdfghjklmnprstvz"
_VOWELS = "aiou"
_WORDS = 6
_PREFIX = b"bluepacific/1 node\0"


def fingerprint(node: register_pb2.Node) -> str:
    """Returns a node's fingerprint: six words, 96 bits over its id and all its keys."""
    hasher = hashlib.sha256(_PREFIX)
    for part in (node.node_id.encode(), node.sign_key, node.hpke_key, node.tls_key_sha256):
        hasher.update(len(part).to_bytes(4) + part)
    return words_of(hasher.digest())


def words_of(digest: bytes) -> str:
    """Returns the six words of a digest's first 96 bits."""
    return " ".join(word(int.from_bytes(digest[at : at + 2])) for at in range(0, 2 * _WORDS, 2))


def word(number: int) -> str:
    """Returns the word of a number below 65536: 0x7F00 is `lusab`'s first half, `lus` and so on."""
    letters = []
    for shift, kind in ((12, _CONSONANTS), (10, _VOWELS), (6, _CONSONANTS), (4, _VOWELS), (0, _CONSONANTS)):
        letters.append(kind[(number >> shift) & (len(kind) - 1)])
    return "".join(letters)
