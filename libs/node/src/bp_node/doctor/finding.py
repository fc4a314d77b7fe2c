"""What checks are given, and what they say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bluepacific.exchange.v1 import exchange_service_pb2
from bp_node.settings import NodeSettings
from bp_node.systemd.unit import name_of


class CannotLookError(Exception):
    """A check cannot be done now; the text says why."""


@dataclass(frozen=True)
class Finding:
    """Something that is wrong.

    Attributes:
        what: One sentence for a person.
        mend: The command that mends it, or begins to.
        urgent: It keeps the node from its work, or soon will; the rest can wait until tomorrow.
    """

    what: str
    mend: str
    urgent: bool = True


@dataclass(frozen=True)
class Patient:
    """The node that is examined.

    Attributes:
        settings: Its own.
        now: The time here.
        running: A process holds its folder.
        status: What it answered; None when it was not or could not be asked.
        silence: Why it did not answer.
        units: Where its service's unit would be.
    """

    settings: NodeSettings
    now: datetime
    running: bool
    status: exchange_service_pb2.ExchangeStatus | None
    silence: str = ""
    units: Path = Path("/etc/systemd/system")

    @property
    def answered(self) -> exchange_service_pb2.ExchangeStatus:
        """What the node answered.

        Raises:
            CannotLookError: It did not.
        """
        if self.status is None:
            raise CannotLookError("the node does not answer")
        return self.status

    def systemctl(self, verb: str, otherwise: str) -> str:
        """Returns what starts or restarts the node as it is installed here."""
        name = name_of(self.settings)
        return f"systemctl {verb} {name}" if (self.units / name).exists() else otherwise
