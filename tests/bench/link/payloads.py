"""Messages of about 2 kB that look like real ones: STIX bundles, requests with their text, tracks; none repeats what another says.

    .venv/bin/python -m tests.bench.link.payloads

prints how well they compress, which is to resemble what was measured with real ones (a message alone 0.55 of its JSON, a batch of 64 with a
dictionary 0.28). The dictionary of that check is trained on messages of another seed, so of other words, names and ids.
"""

from __future__ import annotations

import json
import random
import statistics
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import zstandard

from tests.bench.link.vocabulary import Lexicon, lexicons, listed, text

SEED = "measured-2026"
_OTHER_SEED = "trained-elsewhere"
_BATCH = 64
_DICTIONARY_BYTES = 110 * 1024
_TRAINED_ON = 3000
_COUNTRIES = listed("FJI TON WSM VUT SLB PNG KIR TUV NRU PLW FSM MHL COK NIU TKL NCL PYF WLF NZL AUS")
_UNITS = listed("ncb tcu customs fisheries immigration maritime academy")
_GOODS = listed("methamphetamine cocaine cash timber tobacco fuel rifles ammunition documents precursors")
_MARKINGS = [
    f"marking-definition--{uuid.uuid5(uuid.NAMESPACE_DNS, colour)}" for colour in ("clear", "green", "amber", "red")
]
_LANGUAGES = ("en", "en", "en", "fr", "es", "ar")


def messages(count: int, seed: str = SEED) -> Iterator[bytes]:
    """Yields messages as JSON."""
    words = lexicons(seed)
    made = random.Random(seed)
    names = [" ".join(_name(made, words["en"]) for _ in range(2)) for _ in range(4000)]
    for _ in range(count):
        one = random.Random(made.getrandbits(64))
        shape = one.choices((_bundle, _request, _track), weights=(6, 3, 2))[0]
        yield json.dumps(shape(one, words[one.choice(_LANGUAGES)], names), ensure_ascii=False).encode()


def _name(made: random.Random, lexicon: Lexicon) -> str:
    return made.choice(lexicon.words).capitalize()


def _id(made: random.Random, kind: str = "") -> str:
    name = str(uuid.UUID(int=made.getrandbits(128), version=4))
    return f"{kind}--{name}" if kind else name


def _moment(made: random.Random) -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(milliseconds=made.randrange(365 * 86_400_000))


def _stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _stix(made: random.Random, kind: str, author: str, **fields: object) -> dict[str, object]:
    made_at = _moment(made)
    common = {
        "type": kind,
        "spec_version": "2.1",
        "id": _id(made, kind),
        "created_by_ref": author,
        "created": _stamp(made_at),
        "modified": _stamp(made_at + timedelta(seconds=made.randrange(90_000))),
    }
    return common | fields


def _bundle(made: random.Random, lexicon: Lexicon, names: list[str]) -> dict[str, object]:
    author = _id(made, "identity")
    person = _stix(
        made,
        "identity",
        author,
        name=made.choice(names),
        identity_class="individual",
        roles=made.sample(("skipper", "owner", "broker", "courier", "witness", "crew"), 2),
        labels=[f"{made.choice(_UNITS)}-{made.randint(10, 9999)}", made.choice(_GOODS)],
        external_references=[
            {"source_name": made.choice(_UNITS), "external_id": f"{made.choice(_COUNTRIES)}-{made.randint(1, 10**6)}"}
        ],
        object_marking_refs=[made.choice(_MARKINGS)],
        description=text(made, lexicon, names, made.randint(60, 330)),
    )
    seen = _stix(
        made,
        "observed-data",
        author,
        first_observed=_stamp(_moment(made)),
        last_observed=_stamp(_moment(made)),
        number_observed=made.randint(1, 40),
        object_refs=[_id(made, "x-vessel"), _id(made, "location")],
        object_marking_refs=[made.choice(_MARKINGS)],
    )
    tie = _stix(
        made,
        "relationship",
        author,
        relationship_type=made.choice(("uses", "related-to", "located-at", "attributed-to")),
        source_ref=person["id"],
        target_ref=seen["id"],
        confidence=made.randint(10, 95),
    )
    objects = [person, seen, tie]
    return {"type": "bundle", "id": _id(made, "bundle"), "objects": objects}


def _request(made: random.Random, lexicon: Lexicon, names: list[str]) -> dict[str, object]:
    country = made.choice(_COUNTRIES)
    return {
        "name": f"countries/{country}/requests/{_id(made)}",
        "author": f"countries/{country}/units/{made.choice(_UNITS)}",
        "recipients": [f"countries/{made.choice(_COUNTRIES)}/units/{made.choice(_UNITS)}"],
        "kind": made.choice(("CHECK_PERSON", "CHECK_VESSEL", "INFORMATION", "ASSISTANCE")),
        "title": text(made, lexicon, names, 40),
        "body": text(made, lexicon, names, made.randint(500, 1300)),
        "handling": {"tlp": made.choice(("GREEN", "AMBER", "AMBER_STRICT", "RED")), "purpose": "INVESTIGATION"},
        "subject": {
            "name": made.choice(names),
            "birth_date": _moment(made).date().isoformat(),
            "document": f"{made.choice('ABCDEFGLNP')}{made.randint(10**6, 10**8)}",
        },
        "deadline_time": _stamp(_moment(made)),
    }


def _track(made: random.Random, lexicon: Lexicon, names: list[str]) -> dict[str, object]:
    begun, latitude, longitude = _moment(made), made.uniform(-25, 5), made.uniform(150, 180)
    points = []
    for at in range(made.randint(9, 16)):
        latitude, longitude = latitude + made.uniform(-0.2, 0.2), longitude + made.uniform(-0.2, 0.2)
        points.append(
            {
                "time": _stamp(begun + timedelta(seconds=at * 600 + made.randrange(90))),
                "lat": round(latitude, 5),
                "lon": round(longitude, 5),
                "knots": round(made.uniform(0, 19), 1),
                "course": made.randrange(360),
            }
        )
    return {
        "vessel": {"name": made.choice(names), "imo": made.randint(10**6, 10**7), "mmsi": made.randint(10**8, 10**9)},
        "flag": made.choice(_COUNTRIES),
        "track": points,
        "suspected": made.sample(_GOODS, 2),
        "remark": text(made, lexicon, names, made.randint(150, 700)),
    }


def ratios(count: int = 1024) -> dict[str, float]:
    """Returns how well the messages compress, each way as a share of their JSON."""
    trained = zstandard.train_dictionary(_DICTIONARY_BYTES, list(messages(_TRAINED_ON, _OTHER_SEED)))
    plain, taught = zstandard.ZstdCompressor(), zstandard.ZstdCompressor(dict_data=trained)
    found = list(messages(count))
    batches = [b"".join(found[at : at + _BATCH]) for at in range(0, count, _BATCH)]
    size = sum(map(len, found))
    return {
        "bytes of a message": size / count,
        "zstd, each alone": sum(len(plain.compress(one)) for one in found) / size,
        "with a dictionary, each alone": sum(len(taught.compress(one)) for one in found) / size,
        f"with a dictionary, in batches of {_BATCH}": sum(len(taught.compress(one)) for one in batches) / size,
        "one stream": len(plain.compress(b"".join(found))) / size,
        "deviation of their size": statistics.pstdev(map(len, found)),
    }


if __name__ == "__main__":
    for name, ratio in ratios().items():
        print(f"{name}: {ratio:.3g}")
