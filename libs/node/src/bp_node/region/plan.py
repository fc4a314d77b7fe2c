"""What a region consists of: its nodes, their ports, and the people who can sign in. All people are invented."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

PEOPLE_FILE = "people.json"
REGION_FILE = "region.json"
MAILDIR = "mail"
_HOST = "127.0.0.1"


@dataclass(frozen=True)
class PlannedNode:
    """One node of the region.

    Attributes:
        node_id: Short name.
        country: ISO code.
        title: What people call it.
        offset: Of its gateway's port from the base port.
        people: Units and officers, as `node people` reads them.
    """

    node_id: str
    country: str
    title: str
    offset: int
    people: dict[str, Any]

    @property
    def centre(self) -> bool:
        """It keeps the register and relays."""
        return self.offset == 0


@dataclass(frozen=True)
class Plan:
    """Where everything of a region is.

    Attributes:
        state: Its folder.
        base_port: Of the centre's gateway.
        smtp_port: Of the mail catcher.
    """

    state: Path
    base_port: int
    smtp_port: int

    def port(self, node: PlannedNode) -> int:
        """Returns the port of a node's gateway."""
        return self.base_port + node.offset

    def grpc_port(self, node: PlannedNode) -> int:
        """Returns the port of a node's gRPC for integrators."""
        return self.port(node) + 2

    def url(self, node: PlannedNode) -> str:
        """Returns the URL of a node's gateway."""
        return f"http://{_HOST}:{self.port(node)}"

    def folder(self, node: PlannedNode) -> Path:
        """Returns a node's folder."""
        return self.state / node.node_id

    @property
    def link(self) -> str:
        """The centre's link, as host:port."""
        return f"{_HOST}:{self.base_port + 1}"

    @property
    def ports(self) -> dict[int, str]:
        """Every port that must be free, and what for."""
        gateways = {self.port(node): f"the gateway of {node.title}" for node in NODES}
        integrators = {self.grpc_port(node): f"gRPC of {node.title}" for node in NODES}
        return {**gateways, **integrators, self.base_port + 1: "the centre's link", self.smtp_port: "the mail catcher"}

    @property
    def environment(self) -> dict[str, str]:
        """Settings that all nodes get anew at each start, so that a region can move to other ports, and nobody waits for numbers."""
        return {
            "BP_CATALOGUE__UPTAKE_INTERVAL": "PT2S",
            "BP_TRAINING__PARTICIPATION_INTERVAL": "PT2S",
            "BP_NODE__HOST": _HOST,
            "BP_NODE__LINK": self.link,
            "BP_NODE__SMTP_HOST": _HOST,
            "BP_NODE__SMTP_PORT": str(self.smtp_port),
        }


def _officer(domain: str, person: str, gender: str, language: str, *roles: str) -> dict[str, Any]:
    """`person` is officer id, given name and family name."""
    officer_id, given, family = person.split()
    return {
        "id": officer_id,
        "givenName": given,
        "familyName": family,
        "email": f"{officer_id}@{domain}",
        "gender": gender,
        "language": language,
        "roles": list(roles),
    }


def _unit(unit_id: str, display_name: str, kind: str) -> dict[str, str]:
    return {"id": unit_id, "displayName": display_name, "kind": kind}


_apia = partial(_officer, "ptccc.example")
_suva = partial(_officer, "police.fj.example")
_tonga = partial(_officer, "police.to.example")

# A class big enough that its numbers may be told: small ones are withheld.
CADETS = tuple(f"cadet-{number:02}" for number in range(1, 13))
_CLASS = [
    _tonga(f"{cadet} Cadet {cadet[-2:]}", "FEMALE" if number % 2 else "MALE", "en", "learner@academy")
    for number, cadet in enumerate(CADETS)
]

NODES = (
    PlannedNode(
        "ptccc",
        "WSM",
        "PTCCC, Apia",
        0,
        {
            "units": [_unit("ptccc", "Pacific Transnational Crime Coordination Centre", "COORDINATION_CENTRE")],
            "officers": [
                _apia("lagi Lagi Tuala", "FEMALE", "en", "officer@ptccc", "liaison@ptccc", "course_manager@ptccc"),
                _apia("admin Sefo Leota", "MALE", "en", "administrator@ptccc", "auditor@ptccc"),
            ],
        },
    ),
    PlannedNode(
        "fji",
        "FJI",
        "Fiji, Suva",
        100,
        {
            "units": [
                _unit("ncb", "NCB Suva", "NCB"),
                _unit("tcu", "Transnational Crime Unit Suva", "TRANSNATIONAL_CRIME_UNIT"),
            ],
            "officers": [
                _suva("ana Ana Ratu", "FEMALE", "en", "officer@ncb", "analyst@ncb"),
                _suva("jone Jone Vuli", "MALE", "en", "ncb_head@ncb"),
                _suva("litia Litia Kuru", "FEMALE", "en", "officer@tcu", "learner@tcu"),
                _suva("admin Tomasi Bale", "MALE", "en", "administrator@ncb", "auditor@ncb"),
            ],
        },
    ),
    PlannedNode(
        "ton",
        "TON",
        "Tonga, Nuku'alofa",
        200,
        {
            "units": [
                _unit("ncb", "NCB Nuku'alofa", "NCB"),
                _unit("customs", "Tonga Customs", "CUSTOMS"),
                _unit("academy", "Tonga Police Academy", "ACADEMY"),
            ],
            "officers": [
                _tonga("mele Mele Fonua", "FEMALE", "en", "duty_officer@ncb", "officer@ncb"),
                _tonga("sione Sione Tau", "MALE", "fr", "officer@customs"),
                _tonga("lupe Lupe Moala", "FEMALE", "en", "learner@academy"),
                _tonga("viliami Viliami Hala", "MALE", "en", "trainer@academy", "course_manager@academy"),
                _tonga("admin Salote Vea", "FEMALE", "en", "administrator@ncb", "auditor@ncb"),
                *_CLASS,
            ],
        },
    ),
)


def email_of(node_id: str, officer_id: str) -> str:
    """Returns a person's e-mail address."""
    people = next(node.people["officers"] for node in NODES if node.node_id == node_id)
    return str(next(one["email"] for one in people if one["id"] == officer_id))
