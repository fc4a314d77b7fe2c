from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from household import free_port, make_node, write_private

from bluepacific.exchange.v1 import exchange_service_pb2 as exchange_pb2
from bluepacific.exchange.v1 import log_pb2
from bp_exchange.adapters.certificates import issue, make_authority
from bp_kit.ports import system_clock
from bp_node import mail
from bp_node.doctor import data_checks, examining, folder_checks, log_checks, network_checks
from bp_node.doctor.examining import CHECKS
from bp_node.doctor.finding import CannotLookError, Patient
from bp_node.resending import resend
from bp_node.running import migrate
from bp_node.settings import load


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A node that does not run, migrated."""
    settings = make_node(tmp_path_factory.mktemp("made") / "fji")
    migrate(settings.folder, as_json=True)
    return settings


@pytest.fixture
def patient(made, tmp_path):
    """A copy of it, well."""
    place = tmp_path / "fji"
    shutil.copytree(made.folder, place)
    return Patient(load(place), system_clock(), running=True, status=exchange_pb2.ExchangeStatus(register_version=1))


def found(check, patient):
    return list(check(patient))


async def looked(check, patient):
    return [one async for one in check(patient)]


def only(findings, says, mend="", *, urgent=True):
    assert len(findings) == 1, findings
    assert says in findings[0].what
    assert mend in findings[0].mend
    assert findings[0].urgent is urgent


def test_a_well_folder_has_nothing(patient):
    for check in (folder_checks.check_rights, folder_checks.check_keys, folder_checks.check_disk):
        assert found(check, patient) == []


def test_rights_of_the_folder(patient):
    place = patient.settings.folder
    (place / "data").chmod(0o755)
    only(found(folder_checks.check_rights, patient), f"others on this machine may enter {place}/data", "chmod go= ")
    (place / "data").chmod(0o700)
    (place / "backups").rmdir()
    only(found(folder_checks.check_rights, patient), "is missing", f"install -d -m 0700 {place}/backups")


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives files away")
def test_files_of_another_user(patient):
    os.chown(patient.settings.place("data", "training.sqlite"), 12345, -1)
    only(found(folder_checks.check_rights, patient), "do not belong to root", "chown -R root: ")


def test_keys_that_are_missing_or_open(patient):
    keys = patient.settings.place("keys")
    (keys / "exchange" / "sign.key").unlink()
    (keys / "exchange" / "tls.pem").write_bytes(b"")
    only(found(folder_checks.check_keys, patient), "exchange/sign.key, exchange/tls.pem", "node restore")


def test_keys_that_others_can_read_and_no_key_to_sign_with(patient):
    keys = patient.settings.place("keys")
    (keys / "exchange" / "sign.key").chmod(0o640)
    only(found(folder_checks.check_keys, patient), "others may read 1 keys", f"chmod -R go= {keys}")
    (keys / "exchange" / "sign.key").chmod(0o600)
    shutil.rmtree(keys / "identity")
    only(found(folder_checks.check_keys, patient), "identity/signing-", "node restore")


@pytest.mark.parametrize(("free", "urgent"), [(300, True), (700, False)])
def test_a_disk_that_fills_up(patient, monkeypatch, free, urgent):
    usage = shutil._ntuple_diskusage(2**40, 2**40, free * 2**20)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    only(found(folder_checks.check_disk, patient), f"{free} MiB free", "du -xh", urgent=urgent)


def test_the_age_of_the_backup(patient):
    only(found(folder_checks.check_backup, patient), "never backed up", "node backup --dir", urgent=False)
    file = patient.settings.place("run", "last-backup.json")
    taken = datetime(2026, 11, 1, tzinfo=UTC)
    file.write_text(json.dumps({"time": taken.isoformat()}))
    old = replace(patient, now=taken + timedelta(days=9))
    only(found(folder_checks.check_backup, old), "9 days old", "node backup --dir", urgent=False)
    assert found(folder_checks.check_backup, replace(patient, now=taken + timedelta(days=6))) == []
    file.write_text("{}")
    with pytest.raises(CannotLookError):
        found(folder_checks.check_backup, patient)


def changed(patient, name, statement):
    with closing(sqlite3.connect(patient.settings.place("data", f"{name}.sqlite"))) as database, database:
        database.execute(statement)


async def test_databases_that_are_well(patient):
    assert await looked(data_checks.check_schemas, patient) == []
    assert await looked(data_checks.check_outboxes, patient) == []


async def test_a_database_behind_and_one_ahead(patient):
    place = patient.settings.folder
    changed(patient, "training", "UPDATE alembic_version SET version_num = '9999'")
    only(await looked(data_checks.check_schemas, patient), "training is of a newer release")
    patient.settings.place("data", "training.sqlite").unlink()
    assert await looked(data_checks.check_schemas, patient) == [], "never made is not wrong, and not made by looking"
    assert not patient.settings.place("data", "training.sqlite").exists()
    head = data_checks.head_of
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(data_checks, "head_of", lambda name: "0099" if name == "bp_identity" else head(name))
        findings = await looked(data_checks.check_schemas, patient)
    only(findings, "migrations are pending for identity", f"bluepacific migrate --dir {place}", urgent=False)


async def test_a_database_that_cannot_be_read(patient):
    patient.settings.place("data", "identity.sqlite").write_bytes(b"not a database" * 1000)
    only(
        await looked(data_checks.check_schemas, patient), "the database of identity cannot be read: file is not a data"
    )
    with pytest.raises(CannotLookError):
        await looked(data_checks.check_outboxes, patient)


async def test_refused_messages_are_told_and_due_again(patient, capsys):
    changed(
        patient,
        "training",
        "INSERT INTO outbox (kind, body, attempts, due_time, create_time, refused) VALUES"
        " ('send', x'', 0, '2026-11-01 00:00:00', '2026-11-01 00:00:00', 'INVALID_ARGUMENT')",
    )
    findings = await looked(data_checks.check_outboxes, patient)
    only(findings, "1 messages of training were refused (INVALID_ARGUMENT), the oldest of 2026-11-01", "node resend")
    await asyncio.to_thread(resend, patient.settings.folder, as_json=True)
    assert json.loads(capsys.readouterr().out)["resent"] == {"training": 1}
    assert await looked(data_checks.check_outboxes, patient) == []


def test_a_node_that_does_not_run_or_answer(patient, tmp_path):
    patient = replace(patient, units=tmp_path)
    assert found(network_checks.check_running, patient) == []
    stopped = replace(patient, running=False, status=None)
    only(found(network_checks.check_running, stopped), "does not run", "bluepacific node up")
    (tmp_path / "bluepacific-fji.service").touch()
    only(found(network_checks.check_running, stopped), "does not run", "systemctl start bluepacific-fji.service")
    silent = replace(patient, status=None, silence="nothing came")
    only(found(network_checks.check_running, silent), "does not answer: nothing came", "systemctl restart")
    for check in (network_checks.check_links, network_checks.check_register, network_checks.check_clock):
        with pytest.raises(CannotLookError):
            found(check, silent)


def certificate(days):
    key, now = ec.generate_private_key(ec.SECP256R1()), system_clock()
    authority = make_authority(key, now)
    made = issue(authority, key, "fji", key.public_key(), now=now, lifetime=timedelta(days=days))
    return made.public_bytes(serialization.Encoding.PEM)


def test_enrolment_and_certificates(patient, tmp_path):
    file = patient.settings.place("keys", "exchange", "certificate.pem")
    only(found(network_checks.check_enrolment, patient), "not enrolled", "node enrol --dir")
    file.write_bytes(certificate(365))
    assert found(network_checks.check_enrolment, patient) == []
    file.write_bytes(certificate(20))
    only(found(network_checks.check_enrolment, patient), "ends in ", "node renew --dir", urgent=False)
    later = replace(patient, now=patient.now + timedelta(days=21))
    only(found(network_checks.check_enrolment, later), "the link's certificate has ended", "node renew --dir")
    file.write_bytes(certificate(365))
    outside = tmp_path / "tls.pem"
    with_tls = replace(patient, settings=patient.settings.model_copy(update={"tls_certificate": outside}))
    only(
        found(network_checks.check_enrolment, with_tls), "the gateway's certificate cannot be read", f"renew {outside}"
    )
    outside.write_bytes(certificate(5))
    only(found(network_checks.check_enrolment, with_tls), "the gateway's certificate ends", urgent=False)


def with_link(patient, contact=None, **values):
    link = exchange_pb2.Link(peer="ptccc", **values)
    if contact:
        link.last_contact_time.FromDatetime(contact)
    return replace(patient, status=exchange_pb2.ExchangeStatus(register_version=1, links=[link]))


def test_links(patient):
    assert found(network_checks.check_links, with_link(patient, connected=True)) == []
    assert found(network_checks.check_links, with_link(patient, revoked=True)) == []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        there = patient.settings.model_copy(update={"link": f"127.0.0.1:{listening.getsockname()[1]}"})
        recent = with_link(replace(patient, settings=there), patient.now - timedelta(hours=1), waiting={"BULK": 3})
        findings = found(network_checks.check_links, recent)
        only(findings, "3 items wait; 127.0.0.1 port", urgent=False)
        assert "can be reached" in findings[0].what
    only(found(network_checks.check_links, recent), "cannot be reached: connection refused", "nc -vz", urgent=False)
    long = with_link(replace(patient, settings=there), patient.now - timedelta(days=4))
    only(found(network_checks.check_links, long), "cannot be reached", "nc -vz 127.0.0.1")
    refused = with_link(patient, connected=True, set_aside=2)
    only(found(network_checks.check_links, refused), "refused 2 items", urgent=False)
    centre = replace(recent, settings=there.model_copy(update={"centre": True}))
    only(found(network_checks.check_links, centre), "the link to ptccc is down", "call the IT team", urgent=False)


def test_a_log_that_was_rewritten_and_one_that_nobody_saw(patient):
    alarm = log_pb2.LogAlarm(node_id="ton", kind=log_pb2.LOG_ALARM_KIND_FORKED)
    alarm.alarm_time.FromDatetime(patient.now)
    status = exchange_pb2.ExchangeStatus(log_alarms=[alarm], log_size=5, links=[exchange_pb2.Link(peer="ptccc")])
    rewritten, unseen = found(log_checks.check_logs, replace(patient, status=status))
    assert "the log of ton has other entries" in rewritten.what
    assert rewritten.urgent
    assert "no other node has cosigned this node's log yet" in unseen.what
    status.last_cosign_time.FromDatetime(patient.now)
    del status.log_alarms[:]
    assert found(log_checks.check_logs, replace(patient, status=status)) == []


def test_a_stale_register(patient):
    stale = exchange_pb2.ExchangeStatus(register_version=7, register_freshness=exchange_pb2.REGISTER_FRESHNESS_STALE)
    stale.register_age_seconds = 9 * 86_400
    only(found(network_checks.check_register, replace(patient, status=stale)), "the register (version 7) is 9 days old")
    stale.register_freshness = exchange_pb2.REGISTER_FRESHNESS_EMERGENCY
    only(found(network_checks.check_register, replace(patient, status=stale)), "only FLASH and URGENT leave")
    assert found(network_checks.check_register, patient) == []
    with pytest.raises(CannotLookError, match="not enrolled"):
        found(network_checks.check_register, replace(patient, status=exchange_pb2.ExchangeStatus()))


@pytest.mark.parametrize(
    ("millis", "says", "urgent"), [(-120_000, "120 s behind", False), (3_600_000, "3600 s ahead of", True)]
)
def test_a_clock_that_lies(patient, millis, says, urgent):
    wrong = with_link(patient, connected=True, drift_millis=millis)
    only(found(network_checks.check_clock, wrong), says, "timedatectl", urgent=urgent)
    assert found(network_checks.check_clock, with_link(patient, connected=True, drift_millis=59_000)) == []


async def test_the_mail_server(patient, tmp_path):
    findings = await asyncio.to_thread(found, network_checks.check_mail, patient)
    only(findings, "connection refused", "config show", urgent=False)
    async with mail.catching(tmp_path / "mail", port=patient.settings.smtp_port):
        assert await asyncio.to_thread(found, network_checks.check_mail, patient) == []


async def test_a_check_that_breaks_does_not_keep_the_others(patient):
    shutil.rmtree(patient.settings.place("run"))
    silent = replace(patient, running=False, status=None)
    diagnosis = await examining.examine(silent)
    assert diagnosis.not_done.keys() == {"clock", "links", "log", "register"}
    urgent = [one.urgent for _, one in diagnosis.findings]
    assert urgent == sorted(urgent, reverse=True)
    assert {name for name, _ in diagnosis.findings} >= {"rights", "running", "enrolment", "mail", "backup"}


async def test_the_command_on_a_node_that_runs_and_on_one_that_does_not(bluepacific, patient, tmp_path):
    place = patient.settings.folder
    ran = await bluepacific("node", "doctor", "--dir", place, "--json")
    assert ran.one_line, ran.err
    document = json.loads(ran.out)
    assert document["healthy"] is False
    assert document["findings"][0]["check"] == "running"
    assert {*document["done"], *document["notDone"]} == CHECKS.keys()

    # Enrolled nowhere, it is all that is left to say once it runs, has mail and a backup.
    write_private(place / "run" / "last-backup.json", json.dumps({"time": system_clock().isoformat()}))
    async with mail.catching(tmp_path / "mail", port=patient.settings.smtp_port):
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "bp_node", "node", "up", "--dir", place, "--json"),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=os.environ | {"BP_NODE__PORT": str(free_port())},
        )
        try:
            told = []
            while b'"ready"' not in (line := await process.stdout.readline()):
                told.append(line)
                assert line, told
            ran = await bluepacific("node", "doctor", "--dir", place)
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            await process.communicate()
    assert ran.code == 1
    assert "the node is not enrolled" in ran.out
    assert "node enrol --dir" in ran.out
    assert "does not run" not in ran.out
    assert "not looked at: register" in ran.out


def test_looking_changes_nothing(patient):
    def held():
        files = [one for one in patient.settings.folder.rglob("*") if one.is_file()]
        return {one: one.read_bytes() for one in files if not one.name.endswith(("-wal", "-shm"))}

    before = held()
    shutil.rmtree(patient.settings.place("keys", "identity"))
    without = {file: content for file, content in before.items() if "identity" not in file.parts}
    asyncio.run(examining._examined(patient.settings))
    assert held() == without


def test_a_process_holds_the_folder(patient):
    assert not examining.is_held(patient.settings.folder)
    code = (
        "import sys, time; from pathlib import Path; from bp_node import folder\n"
        "with folder.held(Path(sys.argv[1])): print(1, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, patient.settings.folder], stdout=subprocess.PIPE) as process:
        process.stdout.read(1)
        assert examining.is_held(patient.settings.folder)
        process.kill()
    assert not examining.is_held(patient.settings.folder)
