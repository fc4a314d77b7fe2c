"""What the nodes promised: each message that `Send` answered for. Held against what became of it at the end."""

from collections import Counter
from dataclasses import dataclass


@dataclass
class Promise:
    """A message that was acknowledged to its service.

    Attributes:
        message: As it was handed in.
        node_id: Who took it.
        at: When.
        files: Digests of its files' ciphertexts.
        is_excused: Its node went back to a backup from before: it may be lost, and twice it must not be.
    """

    message: object
    node_id: str
    at: float
    files: frozenset
    is_excused: bool = False


class Ledger:
    """Promises by message id, in the order in which they were made."""

    def __init__(self):
        self.promises = {}
        self.refused_sends = Counter()
        self.refusals = Counter()
        self.restores = []
        # (message id, node id) of what a hostile member sent there under the id of a message that it got as well.
        self.squatted = set()
        # Nodes to which something came by a medium.
        self.by_medium = set()

    def promised(self, node, message, files):
        if message.message_id not in self.promises:
            digests = frozenset(one.sealed.digest for one in files)
            self.promises[message.message_id] = Promise(message, node.node_id, node.world.now, digests)
        else:
            # Taken again after a restore forgot it.
            self.promises[message.message_id].is_excused = False

    def refused(self, message, reason):
        self.refused_sends[reason] += 1

    def restored(self, node, taken):
        self.restores.append((node.node_id, taken, node.world.now))
        for promise in self.promises.values():
            if promise.node_id == node.node_id and promise.at > taken:
                promise.is_excused = True

    def lost_files(self):
        """Returns the digests of files that went with the node that had them."""
        return {digest for one in self.promises.values() if one.is_excused for digest in one.files}
