"""Chapter: PTCCC publishes the capabilities in four languages; Fiji asks for access to one, and its NCB head approves."""

from __future__ import annotations

from google.protobuf import field_mask_pb2

from bluepacific.catalogue.v1 import (
    access_agreement_pb2,
    access_agreement_service_pb2,
    access_request_pb2,
    access_request_service_pb2,
    capability_pb2,
    capability_service_pb2,
    uptake_pb2,
    uptake_service_pb2,
)
from bluepacific.common.v1 import handling_pb2
from bluepacific.notifications.v1 import notification_pb2
from bp_client import AsyncBluePacific
from bp_kit.language import LANGUAGES
from bp_node.scenario import duty
from bp_node.scenario.cast import Cast
from bp_node.scenario.story import Story, promised, refused

_CENTRE = "countries/WSM"
_FIJI = "countries/FJI"
_UNIT = f"{_FIJI}/units/ncb"
_VESSELS = f"{_CENTRE}/capabilities/SV"
_TITLES = {
    "en": "Stolen Vessels",
    "fr": "Bateaux volés",
    "es": "Embarcaciones robadas",
    "ar": "السفن المسروقة",
}


async def play(story: Story, cast: Cast) -> None:
    """Plays the chapter.

    Raises:
        BrokenPromise: As `Story.step`.
    """
    published = await _publish(story, cast)
    revised = await _revise(story, cast)
    await _arrive(story, cast, published, revised)
    request = await _ask(story, cast)
    agreement = await _approve(story, cast, request)
    await _count(story, cast, agreement)


async def _publish(story: Story, cast: Cast) -> set[str]:
    lagi = await cast.person("ptccc", "lagi")
    async with story.step("Apia: Lagi publishes INTERPOL's capabilities to every country") as step:
        asked = capability_service_pb2.PublishReferenceRequest(parent=_CENTRE)
        answer = await lagi.catalogue.capabilities.PublishReference(asked)
        known = {*answer.published, *answer.unchanged}
        step.shows(new=len(answer.published), published_before=len(answer.unchanged))
        promised(_VESSELS in known, "the database of stolen vessels is among them")
    return known


async def _revise(story: Story, cast: Cast) -> capability_pb2.Capability:
    lagi = await cast.person("ptccc", "lagi")
    async with story.step("Apia: Lagi revises one of them") as step:
        held = await _capability(lagi)
        wanted = capability_pb2.Capability(name=held.name, etag=held.etag, description=held.description)
        wanted.description.texts["en"] = f"Stolen boats and engines. Revised on the day {cast.run_id}."
        revised = await lagi.catalogue.capabilities.UpdateCapability(
            capability_service_pb2.UpdateCapabilityRequest(
                capability=wanted, update_mask=field_mask_pb2.FieldMask(paths=["description"])
            )
        )
        step.shows(capability=revised.name, revision=revised.revision)
        promised(revised.revision == held.revision + 1, "the revision counts up")
    return revised


async def _arrive(story: Story, cast: Cast, published: set[str], revised: capability_pb2.Capability) -> None:
    for node, officer, place in (("fji", "ana", "Suva"), ("ton", "mele", "Nuku'alofa")):
        reader = await cast.person(node, officer)
        async with story.step(f"{place}: the whole catalogue is there, in four languages") as step:

            async def whole(reader: AsyncBluePacific = reader) -> list[capability_pb2.Capability] | None:
                held = await _everything(reader)
                known = {one.name: one.revision for one in held}
                return held if published <= set(known) and known[_VESSELS] == revised.revision else None

            held = await story.until(f"{place} has the catalogue", whole)
            texts = [text for one in held for text in (one.title.texts, one.description.texts)]
            promised(all("en" in text for text in texts), "English is always there")
            promised(all(set(LANGUAGES) <= set(one.title.texts) for one in held), "each title has four languages")
            shown = {language: await _title_in(reader, language) for language in LANGUAGES}
            step.shows(capabilities=len(held), **shown)
            promised(shown == _TITLES, "each is shown in the reader's language")


async def _everything(reader: AsyncBluePacific) -> list[capability_pb2.Capability]:
    found: list[capability_pb2.Capability] = []
    asked = capability_service_pb2.ListCapabilitiesRequest(parent=_CENTRE, page_size=10)
    while True:
        page = await reader.catalogue.capabilities.ListCapabilities(asked)
        found += page.capabilities
        if not page.next_page_token:
            return found
        asked.page_token = page.next_page_token


async def _capability(reader: AsyncBluePacific) -> capability_pb2.Capability:
    asked = capability_service_pb2.GetCapabilityRequest(name=_VESSELS)
    return await reader.catalogue.capabilities.GetCapability(asked)


async def _title_in(reader: AsyncBluePacific, language: str) -> str:
    return (await _capability(reader.asking(language=language))).display_name


async def _ask(story: Story, cast: Cast) -> access_request_pb2.AccessRequest:
    ana, jone = await cast.person("fji", "ana"), await cast.person("fji", "jone")
    await _tidy(ana, jone)
    async with story.step("Suva: Ana asks for access to the database of stolen vessels for her unit") as step:
        wanted = access_request_pb2.AccessRequest(
            capability=_VESSELS,
            unit=_UNIT,
            justification=f"Boats are reported stolen in the Western Division (day {cast.run_id}).",
            purpose=handling_pb2.PURPOSE_INVESTIGATION,
        )
        request = await ana.catalogue.access_requests.CreateAccessRequest(
            access_request_service_pb2.CreateAccessRequestRequest(parent=_FIJI, access_request=wanted)
        )
        step.shows(request=request.name, state=_state(request))
        promised(request.state == access_request_pb2.ACCESS_REQUEST_STATE_PENDING, "somebody else must decide")
    async with story.step("Suva: Ana cannot approve it herself") as step:
        problem = await refused(_approval(ana, request), "PERMISSION_DENIED")
        step.shows(answer=problem.detail)
    return request


async def _tidy(ana: AsyncBluePacific, jone: AsyncBluePacific) -> None:
    """Closes what a day that was broken off left open: a unit has an access once."""
    requests = await ana.catalogue.access_requests.ListAccessRequests(
        access_request_service_pb2.ListAccessRequestsRequest(
            parent=_FIJI, filter=f'state = PENDING AND capability = "{_VESSELS}"'
        )
    )
    for request in requests.access_requests:
        asked = access_request_service_pb2.WithdrawAccessRequestRequest(name=request.name)
        await ana.catalogue.access_requests.WithdrawAccessRequest(asked)
    agreements = await jone.catalogue.access_agreements.ListAccessAgreements(
        access_agreement_service_pb2.ListAccessAgreementsRequest(
            parent=_FIJI, filter=f'state = ACTIVE AND capability = "{_VESSELS}"'
        )
    )
    for agreement in agreements.access_agreements:
        await _end(jone, agreement.name)


async def _approval(
    client: AsyncBluePacific, request: access_request_pb2.AccessRequest
) -> access_request_pb2.AccessRequest:
    return await client.catalogue.access_requests.ApproveAccessRequest(
        access_request_service_pb2.ApproveAccessRequestRequest(name=request.name, etag=request.etag)
    )


async def _approve(
    story: Story, cast: Cast, request: access_request_pb2.AccessRequest
) -> access_agreement_pb2.AccessAgreement:
    ana, jone = await cast.person("fji", "ana"), await cast.person("fji", "jone")
    async with story.step("Suva: Jone, head of the NCB, approves; the unit may use it from now on") as step:
        approved = await _approval(jone, request)
        asked = access_agreement_service_pb2.GetAccessAgreementRequest(name=approved.access_agreement)
        agreement = await ana.catalogue.access_agreements.GetAccessAgreement(asked)
        step.shows(
            request=_state(approved),
            agreement=agreement.name,
            until=agreement.end_time.ToJsonString(),
        )
        promised(approved.state == access_request_pb2.ACCESS_REQUEST_STATE_APPROVED, "the request is approved")
        promised(agreement.state == access_agreement_pb2.ACCESS_AGREEMENT_STATE_ACTIVE, "the agreement is in force")
    async with story.step("Suva: Ana is told") as step:

        async def told() -> notification_pb2.Notification | None:
            found = await duty.notifications_of(ana, cast.name("fji", "ana"), request.name)
            return next(iter(found), None)

        notification = await story.until("Ana is notified", told)
        step.shows(notification=notification.title)
    return agreement


async def _count(story: Story, cast: Cast, agreement: access_agreement_pb2.AccessAgreement) -> None:
    lagi = await cast.person("ptccc", "lagi")
    async with story.step("Apia: Lagi sees Fiji's uptake, in numbers only") as step:
        report = await story.until("Fiji's numbers are in Apia", lambda: _uptake(lagi, active=1))
        step.shows(requests=report.request_count, agreements=report.agreement_count, in_force=report.active_count)
        promised("units/" not in str(report), "no unit and no person is in the report")
    jone = await cast.person("fji", "jone")
    async with story.step("Suva: Jone ends the agreement; Apia's numbers follow") as step:
        ended = await _end(jone, agreement.name)
        promised(ended.state == access_agreement_pb2.ACCESS_AGREEMENT_STATE_ENDED, "the agreement is over")
        report = await story.until("Apia's numbers follow", lambda: _uptake(lagi, active=0))
        step.shows(agreements=report.agreement_count, in_force=report.active_count)


async def _uptake(lagi: AsyncBluePacific, *, active: int) -> uptake_pb2.UptakeReport | None:
    answer = await lagi.catalogue.uptakes.ListUptakeReports(
        uptake_service_pb2.ListUptakeReportsRequest(parent=_FIJI, filter=f'capability = "{_VESSELS}"')
    )
    return next((report for report in answer.uptake_reports if report.active_count == active), None)


async def _end(jone: AsyncBluePacific, name: str) -> access_agreement_pb2.AccessAgreement:
    asked = access_agreement_service_pb2.EndAccessAgreementRequest(name=name, note="The day is over.")
    return await jone.catalogue.access_agreements.EndAccessAgreement(asked)


def _state(request: access_request_pb2.AccessRequest) -> str:
    return access_request_pb2.AccessRequestState.Name(request.state).removeprefix("ACCESS_REQUEST_STATE_").lower()
