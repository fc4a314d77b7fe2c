"""The record of an enrolment: one page to print, read aloud from and sign, as text or HTML, in four languages."""

from __future__ import annotations

import hashlib
import html
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bp_node.failure import CommandError, told_plainly

LANGUAGES = ("en", "fr", "es", "ar")
_WIDTH = 26
_RIGHT_TO_LEFT = {"ar"}
_LINE = "_" * 20
_TEXTS: dict[str, dict[str, str]] = {
    "en": {
        "title": "Enrolment record",
        "node": "Node",
        "countries": "Countries",
        "invited": "as invited",
        "fingerprint": "Fingerprint",
        "centre": "Centre",
        "register": "Register version",
        "sign": "Signing key (SHA-256)",
        "seal": "Sealing key (SHA-256)",
        "tls": "TLS key (SHA-256)",
        "time": "Enrolled (UTC)",
        "how": "Two people compare the words of both fingerprints by telephone, one at the node and one at the centre. Each reads "
        "one of them aloud. If a word differs, the node is not confirmed.",
        "here": "At the node",
        "there": "At the centre",
        "read": "read aloud by",
        "date": "date",
        "signature": "signature",
    },
    "fr": {
        "title": "Procès-verbal d'inscription",
        "node": "Nœud",
        "countries": "Pays",
        "invited": "selon l'invitation",
        "fingerprint": "Empreinte",
        "centre": "Centre",
        "register": "Version du registre",
        "sign": "Clé de signature (SHA-256)",
        "seal": "Clé de scellement (SHA-256)",
        "tls": "Clé TLS (SHA-256)",
        "time": "Inscrit le (UTC)",
        "how": "Deux personnes comparent par téléphone les mots des deux empreintes, l'une au nœud, l'autre au centre. Chacune en lit "
        "une à voix haute. Si un mot diffère, le nœud n'est pas confirmé.",
        "here": "Au nœud",
        "there": "Au centre",
        "read": "lu à voix haute par",
        "date": "date",
        "signature": "signature",
    },
    "es": {
        "title": "Acta de inscripción",
        "node": "Nodo",
        "countries": "Países",
        "invited": "según la invitación",
        "fingerprint": "Huella",
        "centre": "Centro",
        "register": "Versión del registro",
        "sign": "Clave de firma (SHA-256)",
        "seal": "Clave de sellado (SHA-256)",
        "tls": "Clave TLS (SHA-256)",
        "time": "Inscrito (UTC)",
        "how": "Dos personas comparan por teléfono las palabras de ambas huellas, una en el nodo y otra en el centro. Cada una lee una "
        "en voz alta. Si una palabra difiere, el nodo no se confirma.",
        "here": "En el nodo",
        "there": "En el centro",
        "read": "leído en voz alta por",
        "date": "fecha",
        "signature": "firma",
    },
    "ar": {
        "title": "محضر التسجيل",
        "node": "العقدة",
        "countries": "البلدان",
        "invited": "حسب الدعوة",
        "fingerprint": "البصمة",
        "centre": "المركز",
        "register": "إصدار السجل",
        "sign": "مفتاح التوقيع (SHA-256)",
        "seal": "مفتاح الختم (SHA-256)",
        "tls": "مفتاح TLS (SHA-256)",
        "time": "وقت التسجيل (UTC)",
        "how": "يقارن شخصان كلمات البصمتين هاتفيًا، أحدهما عند العقدة والآخر في المركز، "
        "ويقرأ كل منهما إحداهما بصوت عالٍ. إن اختلفت كلمة فلا تُؤكَّد العقدة.",
        "here": "عند العقدة",
        "there": "في المركز",
        "read": "قرأها بصوت عالٍ",
        "date": "التاريخ",
        "signature": "التوقيع",
    },
}
_STYLE = (
    "body{font:12pt sans-serif;max-width:18cm;margin:2cm auto}table{border-collapse:collapse;width:100%}"
    "th,td{text-align:start;padding:.35em .6em;border-bottom:1px solid #999;vertical-align:top}"
    "th{white-space:nowrap}td{word-break:break-all}.words{font:bold 15pt monospace;word-break:normal}"
)


@dataclass(frozen=True)
class Record:
    """What an enrolment brought.

    Attributes:
        node: The node's id.
        countries: Whom it serves; empty before it is confirmed.
        fingerprint: Its, in words.
        centre: The centre's id.
        centre_fingerprint: Its, in words.
        register: The register's version.
        sign_key: Public key of its seals.
        seal_key: Public key of what is sealed to it.
        tls_key_sha256: SHA-256 of its TLS key.
        time: When it enrolled, by the node's clock.
        read_by: Who read the node's words aloud; empty for a line to write on.
    """

    node: str
    countries: tuple[str, ...]
    fingerprint: str
    centre: str
    centre_fingerprint: str
    register: int
    sign_key: bytes
    seal_key: bytes
    tls_key_sha256: bytes
    time: datetime
    read_by: str = ""


def check_language(language: str) -> None:
    """Refuses a language that records are not written in.

    Raises:
        CommandError: It is none of them.
    """
    if language not in LANGUAGES:
        raise CommandError(f"there is no record in {language}: choose one of {', '.join(LANGUAGES)}")


def write_record(file: Path, record: Record, language: str) -> None:
    """Writes the record; as HTML where the file is named so.

    Raises:
        CommandError: It cannot be written.
    """
    as_html = file.suffix.lower() in (".html", ".htm")
    with told_plainly("write the record to", file):
        file.write_text(html_record(record, language) if as_html else text_record(record, language), encoding="utf-8")


def text_record(record: Record, language: str) -> str:
    """Returns the record as a page of text."""
    texts = _TEXTS[language]
    lines = [texts["title"], ""]
    lines += [f"{label + ':':<{_WIDTH + 2}}{value}" for label, value in _rows(record, texts)]
    lines += ["", texts["how"], ""]
    lines += [
        f"{place}: {texts['read']} {name}  {texts['date']} {_LINE}  {texts['signature']} {_LINE}"
        for place, name in _signers(record, texts)
    ]
    return "\n".join(lines) + "\n"


def html_record(record: Record, language: str) -> str:
    """Returns the record as a page of HTML that needs nothing else."""
    texts = _TEXTS[language]
    direction = "rtl" if language in _RIGHT_TO_LEFT else "ltr"
    rows = "".join(
        _row(label, value, is_words=label.startswith(texts["fingerprint"])) for label, value in _rows(record, texts)
    )
    signed = "".join(
        f"<tr><th>{html.escape(place)}</th><td>{html.escape(texts['read'])} {html.escape(name)}</td>"
        f"<td>{html.escape(texts['date'])} {_LINE}</td><td>{html.escape(texts['signature'])} {_LINE}</td></tr>"
        for place, name in _signers(record, texts)
    )
    title = html.escape(texts["title"])
    return (
        f'<!doctype html><html lang="{language}" dir="{direction}"><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style><h1>{title}</h1><table>{rows}</table><p>{html.escape(texts['how'])}</p>"
        f"<table>{signed}</table></html>\n"
    )


def _row(label: str, value: str, *, is_words: bool) -> str:
    words = ' class="words"' if is_words else ""
    # Words, digests and ids run from left to right in every language.
    return f'<tr><th>{html.escape(label)}</th><td dir="ltr"{words}>{html.escape(value)}</td></tr>'


def _rows(record: Record, texts: dict[str, str]) -> list[tuple[str, str]]:
    return [
        (texts["node"], record.node),
        (texts["countries"], ", ".join(record.countries) or texts["invited"]),
        (f"{texts['fingerprint']} {record.node}", record.fingerprint),
        (texts["centre"], record.centre),
        (f"{texts['fingerprint']} {record.centre}", record.centre_fingerprint),
        (texts["register"], str(record.register)),
        (texts["sign"], hashlib.sha256(record.sign_key).hexdigest()),
        (texts["seal"], hashlib.sha256(record.seal_key).hexdigest()),
        (texts["tls"], record.tls_key_sha256.hex()),
        (texts["time"], f"{record.time.astimezone(UTC):%Y-%m-%d %H:%M:%S}"),
    ]


def _signers(record: Record, texts: dict[str, str]) -> list[tuple[str, str]]:
    return [(texts["here"], record.read_by or _LINE), (texts["there"], _LINE)]
