"""`bluepacific proposal|emergency|review ...`: what people decide, each under the own name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bp_node.commands.node import Dir, Json

if TYPE_CHECKING:
    from bp_node.administering.persons import Person

proposals = typer.Typer(no_args_is_help=True, help="Acts that take effect once a second person confirms them.")
emergencies = typer.Typer(no_args_is_help=True, help="Roles taken in an emergency, and their reviews.")
reviews = typer.Typer(no_args_is_help=True, help="Each quarter's question whether somebody should still hold a role.")
_HERE = Path("node")
As = Annotated[str, typer.Option("--as", help="Who decides: `ana`. Asks for the password.")]
PasswordFile = Annotated[Path | None, typer.Option(help="Read the password from this file instead of asking.")]
Totp = Annotated[str, typer.Option(help="The code that the authenticator app shows, if there is one.")]
Filter = Annotated[str, typer.Option("--filter", help="'state = \"OPEN\"' for what waits.")]
Proposal = Annotated[str, typer.Argument(help="As `proposal list` shows it.")]
Emergency = Annotated[str, typer.Argument(help="As `emergency list` shows it.")]
Review = Annotated[str, typer.Argument(help="As `review list` shows it.")]


@proposals.command("list")
def list_proposals(*, filter_: Filter = "", directory: Dir = _HERE, as_json: Json = False) -> None:
    """List proposals, oldest first."""
    from bp_node.administering import deciding  # noqa: PLC0415 - as all below: help must come at once

    deciding.PROPOSALS.show(directory, filter_, as_json=as_json)


@proposals.command("confirm")
def confirm_proposal(
    proposal: Proposal,
    *,
    who: As,
    password_file: PasswordFile = None,
    totp: Totp = "",
    directory: Dir = _HERE,
    as_json: Json = False,
) -> None:
    """Carry out what another has proposed; within three days, and never one's own."""
    from bp_node.administering import deciding  # noqa: PLC0415

    deciding.confirm_proposal(directory, proposal, person_of_option(who, password_file, totp), as_json=as_json)


@proposals.command("reject")
def reject_proposal(
    proposal: Proposal,
    *,
    who: As,
    password_file: PasswordFile = None,
    totp: Totp = "",
    directory: Dir = _HERE,
    as_json: Json = False,
) -> None:
    """Refuse a proposal, or take one's own back."""
    from bp_node.administering import deciding  # noqa: PLC0415

    deciding.refuse_proposal(directory, proposal, person_of_option(who, password_file, totp), as_json=as_json)


@emergencies.command("list")
def list_emergencies(*, filter_: Filter = "", directory: Dir = _HERE, as_json: Json = False) -> None:
    """List emergencies, oldest first."""
    from bp_node.administering import deciding  # noqa: PLC0415

    deciding.EMERGENCIES.show(directory, filter_, as_json=as_json)


@emergencies.command("declare")
def declare(
    *,
    role: Annotated[str, typer.Option(help="officer, analyst or duty-officer.")],
    unit: Annotated[str, typer.Option(help="At which unit: `ncb`.")],
    reason: Annotated[str, typer.Option(help="Why it cannot wait; no case content, since others read it.")],
    minutes: Annotated[int, typer.Option(min=5, max=240, help="For how long.")] = 60,
    who: As,
    password_file: PasswordFile = None,
    totp: Totp = "",
    directory: Dir = _HERE,
    as_json: Json = False,
) -> None:
    """Take a role for oneself at once; administrators and data-protection officers are told."""
    from bp_node.administering import deciding  # noqa: PLC0415

    need = deciding.Need(role, unit, reason, minutes)
    deciding.take_role(directory, need, person_of_option(who, password_file, totp), as_json=as_json)


@emergencies.command("review")
def review_emergency(
    emergency: Emergency,
    *,
    finding: Annotated[str, typer.Option(help="Whether it was needed, and what comes of it.")],
    who: As,
    password_file: PasswordFile = None,
    totp: Totp = "",
    directory: Dir = _HERE,
    as_json: Json = False,
) -> None:
    """Close somebody else's emergency with what was found; that ends the role, too."""
    from bp_node.administering import deciding  # noqa: PLC0415

    deciding.close_emergency(directory, emergency, finding, person_of_option(who, password_file, totp), as_json=as_json)


@reviews.command("list")
def list_reviews(*, filter_: Filter = "", directory: Dir = _HERE, as_json: Json = False) -> None:
    """List the roles in question, oldest first."""
    from bp_node.administering import deciding  # noqa: PLC0415

    deciding.REVIEWS.show(directory, filter_, as_json=as_json)


@reviews.command("confirm")
def confirm_review(
    review: Review,
    *,
    who: As,
    password_file: PasswordFile = None,
    totp: Totp = "",
    directory: Dir = _HERE,
    as_json: Json = False,
) -> None:
    """Let a role stay; never one's own."""
    from bp_node.administering import deciding  # noqa: PLC0415

    deciding.keep_role(directory, review, person_of_option(who, password_file, totp), as_json=as_json)


@reviews.command("remove")
def remove_review(
    review: Review,
    *,
    who: As,
    password_file: PasswordFile = None,
    totp: Totp = "",
    directory: Dir = _HERE,
    as_json: Json = False,
) -> None:
    """End a role."""
    from bp_node.administering import deciding  # noqa: PLC0415

    deciding.remove_role(directory, review, person_of_option(who, password_file, totp), as_json=as_json)


def person_of_option(who: str, password_file: Path | None, totp: str) -> Person:
    """Returns who acts, as the options `--as`, `--password-file` and `--totp` say it; asks for a password that is not given."""
    from bp_node.administering.persons import person_of  # noqa: PLC0415

    return person_of(who, password_file, totp, lambda: str(typer.prompt(f"Password of {who}", hide_input=True)))
