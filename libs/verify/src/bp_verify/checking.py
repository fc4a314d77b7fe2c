"""Checks a proof: each part by itself, then that the parts are about one another. What the parts mean: docs/proof-format.md.

Nothing of the file is believed before the register's root, which the checker has from elsewhere, leads to the key that signed it.
"""

from __future__ import annotations

from google.protobuf.message import DecodeError
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Root

from bluepacific.exchange.v1 import proof_pb2, register_pb2
from bp_verify.batches import check_message
from bp_verify.envelopes import check_content, check_envelope, check_receipts
from bp_verify.logs import Digests, check_log, digests_of
from bp_verify.nodes import Nodes
from bp_verify.reads import check_read
from bp_verify.report import RegisterFact, Report
from bp_verify.seals import proof_signed
from bp_verify.trust import RegisterNotTrustedError, Trusted, trust
from bp_verify.witnesses import check_witnesses
from bp_verify.words import moment

VERSION = 1
BATCHED_VERSION = 2
READ_VERSION = 3


class RootUnreadableError(Exception):
    """What was given as the register's root is none."""


def check_proof(raw: bytes, root: bytes) -> Report:
    """Returns what a proof proves.

    Args:
        raw: The file.
        root: The register's root (TUF root.json), from a source that is trusted.

    Raises:
        RootUnreadableError: It is no root.
    """
    known = _root(root)
    report = Report()
    try:
        file = proof_pb2.ProofFile.FromString(raw)
        proof = proof_pb2.Proof.FromString(file.proof)
    except DecodeError:
        report.wrong("file", "this is not a proof, or it was damaged")
        return report
    report.message_id, report.node = proof.message_id, proof.node_id
    if proof.version not in (VERSION, BATCHED_VERSION, READ_VERSION):
        report.wrong("file", f"it is of format {proof.version}; this program knows {VERSION} to {READ_VERSION}")
        return report
    trusted = _register(proof.register, known, root, report)
    if trusted is None:
        report.notes.append("without its register nothing else of this proof can be checked")
        return report
    nodes = Nodes(trusted.register.nodes)
    report.register = RegisterFact(trusted.version, trusted.expires.isoformat())
    _check_file(raw, file, proof, nodes, report)
    if proof.version == BATCHED_VERSION:
        digests = check_message(proof, nodes, report)
    elif proof.version == READ_VERSION:
        digests = Digests(b"", {})
    else:
        header = check_envelope(proof, nodes, report)
        check_content(proof, nodes, report)
        check_receipts(proof, header, nodes, report)
        digests = digests_of(proof)
    check_log(proof, digests, nodes, report)
    if proof.version == READ_VERSION:
        check_read(proof, report)
    check_witnesses(proof, nodes, report)
    report.notes += [
        f"node {node} is revoked in this register; what it signed may be from before or after"
        for node in nodes.revoked_among_named()
    ]
    return report


def _root(root: bytes) -> bytes:
    try:
        metadata = Metadata[Root].from_bytes(root)
    except (RepositoryError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise RootUnreadableError from error
    # TUF's other files are read as well as this one.
    if not isinstance(metadata.signed, Root):
        raise RootUnreadableError
    return metadata.signed_bytes


def _register(bundle: register_pb2.RegisterBundle, known: bytes, root: bytes, report: Report) -> Trusted | None:
    """Begins at the root that was given, and goes on with those that followed it."""
    at = next((number for number, one in enumerate(bundle.roots) if _is(one, known)), None)
    if at is None:
        report.wrong("register", "it does not begin with the root that was given: of another network, or changed")
        return None
    wanted = register_pb2.RegisterBundle()
    wanted.CopyFrom(bundle)
    del wanted.roots[:]
    wanted.roots.extend([root, *bundle.roots[at + 1 :]])
    try:
        return trust(wanted, None)
    except RegisterNotTrustedError as error:
        report.wrong("register", f"it is not signed as its root demands, or was changed ({error})")
        return None


def _is(root: bytes, known: bytes) -> bool:
    try:
        return _root(root) == known
    except RootUnreadableError:
        return False


def _check_file(raw: bytes, file: proof_pb2.ProofFile, proof: proof_pb2.Proof, nodes: Nodes, report: Report) -> None:
    whole = proof_pb2.ProofFile(proof=file.proof, signature=file.signature).SerializeToString(deterministic=True)
    if whole != raw:
        report.wrong("file", "something was added to it")
    if nodes.signed(proof.node_id, file.signature, proof_signed(file.proof)):
        report.export_time = moment(proof.export_time)
    else:
        report.wrong("file", f"it is not as {proof.node_id} exported it: something was changed, added or left out")
