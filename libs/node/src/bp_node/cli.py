"""The `bluepacific` command: its commands and options. What they do is imported when they are run, so that help comes at once."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from bp_node.commands import (
    access,
    bundle,
    client,
    cluster,
    decide,
    link,
    log,
    moving,
    node,
    operate,
    operation,
    proof,
    register,
    role,
    subject,
    unit,
    upkeep,
    user,
)
from bp_node.failure import CommandError

app = typer.Typer(
    name="bluepacific",
    help="Police of the Pacific islands: one node of the network, or a whole region on this machine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(node.app, name="node")
node.app.command("backup")(upkeep.backup)
node.app.command("restore")(upkeep.restore)
node.app.command("install-service")(upkeep.install_service)
node.app.command("doctor")(upkeep.doctor)
node.app.command("resend")(upkeep.resend)
node.app.command("move")(moving.move)
app.add_typer(user.app, name="user")
app.add_typer(unit.app, name="unit")
app.add_typer(subject.app, name="subject")
app.add_typer(role.app, name="role")
app.add_typer(client.app, name="client")
app.add_typer(decide.proposals, name="proposal")
app.add_typer(decide.emergencies, name="emergency")
app.add_typer(decide.reviews, name="review")
app.add_typer(operation.app, name="operation")
app.add_typer(access.app, name="access")
app.add_typer(bundle.app, name="bundle")
app.add_typer(cluster.app, name="cluster")
app.add_typer(link.app, name="link")
app.add_typer(proof.app, name="proof")
app.add_typer(register.app, name="register")
app.add_typer(log.app, name="log")
app.add_typer(operate.config, name="config")
app.command("migrate")(operate.migrate)
app.command("trace")(operate.trace)
app.command("region")(operate.region)
app.command("scenario")(operate.scenario)


@app.callback(invoke_without_command=True)
def _root(
    *,
    version: Annotated[bool, typer.Option("--version", help="Show the version and leave.")] = False,
) -> None:
    if version:
        from importlib.metadata import version as version_of  # noqa: PLC0415 - slow, seldom

        typer.echo(version_of("bluepacific-node"))
        raise typer.Exit


def main() -> None:
    """Runs the command; what cannot be done is told in one line on standard error."""
    try:
        app()
    except CommandError as error:
        sys.stderr.write(f"bluepacific: {error.text}\n")
        sys.exit(error.code)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(0)
