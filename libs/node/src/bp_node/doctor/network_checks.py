"""Checks of the node as it runs, and of what is around it: links, register, clock, certificates, mail server."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509

from bluepacific.exchange.v1 import exchange_service_pb2
from bp_node import folder
from bp_node.doctor.finding import CannotLookError, Finding, Patient
from bp_node.services import settings_of

_SECONDS = 5.0
_SHORT_DAYS = 30
_DAY_SECONDS = 86_400
_LONG_DOWN = timedelta(days=3)
_DRIFT, _WILD_DRIFT = timedelta(minutes=1), timedelta(minutes=15)


def check_running(patient: Patient) -> Iterator[Finding]:
    """It runs, and its gateway answers."""
    place = patient.settings.folder
    if not patient.running:
        yield Finding("the node does not run", patient.systemctl("start", f"bluepacific node up --dir {place}"))
    elif patient.status is None:
        pid = folder.read_run_file(place).get("pid", "?")
        restart = patient.systemctl("restart", f"kill {pid} && bluepacific node up --dir {place}")
        yield Finding(f"the node runs (process {pid}) but does not answer: {patient.silence}", restart)


def check_enrolment(patient: Patient) -> Iterator[Finding]:
    """It is enrolled, and its certificates hold for some time."""
    settings = patient.settings
    enrol = f"bluepacific node enrol --dir {settings.folder} --token -"
    file = settings.place("keys", "exchange", "certificate.pem")
    if file.is_file():
        failure = patient.status.renewal_failure if patient.status else ""
        why = f" (not renewed: {failure})" if failure else ""
        renew = f"bluepacific node renew --dir {settings.folder}"
        yield from _days_left(patient, f"the link's certificate{why}", file, renew)
    elif not settings.centre:
        yield Finding("the node is not enrolled: ask the centre for a token", enrol)
    if settings.tls_certificate:
        restart = patient.systemctl("restart", "start the node anew")
        renew = f"renew {settings.tls_certificate}, then {restart}"
        yield from _days_left(patient, "the gateway's certificate", settings.tls_certificate, renew)


def _days_left(patient: Patient, what: str, file: Path, mend: str) -> Iterator[Finding]:
    try:
        ends = x509.load_pem_x509_certificate(file.read_bytes()).not_valid_after_utc
    except (OSError, ValueError):
        yield Finding(f"{what} cannot be read: {file}", mend)
        return
    days = (ends - patient.now).days
    if days < 0:
        yield Finding(f"{what} has ended on {ends:%Y-%m-%d}", mend)
    elif days < _SHORT_DAYS:
        yield Finding(f"{what} ends in {days} days, on {ends:%Y-%m-%d}", mend, urgent=False)


def check_links(patient: Patient) -> Iterator[Finding]:
    """Every link is up, and no peer has refused anything."""
    settings = patient.settings
    for link in patient.answered.links:
        if link.revoked:
            continue
        if not link.connected:
            yield _down(patient, link)
        if link.set_aside:
            yield Finding(
                f"{link.peer} has refused {link.set_aside} items of this node for good; the log says why (link.item_refused there)",
                f"bluepacific node status --dir {settings.folder}",
                urgent=False,
            )


def _down(patient: Patient, link: exchange_service_pb2.Link) -> Finding:
    since = link.last_contact_time.ToDatetime(tzinfo=UTC) if link.HasField("last_contact_time") else None
    waiting = sum(link.waiting.values())
    told = f"{since:%Y-%m-%d %H:%M} UTC" if since else "the beginning"
    what = f"the link to {link.peer} is down since {told}; {waiting} items wait"
    long = since is None or patient.now - since > _LONG_DOWN
    if patient.settings.centre:
        return Finding(what, f"call the IT team of {link.peer}: the country dials, the centre cannot", urgent=False)
    host, _, port = patient.settings.link.rpartition(":")
    why = _unreachable(host, int(port))
    if why:
        return Finding(f"{what}; {host} port {port} cannot be reached: {why}", f"nc -vz {host} {port}", urgent=long)
    look = patient.systemctl("status", f"bluepacific node status --dir {patient.settings.folder}")
    return Finding(f"{what}; {host} port {port} can be reached, so its log says why (link.ended)", look, urgent=long)


def _unreachable(host: str, port: int) -> str:
    try:
        with socket.create_connection((host, port), timeout=_SECONDS):
            return ""
    except OSError as error:
        return (error.strerror or str(error)).lower()


def check_register(patient: Patient) -> Iterator[Finding]:
    """The register of members is fresh."""
    status = patient.answered
    if not status.register_version:
        raise CannotLookError("the node is not enrolled")
    days = status.register_age_seconds // _DAY_SECONDS
    what = f"the register (version {status.register_version}) is {days} days old: who was revoked or let in since is not known here"
    mend = f"bluepacific node status --dir {patient.settings.folder}"
    if status.register_freshness == exchange_service_pb2.REGISTER_FRESHNESS_EMERGENCY:
        yield Finding(f"{what}; only FLASH and URGENT leave until a newer one comes, by link or by stick", mend)
    elif status.register_freshness == exchange_service_pb2.REGISTER_FRESHNESS_STALE:
        yield Finding(f"{what}; a newer one comes with the link, or by stick", mend)


def check_clock(patient: Patient) -> Iterator[Finding]:
    """The peers' clocks say what this one says."""
    for link in patient.answered.links:
        drift = timedelta(milliseconds=link.drift_millis)
        if abs(drift) > _DRIFT:
            side = "ahead of" if drift > timedelta(0) else "behind"
            yield Finding(
                f"the clock of {link.peer} was {abs(drift) // timedelta(seconds=1)} s {side} this machine's at their last contact",
                "timedatectl set-ntp true && timedatectl timesync-status",
                urgent=abs(drift) > _WILD_DRIFT,
            )


def check_mail(patient: Patient) -> Iterator[Finding]:
    """The mail server takes connections."""
    mail: Any = settings_of("notifications", patient.settings)
    try:
        _greet(mail)
    except (OSError, smtplib.SMTPException) as error:
        why = str(error.strerror or error) if isinstance(error, OSError) else str(error)
        yield Finding(
            f"the mail server {mail.smtp_host} port {mail.smtp_port} cannot be used: {why.lower()}; e-mails wait for five days",
            f"bluepacific config show --dir {patient.settings.folder} | grep smtp",
            urgent=False,
        )


def _greet(mail: Any) -> None:
    context = ssl.create_default_context(cafile=str(mail.smtp_ca_file) if mail.smtp_ca_file else None)
    if mail.smtp_security == "tls":
        with smtplib.SMTP_SSL(mail.smtp_host, mail.smtp_port, timeout=_SECONDS, context=context) as server:
            server.ehlo_or_helo_if_needed()
        return
    with smtplib.SMTP(mail.smtp_host, mail.smtp_port, timeout=_SECONDS) as server:
        server.ehlo_or_helo_if_needed()
        if mail.smtp_security == "starttls":
            server.starttls(context=context)
