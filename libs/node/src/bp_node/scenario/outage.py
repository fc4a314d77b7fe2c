"""Chapter: Tonga's node is killed (kill -9) while messages go both ways; it comes back; nothing is lost, nothing is doubled."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from dataclasses import dataclass, field

from bluepacific.cooperation.v1 import attachment_service_pb2, request_pb2, request_service_pb2
from bluepacific.exchange.v1 import topic_service_pb2
from bp_client import AsyncBluePacific, Problem
from bp_node.region.plan import email_of
from bp_node.scenario import duty, letters, materials
from bp_node.scenario.cast import Cast
from bp_node.scenario.story import Story, promised

_EACH_WAY = 10
_BEFORE_THE_KILL = 3
# Fewer than there are, so that some are not even begun when the node is killed.
_AT_ONCE = 6
_FILE_BYTES = 512 * 1024
_BACK_SECONDS = 120


@dataclass
class Letter:
    """One request of the outage, whose keys make every repeat harmless."""

    client: AsyncBluePacific
    country: str
    title: str
    recipients: list[str]
    content: bytes = b""
    name: str = ""
    sent: bool = False
    keys: tuple[str, str] = field(default_factory=lambda: (letters.new_key(), letters.new_key()))

    async def send(self) -> None:
        """Writes, attaches and sends; goes on where it was when it is called again.

        Raises:
            Problem: The gateway refused or could not be reached.
        """
        requests = self.client.cooperation.requests
        if not self.name:
            wanted = letters.draft(self.title, self.recipients, text="Please confirm.")
            made = await requests.CreateRequest(
                request_service_pb2.CreateRequestRequest(
                    parent=f"countries/{self.country}", request=wanted, request_id=self.keys[0]
                )
            )
            if self.content:
                await letters.attach(self.client, made.name, "photo.tiff", self.content)
            self.name = made.name
        await requests.SendRequest(request_service_pb2.SendRequestRequest(name=self.name, request_id=self.keys[1]))
        self.sent = True


@dataclass
class Outage:
    """Both sides' letters, and what Mele's stream told."""

    mele: AsyncBluePacific
    stream: duty.LiveStream
    inbound: list[Letter]
    outbound: list[Letter]
    killed: int = 0
    alive: bool = True
    unstruck: asyncio.Event = field(default_factory=asyncio.Event)


async def play(story: Story, cast: Cast) -> None:
    """Plays the chapter.

    Raises:
        BrokenPromise: As `Story.step`.
    """
    ana = (await cast.person("fji", "ana")).asking(purpose=letters.INVESTIGATION)
    mele = (await cast.person("ton", "mele")).asking(purpose=letters.INVESTIGATION)
    inbound = [
        Letter(ana, "FJI", f"To Tonga {number}, {_mark(cast)}", [letters.NUKUALOFA, letters.APIA])
        for number in range(_EACH_WAY)
    ]
    inbound[0].content = inbound[-1].content = materials.scan(_FILE_BYTES)
    outbound = [Letter(mele, "TON", f"To Fiji {number}, {_mark(cast)}", [letters.SUVA]) for number in range(_EACH_WAY)]
    async with duty.listening(mele, cast.name("ton", "mele")) as stream:
        outage = Outage(mele, stream, inbound, outbound)
        try:
            await _kill(story, cast, outage)
            await _dark(story, cast, outage)
        finally:
            await cast.ask("release", "ton")
        await _back(story, cast, outage)
        await _count(story, cast, outage)


def _mark(cast: Cast) -> str:
    return f"outage {cast.run_id}"


async def _kill(story: Story, cast: Cast, outage: Outage) -> None:
    async with story.step(
        f"Suva and Nuku'alofa write {_EACH_WAY} requests each; in the middle Tonga's node is killed (kill -9)"
    ) as step:
        await cast.ask("hold", "ton")
        outage.killed = (await cast.ask("state", "ton"))["pid"]
        at_once = asyncio.Semaphore(_AT_ONCE)
        outage.unstruck.set()

        async def write(letter: Letter) -> None:
            async with at_once:
                # However long a kill takes: what is under way meets it, what is not begun comes after it.
                await outage.unstruck.wait()
                try:
                    await letter.send()
                except Problem as problem:
                    if problem.reason != "UNAVAILABLE":
                        raise
            if outage.alive and sum(one.sent for one in outage.outbound) >= _BEFORE_THE_KILL:
                outage.alive = False
                outage.unstruck.clear()
                await cast.ask("kill", "ton")
                outage.unstruck.set()

        async with asyncio.TaskGroup() as group:
            for pair in zip(outage.inbound, outage.outbound, strict=True):
                for letter in pair:
                    group.create_task(write(letter))
        unanswered = [letter for letter in outage.outbound if not letter.sent]
        step.shows(
            process=outage.killed,
            sent_by_Suva=sum(letter.sent for letter in outage.inbound),
            sent_by_Nukualofa=sum(letter.sent for letter in outage.outbound),
            unanswered_in_Nukualofa=len(unanswered),
        )
        promised(all(letter.sent for letter in outage.inbound), "Suva works on, whatever happens in Tonga")
        promised(unanswered, "the kill came in the middle")


async def _dark(story: Story, cast: Cast, outage: Outage) -> None:
    async with story.step("Suva: what Tonga has not accepted stays queued; Apia gets everything meanwhile") as step:
        promised((await cast.ask("state", "ton"))["pid"] is None, "Tonga's node is down")

        async def elsewhere() -> list[request_pb2.Request] | None:
            found = [await letters.read(letter.client, letter.name) for letter in outage.inbound]
            apia = [status for one in found for status in one.statuses if status.unit == letters.APIA]
            return found if all(one.state >= topic_service_pb2.DELIVERY_STATE_DELIVERED for one in apia) else None

        found = await story.until("Apia has all of them", elsewhere)
        tonga = Counter(letters.states(one)[letters.short(letters.NUKUALOFA)] for one in found)
        step.shows(
            Apia=f"{len(found)} delivered", Tonga=", ".join(f"{count} {state}" for state, count in tonga.items())
        )
        promised(tonga["queued"] + tonga["sent"], "something waits for Tonga")


async def _back(story: Story, cast: Cast, outage: Outage) -> None:
    async with story.step(
        "Nuku'alofa: the node starts again; Mele repeats what was not answered, with the same keys"
    ) as step:
        await cast.ask("release", "ton")

        async def ready() -> int | None:
            state = await cast.ask("state", "ton")
            return state["pid"] if state["ready"] and state["pid"] not in (None, outage.killed) else None

        pid = await story.until("Tonga's node serves again", ready, seconds=_BACK_SECONDS)
        unanswered = [letter for letter in outage.outbound if not letter.sent]
        for letter in unanswered:
            await letter.send()
        step.shows(process=pid, repeated=len(unanswered))


async def _count(story: Story, cast: Cast, outage: Outage) -> None:
    await _count_requests(story, cast, outage)
    await _count_notifications(story, cast, outage)
    await _count_files(story, outage)


async def _count_requests(story: Story, cast: Cast, outage: Outage) -> None:
    ana = outage.inbound[0].client
    for who, reader, letters_sent in (
        ("Nuku'alofa: all of Suva's requests are there, each once", outage.mele, outage.inbound),
        ("Suva: all of Nuku'alofa's requests are there, each once", ana, outage.outbound),
    ):
        async with story.step(who) as step:

            async def delivered(sent: list[Letter] = letters_sent) -> bool:
                found = [await letters.read(letter.client, letter.name) for letter in sent]
                return all(letters.reached(one, topic_service_pb2.DELIVERY_STATE_DELIVERED) for one in found)

            await story.until("every one is delivered, by signed receipt", delivered, seconds=_BACK_SECONDS)
            seen = [
                one for one in await letters.find(reader, _mark(cast)) if one.state != request_pb2.REQUEST_STATE_DRAFT
            ]
            received = Counter(one.title for one in seen if one.title in {letter.title for letter in letters_sent})
            step.shows(sent=len(letters_sent), received=received.total(), different=len(received))
            promised(len(received) == len(letters_sent), "nothing is lost")
            promised(received.total() == len(received), "nothing is doubled")


async def _count_notifications(story: Story, cast: Cast, outage: Outage) -> None:
    subjects = {letter.name for letter in outage.inbound}
    address = email_of("ton", "mele")
    async with story.step("Nuku'alofa: Mele was told of each once: in her list, on her stream, by e-mail") as step:

        async def told() -> bool:
            mails = [mail for subject in subjects for mail in duty.mails_about(cast, address, subject)]
            return len(mails) >= len(subjects) and len(outage.stream.counts(subjects)) == len(subjects)

        await story.until("every one was told", told, seconds=_BACK_SECONDS)
        officer = cast.name("ton", "mele")
        listed = [await duty.notifications_of(outage.mele, officer, subject) for subject in subjects]
        mails = Counter(len(duty.mails_about(cast, address, subject)) for subject in subjects)
        streamed = outage.stream.counts(subjects)
        step.shows(listed=sum(map(len, listed)), streamed=streamed.total(), mailed=sum(n * mails[n] for n in mails))
        promised(all(len(one) == 1 for one in listed), "each is in the list once")
        promised(set(streamed.values()) == {1}, "each came on the stream once")
        promised(set(mails) == {1}, "each was mailed once")


async def _count_files(story: Story, outage: Outage) -> None:
    async with story.step("Nuku'alofa: the files came through the outage whole") as step:
        whole = 0
        for letter in (one for one in outage.inbound if one.content):
            asked = attachment_service_pb2.ListAttachmentsRequest(parent=letter.name)
            files = (await outage.mele.cooperation.attachments.ListAttachments(asked)).attachments
            promised(len(files) == 1, "each has its one file")

            async def whole_file(file: str = files[0].name) -> str:
                return await letters.download(outage.mele, file)

            digest = await story.until("the file is there", whole_file)
            whole += digest == hashlib.sha256(letter.content).hexdigest()
        step.shows(whole=whole)
        promised(whole == sum(bool(letter.content) for letter in outage.inbound), "every byte is as it was sent")
