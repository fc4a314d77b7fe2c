"""A node's database in memory: one transaction at a time works on it, and one that is broken off is taken back to a copy."""

from dataclasses import dataclass, field

from bp_exchange.protocol.merkle import Edge


class DiskFullError(OSError):
    """The commit could not be written."""


@dataclass(frozen=True)
class QueueRow:
    """As the table has it."""

    item: object
    set_aside: str = ""


@dataclass
class State:
    """What is on a node's disk. Values are never changed in place, only replaced, so that a copy is shallow.

    Attributes:
        queue: Position -> row, in order.
        owed: (peer, item id) -> position.
        inbox: Ids of deliveries that took effect.
        effects: What the node's services did, in order.
        heard: What they were told of their own messages.
        log: Raw leaves.
        batches: Envelopes of version 2.
        given: (node id, epoch) -> the epoch under which this node sends to it, in the order in which they began.
        granted: (sender's node id, epoch) -> its key, wrapped.
        lists: Id -> (envelope's id, list of receipts).
        paces: Peer -> bytes a second.
    """

    incarnation: str = ""
    is_restored: bool = False
    sequence: int = 0
    position: int = 0
    delivery: int = 0
    edge: Edge = field(default_factory=Edge)
    log: list = field(default_factory=list)
    envelopes: dict = field(default_factory=dict)
    rungs: dict = field(default_factory=dict)
    receipts: dict = field(default_factory=dict)
    queue: dict = field(default_factory=dict)
    owed: dict = field(default_factory=dict)
    deliveries: dict = field(default_factory=dict)
    peers: dict = field(default_factory=dict)
    sealed: dict = field(default_factory=dict)
    wanted: dict = field(default_factory=dict)
    wanted_aside: dict = field(default_factory=dict)
    inbox: dict = field(default_factory=dict)
    effects: list = field(default_factory=list)
    heard: list = field(default_factory=list)
    batches: dict = field(default_factory=dict)
    given: dict = field(default_factory=dict)
    granted: dict = field(default_factory=dict)
    lists: dict = field(default_factory=dict)
    paces: dict = field(default_factory=dict)

    def copy(self):
        """Returns a state that may be changed without changing this one."""
        copied = object.__new__(State)
        copied.__dict__ = {name: one.copy() if type(one) in (dict, list) else one for name, one in vars(self).items()}
        return copied
