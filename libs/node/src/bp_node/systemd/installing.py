"""`node install-service`: writes the unit, once it is sure that it will run."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bp_node.failure import CommandError, told_plainly
from bp_node.screen import errors, say, say_json
from bp_node.settings import NodeSettings, load
from bp_node.systemd.unit import HEADER, STATE_ROOT, Plan, name_of, state_of, unit_of

_VERSION = re.compile(r"systemd (\d+)")
_EMPTIED = ("/tmp", "/var/tmp", "/run")  # noqa: S108 - named to be refused
_ACCOUNT = re.compile(r"[a-z_][a-z0-9_-]{0,31}")


def install(directory: Path, user: str, unit_folder: Path, *, only_print: bool, as_json: bool) -> None:
    """Writes the unit, or shows it.

    Args:
        directory: The node's folder.
        user: Whom it runs as; empty for the folder's owner, or one that systemd makes up.
        unit_folder: Where units are.
        only_print: Write it to standard output only.
        as_json: Write JSON.

    Raises:
        CommandError: It could not run: the user is missing, cannot reach the software or does not own the folder; or it cannot be written.
    """
    settings = load(directory)
    plan = Plan((sys.executable, "-P", "-m", "bp_node"), _user(settings, user), systemd_version())
    troubles = list(_troubles(settings, plan))
    name, text = name_of(settings), unit_of(settings, plan)
    if troubles and not only_print:
        raise CommandError(troubles[0])
    if not only_print:
        _write(unit_folder / name, text)
    if as_json:
        say_json({"unit": name, "file": str(unit_folder / name), "text": text, "troubles": troubles})
    elif only_print:
        sys.stdout.write(text)
        for trouble in troubles:
            errors.print(f"would not run: {trouble}", soft_wrap=True)
    else:
        say(f"wrote {unit_folder / name}")
        say(f"next: `systemctl daemon-reload && systemctl enable --now {name}`, then `journalctl -fu {name}`")


def systemd_version() -> int:
    """Returns the version of this machine's systemd; 0 where there is none."""
    program = shutil.which("systemctl")
    if program is None:
        return 0
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)  # noqa: S603 - as found
    found = _VERSION.match(done.stdout)
    return int(found[1]) if found else 0


def _user(settings: NodeSettings, wanted: str) -> str:
    """Returns the user it runs as; empty for one that systemd makes up."""
    if wanted and not _ACCOUNT.fullmatch(wanted):
        raise CommandError(f"{wanted} cannot be a user's name")
    place = settings.folder
    with told_plainly("look at", place):
        owner = place.stat().st_uid
    try:
        name = pwd.getpwuid(owner).pw_name if owner else ""
    except KeyError:
        name = ""
    if not wanted and not name and state_of(place) is None:
        raise CommandError(f"give --user: {place} belongs to nobody a node may run as, and is not below {STATE_ROOT}")
    return wanted or name


def _troubles(settings: NodeSettings, plan: Plan) -> Iterator[str]:
    place = settings.folder
    if any(place.is_relative_to(one) for one in _EMPTIED):
        yield f"the system empties {place} now and then: move the node, best to {STATE_ROOT}/bluepacific"
    if any(ord(letter) < ord(" ") for letter in str(place)):
        yield "the folder's name has control characters: rename it"
    if plan.user == "root":
        yield "a node does not run as root: give another --user"
    elif plan.user:
        yield from _troubles_of_user(settings, plan)
    else:
        yield from _unreachable(plan.command[0], None)


def _troubles_of_user(settings: NodeSettings, plan: Plan) -> Iterator[str]:
    try:
        account = pwd.getpwnam(plan.user)
    except KeyError:
        add = f"useradd --system --no-create-home --shell /usr/sbin/nologin {plan.user}"
        yield f"there is no user {plan.user}: run `{add}` first"
        return
    if settings.folder.stat().st_uid != account.pw_uid:
        yield f"{settings.folder} does not belong to {plan.user}: run `chown -R {plan.user}: {settings.folder}` first"
    yield from _unreachable(plan.command[0], account)


def _unreachable(program: str, account: pwd.struct_passwd | None) -> Iterator[str]:
    """A virtual environment in somebody's home is the usual mistake."""
    who = account.pw_name if account else "the service's user"
    for path in (Path(program), Path(program).resolve(), Path(__file__).resolve()):
        for part in (*reversed(path.parents), path):
            if not _may_enter(part, account):
                yield f"{who} cannot read {part}: install the software where everybody can, such as /opt/bluepacific"
                return


def _may_enter(path: Path, account: pwd.struct_passwd | None) -> bool:
    found = path.stat()
    wanted = 0o1 if stat.S_ISDIR(found.st_mode) else 0o4
    if account and found.st_uid == account.pw_uid:
        return bool(found.st_mode & wanted << 6)
    if account and found.st_gid in os.getgrouplist(account.pw_name, account.pw_gid):
        return bool(found.st_mode & wanted << 3)
    return bool(found.st_mode & wanted)


def _write(file: Path, text: str) -> None:
    with told_plainly("write", file):
        if file.exists() and not file.read_text(encoding="utf-8").startswith(HEADER.partition(";")[0]):
            raise CommandError(f"{file} was not written by this command: move it away first")
        unfinished = file.with_name(f".{file.name}.new")
        unfinished.write_text(text, encoding="utf-8")
        unfinished.chmod(0o644)
        unfinished.replace(file)
