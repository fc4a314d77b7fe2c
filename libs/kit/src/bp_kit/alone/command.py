"""`python -m bp_<service> serve | worker | migrate | check`: what each service's `__main__` calls."""

from __future__ import annotations

import argparse
import asyncio
import sys
from importlib import import_module
from typing import Any

from bp_kit.alone.process import own_settings, pod_settings, run
from bp_kit.alone.trouble import CannotStartError
from bp_kit.settings import ServiceSettings

_VERBS = {
    "serve": "answer calls and, unless BP_POD__WORKERS is false, run the workers",
    "worker": "run the workers alone",
    "migrate": "bring the database to this release",
    "check": "tell whether the settings, files and database are as they must be, and change nothing",
}


def main(service: str, kind: type[ServiceSettings]) -> None:
    """Does what the command line asks, and ends the process.

    Args:
        service: Short name: `training`.
        kind: Its settings.
    """
    parser = argparse.ArgumentParser(prog=f"python -m bp_{service}")
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb, help_text in _VERBS.items():
        verbs.add_parser(verb, help=help_text)
    verb = parser.parse_args().verb
    told_plainly(f"bp_{service}", lambda: _do(verb, service, kind))


def told_plainly(program: str, work: Any) -> None:
    """Runs it; what keeps it from starting is one line on standard error, and exit code 1."""
    try:
        work()
    except CannotStartError as error:
        sys.stderr.write(f"{program}: {error.text}\n")
        sys.exit(1)


def _do(verb: str, service: str, kind: type[ServiceSettings]) -> None:
    if verb == "migrate":
        from bp_kit.alone.migrating import migrate  # noqa: PLC0415 - Alembic is heavy

        asyncio.run(migrate(service, str(kind.model_config.get("env_prefix", ""))))
        return
    pod, settings = pod_settings(), own_settings(kind)
    if verb == "check":
        from bp_kit.alone.migrating import check  # noqa: PLC0415 - as above

        asyncio.run(check(service, pod, settings))
        return
    from bp_kit.alone.serving import serve  # noqa: PLC0415 - with gRPC

    build = import_module(f"bp_{service}.app").build
    run(pod, lambda stop: serve(pod, build, settings, stop, calls=verb == "serve"))
