"""The matrix: every cell a question, and what docs/access.md answers to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

from bp_access.question import ACTS, Information, Person, Question
from tests.access.tables import CODES, LABELS, OVERSIGHT, PURPOSES, ROLES

EVERY_ROLE = (
    *ROLES,
    *OVERSIGHT,
    "trainer",
    "course_manager",
    "learner",
    "administrator",
    "donor_reader",
)
OWNER, ADDRESSED = "countries/FJI/units/ncb", "countries/TON/units/ncb"
# Where somebody's post is, as seen from a piece of information that Suva's bureau sent to Nuku'alofa's.
POSTS = {
    "owner": OWNER,
    "addressed": ADDRESSED,
    "owner's country": "countries/FJI/units/customs",
    "addressed country": "countries/TON/units/customs",
    "elsewhere": "countries/VUT/units/ncb",
}
PROTECTION = "DATA_PROTECTION"
_COLUMN = {"readAuthor": "author"}
_NEEDS_NO_PURPOSE = ("find", "notify")
_PLAIN = Information(OWNER, (ADDRESSED,), "AMBER", "INVESTIGATION")


@dataclass(frozen=True)
class Cell:
    """A question, and the post and role it is asked from."""

    question: Question
    role: str
    post: str

    @property
    def expected(self) -> bool:
        """What docs/access.md answers."""
        question = self.question
        if _shut(question) or not _fits(question):
            return False
        oversees = self._oversees()
        return (self._works() and not self._barred_by_label()) or (oversees and self._exported_by_oversight())

    def _works(self) -> bool:
        act, protects = self.question.act, self.question.purpose == PROTECTION
        if protects or self.post not in ("owner", "addressed") or self.role not in ROLES:
            return False
        if act == "readAuthor" and not self.post.startswith("owner"):
            return False
        if act == "audit" and self.post != "owner":
            return False
        return ROLES[self.role][_COLUMN.get(act, act)] == "yes"

    def _oversees(self) -> bool:
        act = self.question.act
        if self.question.purpose != PROTECTION or self.post == "elsewhere" or self.role not in OVERSIGHT:
            return False
        return OVERSIGHT[self.role][_COLUMN.get(act, act)] == "yes"

    def _barred_by_label(self) -> bool:
        question, label = self.question, LABELS[self.question.information.tlp]
        if question.act == "audit":
            return False
        if question.act == "forward":
            where = "forward at home" if question.to == question.person.country else "forward abroad"
            return not self._open(label[where])
        if label.get(self.role, "yes") == "no":
            return True
        return question.act == "export" and not self._open(label["export"])

    def _exported_by_oversight(self) -> bool:
        label = LABELS[self.question.information.tlp]
        return self.question.act != "export" or self._open(label["export"])

    def _open(self, cell: str) -> bool:
        return cell == "yes" or (cell == "owner" and self._owns())

    def _owns(self) -> bool:
        return self.post == "owner" or self.question.permitted


def _shut(question: Question) -> bool:
    """What the page says under "And always"."""
    person, information = question.person, question.information
    released, protects = information.releasable_to, question.purpose == PROTECTION
    if released and person.country not in released:
        return True
    if released and question.act == "forward" and question.to not in released:
        return True
    oversees = protects and any(role in OVERSIGHT for role, _ in person.grants)
    if information.operation and information.operation not in person.operations and not oversees:
        return True
    if information.expired and question.act != "audit":
        return True
    used = question.act not in (*_NEEDS_NO_PURPOSE, "audit")
    return information.exercise and used and question.purpose not in ("TRAINING", PROTECTION)


def _fits(question: Question) -> bool:
    """Purposes and handling codes."""
    information, act, purpose = question.information, question.act, question.purpose
    if not purpose and act not in _NEEDS_NO_PURPOSE:
        return False
    trains = information.exercise and purpose == "TRAINING"
    fits = not purpose or trains or PURPOSES[information.purpose][purpose] == "yes"
    if act != "audit" and not fits:
        return False
    owns = question.permitted or any(unit == OWNER for _, unit in question.person.grants)
    for code in information.codes:
        row = CODES.get(code, CODES["H3"])
        if question.person.clearance < int(row["clearance"]):
            return False
        barred = row.get(purpose) == "no" or (act in row and row[act] == "no")
        if barred and not owns:
            return False
    return True


def cells() -> Iterator[Cell]:
    """Yields every cell."""
    yield from _roles_and_labels()
    yield from _purposes()
    yield from _codes()
    yield from _circumstances()


def _cell(role: str, post: str, act: str, purpose: str, information: Information, **rest: object) -> Cell:
    unit = POSTS[post]
    person = Person(unit.split("/")[1], frozenset({(role, unit)}))
    return Cell(replace(Question(person, act, information, purpose), **rest), role, post)  # type: ignore[arg-type]


def _asked() -> Iterator[tuple[str, str]]:
    """Yields each act with the country it would go to."""
    for act in ACTS:
        yield from ((act, to) for to in (("FJI", "TON", "VUT") if act == "forward" else ("",)))


def _roles_and_labels() -> Iterator[Cell]:
    purposes = ("", "INVESTIGATION", "PROSECUTION", "MISSING_PERSONS", PROTECTION)
    for role, post, label, (act, to), purpose in product(EVERY_ROLE, POSTS, LABELS, _asked(), purposes):
        yield _cell(role, post, act, purpose, replace(_PLAIN, tlp=label), to=to)


def _purposes() -> Iterator[Cell]:
    for shared, stated, role, (act, to) in product(
        PURPOSES, ("", *PURPOSES), ("officer", "data_protection_officer"), _asked()
    ):
        yield _cell(role, "addressed", act, stated, replace(_PLAIN, purpose=shared), to=to)


def _codes() -> Iterator[Cell]:
    for code, post, (act, to), purpose, clearance, permitted in product(
        (*CODES, "Z9"), ("owner", "addressed"), _asked(), ("", "INVESTIGATION", "PROSECUTION"), (0, 1, 2), (False, True)
    ):
        cell = _cell("officer", post, act, purpose, replace(_PLAIN, codes=(code,)), to=to, permitted=permitted)
        yield replace(cell, question=replace(cell.question, person=replace(cell.question.person, clearance=clearance)))


def _circumstances() -> Iterator[Cell]:
    shapes = {
        "released to both": {"releasable_to": ("FJI", "TON")},
        "released to the owner's country": {"releasable_to": ("FJI",)},
        "of an operation": {"operation": "countries/FJI/operations/kaveinga"},
        "expired": {"expired": True},
        "exercise": {"exercise": True},
    }
    purposes = ("", "INVESTIGATION", "TRAINING", PROTECTION)
    for shape, role, post, (act, to), purpose, takes_part in product(
        shapes.values(), ("officer", "ncb_head", *OVERSIGHT), POSTS, _asked(), purposes, (False, True)
    ):
        cell = _cell(role, post, act, purpose, replace(_PLAIN, **shape), to=to)
        operations = frozenset({"countries/FJI/operations/kaveinga"} if takes_part else ())
        yield replace(
            cell, question=replace(cell.question, person=replace(cell.question.person, operations=operations))
        )
