"""Who may see who read what is kept of a learner: the learner, and who answers for that in the country."""

from __future__ import annotations

from bp_kit.call import Principal
from bp_kit.errors import Refused
from bp_kit.readers import is_told_of
from bp_training.usecases.work import Work


async def records_of(work: Work, principal: Principal, name: str) -> list[str]:
    """Returns the names under which an enrolment is read: its own and its credential's.

    Raises:
        Refused: NOT_FOUND.
    """
    enrolment = await work.enrolments.find(name)
    if enrolment is None or not is_told_of(principal, enrolment.learner):
        raise Refused("NOT_FOUND", name=name)
    return [enrolment.name, *([enrolment.credential] if enrolment.credential else [])]
