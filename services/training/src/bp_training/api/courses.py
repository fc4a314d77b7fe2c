"""CourseService."""

from __future__ import annotations

from typing import Any

from bluepacific.training.v1 import course_pb2
from bluepacific.training.v1 import course_service_pb2 as pb
from bluepacific.training.v1 import course_service_pb2_grpc as grpc_
from bp_kit.call import current_call
from bp_kit.database import current_session
from bp_kit.listing import listing_of
from bp_kit.masks import fields_to_change
from bp_kit.names import country_of
from bp_training.adapters.messages import course_message, text_of
from bp_training.adapters.unit_of_work import Workshop
from bp_training.usecases import courses

_MUTABLE = ("title", "description", "tags")


class CourseServicer(grpc_.CourseServiceServicer):
    """Courses of all countries; those of the own one can be changed.

    Args:
        workshop: Makes the parts of a transaction.
    """

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    async def GetCourse(self, request: pb.GetCourseRequest, context: Any) -> course_pb2.Course:
        """Gets a course."""
        work = self._workshop.on(current_session())
        return course_message(await courses.get_course(work, current_call().principal, request.name))

    async def ListCourses(self, request: pb.ListCoursesRequest, context: Any) -> pb.ListCoursesResponse:
        """Lists courses by name."""
        work = self._workshop.on(current_session())
        listed = await courses.list_courses(work, current_call().principal, listing_of(request))
        return pb.ListCoursesResponse(
            courses=[course_message(course) for course in listed.items], next_page_token=listed.next_token
        )

    async def CreateCourse(self, request: pb.CreateCourseRequest, context: Any) -> course_pb2.Course:
        """Creates a draft."""
        course = await courses.create_course(
            self._workshop.on(current_session()),
            country=country_of(request.parent),
            course_id=request.course_id,
            text=text_of(request.course),
        )
        return course_message(course)

    async def UpdateCourse(self, request: pb.UpdateCourseRequest, context: Any) -> course_pb2.Course:
        """Changes title, description or tags."""
        course = await courses.update_course(
            self._workshop.on(current_session()),
            current_call().principal,
            request.course.name,
            text=text_of(request.course),
            fields=fields_to_change(request.update_mask, request.course, _MUTABLE),
            etag=request.course.etag,
        )
        return course_message(course)

    async def PublishCourse(self, request: pb.PublishCourseRequest, context: Any) -> course_pb2.Course:
        """Sends the course to every country."""
        course = await courses.publish_course(
            self._workshop.on(current_session()),
            current_call().principal,
            request.name,
            package=request.package,
            etag=request.etag,
        )
        return course_message(course)
