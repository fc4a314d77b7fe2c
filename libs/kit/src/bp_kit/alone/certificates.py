"""Mutual TLS among the pods of a node, with the node's own authority, which signs for nobody else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import grpc
from cryptography import x509

from bp_kit.alone.trouble import CannotStartError

FILES = ("tls.crt", "tls.key", "ca.crt")


@dataclass(frozen=True)
class Certificates:
    """What proves to the others which service this is.

    Attributes:
        chain: PEM certificate.
        key: PEM key of it.
        authority: PEM certificate that signed all of the node's services.
    """

    chain: bytes
    key: bytes
    authority: bytes

    def for_server(self) -> grpc.ServerCredentials:
        """Returns credentials of a server that lets in only who the authority signed."""
        return grpc.ssl_server_credentials(
            [(self.key, self.chain)], root_certificates=self.authority, require_client_auth=True
        )

    def for_channel(self) -> grpc.ChannelCredentials:
        """Returns credentials of a caller."""
        return grpc.ssl_channel_credentials(self.authority, self.key, self.chain)


def read_certificates(folder: Path) -> Certificates:
    """Returns the certificates of a folder.

    Raises:
        CannotStartError: A file is missing, or is no certificate.
    """
    try:
        chain, key, authority = ((folder / name).read_bytes() for name in FILES)
        x509.load_pem_x509_certificate(chain)
        x509.load_pem_x509_certificate(authority)
    except OSError as error:
        raise CannotStartError(f"BP_POD__TLS_DIR: {error.filename} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise CannotStartError(f"BP_POD__TLS_DIR: tls.crt or ca.crt in {folder} is no PEM certificate") from error
    return Certificates(chain, key, authority)


def stamp_of(folder: Path) -> tuple[int, ...]:
    """Returns what changes when a file of the folder does; a secret's volume is swapped whole."""
    return tuple(int((folder / name).stat().st_mtime_ns) for name in FILES if (folder / name).exists())
