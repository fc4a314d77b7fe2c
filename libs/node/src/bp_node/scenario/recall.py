"""Chapter: Suva puts a request right, then takes it back; Nuku'alofa answers; the list of outstanding answers empties."""

from __future__ import annotations

from bluepacific.cooperation.v1 import (
    directive_pb2,
    directive_service_pb2,
    request_pb2,
    request_service_pb2,
)
from bluepacific.exchange.v1 import topic_service_pb2
from bp_client import AsyncBluePacific
from bp_node.scenario import letters
from bp_node.scenario.cast import Cast
from bp_node.scenario.story import Story, promised, refused

_TEXT = "FV Moana Star: is her master Tevita Uluilakeba?"
_CORRECTED = "FV Moana Star: is her master Semisi Faleafa?"


async def play(story: Story, cast: Cast) -> None:
    """Plays the chapter.

    Raises:
        BrokenPromise: As `Story.step`.
    """
    ana = (await cast.person("fji", "ana")).asking(purpose=letters.INVESTIGATION)
    mele = (await cast.person("ton", "mele")).asking(purpose=letters.INVESTIGATION)
    name = await _ask(story, cast, ana, mele)
    await _correct(story, ana, mele, name)
    await _recall(story, ana, mele, name)


async def _ask(story: Story, cast: Cast, ana: AsyncBluePacific, mele: AsyncBluePacific) -> str:
    async with story.step("Suva: Ana asks Nuku'alofa; Mele reads it"):
        wanted = letters.draft(f"A master, {cast.run_id}", [letters.NUKUALOFA], text=_TEXT)
        made = await ana.cooperation.requests.CreateRequest(
            request_service_pb2.CreateRequestRequest(parent="countries/FJI", request=wanted)
        )
        await ana.cooperation.requests.SendRequest(request_service_pb2.SendRequestRequest(name=made.name))

        async def arrived() -> bool:
            return (await letters.read(mele, made.name)).text == _TEXT

        await story.until("Mele has it", arrived)
        return made.name


async def _correct(story: Story, ana: AsyncBluePacific, mele: AsyncBluePacific, name: str) -> None:
    async with story.step("Suva: Ana corrects the name; Mele sees the new wording, and the old one marked") as step:
        await ana.cooperation.directives.CorrectRequest(
            directive_service_pb2.CorrectRequestRequest(
                name=name,
                ground=directive_pb2.DIRECTIVE_GROUND_INACCURATE,
                title=(await letters.read(ana, name)).title,
                text=_CORRECTED,
                request_id=letters.new_key(),
            )
        )

        async def corrected() -> request_pb2.Request | None:
            found = await letters.read(mele, name)
            return found if found.revision > 1 else None

        found = await story.until("Mele has the correction", corrected)
        asked = directive_service_pb2.ListRevisionsRequest(parent=name)
        revisions = (await mele.cooperation.directives.ListRevisions(asked)).revisions
        step.shows(revision=found.revision, kept=len(revisions))
        promised(found.text == _CORRECTED, "the new wording is in force")
        promised(
            [(one.text, one.superseded) for one in revisions] == [(_TEXT, True), (_CORRECTED, False)],
            "the old one stays, marked",
        )


async def _recall(story: Story, ana: AsyncBluePacific, mele: AsyncBluePacific, name: str) -> None:
    async with story.step("Suva: Ana recalls it; it is destroyed in Nuku'alofa, and who did it and why stays") as step:
        recalled = await ana.cooperation.directives.RecallRequest(
            directive_service_pb2.RecallRequestRequest(
                name=name, ground=directive_pb2.DIRECTIVE_GROUND_SENT_IN_ERROR, request_id=letters.new_key()
            )
        )

        async def gone() -> request_pb2.Request | None:
            found = await letters.read(mele, name)
            return found if found.state == request_pb2.REQUEST_STATE_RECALLED else None

        found = await story.until("Nuku'alofa has destroyed it", gone)
        promised(not found.text and not found.title, "nothing of it is left")
        asked = directive_service_pb2.ListDirectivesRequest(parent=name, filter='kind = "RECALL"')
        told = (await mele.cooperation.directives.ListDirectives(asked)).directives
        step.shows(by=told[0].officer, because=directive_pb2.DirectiveGround.Name(told[0].ground))
        promised([one.name for one in told] == [recalled.name], "Mele sees that it was recalled")
        revisions = directive_service_pb2.ListRevisionsRequest(parent=name)
        promised(not (await mele.cooperation.directives.ListRevisions(revisions)).revisions, "nor its wordings")
    async with story.step("Suva: every answer is in: the list of outstanding answers is empty") as step:

        async def answered() -> bool:
            return not await _outstanding(ana, name)

        await story.until("Nuku'alofa has answered", answered)
        asked = directive_service_pb2.ListDirectivesRequest(parent=name, filter='kind = "RECALL"')
        told = (await ana.cooperation.directives.ListDirectives(asked)).directives
        states = {letters.short(one.unit): directive_pb2.AnswerState.Name(one.state) for one in told[0].answers}
        ladder = letters.ladder(await letters.read(ana, name), letters.NUKUALOFA)
        step.shows(**states, ladder=" > ".join(ladder))
        promised(set(states.values()) == {"ANSWER_STATE_DONE_AFTER_OPENING"}, "Nuku'alofa says that it had read it")
        promised(letters.state_name(topic_service_pb2.DELIVERY_STATE_RECALLED) in ladder, "the ladder says recalled")
        again = directive_service_pb2.RecallRequestRequest(
            name=name, ground=directive_pb2.DIRECTIVE_GROUND_SENT_IN_ERROR
        )
        await refused(ana.cooperation.directives.RecallRequest(again), "RECORD_RECALLED")


async def _outstanding(client: AsyncBluePacific, record: str) -> list[directive_pb2.OutstandingAnswer]:
    asked = directive_service_pb2.ListOutstandingAnswersRequest(
        parent="countries/FJI", filter=f'record = "{record}"', page_size=100
    )
    return list((await client.cooperation.directives.ListOutstandingAnswers(asked)).outstanding_answers)
