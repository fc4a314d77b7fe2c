from __future__ import annotations

import asyncio
import json
import os
import pwd
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from household import make_node

from bp_node import folder
from bp_node.failure import CommandError
from bp_node.settings import checked, save
from bp_node.systemd import installing
from bp_node.systemd.telling import Telling, told
from bp_node.systemd.unit import STATE_ROOT, Plan, unit_of

PROGRAM = "/opt/bluepacific/.venv/bin/python"
VALUES = {"node_id": "fji", "country": "FJI"}


def parsed(text):
    """Returns a unit's settings by section and name: lists, for some stand more than once."""
    sections, section = {}, None
    for line in text.splitlines():
        if line.startswith("["):
            section = sections.setdefault(line.strip("[]"), {})
        elif line and not line.startswith("#"):
            name, _, value = line.partition("=")
            section.setdefault(name, []).append(value)
    return sections


def unit(place="/srv/bluepacific", user="bluepacific", version=255, **values):
    settings = checked(Path(place), VALUES | values)
    return parsed(unit_of(settings, Plan((PROGRAM, "-P", "-m", "bp_node"), user, version)))


def test_the_unit_runs_the_node_with_little_and_anew():
    service = unit()["Service"]
    assert service["ExecStart"] == [f'"{PROGRAM}" -P -m "bp_node" node up --dir /srv/bluepacific']
    assert service["Type"] == ["notify"]
    assert service["User"] == ["bluepacific"]
    assert service["ReadWritePaths"] == ["/srv/bluepacific"]
    assert service["ProtectSystem"] == ["strict"]
    assert service["ProtectHome"] == ["yes"]
    assert service["NoNewPrivileges"] == ["yes"]
    assert service["CapabilityBoundingSet"] == [""]
    assert service["Restart"] == ["always"]
    assert {"RestartSteps", "RestartMaxDelaySec", "WatchdogSec", "TimeoutStopSec", "MemoryMax"} <= service.keys()
    assert service["StandardOutput"] == ["journal"]
    assert unit()["Unit"]["StartLimitIntervalSec"] == ["0"]
    assert unit()["Install"]["WantedBy"] == ["multi-user.target"]


def test_what_an_older_systemd_does_not_know_is_left_out():
    service = unit(version=252)["Service"]
    assert not {"RestartSteps", "RestartMaxDelaySec"} & service.keys()
    assert service["RestartSec"] == ["10"]


@pytest.mark.parametrize("place", ["/var/lib/bluepacific/fji", "/var/lib/private/bluepacific/fji"])
def test_below_var_lib_the_user_is_made_up(tmp_path, place):
    settings = checked(tmp_path, VALUES).model_copy(update={"folder": Path(place)})
    service = parsed(unit_of(settings, Plan((PROGRAM,), "")))["Service"]
    assert service["DynamicUser"] == ["yes"]
    assert service["StateDirectory"] == ["bluepacific/fji"]
    assert service["ExecStart"][0].endswith("--dir /var/lib/bluepacific/fji")
    assert not {"User", "ReadWritePaths"} & service.keys()


@pytest.mark.parametrize(
    ("values", "bound"),
    [
        ({"port": 443}, True),
        ({"port": 8443}, False),
        ({"link": "centre:443"}, False),
        ({"link": "0.0.0.0:443", "centre": True}, True),
        ({"grpc_listen": "0.0.0.0:80"}, True),
        ({"grpc_listen": "unix:/run/x"}, False),
    ],
)
def test_a_low_port_is_the_only_right_it_is_ever_given(values, bound):
    service = unit(**values)["Service"]
    assert service["CapabilityBoundingSet"] == (["CAP_NET_BIND_SERVICE"] if bound else [""])
    assert ("AmbientCapabilities" in service) is bound
    assert ("PrivateUsers" in service) is not bound


def test_a_node_in_a_home_sees_homes_but_may_write_only_its_own_folder():
    service = unit(place="/home/ana/no de%1")["Service"]
    assert service["ProtectHome"] == ["read-only"]
    assert service["ReadWritePaths"] == ['"/home/ana/no de%%1"']


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="this machine has no systemd")
@pytest.mark.parametrize("user", ["root", ""])
def test_systemd_finds_nothing_wrong_with_it(tmp_path, user):
    settings = checked(tmp_path, VALUES).model_copy(update={"folder": STATE_ROOT / "bluepacific"})
    # Root here only, for it is there on every machine; `install-service` refuses it.
    plan = Plan((sys.executable, "-P", "-m", "bp_node"), user, installing.systemd_version())
    file = tmp_path / "bluepacific-fji.service"
    file.write_text(unit_of(settings, plan))
    verified = subprocess.run(["systemd-analyze", "verify", str(file)], capture_output=True, text=True, check=False)
    assert "bluepacific-fji" not in verified.stderr, verified.stderr
    shown = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--json=short", "--threshold=20", str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    if not user and "unrecognized option" not in shown.stderr:
        assert shown.returncode == 0, f"more exposed than 2.0 of 10: {shown.stdout}"


@pytest.fixture
def node(tmp_path):
    place = tmp_path / "fji"
    folder.make(place)
    save(checked(place, VALUES))
    return place


def nobody():
    return pwd.getpwnam("nobody")


@pytest.fixture
def ready(node, monkeypatch):
    """A node that belongs to a real user, where no system empties its folder."""
    monkeypatch.setattr(installing, "_EMPTIED", ())
    monkeypatch.setattr(installing, "_unreachable", lambda *_: iter(()))
    if os.getuid():
        return pwd.getpwuid(os.getuid()).pw_name
    os.chown(node, nobody().pw_uid, nobody().pw_gid)
    return "nobody"


def test_written_once_and_again_but_never_over_somebody_elses(node, ready, tmp_path, capsys):
    for _ in range(2):
        installing.install(node, "", tmp_path, only_print=False, as_json=True)
    told_of = json.loads(capsys.readouterr().out.splitlines()[-1])
    file = tmp_path / "bluepacific-fji.service"
    assert told_of["file"] == str(file)
    assert parsed(file.read_text())["Service"]["User"] == [ready]
    file.write_text("[Service]\nExecStart=/bin/true\n")
    with pytest.raises(CommandError, match="was not written by this command"):
        installing.install(node, "", tmp_path, only_print=False, as_json=True)
    with pytest.raises(CommandError, match="cannot write"):
        installing.install(node, "", tmp_path / "nowhere", only_print=False, as_json=True)


def test_printing_writes_nothing(node, ready, tmp_path, capsys):
    before = sorted(tmp_path.iterdir())
    installing.install(node, "", tmp_path, only_print=True, as_json=False)
    assert parsed(capsys.readouterr().out)["Service"]["User"] == [ready]
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("user", "says"),
    [
        ("root", "does not run as root"),
        ("bp-nobody-here", "run `useradd --system"),
        ("Not A User", "cannot be a user's name"),
        ("daemon", "run `chown -R daemon:"),
    ],
)
def test_what_could_not_run_is_not_written(node, ready, tmp_path, user, says):
    with pytest.raises(CommandError, match=says):
        installing.install(node, user, tmp_path, only_print=False, as_json=True)
    assert not list(tmp_path.glob("*.service"))


def test_a_folder_that_the_system_empties_is_refused(tmp_path, monkeypatch, node, ready):
    monkeypatch.setattr(installing, "_EMPTIED", (str(tmp_path),))
    with pytest.raises(CommandError, match="the system empties"):
        installing.install(node, "", tmp_path, only_print=False, as_json=True)


def test_software_that_the_user_cannot_read_is_told(tmp_path):
    shut = tmp_path / "home" / ".venv"
    shut.mkdir(parents=True)
    program = shut / "python"
    program.touch(0o755)
    tmp_path.chmod(0o755)
    shut.parent.chmod(0o700)
    account = nobody()
    if not installing._may_enter(tmp_path.parent, account):
        found = list(installing._unreachable(str(program), account))
        assert "nobody cannot read" in found[0]
    assert installing._may_enter(tmp_path, account)
    assert not installing._may_enter(shut.parent, account)
    assert installing._may_enter(program, account)


class Systemd:
    """The real socket that systemd would listen on."""

    def __init__(self, address):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address)
        self.socket.setblocking(False)  # noqa: FBT003 - its only way

    async def heard(self):
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(30):
            return (await loop.sock_recv(self.socket, 4096)).decode().splitlines()


@pytest.fixture(params=["path", "abstract"])
def systemd(request, tmp_path):
    path = f"{tmp_path}/notify"
    listening = Systemd(path if request.param == "path" else "\0" + path)
    with listening.socket:
        listening.address = path if request.param == "path" else "@" + path
        yield listening


async def test_ready_then_signs_of_life_then_stopping(systemd):
    environment = {"NOTIFY_SOCKET": systemd.address, "WATCHDOG_USEC": "40000", "WATCHDOG_PID": str(os.getpid())}
    async with told("fji at http://127.0.0.1", environment):
        assert await systemd.heard() == ["READY=1", "STATUS=fji at http://127.0.0.1"]
        for _ in range(3):
            assert await systemd.heard() == ["WATCHDOG=1"]
    while (last := await systemd.heard()) == ["WATCHDOG=1"]:
        pass
    assert last == ["STOPPING=1"]


async def test_a_stuck_loop_gives_no_sign(systemd):
    async with told("x", {"NOTIFY_SOCKET": systemd.address, "WATCHDOG_USEC": "40000"}):
        await systemd.heard()
        await systemd.heard()
        while True:
            try:
                systemd.socket.recv(4096)
            except BlockingIOError:
                break
        # Five signs were due.
        time.sleep(0.1)  # noqa: ASYNC251 - a loop that is stuck is what is tried
        with pytest.raises(BlockingIOError):
            systemd.socket.recv(4096)


@pytest.mark.parametrize(
    ("environment", "interval"),
    [
        ({}, 0),
        ({"WATCHDOG_USEC": "60000000"}, 30),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}, 0),
        ({"WATCHDOG_USEC": "soon"}, 0),
        ({"WATCHDOG_USEC": "0"}, 0),
    ],
)
def test_signs_are_given_where_they_are_asked_for(environment, interval):
    assert Telling(environment).interval == interval


async def test_without_systemd_nothing_is_told_and_nothing_breaks(tmp_path):
    for environment in ({}, {"NOTIFY_SOCKET": f"{tmp_path}/gone", "WATCHDOG_USEC": "1000"}):
        async with told("x", environment):
            await asyncio.sleep(0)


async def test_the_node_itself_tells(tmp_path):
    settings = make_node(tmp_path / "fji")
    address = str(tmp_path / "notify")
    systemd = Systemd(address)
    with systemd.socket, (tmp_path / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-P", "-m", "bp_node", "node", "up", "--dir", settings.folder),
            env=os.environ | {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "200000"},
            stdout=log,
            stderr=log,
        )
        try:
            assert await systemd.heard() == ["READY=1", f"STATUS=fji at {settings.public_url}"]
            for _ in range(3):
                assert await systemd.heard() == ["WATCHDOG=1"]
        finally:
            process.terminate()
            await process.wait()
        while (last := await systemd.heard()) == ["WATCHDOG=1"]:
            pass
        assert last == ["STOPPING=1"]
        assert process.returncode == 0
