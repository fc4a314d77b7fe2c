"""What the catalogue holds about people, for data-protection officers."""

from __future__ import annotations

from bluepacific.common.v1 import subject_pb2
from bp_catalogue.adapters.tables import (
    AccessDecisionRow,
    AccessRequestRow,
    AgreementRow,
    CapabilityRow,
    ReportRow,
    TellingRow,
)
from bp_kit.subjects.table_holdings import Rows, TableHoldings

_PACKAGE = "bluepacific.catalogue.v1"
HOLDINGS = TableHoldings(
    [
        Rows(
            f"{_PACKAGE}.AccessRequest",
            AccessRequestRow,
            lambda row: row.name,
            (AccessRequestRow.requester,),
            lambda name: AccessRequestRow.name == name,
            kept=subject_pb2.FINDING_GROUND_OFFICIAL_ACT,
            texts=(AccessRequestRow.justification,),
        ),
        Rows(
            f"{_PACKAGE}.AccessDecision",
            AccessDecisionRow,
            lambda row: row.request,
            (AccessDecisionRow.decider,),
            lambda name: AccessDecisionRow.request == name,
            kept=subject_pb2.FINDING_GROUND_OFFICIAL_ACT,
            texts=(AccessDecisionRow.note,),
        ),
    ],
    nobody=(CapabilityRow, AgreementRow, ReportRow, TellingRow),
)
