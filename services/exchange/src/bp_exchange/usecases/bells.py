"""Names of the bells that wake whoever waits for new rows."""

from __future__ import annotations

# The register has changed in the database; then, that it is current.
REGISTER_WRITTEN = "register-written"
REGISTER_CURRENT = "register-current"
# A ciphertext is whole on this node.
FILES = "files"
# A link has come up.
LINKS = "links"


def queue_of(peer: str) -> str:
    """Rung when something is owed to a peer."""
    return f"queue:{peer}"


def deliveries_of(service: str) -> str:
    """Rung when something waits for a service."""
    return f"deliveries:{service}"


def witness_of(node_id: str) -> str:
    """Rung when something about logs waits to be passed on to a node."""
    return f"witness:{node_id}"


def files_from(peer: str) -> str:
    """Rung when a peer has a file that is wanted here."""
    return f"files:{peer}"


def plan_of(peer: str) -> str:
    """Rung when the contact plan of the link to a peer has changed."""
    return f"plan:{peer}"


def lease_of(name: str) -> str:
    """Rung when somebody else may have, or may take, what only one process does."""
    return f"lease:{name}"
