"""How findings are told: what, then the command that mends it; the urgent first."""

from __future__ import annotations

from collections.abc import Sequence

from bp_node.doctor.finding import Finding
from bp_node.failure import EXIT_FAILED, CommandError
from bp_node.screen import out, say, say_json


def tell(where: str, checks: Sequence[str], findings: Sequence[tuple[str, Finding]], *, as_json: bool) -> None:
    """Tells findings.

    Args:
        where: What was looked at.
        checks: What was looked for.
        findings: With the names of their checks.
        as_json: Write JSON.

    Raises:
        CommandError: Something urgent was found.
    """
    ordered = sorted(findings, key=lambda one: not one[1].urgent)
    urgent = sum(finding.urgent for _, finding in ordered)
    if as_json:
        listed = [{"check": name, "what": one.what, "mend": one.mend, "urgent": one.urgent} for name, one in ordered]
        say_json({"where": where, "checks": list(checks), "findings": listed})
    else:
        for _, finding in ordered:
            mark = "[red]✗[/red]" if finding.urgent else "[yellow]![/yellow]"
            out.print(f"{mark} ", end="")
            out.print(finding.what, markup=False, soft_wrap=True)
            out.print(f"    {finding.mend}", markup=False, soft_wrap=True)
        if not ordered:
            say(f"[green]✓[/green] {where}: all is well ({', '.join(checks)})")
    if urgent:
        needs = "1 thing needs" if urgent == 1 else f"{urgent} things need"
        raise CommandError(f"{where}: {needs} you now", EXIT_FAILED)
