"""`link list-set-aside`, `link set-aside`, `link retry`: items that do not get through, out of the lane and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.table import Table

from bluepacific.exchange.v1 import lane_service_pb2 as pb
from bp_client import AsyncBluePacific
from bp_node.linking.asking import ask
from bp_node.linking.status import urgency_name
from bp_node.linking.words import moment, size_in_words, to_second
from bp_node.screen import out, say, say_json

_PAGE = 100


def list_set_aside(directory: Path, peer: str, *, as_json: bool) -> None:
    """Shows what was set aside, of one peer or of all.

    Raises:
        CommandError: The node does not answer.
    """

    async def all_pages(client: AsyncBluePacific) -> list[pb.SetAsideItem]:
        items: list[pb.SetAsideItem] = []
        request = pb.ListSetAsideItemsRequest(peer=peer, page_size=_PAGE)
        while True:
            page = await client.exchange.lanes.ListSetAsideItems(request)
            items += page.items
            if not page.next_page_token:
                return items
            request.page_token = page.next_page_token

    documents = [_document(item) for item in ask(directory, "auditor", all_pages)]
    if as_json:
        say_json({"items": documents})
    elif documents:
        _draw(documents)
    else:
        say("nothing is set aside")


def set_aside(directory: Path, peer: str, item_id: str, reason: str, *, as_json: bool) -> None:
    """Takes an item that waits out of a peer's lane.

    Raises:
        CommandError: The node does not answer, or the item does not wait for that peer.
    """
    request = pb.SetItemAsideRequest(peer=peer, item_id=item_id, reason=reason)
    item = ask(directory, "administrator", lambda client: client.exchange.lanes.SetItemAside(request))
    if as_json:
        say_json(_document(item))
    else:
        say(f"{item_id} is set aside; it is still owed to {peer}, and `bluepacific link retry` puts it back")


def retry(directory: Path, peer: str, item_id: str, *, as_json: bool) -> None:
    """Puts one item, or all of a peer's, back into its lane.

    Raises:
        CommandError: The node does not answer, or has no such item.
    """
    request = pb.RetrySetAsideItemsRequest(peer=peer, item_id=item_id)
    answer = ask(directory, "administrator", lambda client: client.exchange.lanes.RetrySetAsideItems(request))
    if as_json:
        say_json({"peer": peer, "count": answer.count})
    else:
        say(f"{answer.count} back in the lane to {peer}")


def _document(item: pb.SetAsideItem) -> dict[str, Any]:
    return {
        "peer": item.peer,
        "item": item.item_id,
        "kind": "receipt" if item.receipt else "envelope",
        "urgency": urgency_name(item.urgency),
        "sizeBytes": item.size_bytes,
        "queued": moment(item, "queue_time"),
        "setAside": moment(item, "set_aside_time"),
        "ground": item.ground,
        "reason": item.reason,
    }


def _draw(documents: list[dict[str, Any]]) -> None:
    table = Table("peer")
    # It is typed into the next command, so it must be whole.
    table.add_column("item", no_wrap=True)
    for title in ("kind", "urgency", "size", "queued", "set aside", "ground", "reason"):
        table.add_column(title)
    for one in documents:
        table.add_row(
            one["peer"],
            one["item"],
            one["kind"],
            one["urgency"].lower(),
            size_in_words(one["sizeBytes"]),
            to_second(one["queued"]),
            to_second(one["setAside"]),
            one["ground"],
            one["reason"],
        )
    out.print(table)
