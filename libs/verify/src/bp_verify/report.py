"""What a check found, as plain values: the facts that are proven, and what is wrong."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Fault:
    """Something that is wrong.

    Attributes:
        part: Of the file: `file`, `register`, `envelope`, `content`, `receipt 2`, `head`, `entry 1`, `witness 1`.
        text: What is wrong with it, for a person.
    """

    part: str
    text: str


@dataclass(frozen=True)
class RegisterFact:
    """The register that was trusted, and until when its timestamp called it fresh."""

    version: int
    fresh_until: str


@dataclass(frozen=True)
class EnvelopeFact:
    """Who sent what to whom; the time is the sending service's, by its node's clock. `readers` are the nodes that it is sealed for.

    An envelope of version 2 has `count` messages, of which this one is at `position`, from 0; `sha256` is of what its outer seal is over.
    """

    author: str
    node: str
    recipients: tuple[str, ...]
    readers: tuple[str, ...]
    topic: str
    time: str
    conversation: str
    incarnation: str
    sequence: int
    sha256: str
    ciphertext_sha256: str
    position: int = 0
    count: int = 1


@dataclass(frozen=True)
class ContentFact:
    """What the message said, by digest; files are (SHA-256, bytes)."""

    payload_sha256: str
    payload_bytes: int
    tlp: str
    purpose: str
    files: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class ReceiptFact:
    """What a node stated; the time is by that node's clock."""

    node: str
    recipient: str
    state: str
    time: str
    ground: str


@dataclass(frozen=True)
class HeadFact:
    """The log as its node signed it; the time is by that node's clock."""

    node: str
    incarnation: str
    size: int
    root: str
    time: str


@dataclass(frozen=True)
class WitnessFact:
    """Another node that saw the log.

    Attributes:
        witness: The node.
        size: How many leaves the log had then.
        time: When, by the witness's clock.
        covers: All leaves about the message were among them.
    """

    witness: str
    size: int
    time: str
    covers: bool


@dataclass(frozen=True)
class EntryFact:
    """A leaf of the log, by position from 0; the time is by the log's node's clock."""

    position: int
    event: str
    time: str
    recipient: str
    state: str


@dataclass(frozen=True)
class ReadFact:
    """Who read what, or was refused it; the time is by the node's clock, `principal` as the node knows them."""

    record: str
    principal: str
    permission: str
    purpose: str
    time: str
    allowed: bool
    node: str


@dataclass
class Report:
    """What one proof proves. A fact stands here only if all that it rests on verified.

    Attributes:
        notes: What a reader must know beside the facts.
        faults: What is wrong; none where the proof holds.
    """

    message_id: str = ""
    node: str = ""
    export_time: str = ""
    register: RegisterFact | None = None
    envelope: EnvelopeFact | None = None
    content: ContentFact | None = None
    receipts: list[ReceiptFact] = field(default_factory=list)
    read: ReadFact | None = None
    head: HeadFact | None = None
    entries: list[EntryFact] = field(default_factory=list)
    witnesses: list[WitnessFact] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether everything verified."""
        return not self.faults

    def wrong(self, part: str, text: str) -> None:
        """Notes a fault."""
        self.faults.append(Fault(part, text))
