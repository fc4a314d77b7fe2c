"""The node's signing keys and other secrets, each a file only its owner can read.

The newest `signing-*.json` signs; older ones stay in the published set until every token they signed has ended, then they are deleted.
File names begin with the UUIDv7 that is also the `kid`, so their order is their age.
"""

from __future__ import annotations

import json
import secrets
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from joserfc.jwk import OKPKey

from bp_kit.disk import make_folder, write_private
from bp_kit.ports import Ids
from bp_kit.tokens import ALGORITHM

_PATTERN = "signing-*.json"
_SECRET_BYTES = 32


class KeyFolder:
    """Keys in a folder, made when they are first needed.

    Args:
        folder: Where; created with mode 0700.
        new_id: Makes key ids.
    """

    def __init__(self, folder: Path, new_id: Ids) -> None:
        self._folder = folder
        self._new_id = new_id
        self._seen: tuple[str, ...] = ()
        self._keys: list[OKPKey] = []
        make_folder(folder)
        if not self._files():
            self.rotate()

    def signing_key(self) -> OKPKey:
        """Returns the key that signs now."""
        return self._load()[-1]

    def find(self, key_id: str) -> OKPKey | None:
        """Returns the key of that id, or None."""
        return next((key for key in self._load() if key.kid == key_id), None)

    def jwks(self) -> bytes:
        """Returns the public keys as a JWK set, newest first."""
        keys = [key.as_dict(private=False) for key in reversed(self._load())]
        return json.dumps({"keys": keys}, separators=(",", ":")).encode()

    def rotate(self) -> str:
        """Makes a new signing key; the ones before it keep verifying.

        Returns:
            The new key's id.
        """
        key_id = self._new_id()
        key = OKPKey.generate_key("Ed25519", {"kid": key_id, "alg": ALGORITHM, "use": "sig"})
        raw = json.dumps(key.as_dict(private=True)).encode()
        write_private(self._folder / f"signing-{key_id}.json", raw, replace=False)
        return key_id

    def retire(self, now: datetime, *, keep: timedelta) -> int:
        """Deletes keys that were replaced longer than `keep` ago.

        Returns:
            How many went.
        """
        files = self._files()
        gone = 0
        for file, successor in pairwise(files):
            if now - datetime.fromtimestamp(successor.stat().st_mtime, UTC) > keep:
                file.unlink()
                gone += 1
        return gone

    def age(self, now: datetime) -> timedelta:
        """Returns how old the signing key is."""
        return now - datetime.fromtimestamp(self._files()[-1].stat().st_mtime, UTC)

    def secret(self, name: str) -> bytes:
        """Returns 32 secret bytes of that name, the same for as long as the folder lives."""
        file = self._folder / f"{name}.key"
        if not file.exists():
            write_private(file, secrets.token_bytes(_SECRET_BYTES), replace=False)
        return file.read_bytes()

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob(_PATTERN))

    def _load(self) -> list[OKPKey]:
        files = self._files()
        names = tuple(file.name for file in files)
        # Another process, the command line for instance, may have made a new one.
        if names != self._seen:
            self._keys = [OKPKey.import_key(json.loads(file.read_bytes())) for file in files]
            self._seen = names
        return self._keys
