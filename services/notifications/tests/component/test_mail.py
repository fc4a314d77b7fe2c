import asyncio
import signal
import sys
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from aiosmtpd.smtp import AuthResult
from authority import make_authority
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import format_trace_id
from post import PATIENCE, mail_server
from structlog.testing import capture_logs

MELE, SIONE = "mele@police.example", "sione@police.example"
TRACE = "0af7651916cd43dd8448eb211c80319c"


def addressees(server):
    return [recipient for recipients in server.recipients for recipient in recipients]


async def sent(post):
    """Returns when nothing waits any more."""
    await post.until_rows("mail", lambda rows: all(row["refused"] for row in rows))


async def refused(post):
    rows = await post.until_rows("mail", lambda rows: rows and all(row["refused"] for row in rows))
    return [row["refused"] for row in rows]


@pytest.fixture
def logs():
    with capture_logs() as captured:
        yield captured


async def logged(logs, event, **fields):
    """Returns once an event with these fields was logged."""
    async with asyncio.timeout(PATIENCE):
        while not any({"event": event, **fields}.items() <= log.items() for log in logs):  # noqa: ASYNC110 - only kept
            await asyncio.sleep(0.02)


@pytest.fixture
def spans():
    """What is traced from now on."""
    if not isinstance(trace.get_tracer_provider(), TracerProvider):
        trace.set_tracer_provider(TracerProvider())
    exporter = InMemorySpanExporter()
    trace.get_tracer_provider().add_span_processor(SimpleSpanProcessor(exporter))
    return exporter


async def test_a_mail_is_written_in_its_readers_language(post):
    await post.learn("mele", language="ar")
    subject = await post.ask(urgent=True)
    (mail,) = await post.server.wait()
    assert mail["Subject"] == "عاجل: وصل طلب إلى وحدتك"
    assert mail["Content-Language"] == "ar"
    assert str(mail["From"]) == "Blue Pacific <noreply@ton.bluepacific.example>"
    html = mail.get_body(("html",)).get_content()
    assert '<html lang="ar" dir="rtl">' in html
    for part in (html, mail.get_body(("plain",)).get_content()):
        assert f"https://ton.bluepacific.example/{subject}" in part
        assert "mele" not in part.lower()
    await sent(post)


async def test_what_is_refused_for_now_is_tried_again_as_the_same_mail(post):
    await post.learn("mele")
    await post.learn("sione", unit="tcu")
    post.server.answers[MELE] = ["450 greylisted", "451 later"]
    await post.ask()
    await post.ask(unit="tcu")
    mails = {mail["To"]: mail for mail in await post.server.wait(2)}
    await sent(post)
    # Others went on meanwhile, and nobody got it twice.
    assert sorted(addressees(post.server)) == [MELE, SIONE]
    assert post.server.tried.count(MELE) == 3
    assert mails[MELE]["Message-ID"] != mails[SIONE]["Message-ID"]


async def test_what_is_refused_for_good_is_set_aside_with_its_code(post):
    await post.learn("mele")
    await post.learn("sione")
    post.server.answers[MELE] = "550 no such user here"
    await post.ask()
    await post.server.wait()
    assert await post.until_rows("mail", lambda rows: [row["refused"] for row in rows] == ["SMTP_550"])
    assert addressees(post.server) == [SIONE]
    await post.ask(officer="sione")
    await post.server.wait(2)
    assert post.server.tried.count(MELE) == 1


async def test_content_that_is_refused_for_good_is_set_aside_too(open_post, server):
    async with open_post() as post:
        await post.learn("mele")

        async def no_thanks(_server, _session, _envelope):
            return "554 looks like spam"

        server.handle_DATA = no_thanks
        await post.ask()
        assert await refused(post) == ["SMTP_554"]


async def test_a_server_that_is_away_delays_and_loses_nothing(post):
    await post.learn("mele")
    await post.server.stop()
    subjects = [await post.ask() for _ in range(3)]
    assert len(await post.until_rows("mail", lambda rows: len(rows) == 3)) == 3
    await asyncio.sleep(0)
    await post.server.start()
    mails = await post.server.wait(3)
    await sent(post)
    assert addressees(post.server) == [MELE] * 3
    told = [mail.get_body(("plain",)).get_content() for mail in mails]
    assert all(any(subject in text for text in told) for subject in subjects)


async def test_a_server_that_is_too_slow_is_left_and_tried_again(open_post, server):
    async with open_post(smtp_timeout=timedelta(milliseconds=400)) as post:
        await post.learn("mele")
        server.hang.clear()
        await post.ask()
        await server.wait_tried(2)
        server.hang.set()
        mails = await server.wait()
        await sent(post)
        # It may have taken one that it was too slow to answer for: the same one.
        assert len({mail["Message-ID"] for mail in server.mails}) == 1
        assert mails[0]["Date"]


async def test_a_server_that_closes_takes_it_later(post):
    await post.learn("mele")
    post.server.answers[MELE] = ["421 shutting down"]
    await post.ask()
    await post.server.wait()
    await sent(post)
    assert addressees(post.server) == [MELE]
    assert [row["attempts"] for row in await post.rows("mail")] == []


async def test_urgent_ones_go_first(post):
    await post.learn("mele")
    await post.server.stop()
    for _ in range(3):
        await post.ask()
    await post.ask(urgent=True)
    await post.server.start()
    mails = await post.server.wait(4)
    # The one that was tried when the server went may have been any.
    assert "high" in [mail["Importance"] for mail in mails[:2]]


async def test_who_left_since_gets_nothing(post):
    await post.learn("mele")
    post.server.answers[MELE] = "450 not yet"
    await post.ask()
    await post.server.wait_tried()
    await post.learn("mele", version=2, active=False)
    assert await refused(post) == ["NOBODY"]


async def test_a_changed_address_counts_when_it_is_sent(post):
    await post.learn("mele")
    post.server.answers[MELE] = "450 not yet"
    await post.ask()
    await post.server.wait_tried()
    await post.learn("mele", version=2, email="mele@new.example")
    await post.server.wait()
    assert addressees(post.server) == ["mele@new.example"]


async def test_an_address_the_server_cannot_take_is_set_aside(open_post):
    async with mail_server(enable_SMTPUTF8=False) as plain, open_post(smtp_port=plain.port) as post:
        await post.learn("mele", email="mēle@police.example")
        await post.ask()
        assert await refused(post) == ["ADDRESS_NOT_ASCII"]
    async with mail_server() as modern, open_post(smtp_port=modern.port) as post:
        await post.learn("mele", email="mēle@police.example")
        await post.ask()
        await modern.wait()
        assert addressees(modern) == ["mēle@police.example"]


class Secured:
    """An authority and the options of a server that asks for STARTTLS and a password."""

    def __init__(self, folder):
        self.ca_file, context = make_authority(folder)
        self.options = {
            "tls_context": context,
            "require_starttls": True,
            "authenticator": self._check,
            "auth_required": True,
        }

    def _check(self, server, session, envelope, mechanism, login):
        return AuthResult(success=(login.login, login.password) == (b"node", b"geheim"), handled=False)


def signed_in(secured, **values):
    return {"smtp_security": "starttls", "smtp_ca_file": secured.ca_file, "smtp_username": "node"} | values


async def test_starttls_and_a_password(open_post, tmp_path):
    secured = Secured(tmp_path)
    async with (
        mail_server(**secured.options) as server,
        open_post(smtp_port=server.port, **signed_in(secured, smtp_password="geheim")) as post,
    ):
        await post.learn("mele")
        await post.ask()
        assert len(await server.wait()) == 1


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        pytest.param({"smtp_password": "wrong"}, "CONNECT_535", id="password"),
        pytest.param({"smtp_password": "geheim", "smtp_ca_file": None}, "TLS", id="authority"),
        pytest.param({"smtp_password": "geheim", "smtp_host": "localhost"}, "TLS", id="name"),
    ],
)
async def test_what_is_wrong_with_the_server_is_no_mails_fault(open_post, tmp_path, logs, values, reason):
    secured = Secured(tmp_path)
    async with (
        mail_server(**secured.options) as server,
        open_post(smtp_port=server.port, **signed_in(secured, **values)) as post,
    ):
        await post.learn("mele")
        await post.ask()
        await logged(logs, "mail.waiting", reason=reason)
        (row,) = await post.rows("mail")
        assert (row["refused"], row["attempts"]) == (None, 0)
        assert server.mails == server.tried == []


async def test_a_server_without_starttls_gets_nothing_in_clear(open_post, server, logs):
    async with open_post(smtp_security="starttls") as post:
        await post.learn("mele")
        await post.ask()
        await logged(logs, "mail.waiting", reason="NOT_OFFERED")
        assert server.tried == []


async def test_a_sender_that_is_not_wanted_delays_and_loses_nothing(open_post, server):
    answers = ["553 who are you", "250 fine"]

    async def handle_MAIL(_server, _session, envelope, address, options):
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return answers.pop(0) if len(answers) > 1 else answers[0]

    server.handle_MAIL = handle_MAIL
    async with open_post() as post:
        await post.learn("mele")
        await post.ask()
        assert len(await server.wait()) == 1


async def test_the_sending_belongs_to_the_trace_of_the_click(post, spans):
    await post.learn("mele")
    post.server.answers[MELE] = ["450 later"]
    await post.ask(traceparent=f"00-{TRACE}-b7ad6b7169203331-01")
    await post.server.wait()
    await sent(post)
    found = [span for span in spans.get_finished_spans() if format_trace_id(span.get_span_context().trace_id) == TRACE]
    names = [span.name for span in found]
    assert sorted(names) == ["notifications.mail.send"] * 2 + ["notifications.receive"]
    received = next(span for span in found if span.name == "notifications.receive")
    for span in found:
        assert MELE not in str(span.to_json())
        if span.name == "notifications.mail.send":
            assert span.instrumentation_scope.name == "bp_notifications"
            assert span.parent.span_id == received.get_span_context().span_id


async def test_what_is_too_old_is_given_up_and_forgotten(open_post, server):
    lives = {"mail_lifetime": timedelta(milliseconds=1), "tidy_interval": timedelta(milliseconds=50)}
    await server.stop()
    async with open_post(**lives) as post:
        await post.learn("mele")
        await post.ask()
        assert await refused(post) == ["GIVEN_UP"]
        assert len(await post.subjects("mele")) == 1
    async with open_post(**lives, notification_lifetime=timedelta(milliseconds=1)) as post:
        await post.learn("mele")
        await post.ask()
        await post.until_rows("mail", lambda rows: not rows)
        await post.until_rows("notification", lambda rows: not rows)


@asynccontextmanager
async def mailing_process(url, port, seconds):
    """Another process that sends the e-mails of the same database; killed with -9 at the end of the block."""
    program = Path(__file__).parents[1] / "mailing_process.py"
    process = await asyncio.create_subprocess_exec(sys.executable, program, url, str(port), str(seconds))
    try:
        yield process
    finally:
        process.send_signal(signal.SIGKILL)
        assert await process.wait() == -signal.SIGKILL


async def test_kill_9_in_the_middle_of_a_mail_loses_nothing(harness, open_post, server):
    # What it was sending is due again at the next start on SQLite, which one process uses, and after a while on PostgreSQL.
    timeout = 300 if harness.database == "sqlite" else 1
    await server.stop()
    async with open_post() as post, mail_server() as hanging:
        await post.learn("mele")
        subject = await post.ask()
        hanging.hang.clear()
        async with mailing_process(post.database.url, hanging.port, timeout):
            await hanging.wait_tried()
        assert hanging.mails == []
        async with mail_server() as working, mailing_process(post.database.url, working.port, timeout):
            (mail,) = await working.wait()
            await sent(post)
            assert addressees(working) == [MELE]
        assert subject in mail.get_body(("plain",)).get_content()
