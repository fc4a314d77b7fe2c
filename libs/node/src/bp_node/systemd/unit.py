"""The unit of a node: systemd.service(5), systemd.exec(5). Whatever the node does not need is taken from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bp_node.settings import NodeSettings

HEADER = "# Written by `bluepacific node install-service`; what you change here is lost. Use `systemctl edit {name}`."
STATE_ROOT = Path("/var/lib")
# Where systemd really keeps the folders of users that it makes up; they are named as if they stood in STATE_ROOT.
_PRIVATE = STATE_ROOT / "private"
# RestartSteps came with it.
_STEPS_SINCE = 254
_FIRST_FREE_PORT = 1024
_HOMES = ("/home", "/root", "/run/user")

_HARDENING = """\
NoNewPrivileges=yes
UMask=0077
ProtectSystem=strict
PrivateTmp=yes
PrivateDevices=yes
PrivateIPC=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
ProcSubset=pid
LockPersonality=yes
MemoryDenyWriteExecute=yes
RemoveIPC=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
KeyringMode=private
SystemCallArchitectures=native
SystemCallErrorNumber=EPERM
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources"""


@dataclass(frozen=True)
class Plan:
    """What the unit depends on besides the node's settings.

    Attributes:
        command: Runs the `bluepacific` command.
        user: Runs as that user; empty for one that systemd makes up (DynamicUser), whose folder is below `/var/lib`.
        version: Of systemd; 0 where it is not known.
    """

    command: tuple[str, ...]
    user: str
    version: int = 0


def state_of(folder: Path) -> Path | None:
    """Returns a folder as systemd names it below `/var/lib`; None when it is elsewhere."""
    for root in (_PRIVATE, STATE_ROOT):
        if folder.is_relative_to(root) and folder != root:
            return folder.relative_to(root)
    return None


def name_of(settings: NodeSettings) -> str:
    """Returns the unit's name."""
    return f"bluepacific-{settings.node_id}.service"


def unit_of(settings: NodeSettings, plan: Plan) -> str:
    """Returns the unit's text."""
    name = name_of(settings)
    state = None if plan.user else state_of(settings.folder)
    place = STATE_ROOT / state if state else settings.folder
    command = " ".join(_quoted(part) for part in (*plan.command, "node", "up", "--dir", str(place)))
    return "\n".join(
        (
            HEADER.format(name=name),
            "[Unit]",
            f"Description=Blue Pacific node {settings.node_id} ({settings.country})",
            "Wants=network-online.target",
            "After=network-online.target time-sync.target",
            # A node without a link is a node still: it is never given up.
            "StartLimitIntervalSec=0",
            "",
            "[Service]",
            "Type=notify",
            "NotifyAccess=main",
            f"ExecStart={command}",
            f"EnvironmentFile=-/etc/bluepacific/{settings.node_id}.env",
            f"SyslogIdentifier=bluepacific-{settings.node_id}",
            "StandardOutput=journal",
            "StandardError=journal",
            "WatchdogSec=60",
            # A release may have much to migrate at its first start.
            "TimeoutStartSec=15min",
            "TimeoutStopSec=30",
            *_restart(plan.version),
            "MemoryHigh=768M",
            "MemoryMax=1G",
            "TasksMax=256",
            "LimitNOFILE=8192",
            "",
            *_account(plan.user, state, place),
            *_capabilities(settings),
            f"ProtectHome={_home(settings, plan)}",
            _HARDENING,
            "",
            "[Install]",
            "WantedBy=multi-user.target",
            "",
        )
    )


def _restart(version: int) -> Iterator[str]:
    yield "Restart=always"
    if version and version < _STEPS_SINCE:
        yield "RestartSec=10"
    else:
        yield from ("RestartSec=1", "RestartSteps=8", "RestartMaxDelaySec=2min")


def _account(user: str, state: Path | None, place: Path) -> Iterator[str]:
    if state:
        yield "DynamicUser=yes"
        yield f"StateDirectory={_escaped(state.as_posix())}"
        yield "StateDirectoryMode=0700"
    else:
        yield f"User={user}"
        yield f"ReadWritePaths={_quoted(str(place))}"


def _capabilities(settings: NodeSettings) -> Iterator[str]:
    listened = [str(settings.port), settings.grpc_listen.rpartition(":")[2]]
    if settings.centre:
        listened.append(settings.link.rpartition(":")[2])
    if any(port.isdigit() and 0 < int(port) < _FIRST_FREE_PORT for port in listened):
        yield "AmbientCapabilities=CAP_NET_BIND_SERVICE"
        yield "CapabilityBoundingSet=CAP_NET_BIND_SERVICE"
    else:
        yield "CapabilityBoundingSet="
        # With users of its own a process has no say over the machine's ports.
        yield "PrivateUsers=yes"


def _home(settings: NodeSettings, plan: Plan) -> str:
    """Homes are hidden, unless the node or its software is in one."""
    used = [Path(plan.command[0]), Path(plan.command[0]).resolve(), settings.folder, Path(__file__).resolve()]
    return "read-only" if any(path.is_relative_to(home) for path in used for home in _HOMES) else "yes"


def _quoted(text: str) -> str:
    """Returns a word as systemd.syntax(7) reads it back."""
    slashed = _escaped(text).replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$")
    return slashed if slashed.isascii() and slashed.replace("/", "").replace("-", "").isalnum() else f'"{slashed}"'


def _escaped(text: str) -> str:
    """Percent signs begin specifiers."""
    return text.replace("%", "%%")
