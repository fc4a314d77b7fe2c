"""Chapter: Suva asks Apia and Nuku'alofa about a vessel; the duty officer hears of it, reads, answers; nobody else learns of it."""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from dataclasses import dataclass

from bluepacific.common.v1 import handling_pb2
from bluepacific.cooperation.v1 import (
    attachment_service_pb2,
    directory_service_pb2,
    entity_pb2,
    entity_service_pb2,
    reply_pb2,
    reply_service_pb2,
    request_pb2,
    request_service_pb2,
)
from bluepacific.exchange.v1 import topic_service_pb2
from bp_client import AsyncBluePacific
from bp_node.region.plan import email_of
from bp_node.scenario import duty, letters, materials
from bp_node.scenario.cast import Cast
from bp_node.scenario.story import Story, promised, refused

_TEXT = "Seen in Suva harbour without papers. Who owns her now, and has she been in your waters?"


@dataclass
class Inquiry:
    """What the later steps need of the earlier ones."""

    ana: AsyncBluePacific
    mele: AsyncBluePacific
    lagi: AsyncBluePacific
    stream: duty.LiveStream
    title: str
    bundle: bytes
    request: request_pb2.Request
    scan: str = ""
    trace_id: str = ""
    sent: float = 0.0


async def play(story: Story, cast: Cast) -> str:
    """Plays the chapter and returns the id of the trace that Ana's click began.

    Raises:
        BrokenPromise: As `Story.step`.
    """
    ana, mele, lagi = await _sign_in(story, cast)
    await _look_up(story, ana)
    async with duty.listening(mele, cast.name("ton", "mele")) as stream:
        title = f"Vessel FV Moana Star, {cast.run_id}"
        bundle = materials.vessel_bundle()
        inquiry = Inquiry(ana, mele, lagi, stream, title, bundle, request_pb2.Request())
        await _write(story, inquiry)
        await _send(story, inquiry)
        await _notified(story, cast, inquiry)
        await _read(story, inquiry)
        await _stranger(story, cast, inquiry)
        await _reply(story, cast, inquiry)
        await _close(story, inquiry)
    return inquiry.trace_id


async def _sign_in(story: Story, cast: Cast) -> tuple[AsyncBluePacific, AsyncBluePacific, AsyncBluePacific]:
    people = []
    for node, officer, who in (
        ("fji", "ana", "Suva: Ana, officer of the NCB,"),
        ("ton", "mele", "Nuku'alofa: Mele, duty officer of the NCB,"),
        ("ptccc", "lagi", "Apia: Lagi, officer of PTCCC,"),
    ):
        async with story.step(f"{who} signs in at her own country's gateway") as step:
            client = await cast.person(node, officer)
            step.shows(gateway=client.gateway, name=cast.name(node, officer))
            people.append(client.asking(purpose=letters.INVESTIGATION))
    ana, mele, lagi = people
    return ana, mele, lagi


async def _look_up(story: Story, ana: AsyncBluePacific) -> None:
    async with story.step("Suva: Ana looks up whom she can ask") as step:

        async def known() -> dict[str, str] | None:
            asked = directory_service_pb2.ListAddresseesRequest(parent="countries/-", page_size=100)
            answer = await ana.cooperation.directories.ListAddressees(asked)
            found = {one.unit: one.display_name for one in answer.addressees}
            return found if {letters.APIA, letters.NUKUALOFA} <= set(found) else None

        # Nodes tell each other of their units once a minute at first.
        found = await story.until("Suva knows the units of Samoa and Tonga", known, seconds=150)
        step.shows(units=", ".join(sorted(found.values())))


async def _write(story: Story, inquiry: Inquiry) -> None:
    ana = inquiry.ana
    async with story.step(
        "Suva: Ana writes a request to PTCCC and Tonga: TLP:AMBER, URGENT, purpose stated, STIX 2.1 bundle"
    ) as step:
        wanted = letters.draft(inquiry.title, [letters.APIA, letters.NUKUALOFA], text=_TEXT, bundle=inquiry.bundle)
        inquiry.request = await ana.cooperation.requests.CreateRequest(
            request_service_pb2.CreateRequestRequest(
                parent="countries/FJI", request=wanted, request_id=letters.new_key()
            )
        )
        kinds = sorted(one["type"] for one in json.loads(inquiry.request.bundle)["objects"])
        step.shows(request=inquiry.request.name, entities=", ".join(kinds))
        promised(inquiry.request.state == request_pb2.REQUEST_STATE_DRAFT, "it is a draft")
    async with story.step("Suva: Ana attaches a scan of 3 MiB") as step:
        content = materials.scan()
        attached = await letters.attach(ana, inquiry.request.name, "registration.tiff", content)
        inquiry.scan = hashlib.sha256(content).hexdigest()
        step.shows(file=attached.file_name, bytes=attached.size_bytes, sha256=attached.sha256[:16] + "…")
        promised(attached.sha256 == inquiry.scan, "the gateway's digest is the file's")


async def _send(story: Story, inquiry: Inquiry) -> None:
    async with story.step("Suva: Ana sends it") as step:
        inquiry.sent = time.monotonic()
        call = inquiry.ana.cooperation.requests.SendRequest(
            request_service_pb2.SendRequestRequest(name=inquiry.request.name, request_id=letters.new_key())
        )
        sent = await call
        inquiry.trace_id = str(dict(await call.initial_metadata())["x-trace-id"])
        step.shows(**letters.states(sent), trace=inquiry.trace_id)
        promised(sent.state == request_pb2.REQUEST_STATE_OPEN, "it is open")
        promised(set(letters.states(sent).values()) == {"queued"}, "it is queued for both")


async def _notified(story: Story, cast: Cast, inquiry: Inquiry) -> None:
    name, address = inquiry.request.name, email_of("ton", "mele")
    async with story.step("Nuku'alofa: Mele is notified live, on her event stream") as step:

        async def rang() -> bool:
            return bool(inquiry.stream.of(name))

        await story.until("Mele's stream tells of it", rang)
        moment, event = inquiry.stream.of(name)[0]
        step.shows(says=event.title, after=f"{moment - inquiry.sent:.2f} s")
        promised(event.urgent, "it is told as urgent")
        _promise_no_content(f"{event.title} {event.text}", cast, "the notification")
    async with story.step("Nuku'alofa: Mele gets an e-mail, through SMTP, with nothing of the case in it") as step:

        async def mailed() -> bool:
            return bool(duty.mails_about(cast, address, name))

        await story.until("the e-mail is in Mele's mailbox", mailed)
        text = duty.text_of(duty.mails_about(cast, address, name)[0])
        step.shows(to=address, subject=duty.mails_about(cast, address, name)[0]["subject"])
        _promise_no_content(text, cast, "the e-mail")


def _promise_no_content(text: str, cast: Cast, where: str) -> None:
    for secret in ("Moana", cast.run_id, "harbour"):
        promised(secret not in text, f"“{secret}” of the case is not in {where}")


async def _read(story: Story, inquiry: Inquiry) -> None:
    name = inquiry.request.name
    await _climbed(story, inquiry, topic_service_pb2.DELIVERY_STATE_DELIVERED, "accepted and delivered, with both")
    for who, reader in (("Nuku'alofa: Mele", inquiry.mele), ("Apia: Lagi", inquiry.lagi)):
        async with story.step(f"{who} opens it, with the scan") as step:
            found = await letters.read(reader, name)
            asked = attachment_service_pb2.ListAttachmentsRequest(parent=name)
            files = (await reader.cooperation.attachments.ListAttachments(asked)).attachments

            async def scanned(reader: AsyncBluePacific = reader, file: str = files[0].name) -> str:
                return await letters.download(reader, file)

            digest = await story.until("the scan is there", scanned)
            step.shows(title=found.title, tlp=handling_pb2.Tlp.Name(found.handling.tlp), scan=digest[:16] + "…")
            promised(found.text == _TEXT, "every word is there")
            promised(found.bundle.encode() == inquiry.bundle, "the bundle is the same to the last character")
            promised(digest == inquiry.scan, "the scan is the same to the last byte")
            promised(not found.statuses, "how far it got elsewhere is Suva's to know")
    async with story.step("Nuku'alofa: without a stated purpose Mele is not shown it") as step:
        problem = await refused(letters.read(inquiry.mele.asking(purpose=""), name), "PURPOSE_REQUIRED")
        step.shows(answer=problem.detail)
    await _climbed(story, inquiry, topic_service_pb2.DELIVERY_STATE_OPENED, "opened, with both")


async def _climbed(
    story: Story, inquiry: Inquiry, state: topic_service_pb2.DeliveryState.ValueType, words: str
) -> None:
    async with story.step(f"Suva: Ana sees it {words}") as step:

        async def climbed() -> request_pb2.Request | None:
            found = await letters.read(inquiry.ana, inquiry.request.name)
            return found if letters.reached(found, state) else None

        found = await story.until(f"Suva knows: {words}", climbed)
        for unit in (letters.APIA, letters.NUKUALOFA):
            rungs = letters.ladder(found, unit)
            step.shows(**{letters.short(unit): " > ".join(rungs)})
            promised({"queued", "accepted", letters.state_name(state)} <= set(rungs), "no rung is missing")


async def _stranger(story: Story, cast: Cast, inquiry: Inquiry) -> None:
    sione = (await cast.person("ton", "sione")).asking(purpose=letters.INVESTIGATION, language="fr")
    async with story.step("Nuku'alofa: Sione of the customs, not addressed, is told that nothing exists") as step:
        problem = await refused(letters.read(sione, inquiry.request.name), "NOT_FOUND")
        invented = f"countries/FJI/requests/{uuid.uuid4()}"
        nothing = await refused(letters.read(sione, invented), "NOT_FOUND")
        same = problem.detail.replace(inquiry.request.name, invented) == nothing.detail
        step.shows(answer=problem.detail)
        promised(same, "the answer is the same as for a request that nobody ever wrote")
        promised(not await letters.find(sione, cast.run_id), "it is in no list of his")
        promised(not await _search(sione, "moana star"), "its entities are in no search of his")


async def _search(client: AsyncBluePacific, query: str) -> list[entity_pb2.Entity]:
    asked = entity_service_pb2.SearchEntitiesRequest(parent="countries/-", query=query, page_size=100)
    return list((await client.cooperation.entities.SearchEntities(asked)).entities)


async def _reply(story: Story, cast: Cast, inquiry: Inquiry) -> None:
    name, bundle = inquiry.request.name, materials.sighting_bundle()
    async with story.step("Nuku'alofa: Mele replies with an entity of her own") as step:
        wanted = reply_pb2.Reply(text="She lay off Nuku'alofa for two nights last week.", bundle=bundle.decode())
        drafted = await inquiry.mele.cooperation.replies.CreateReply(
            reply_service_pb2.CreateReplyRequest(parent=name, reply=wanted, request_id=letters.new_key())
        )
        sent = await inquiry.mele.cooperation.replies.SendReply(
            reply_service_pb2.SendReplyRequest(name=drafted.name, request_id=letters.new_key())
        )
        step.shows(reply=sent.name.rpartition("/")[2], to=", ".join(letters.short(unit) for unit in sent.recipients))
    async with story.step("Suva: Ana is told, and sees the reply and its entity") as step:

        async def answered() -> reply_pb2.Reply | None:
            found = await inquiry.ana.cooperation.replies.ListReplies(reply_service_pb2.ListRepliesRequest(parent=name))
            return next(iter(found.replies), None)

        listed = await story.until("the reply is in Suva", answered)
        reply = await inquiry.ana.cooperation.replies.GetReply(reply_service_pb2.GetReplyRequest(name=listed.name))
        promised(reply.bundle.encode() == bundle, "the reply's bundle is the same to the last character")
        stix_id = json.loads(bundle)["objects"][0]["id"]
        found = [one for one in await _search(inquiry.ana, "anchorage") if one.stix_id == stix_id]
        promised(len(found) == 1, "the entity is found by its name, once")

        async def told() -> bool:
            return bool(await duty.notifications_of(inquiry.ana, cast.name("fji", "ana"), name))

        await story.until("Ana is notified of the reply", told)
        step.shows(
            says=reply.text, entity=f"{found[0].type} “{found[0].display_name}” of {letters.short(found[0].unit)}"
        )


async def _close(story: Story, inquiry: Inquiry) -> None:
    async with story.step("Suva: Ana closes the request; Nuku'alofa sees that no more is needed") as step:
        name = inquiry.request.name
        await inquiry.ana.cooperation.requests.CloseRequest(
            request_service_pb2.CloseRequestRequest(name=name, request_id=letters.new_key())
        )

        async def closed() -> bool:
            return (await letters.read(inquiry.mele, name)).state == request_pb2.REQUEST_STATE_CLOSED

        await story.until("Nuku'alofa sees it closed", closed)
        step.shows(notified_of_it=f"{len(inquiry.stream.of(name))} time")
        promised(len(inquiry.stream.of(name)) == 1, "the duty officer was told of the request once")
