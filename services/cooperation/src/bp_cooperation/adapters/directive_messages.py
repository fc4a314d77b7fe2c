"""Directives, answers, revisions and wishes to share, to proto and back."""

from __future__ import annotations

import re
from collections.abc import Iterable

from bluepacific.cooperation.v1 import directive_pb2 as pb
from bluepacific.cooperation.v1 import events_pb2, sharing_pb2
from bp_cooperation.adapters.messages import handling_message, handling_of
from bp_cooperation.domain.directive import CORRECTION, HANDLING, Answer, Directive, Revision
from bp_cooperation.domain.names import request_of
from bp_cooperation.domain.sharing import Sharing
from bp_kit.errors import Refused
from bp_kit.times import moment, timestamp

_KIND, _GROUND, _ANSWER, _SHARING = "DIRECTIVE_KIND_", "DIRECTIVE_GROUND_", "ANSWER_STATE_", "SHARING_STATE_"
_RECORD = r"countries/[A-Z]{3}/requests/[0-9a-f-]{36}"
_NAME = re.compile(rf"{_RECORD}/directives/[0-9a-f-]{{36}}")
_SHARING_NAME = re.compile(rf"{_RECORD}/sharings/[0-9a-f-]{{36}}")
_REQUEST_OR_REPLY = re.compile(rf"{_RECORD}(/replies/[0-9a-f-]{{36}})?")
_UNIT = re.compile(r"countries/[A-Z]{3}/units/[a-z0-9-]{2,63}")
_MAX_OFFICER, _MAX_GROUND, _MAX_TITLE, _MAX_TEXT, _MAX_BUNDLE = 120, 100, 200, 10_000, 921_600
_MAX_REVISION = 1_000_000


def ground_of(number: pb.DirectiveGround.ValueType) -> str:
    """Returns a ground's name, without prefix."""
    return pb.DirectiveGround.Name(number).removeprefix(_GROUND)


def directive_message(directive: Directive, answers: Iterable[Answer] = ()) -> pb.Directive:
    """Returns the directive's message."""
    return pb.Directive(
        name=directive.name,
        record=directive.record,
        kind=pb.DirectiveKind.Value(_KIND + directive.kind),
        unit=directive.unit,
        officer=directive.officer,
        ground=pb.DirectiveGround.Value(_GROUND + directive.ground),
        handling=handling_message(directive.handling) if directive.handling else None,
        downgrade=directive.downgrade,
        revision=directive.revision,
        create_time=timestamp(directive.create_time),
        due_time=timestamp(directive.due_time),
        answers=[answer_message(answer) for answer in answers],
    )


def received_directive(message: pb.Directive) -> Directive:
    """Returns another node's directive.

    Raises:
        Refused: INVALID_FIELD.
    """
    require_sendable(_NAME.fullmatch(message.name), "name")
    require_sendable(_REQUEST_OR_REPLY.fullmatch(message.record), "record")
    require_sendable(request_of(message.record) == request_of(message.name), "record")
    require_sendable(_UNIT.fullmatch(message.unit), "unit")
    require_sendable(len(message.officer) <= _MAX_OFFICER, "officer")
    kind = _known(pb.DirectiveKind, message.kind, _KIND, "kind")
    require_sendable(message.HasField("handling") == (kind == HANDLING), "handling")
    require_sendable(
        0 <= message.revision <= _MAX_REVISION and bool(message.revision) == (kind == CORRECTION), "revision"
    )
    return Directive(
        name=message.name,
        record=message.record,
        kind=kind,
        unit=message.unit,
        officer=message.officer,
        ground=_known(pb.DirectiveGround, message.ground, _GROUND, "ground"),
        create_time=moment(message.create_time, "directive.create_time"),
        due_time=moment(message.due_time, "directive.due_time"),
        handling=handling_of(message.handling, "directive.handling") if message.HasField("handling") else None,
        downgrade=message.downgrade,
        revision=message.revision,
    )


def revision_message(revision: Revision, *, superseded: bool = False) -> pb.Revision:
    """Returns the revision's message."""
    return pb.Revision(
        record=revision.record,
        number=revision.number,
        superseded=superseded,
        title=revision.title,
        text=revision.text,
        bundle=revision.bundle,
        revise_time=timestamp(revision.revise_time),
    )


def received_revision(message: events_pb2.DirectiveIssued, directive: Directive) -> Revision | None:
    """Returns the wording that came with a correction; None with anything else.

    Raises:
        Refused: INVALID_FIELD.
    """
    if directive.kind != CORRECTION:
        return None
    told = message.revision
    require_sendable(message.HasField("revision") and told.record == directive.record, "revision")
    require_sendable(told.number == directive.revision, "revision.number")
    require_sendable(len(told.title) <= _MAX_TITLE, "revision.title")
    require_sendable(len(told.text) <= _MAX_TEXT, "revision.text")
    require_sendable(len(told.bundle.encode()) <= _MAX_BUNDLE, "revision.bundle")
    revise_time = moment(told.revise_time, "revision.revise_time")
    return Revision(told.record, told.number, told.title, told.text, told.bundle, revise_time)


def answer_message(answer: Answer) -> pb.Answer:
    """Returns the answer's message."""
    return pb.Answer(
        unit=answer.unit,
        state=pb.AnswerState.Value(_ANSWER + answer.state),
        ground=answer.ground,
        answer_time=timestamp(answer.answer_time),
        open_time=timestamp(answer.open_time),
    )


def received_answer(message: events_pb2.DirectiveAnswered) -> tuple[str, Answer]:
    """Returns the kind of a directive, and what another node answers to it.

    Raises:
        Refused: INVALID_FIELD.
    """
    told = message.answer
    state = _known(pb.AnswerState, told.state, _ANSWER, "answer.state")
    require_sendable(state != "AWAITED", "answer.state")
    require_sendable(_UNIT.fullmatch(told.unit), "answer.unit")
    require_sendable(len(told.ground) <= _MAX_GROUND, "answer.ground")
    open_time = moment(told.open_time, "answer.open_time") if told.HasField("open_time") else None
    answer_time = moment(told.answer_time, "answer.answer_time")
    answer = Answer(message.directive, told.unit, state, told.ground, answer_time, open_time)
    return _known(pb.DirectiveKind, message.kind, _KIND, "kind"), answer


def outstanding_message(directive: Directive, answer: Answer, *, overdue: bool) -> pb.OutstandingAnswer:
    """Returns the message of an answer that is awaited."""
    return pb.OutstandingAnswer(
        directive=directive.name,
        record=directive.record,
        kind=pb.DirectiveKind.Value(_KIND + directive.kind),
        unit=answer.unit,
        create_time=timestamp(directive.create_time),
        due_time=timestamp(directive.due_time),
        overdue=overdue,
    )


def sharing_message(sharing: Sharing) -> sharing_pb2.Sharing:
    """Returns the message of a wish to share."""
    return sharing_pb2.Sharing(
        name=sharing.name,
        unit=sharing.unit,
        officer=sharing.officer,
        recipients=sharing.recipients,
        state=sharing_pb2.SharingState.Value(_SHARING + sharing.state),
        create_time=timestamp(sharing.create_time),
        decide_time=timestamp(sharing.decide_time),
    )


def received_sharing(message: sharing_pb2.Sharing) -> Sharing:
    """Returns another node's wish to share.

    Raises:
        Refused: INVALID_FIELD.
    """
    require_sendable(_SHARING_NAME.fullmatch(message.name), "name")
    require_sendable(_UNIT.fullmatch(message.unit), "unit")
    require_sendable(len(message.officer) <= _MAX_OFFICER, "officer")
    return Sharing(
        name=message.name,
        unit=message.unit,
        officer=message.officer,
        recipients=tuple(message.recipients),
        state=_known(sharing_pb2.SharingState, message.state, _SHARING, "state"),
        create_time=moment(message.create_time, "sharing.create_time"),
        decide_time=moment(message.decide_time, "sharing.decide_time") if message.HasField("decide_time") else None,
    )


def _known(kind: type, number: int, prefix: str, field: str) -> str:
    """Returns a value's name; a later release may send one that this does not know."""
    require_sendable(number and number in kind.values(), field)  # type: ignore[attr-defined]
    return str(kind.Name(number)).removeprefix(prefix)  # type: ignore[attr-defined]


def require_sendable(held: object, field: str) -> None:
    """Refuses a message in which something is not what a node may send.

    Raises:
        Refused: INVALID_FIELD.
    """
    if not held:
        raise Refused("INVALID_FIELD", field=field, description="is not what a node may send")
