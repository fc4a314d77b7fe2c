"""Messages to train the zstd dictionary with: STIX bundles and proto messages as services send them, with invented text."""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from tools.dictionary.words import NAMES, PHRASES

from bluepacific.common.v1 import handling_pb2
from bluepacific.cooperation.v1 import events_pb2
from bluepacific.exchange.v1 import envelope_pb2
from bluepacific.training.v1 import events_pb2 as training_pb2

_COUNTRIES = (
    "FJI",
    "TON",
    "WSM",
    "VUT",
    "SLB",
    "PNG",
    "KIR",
    "TUV",
    "NRU",
    "PLW",
    "FSM",
    "MHL",
    "COK",
    "NIU",
    "NCL",
    "PYF",
    "AUS",
    "NZL",
)
_UNITS = ["ncb", "tcu", "customs", "fisheries", "immigration", "maritime", "academy", "police"]
_FIRST, _LAST, _PLACES, _VESSELS = (" ".join(names.split()).split("; ") for names in NAMES.values())
_ROLES = ("owner", "skipper", "crew", "broker", "courier", "witness", "suspect", "victim", "agent")
_GOODS = ("cash", "drugs", "cocaine", "methamphetamine", "weapons", "tobacco", "timber", "fuel", "documents", "fish")
# The Traffic Light Protocol's, as STIX 2.1 has them.
_MARKINGS = (
    "613f2e26-407d-48c7-9eca-b8e91df99dc9",
    "34098fce-860f-48ae-8e50-ebd3cc5e41da",
    "f88d31f6-486f-44da-b317-01333bde0b82",
    "5e57c739-391a-4eb3-b6be-7d15ca92d5ed",
)
_TOPICS = (
    "bluepacific.cooperation.v1.request.opened",
    "bluepacific.cooperation.v1.reply.sent",
    "bluepacific.cooperation.v1.request.closed",
    "bluepacific.cooperation.v1.directive.issued",
    "bluepacific.training.v1.course.published",
)


class Maker:
    """Makes samples, all from one seed.

    Args:
        seed: Of everything that is drawn.
    """

    def __init__(self, seed: str) -> None:
        self._drawn = random.Random(seed)  # noqa: S311 - repeatable, and no secret
        self._words = {language: " ".join(lines.split()).split() for language, lines in PHRASES.items()}

    def message(self) -> tuple[bytes, bytes]:
        """Returns a serialised head and a serialised content."""
        payload = self._pick(
            (self._bundle, self._bundle, self._record, self._record, self._request, self._note, self._track)
        )()
        content = envelope_pb2.Content(payload=payload)
        content.handling.tlp = self._pick(handling_pb2.Tlp.values()[1:])
        content.handling.purpose = self._pick(handling_pb2.Purpose.values()[1:])
        return self._head().SerializeToString(deterministic=True), content.SerializeToString(deterministic=True)

    def _head(self) -> envelope_pb2.MessageHead:
        country, topic = self._pick(_COUNTRIES), self._pick(_TOPICS)
        head = envelope_pb2.MessageHead(
            message_id=self._drawn.randbytes(16),
            topic=topic,
            author=f"countries/{country}/units/{self._pick(_UNITS)}",
            recipients=[self._unit() for _ in range(self._pick((1, 1, 1, 2)))],
            urgency=self._pick(handling_pb2.Urgency.values()[1:]),
            conversation=f"countries/{country}/{topic.split('.')[3]}s/{self._id()}",
            trace=bytes(1) + self._drawn.randbytes(24) + b"\1",
        )
        head.create_time.FromDatetime(self._moment())
        return head

    def _pick(self, choices: Any) -> Any:
        return self._drawn.choice(choices)

    def _id(self, kind: str = "") -> str:
        made = str(uuid.UUID(int=self._drawn.getrandbits(128), version=4))
        return f"{kind}--{made}" if kind else made

    def _unit(self) -> str:
        return f"countries/{self._pick(_COUNTRIES)}/units/{self._pick(_UNITS)}"

    def _moment(self) -> datetime:
        return datetime(2025, 1, 1, tzinfo=UTC) + timedelta(milliseconds=self._drawn.randrange(2 * 365 * 86_400_000))

    def _stamp(self) -> str:
        return self._moment().isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def _name(self) -> str:
        return f"{self._pick(_FIRST)} {self._pick(_LAST)}"

    def _fill(self) -> str:
        makers: tuple[Callable[[], str], ...] = (
            self._name,
            lambda: self._pick(_PLACES),
            lambda: self._pick(_VESSELS),
            lambda: self._moment().strftime("%d %B %Y"),
            lambda: self._moment().strftime("%H:%M"),
            lambda: f"{self._drawn.uniform(-25, 5):.4f}, {self._drawn.uniform(150, 180):.4f}",
            lambda: str(self._drawn.randint(2, 10**6)),
            lambda: f"{self._pick('ABLNP')}{self._drawn.randint(10**6, 10**7)}",
        )
        return self._pick(makers)()

    def _text(self, sentences: int, language: str = "") -> str:
        language = language or self._pick(("en", "en", "en", "fr", "es", "ar"))
        phrases = [line.strip() for line in PHRASES[language].splitlines()]
        made = []
        for _ in range(sentences):
            if self._drawn.random() < 0.5:  # noqa: PLR2004 - half are phrases, half words in no order, which weighs single words
                said = self._pick(phrases)
            else:
                said = " ".join(self._pick(self._words[language]) for _ in range(self._drawn.randint(6, 16)))
            while "{}" in said:
                said = said.replace("{}", self._fill(), 1)
            made.append(said[:1].upper() + said[1:] + ".")
        return " ".join(made)

    def _stix(self, kind: str, author: str, **fields: Any) -> dict[str, Any]:
        known = {"type": kind, "spec_version": "2.1", "id": self._id(kind), "created_by_ref": author}
        return known | {"created": self._stamp(), "modified": self._stamp()} | fields

    def _bundle(self) -> bytes:
        chosen = self._drawn.sample(self._objects(), k=self._drawn.randint(2, 4))
        return self._json({"type": "bundle", "id": self._id("bundle"), "objects": chosen})

    def _record(self) -> bytes:
        return self._json(self._pick(self._objects()))

    def _objects(self) -> list[dict[str, Any]]:
        author = self._id("identity")
        marking = [f"marking-definition--{self._pick(_MARKINGS)}"]
        draw = self._drawn
        person = self._stix(
            "identity", author, name=self._name(), identity_class="individual", roles=["owner", "skipper"]
        )
        person |= {
            "labels": [f"{self._pick(_UNITS)}-{draw.randint(1, 9999)}", self._pick(_GOODS)],
            "description": self._text(3),
            "object_marking_refs": marking,
        }
        person["external_references"] = [
            {"source_name": self._pick(_UNITS), "external_id": f"{self._pick(_COUNTRIES)}-{draw.randint(1, 10**6)}"}
        ]
        return [
            person,
            self._stix(
                "observed-data",
                author,
                first_observed=self._stamp(),
                last_observed=self._stamp(),
                number_observed=draw.randint(1, 30),
                object_refs=[self._id("location"), self._id("x-vessel")],
                object_marking_refs=marking,
            ),
            self._stix(
                "location",
                author,
                name=self._pick(_PLACES),
                region="oceania",
                country=self._pick(_COUNTRIES),
                latitude=round(draw.uniform(-25, 5), 5),
                longitude=round(draw.uniform(150, 180), 5),
            ),
            self._stix(
                "report", author, name=self._text(1), published=self._stamp(), object_refs=[self._id("identity")]
            ),
            self._stix("indicator", author, name=self._text(1), pattern_type="stix", valid_from=self._stamp()),
            self._stix(
                "relationship",
                author,
                relationship_type=self._pick(("related-to", "located-at", "uses", "attributed-to", "owned-by")),
                source_ref=self._id("identity"),
                target_ref=self._id("observed-data"),
                confidence=draw.randint(1, 100),
            ),
        ]

    def _json(self, value: Any) -> bytes:
        return json.dumps(value, ensure_ascii=False).encode()

    def _request(self) -> bytes:
        event = events_pb2.RequestOpened()
        request = event.request
        request.name = f"countries/{self._pick(_COUNTRIES)}/requests/{self._id()}"
        request.unit, request.title, request.text = self._unit(), self._text(1)[:200], self._text(8)
        request.officer = request.unit.rsplit("/", 2)[0] + f"/officers/{self._id()}"
        request.recipients.extend([self._unit(), self._unit()])
        request.handling.tlp, request.handling.purpose = handling_pb2.TLP_AMBER, handling_pb2.PURPOSE_INVESTIGATION
        request.send_time.FromDatetime(self._moment())
        request.create_time.FromDatetime(self._moment())
        return event.SerializeToString(deterministic=True)

    def _note(self) -> bytes:
        if self._drawn.random() < 0.2:  # noqa: PLR2004 - courses are few
            published = training_pb2.CoursePublished()
            published.course.title.texts["en"] = self._text(1, "en")[:100]
            published.course.description.texts["en"] = self._text(4, "en")
            return published.SerializeToString(deterministic=True)
        return self._json(
            {
                "name": f"countries/{self._pick(_COUNTRIES)}/requests/{self._id()}",
                "author": self._unit(),
                "recipients": [self._unit()],
                "kind": self._pick(("INFORMATION", "CHECK_PERSON", "CHECK_VESSEL", "ASSISTANCE", "ALERT")),
                "title": self._text(1),
                "text": self._text(6),
                "handling": {
                    "tlp": self._pick(("CLEAR", "GREEN", "AMBER", "AMBER_STRICT", "RED")),
                    "purpose": "INVESTIGATION",
                },
                "subject": {
                    "name": self._name(),
                    "birth_date": self._moment().date().isoformat(),
                    "document": self._fill(),
                },
                "deadline_time": self._stamp(),
            }
        )

    def _track(self) -> bytes:
        draw, at = self._drawn, self._moment()
        points = [
            {
                "time": (at + timedelta(seconds=600 * one)).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                "lat": round(draw.uniform(-25, 5), 5),
                "lon": round(draw.uniform(150, 180), 5),
                "speed": round(draw.uniform(0, 20), 1),
                "course": draw.randrange(360),
            }
            for one in range(draw.randint(4, 12))
        ]
        vessel = {"name": self._pick(_VESSELS), "imo": draw.randint(10**6, 10**7), "mmsi": draw.randint(10**8, 10**9)}
        flag = self._pick(_COUNTRIES)
        return self._json({"vessel": vessel, "flag": flag, "track": points, "remark": self._text(3)})
