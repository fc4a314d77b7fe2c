import re
from datetime import UTC, datetime
from email.parser import BytesParser
from email.policy import default
from html.parser import HTMLParser
from pathlib import Path

import pytest

import bp_notifications
from bp_kit.language import LANGUAGES
from bp_notifications.adapters.letters import compose
from bp_notifications.adapters.wording import Wording, read_catalogue
from bp_notifications.domain.mail import QueuedMail
from bp_notifications.usecases.mails import Addressed

SUBJECT = "countries/TON/requests/0199aaaa-5b7a-7e3c-9a1b-2f4d6c8e0a11"
KINDS = sorted(read_catalogue("en")["kinds"])
SERVICES = Path(bp_notifications.__file__).parents[3]
# How a service writes the template it asks for.
_ASKED = re.compile(r'"((?:identity|training|catalogue|cooperation|exchange)\.[a-z_]+)"')


def leaves(tree, path=()):
    if isinstance(tree, dict):
        return {leaf: value for key in tree for leaf, value in leaves(tree[key], (*path, key)).items()}
    return {path: tree}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_key_and_every_brace(language):
    original, translated = leaves(read_catalogue("en")), leaves(read_catalogue(language))
    assert translated.keys() == original.keys()
    for key, text in translated.items():
        assert isinstance(text, str)
        assert text.strip() == text != ""
        assert re.findall(r"{\w*}", text) == re.findall(r"{\w*}", original[key])
        if language != "en" and key != ("brand",) and key not in _SAME_WORD:
            assert text != original[key], f"{key} is not translated"


_SAME_WORD = {("urgent",)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_titles_fit_a_subject_line(language):
    for kind in read_catalogue(language)["kinds"].values():
        assert len(kind["title"]) <= 80
        assert "\n" not in kind["title"]


def test_whatever_a_service_asks_for_has_words():
    asked = {
        template
        for file in SERVICES.glob("*/src/**/*.py")
        if "NotificationRequested" in (source := file.read_text("utf-8"))
        for template in _ASKED.findall(source)
    }
    assert "training.credential_issued" in asked
    assert asked <= set(KINDS), f"without words: {asked - set(KINDS)}"


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.text, self.links, self.root, self._skipped = [], [], {}, False

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self._skipped = tag in ("style", "title")
        if tag == "html":
            self.root = found
        if tag == "a":
            self.links.append(found["href"])
        assert not {"src", "background"} & found.keys(), "nothing is fetched when it is opened"

    def handle_data(self, data):
        if not self._skipped and data.strip():
            self.text.append(data.strip())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_an_email_has_the_words_and_the_link_and_nothing_else(kind, language):
    words = read_catalogue(language)
    letter = Wording("https://node.example/").letter(kind, subject=SUBJECT, urgent=True, language=language)
    page = _Reader()
    page.feed(letter.html)
    title, text = words["kinds"][kind]["title"], words["kinds"][kind]["text"]
    tail = [words["confidential"], words["why"]]
    assert page.text == [words["brand"], words["urgent"], title, text, words["open"], words["record"], SUBJECT, *tail]
    assert set(page.links) == {f"https://node.example/{SUBJECT}"}
    assert page.root == {"lang": language, "dir": "rtl" if language == "ar" else "ltr"}
    plain = [line for line in letter.text.split("\n") if line.strip("- ")]
    assert plain == [words["urgent"], title, text, words["record"], f"https://node.example/{SUBJECT}", *tail]
    assert letter.subject == words["urgent_subject"].format(title=title)


def test_what_is_put_into_html_is_escaped():
    letter = Wording("https://node.example").letter(KINDS[0], subject="a<b>&'\"", urgent=False, language="en")
    assert "<b>" not in letter.html
    assert "a&lt;b&gt;&amp;" in letter.html


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_message_survives_the_wire(language):
    mail = QueuedMail(
        mail_id="0199",
        officer="countries/TON/officers/mele",
        template=KINDS[0],
        subject=SUBJECT,
        urgent=True,
        traceparent="",
        attempts=0,
        create_time=datetime(2026, 5, 4, tzinfo=UTC),
    )
    letter = Wording("https://node.example").letter(mail.template, subject=SUBJECT, urgent=True, language=language)
    sent = compose(Addressed(mail, "mele@police.example", language), letter, "Blue Pacific <noreply@ton.example>")
    read = BytesParser(policy=default).parsebytes(sent.as_bytes())
    assert read["Subject"] == letter.subject
    assert read["Message-ID"] == "<0199@ton.example>"
    assert (read["Auto-Submitted"], read["Content-Language"]) == ("auto-generated", language)
    assert read.get_body(("plain",)).get_content().replace("\r\n", "\n") == letter.text
    assert read.get_body(("html",)).get_content().replace("\r\n", "\n") == letter.html
