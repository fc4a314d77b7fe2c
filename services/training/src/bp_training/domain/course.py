"""Courses: drafts of one country that become everybody's when they are published."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from bp_kit.errors import Refused

DRAFT, PUBLISHED = "DRAFT", "PUBLISHED"
Texts = Mapping[str, str]
_MAX_TITLE, _MAX_DESCRIPTION = 300, 2000


@dataclass(frozen=True)
class CourseText:
    """What people read about a course.

    Attributes:
        title: By language; English is always there.
        description: By language; may be empty.
        tags: Codes of the frameworks it serves.
    """

    title: Texts
    description: Texts = field(default_factory=dict)
    tags: tuple[str, ...] = ()

    def check(self, known_tags: Collection[str]) -> None:
        """Checks texts and tags.

        Raises:
            Refused: INVALID_FIELD where English is missing, COURSE_TAG_UNKNOWN.
        """
        _check_texts("course.title", self.title, _MAX_TITLE, required=True)
        _check_texts("course.description", self.description, _MAX_DESCRIPTION, required=bool(self.description))
        for position, tag in enumerate(self.tags):
            if tag not in known_tags:
                raise Refused("COURSE_TAG_UNKNOWN", field=f"course.tags[{position}]", tag=tag)


@dataclass(frozen=True)
class Course:
    """Something to learn.

    Attributes:
        name: `countries/WSM/courses/vessel-identity`.
        text: What people read about it.
        state: DRAFT or PUBLISHED.
        package: The package learners get; empty for a draft.
        revision: Counts publications.
        version: Counts changes.
        create_time: When it was created.
        update_time: When it last changed.
        publish_time: When it was last published.
    """

    name: str
    text: CourseText
    state: str
    package: str
    revision: int
    version: int
    create_time: datetime
    update_time: datetime
    publish_time: datetime | None = None

    def reworded(self, text: CourseText, now: datetime) -> Course:
        """Returns the course with another text."""
        return replace(self, text=text, version=self.version + 1, update_time=now)

    def published(self, package: str, now: datetime) -> Course:
        """Returns the course as every country gets it."""
        return replace(
            self,
            state=PUBLISHED,
            package=package,
            revision=self.revision + 1,
            version=self.version + 1,
            update_time=now,
            publish_time=now,
        )


def draft(name: str, text: CourseText, now: datetime) -> Course:
    """Returns a new draft."""
    return Course(
        name=name, text=text, state=DRAFT, package="", revision=0, version=1, create_time=now, update_time=now
    )


def _check_texts(field: str, texts: Texts, longest: int, *, required: bool) -> None:
    if required and not texts.get("en"):
        raise Refused("INVALID_FIELD", field=field, description="the English text (en) is missing")
    if any(len(text) > longest for text in texts.values()):
        raise Refused("INVALID_FIELD", field=field, description=f"longer than {longest} characters")
