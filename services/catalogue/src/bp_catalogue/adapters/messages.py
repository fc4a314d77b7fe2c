"""Domain to proto and back, for what crosses a border as well as for what the API shows."""

from __future__ import annotations

from datetime import datetime

from bluepacific.catalogue.v1 import access_agreement_pb2, access_request_pb2, capability_pb2, uptake_pb2
from bluepacific.common.v1 import handling_pb2, text_pb2
from bp_catalogue.domain.access import AccessRequest, Agreement, Decision
from bp_catalogue.domain.capability import Capability, Facts
from bp_catalogue.domain.uptake import Counts, Report
from bp_kit.etags import etag_of
from bp_kit.language import pick
from bp_kit.times import moment, timestamp


def capability_message(capability: Capability, language: str = "") -> capability_pb2.Capability:
    """Returns the capability's message, its texts in that language, too; without one, as it travels."""
    facts = capability.facts
    return capability_pb2.Capability(
        name=capability.name,
        display_name=pick(facts.title, language) if language else "",
        display_description=pick(facts.description, language) if language else "",
        title=text_pb2.LocalizedText(texts=facts.title),
        description=text_pb2.LocalizedText(texts=facts.description) if facts.description else None,
        kind=capability_pb2.CapabilityKind.Value(f"CAPABILITY_KIND_{facts.kind}"),
        goals=facts.goals,
        sdg_targets=facts.sdg_targets,
        revision=capability.revision,
        etag=etag_of(capability.name, capability.revision),
        create_time=timestamp(capability.create_time),
        update_time=timestamp(capability.update_time),
    )


def facts_of(message: capability_pb2.Capability) -> Facts:
    """Returns what a message says of a capability."""
    return Facts(
        title=dict(message.title.texts),
        description=dict(message.description.texts),
        kind=capability_pb2.CapabilityKind.Name(message.kind).removeprefix("CAPABILITY_KIND_"),
        goals=tuple(message.goals),
        sdg_targets=tuple(message.sdg_targets),
    )


def replica_of(message: capability_pb2.Capability) -> Capability:
    """Returns the centre's capability.

    Raises:
        Refused: INVALID_FIELD.
    """
    return Capability(
        name=message.name,
        facts=facts_of(message),
        revision=message.revision,
        create_time=moment(message.create_time, "capabilities.create_time"),
        update_time=moment(message.update_time, "capabilities.update_time"),
    )


def purpose_of(value: handling_pb2.Purpose.ValueType) -> str:
    """Returns a purpose's name without prefix."""
    return handling_pb2.Purpose.Name(value).removeprefix("PURPOSE_")


def request_message(request: AccessRequest) -> access_request_pb2.AccessRequest:
    """Returns the request's message."""
    agreement = request.agreement
    return access_request_pb2.AccessRequest(
        name=request.name,
        capability=request.capability,
        unit=request.unit,
        justification=request.justification,
        purpose=handling_pb2.Purpose.Value(f"PURPOSE_{request.purpose}"),
        requester=request.requester,
        state=access_request_pb2.AccessRequestState.Value(f"ACCESS_REQUEST_STATE_{request.state}"),
        decisions=[_decision_message(decision) for decision in request.history],
        access_agreement=agreement.name if agreement else "",
        etag=etag_of(request.name, request.version),
        create_time=timestamp(request.create_time),
        update_time=timestamp(request.update_time),
    )


def agreement_message(agreement: Agreement, now: datetime) -> access_agreement_pb2.AccessAgreement:
    """Returns the agreement's message, with its state at that moment."""
    state = agreement.state_at(now)
    return access_agreement_pb2.AccessAgreement(
        name=agreement.name,
        access_request=agreement.request,
        capability=agreement.capability,
        unit=agreement.unit,
        purpose=handling_pb2.Purpose.Value(f"PURPOSE_{agreement.purpose}"),
        state=access_agreement_pb2.AccessAgreementState.Value(f"ACCESS_AGREEMENT_STATE_{state}"),
        begin_time=timestamp(agreement.period.begin),
        end_time=timestamp(agreement.period.end),
        etag=etag_of(agreement.name, agreement.version),
    )


def report_message(report: Report) -> uptake_pb2.UptakeReport:
    """Returns the report's message."""
    counts = report.counts
    return uptake_pb2.UptakeReport(
        name=report.name,
        capability=report.capability,
        request_count=counts.requests,
        pending_count=counts.pending,
        agreement_count=counts.agreements,
        active_count=counts.active,
        report_time=timestamp(report.report_time),
    )


def report_of(message: uptake_pb2.UptakeReport) -> Report:
    """Returns a report that another country sent.

    Raises:
        Refused: INVALID_FIELD.
    """
    counts = Counts(
        requests=message.request_count,
        pending=message.pending_count,
        agreements=message.agreement_count,
        active=message.active_count,
    )
    return Report(message.name, message.capability, counts, moment(message.report_time, "reports.report_time"))


def _decision_message(decision: Decision) -> access_request_pb2.AccessDecision:
    return access_request_pb2.AccessDecision(
        decision_id=decision.decision_id,
        verdict=access_request_pb2.AccessVerdict.Value(f"ACCESS_VERDICT_{decision.verdict}"),
        decider=decision.decider,
        note=decision.note,
        decide_time=timestamp(decision.decide_time),
    )
