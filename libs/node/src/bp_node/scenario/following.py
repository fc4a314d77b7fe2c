"""Chapter: one trace leads from Suva's click, over Apia, to the e-mail in Nuku'alofa."""

from __future__ import annotations

from collections.abc import Iterator

from bp_node import spantree
from bp_node.scenario.cast import Cast
from bp_node.scenario.story import Story, promised
from bp_node.spantree import Branch

_MAIL = "notifications.mail.send"


async def play(story: Story, cast: Cast, trace_id: str) -> None:
    """Plays the chapter.

    Raises:
        BrokenPromise: As `Story.step`.
    """
    async with story.step("One trace leads from Suva's click to the e-mail in Nuku'alofa") as step:

        async def grown() -> list[Branch] | None:
            roots = spantree.grow(spantree.stores_under(cast.span_folders()), trace_id)
            return (
                roots if _paths_to_mail(roots) and len(spantree.nodes_of(roots)) == len(cast.region["nodes"]) else None
            )

        roots = await story.until("all three nodes have kept their spans, the e-mail's too", grown)
        path = min(_paths_to_mail(roots), key=len)
        step.shows(
            nodes=", ".join(spantree.nodes_of(roots)),
            spans=sum(1 for root in roots for _ in root.walk()),
            path=" > ".join(f"{branch.span.node} {branch.span.name}" for branch in path),
            see=f"bluepacific trace {trace_id} --dir {cast.state}",
        )
        promised(path[0].span.node == "fji", "it begins in Suva")
        promised(path[0].span.scope == "bp_gateway", "with the click, at the gateway")


def _paths_to_mail(roots: list[Branch]) -> list[list[Branch]]:
    """Returns every way from a root to an e-mail that Tonga sent."""
    return [
        path for root in roots for path in _paths(root) if path[-1].span.node == "ton" and path[-1].span.name == _MAIL
    ]


def _paths(branch: Branch) -> Iterator[list[Branch]]:
    yield [branch]
    for one in branch.branches:
        for path in _paths(one):
            yield [branch, *path]
