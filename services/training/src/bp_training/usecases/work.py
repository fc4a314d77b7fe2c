"""What use cases need: repositories, those who must hear of changes, keys, the clock. All within one transaction."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bp_kit.listing import Listed, Listing
from bp_training.domain.course import Course
from bp_training.domain.credential import Award
from bp_training.domain.enrolment import Credential, Enrolment, Learner
from bp_training.domain.package import Content, Package
from bp_training.domain.participation import Report, Tally
from bp_training.domain.statement import Statement
from bp_training.domain.verification import TrustedKey


@dataclass(frozen=True)
class Recorded:
    """A statement and when it arrived here."""

    statement: Statement
    record_time: datetime


class Courses(Protocol):
    """Courses of the own country, and replicas of the others'."""

    async def find(self, name: str, *, for_change: bool = False) -> Course | None:
        """Returns the course, locked when it is to be changed."""
        ...

    async def add(self, course: Course) -> None:
        """Keeps a new course."""
        ...

    async def save(self, course: Course) -> None:
        """Keeps a changed course, or a replica."""
        ...

    async def page(self, listing: Listing, *, drafts_of: str) -> Listed[Course]:
        """Returns a page of published courses, and of the drafts of one country (empty: none), by name."""
        ...

    async def published(self) -> list[Course]:
        """Returns all published courses."""
        ...


class Packages(Protocol):
    """Packages of courses."""

    async def find(self, name: str) -> Package | None:
        """Returns the package."""
        ...

    async def save(self, package: Package) -> None:
        """Keeps a package."""
        ...

    async def newest(self, course: str) -> Package | None:
        """Returns the course's package that came last."""
        ...

    async def page(self, listing: Listing) -> Listed[Package]:
        """Returns a page of one course's packages, newest first."""
        ...


class Enrolments(Protocol):
    """Enrolments of the countries served here."""

    async def find(self, name: str, *, for_change: bool = False) -> Enrolment | None:
        """Returns the enrolment, locked when it is to be changed."""
        ...

    async def find_of(self, learner: str, course: str) -> Enrolment | None:
        """Returns the learner's enrolment in the course."""
        ...

    async def add(self, enrolment: Enrolment) -> None:
        """Keeps a new enrolment."""
        ...

    async def save(self, enrolment: Enrolment) -> None:
        """Keeps a changed enrolment."""
        ...

    async def page(self, listing: Listing, *, learner: str) -> Listed[Enrolment]:
        """Returns a page of one country's enrolments, or of one learner's (empty: all), oldest first."""
        ...

    async def tallies(self, country: str) -> dict[str, Tally]:
        """Returns the true numbers of a country, by course."""
        ...


class Statements(Protocol):
    """What happened; only ever added."""

    async def history(self, enrolment: str) -> dict[str, Statement]:
        """Returns all statements of an enrolment, by id."""
        ...

    async def add(self, enrolment: str, statements: Iterable[Statement], now: datetime) -> None:
        """Keeps new statements."""
        ...

    async def page(self, listing: Listing) -> Listed[Recorded]:
        """Returns a page of one enrolment's statements, in the order they arrived."""
        ...


class Credentials(Protocol):
    """Credentials issued here."""

    async def find(self, name: str) -> Credential | None:
        """Returns the credential."""
        ...

    async def add(self, credential: Credential) -> None:
        """Keeps a new credential."""
        ...

    async def page(self, listing: Listing) -> Listed[Credential]:
        """Returns a page of the caller's credentials, oldest first."""
        ...


class Learners(Protocol):
    """What identity told of the officers here."""

    async def find(self, officer: str) -> Learner | None:
        """Returns what is known of the officer."""
        ...

    async def save(self, learner: Learner) -> None:
        """Keeps what is known of an officer."""
        ...

    async def units(self, country: str) -> list[str]:
        """Returns the units of a country's officers in service."""
        ...


class TrustedKeys(Protocol):
    """Public keys of countries that issue credentials."""

    async def save(self, key: TrustedKey) -> None:
        """Keeps a key."""
        ...

    async def all(self) -> dict[str, TrustedKey]:
        """Returns all keys by issuer."""
        ...

    async def page(self, listing: Listing) -> Listed[TrustedKey]:
        """Returns a page of the keys, by country."""
        ...


class Reports(Protocol):
    """Participation as it may be told."""

    async def find(self, name: str) -> Report | None:
        """Returns the report."""
        ...

    async def page(self, listing: Listing, *, country: str) -> Listed[Report]:
        """Returns a page of one country's reports (empty: all countries'), by name."""
        ...

    async def replace(self, country: str, reports: Iterable[Report]) -> None:
        """Puts a country's reports in place of those it had."""
        ...

    async def version(self, country: str) -> int:
        """Returns the version of the country's reports; 0 for none. Locks it against change."""
        ...

    async def set_version(self, country: str, version: int) -> None:
        """Keeps the version, and that nothing has changed since."""
        ...

    async def mark_due(self, country: str) -> None:
        """Keeps that something has changed since the country reported."""
        ...

    async def due(self) -> list[str]:
        """Returns the countries with changes since they reported."""
        ...


class Outlet(Protocol):
    """Those who must hear of changes; they do once the transaction commits."""

    async def course_published(self, course: Course, package: Package, recipients: Iterable[str]) -> None:
        """Sends a course and its package to countries."""
        ...

    async def participation_reported(self, country: str, reports: Iterable[Report], version: int) -> None:
        """Sends a country's numbers to the centre."""
        ...

    async def key_announced(self, key: TrustedKey, recipients: Iterable[str]) -> None:
        """Tells countries with which key a country issues credentials."""
        ...

    async def library_requested(self, country: str, courses: Mapping[str, int], issuers: Iterable[str]) -> None:
        """Asks every country for what is not among these courses (name -> revision) and issuers."""
        ...

    async def tell_of_course(self, course: str, units: Iterable[str]) -> None:
        """Notifies learners and trainers of units here."""
        ...

    async def tell_of_credential(self, credential: Credential) -> None:
        """Notifies the learner."""
        ...


class Issuer(Protocol):
    """The countries' keys for credentials."""

    def public_key(self, country: str) -> bytes:
        """Returns a country's raw Ed25519 public key."""
        ...

    def issuer(self, country: str) -> str:
        """Returns the `did:key` of a country's key."""
        ...

    def sign(self, country: str, award: Award) -> str:
        """Returns the award as a signed VC-JWT."""
        ...


class PackageFiles(Protocol):
    """Where packages' files are."""

    async def take(self, chunks: AsyncIterable[bytes]) -> Content:
        """Takes in a zip, checks it, and keeps it."""
        ...

    async def has(self, digest: str) -> bool:
        """Tells whether the zip is at this node."""
        ...


@dataclass(frozen=True)
class Rules:
    """What a node's operators decide.

    Attributes:
        centre: Code of the country whose node collects participation.
        threshold: Numbers of people below this are withheld.
        statement_limit: Of one enrolment.
        issuer_name: What credentials call the issuer, before the country's code.
        known_tags: Codes of the frameworks.
    """

    centre: str
    threshold: int
    statement_limit: int
    issuer_name: str
    known_tags: frozenset[str]


@dataclass(frozen=True)
class Work:
    """One transaction's parts."""

    courses: Courses
    packages: Packages
    enrolments: Enrolments
    statements: Statements
    credentials: Credentials
    learners: Learners
    trusted_keys: TrustedKeys
    reports: Reports
    outlet: Outlet
    issuer: Issuer
    rules: Rules
    clock: Callable[[], datetime]
    ids: Callable[[], str]


Transactions = Callable[[], AbstractAsyncContextManager[Work]]


@dataclass(frozen=True)
class Intake:
    """What taking in a package needs beyond one transaction: minutes may pass between its first byte and its last.

    Attributes:
        transactions: Opens a transaction of its own, committed at its end.
        files: Where packages' files are.
    """

    transactions: Transactions
    files: PackageFiles
