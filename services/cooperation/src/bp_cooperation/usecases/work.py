"""What use cases need: the parts of one transaction, and of taking in a file, which outlasts one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta

from bp_cooperation.usecases.access import Access
from bp_cooperation.usecases.directive_work import Carriers, Directives, Revisions, Sharings
from bp_cooperation.usecases.operation_work import Operations
from bp_cooperation.usecases.records import Attachments, Entities, Ladders, Replies, Requests
from bp_cooperation.usecases.surroundings import Bundles, Directory, Files, Outlet, Waiting


@dataclass(frozen=True)
class Rules:
    """What a node's operators decide.

    Attributes:
        countries: Codes of the countries served here.
        retention: Until content is destroyed, where its author does not say.
        longest_retention: The most an author may say.
        draft_lifetime: Untouched drafts are deleted after it.
        waiting_lifetime: Messages about unknown requests are forgotten after it.
        answer_time: Who has not answered a directive within it is overdue.
        attachment_bytes: Largest file.
        attachment_count: Most files of one request or reply.
    """

    countries: frozenset[str]
    retention: timedelta
    longest_retention: timedelta
    draft_lifetime: timedelta
    waiting_lifetime: timedelta
    answer_time: timedelta
    attachment_bytes: int
    attachment_count: int


@dataclass(frozen=True)
class Work:
    """One transaction's parts."""

    requests: Requests
    replies: Replies
    attachments: Attachments
    entities: Entities
    ladders: Ladders
    directory: Directory
    directives: Directives
    revisions: Revisions
    carriers: Carriers
    sharings: Sharings
    operations: Operations
    waiting: Waiting
    outlet: Outlet
    bundles: Bundles
    access: Access
    rules: Rules
    clock: Callable[[], datetime]
    ids: Callable[[], str]


Transactions = Callable[[], AbstractAsyncContextManager[Work]]


@dataclass(frozen=True)
class Intake:
    """What taking in a file needs beyond one transaction: minutes may pass between its first byte and its last.

    Attributes:
        transactions: Opens a transaction of its own, committed at its end.
        files: Where files' bytes are.
    """

    transactions: Transactions
    files: Files
