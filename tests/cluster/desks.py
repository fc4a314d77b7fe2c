"""What people write in the tests, and how what they wrote is read again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from bluepacific.common.v1 import text_pb2
from bluepacific.cooperation.v1 import request_service_pb2
from bluepacific.training.v1 import course_pb2, course_service_pb2
from bp_client import AsyncBluePacific
from bp_node.scenario import letters
from tests.cluster.nodes import CENTRE

_MOST = 100


@dataclass(frozen=True)
class Desk:
    """Somebody at work.

    Attributes:
        node: At whose gateway.
        officer: Resource name.
        write: Writes a draft with a title, once for each key.
        page: Returns titles, and the token of the next page.
    """

    node: str
    officer: str
    write: Callable[[AsyncBluePacific, str, str], Awaitable[Any]]
    page: Callable[[AsyncBluePacific, str], Awaitable[tuple[list[str], str]]]


async def _write_request(client: AsyncBluePacific, title: str, key: str) -> None:
    request = letters.draft(title, [letters.SUVA], text="Please confirm.")
    wanted = request_service_pb2.CreateRequestRequest(parent="countries/WSM", request=request, request_id=key)
    await client.cooperation.requests.CreateRequest(wanted)


async def _requests(client: AsyncBluePacific, token: str) -> tuple[list[str], str]:
    asked = request_service_pb2.ListRequestsRequest(parent="countries/WSM", page_size=_MOST, page_token=token)
    page = await client.cooperation.requests.ListRequests(asked)
    return [one.title for one in page.requests], page.next_page_token


async def _write_course(client: AsyncBluePacific, title: str, key: str) -> None:
    course = course_pb2.Course(title=text_pb2.LocalizedText(texts={"en": title}))
    wanted = course_service_pb2.CreateCourseRequest(parent="countries/TON", course=course, request_id=key)
    await client.training.courses.CreateCourse(wanted)


async def _courses(client: AsyncBluePacific, token: str) -> tuple[list[str], str]:
    asked = course_service_pb2.ListCoursesRequest(parent="countries/TON", page_size=_MOST, page_token=token)
    page = await client.training.courses.ListCourses(asked)
    return [one.title.texts["en"] for one in page.courses], page.next_page_token


# Cases at the centre, and courses in Tonga.
CASES = Desk(CENTRE, "countries/WSM/officers/lagi", _write_request, _requests)
COURSES = Desk("ton", "countries/TON/officers/viliami", _write_course, _courses)
