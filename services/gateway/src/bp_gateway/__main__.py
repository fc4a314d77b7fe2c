"""`python -m bp_gateway serve | check`: the gateway as a process of its own. It has no database and no workers."""

from __future__ import annotations

import argparse
import sys

from bp_gateway.settings import GatewaySettings
from bp_kit.alone.certificates import read_certificates
from bp_kit.alone.command import told_plainly
from bp_kit.alone.process import own_settings, pod_settings, run


def _do(verb: str) -> None:
    pod, settings = pod_settings(), own_settings(GatewaySettings)
    if verb == "check":
        read_certificates(pod.tls_dir)
        sys.stdout.write("bp_gateway: all is well\n")
        return
    from bp_gateway.alone import serve  # noqa: PLC0415 - with FastAPI

    run(pod, lambda stop: serve(pod, settings, stop))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bp_gateway")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("serve", help="serve HTTP")
    verbs.add_parser("check", help="tell whether the settings and files are as they must be, and change nothing")
    told_plainly("bp_gateway", lambda: _do(parser.parse_args().verb))
