"""`python -m bp_gateway serve | check`: the gateway as a process of its own. It has no workers, and no database but what waits."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from bp_gateway.settings import GatewaySettings
from bp_kit.alone.certificates import read_certificates
from bp_kit.alone.command import told_plainly
from bp_kit.alone.process import own_settings, pod_settings, run
from bp_kit.alone.trouble import CannotStartError


def _do(verb: str) -> None:
    pod, settings = pod_settings(), own_settings(GatewaySettings)
    if verb == "check":
        read_certificates(pod.tls_dir)
        _check_queue(settings.queue_dir)
        sys.stdout.write("bp_gateway: all is well\n")
        return
    from bp_gateway.alone import serve  # noqa: PLC0415 - with FastAPI

    run(pod, lambda stop: serve(pod, settings, stop))


def _check_queue(folder: Path | None) -> None:
    # Made at the first start where its volume can be written.
    if folder and not os.access(folder if folder.is_dir() else folder.parent, os.W_OK):
        raise CannotStartError(f"BP_GATEWAY__QUEUE_DIR: {folder} cannot be written")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bp_gateway")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("serve", help="serve HTTP")
    verbs.add_parser("check", help="tell whether the settings and files are as they must be, and change nothing")
    told_plainly("bp_gateway", lambda: _do(parser.parse_args().verb))
