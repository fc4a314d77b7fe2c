"""Tables of the exchange's own database."""

from bp_exchange.adapters.tables.base import Base
from bp_exchange.adapters.tables.files import AskedFilesRow, SealedFileRow, WantedFileRow
from bp_exchange.adapters.tables.lanes import (
    DeliveryRow,
    LeaseRow,
    PaceRow,
    PeerRow,
    PlanRow,
    QueueRow,
    RefusalRow,
    SpentRow,
)
from bp_exchange.adapters.tables.log import (
    CosignatureRow,
    LogAlarmRow,
    LogRow,
    NodeRow,
    SubtreeRow,
    WitnessedHeadRow,
    WitnessPostRow,
)
from bp_exchange.adapters.tables.members import InvitationRow, RegisterRow
from bp_exchange.adapters.tables.messages import (
    BatchRow,
    EnvelopeRow,
    GivenEpochRow,
    GrantedEpochRow,
    ReceiptRow,
    RungRow,
)
from bp_exchange.adapters.tables.reads import ReadRow

__all__ = [
    "AskedFilesRow",
    "Base",
    "BatchRow",
    "CosignatureRow",
    "DeliveryRow",
    "EnvelopeRow",
    "GivenEpochRow",
    "GrantedEpochRow",
    "InvitationRow",
    "LeaseRow",
    "LogAlarmRow",
    "LogRow",
    "NodeRow",
    "PaceRow",
    "PeerRow",
    "PlanRow",
    "QueueRow",
    "ReadRow",
    "ReceiptRow",
    "RefusalRow",
    "RegisterRow",
    "RungRow",
    "SealedFileRow",
    "SpentRow",
    "SubtreeRow",
    "WantedFileRow",
    "WitnessPostRow",
    "WitnessedHeadRow",
]
