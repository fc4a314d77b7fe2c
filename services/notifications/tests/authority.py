"""A certificate authority of its own for each test, and a mail server's certificate from it."""

import datetime as dt
import ipaddress
import ssl

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

_DAY = dt.timedelta(days=1)


def _name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _certificate(subject, issuer, key, signer, *, authority, names=()):
    now = dt.datetime.now(dt.UTC)
    issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _DAY)
        .not_valid_after(now + _DAY)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(issuer_key, critical=False)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(signer, SHA256()).public_bytes(serialization.Encoding.PEM)


def make_authority(folder, address="127.0.0.1"):
    """Writes an authority's certificate into a folder; returns its file, and a server's TLS context for an address."""
    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    ca_file, pair = folder / "authority.pem", folder / "server.pem"
    ca_file.write_bytes(_certificate("authority", "authority", authority_key, authority_key, authority=True))
    names = [x509.IPAddress(ipaddress.ip_address(address))]
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pair.write_bytes(private + _certificate("server", "authority", key, authority_key, authority=False, names=names))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pair)
    return ca_file, context
