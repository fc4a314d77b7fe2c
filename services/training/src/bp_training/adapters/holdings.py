"""What training holds about people, for data-protection officers."""

from __future__ import annotations

from sqlalchemy import ColumnElement, func
from sqlalchemy.orm import InstrumentedAttribute

from bp_kit.subjects.table_holdings import Rows, TableHoldings
from bp_training.adapters.tables import (
    CourseRow,
    CredentialRow,
    EnrolmentRow,
    IssuerKeyRow,
    LearnerRow,
    PackageRow,
    ReportMarkRow,
    ReportRow,
    StatementRow,
)

_PACKAGE = "bluepacific.training.v1"


def _nobody(name: InstrumentedAttribute[str], collection: str) -> ColumnElement[str]:
    """A learner who is nobody, and in each record another: so that numbers stay, and lead to no person."""
    return func.replace(name, f"/{collection}/", "/learners/")


HOLDINGS = TableHoldings(
    [
        Rows(
            f"{_PACKAGE}.Enrolment",
            EnrolmentRow,
            lambda row: row.name,
            (EnrolmentRow.learner,),
            lambda name: EnrolmentRow.name == name if "/enrolments/" in name else None,
            blank={"learner": _nobody(EnrolmentRow.name, "enrolments")},
            gone=lambda row: "/learners/" in row.learner,
            parts=(StatementRow.enrolment,),
        ),
        Rows(
            f"{_PACKAGE}.Credential",
            CredentialRow,
            lambda row: row.name,
            (CredentialRow.learner,),
            lambda name: CredentialRow.name == name if "/credentials/" in name else None,
            blank={"learner": _nobody(CredentialRow.name, "credentials"), "jwt": ""},
            gone=lambda row: not row.jwt,
        ),
        Rows(
            "bluepacific.identity.v1.LearnerChanged",
            LearnerRow,
            lambda row: row.officer,
            (LearnerRow.officer,),
            lambda name: LearnerRow.officer == name if "/officers/" in name else None,
        ),
    ],
    nobody=(CourseRow, PackageRow, IssuerKeyRow, ReportRow, ReportMarkRow),
    within=(f"{_PACKAGE}.Statement",),
)
