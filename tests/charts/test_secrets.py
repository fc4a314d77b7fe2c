"""Settings whose values are in Secrets: in the environment, or in files where the setting names one."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from tests.charts.conftest import EXAMPLES

SETTINGS = {"upstream_issuer": "https://login.example.fj/realms/police", "upstream_client_id": "bluepacific"}
SECRET = {"name": "upstream_secret_file", "existingSecret": "openid", "key": "client-secret"}
FILE = "/run/bluepacific/secrets/upstream_secret_file/client-secret"


def test_the_own_providers_client_secret_is_a_file_of_an_existing_secret(ask: Callable[..., Any]) -> None:
    values = copy.deepcopy(EXAMPLES["country-small"])
    values["identity"] = {"settings": SETTINGS, "secretSettings": [SECRET]}
    objects = ask("render", values=values)["objects"]
    [pod] = [
        one["spec"]["template"]["spec"]
        for one in objects
        if one["kind"] == "Deployment" and one["metadata"]["name"] == "node-identity"
    ]
    [container] = pod["containers"]
    told = {one["name"]: one.get("value") for one in container["env"]}
    assert told["BP_IDENTITY__UPSTREAM_SECRET_FILE"] == FILE
    assert told["BP_IDENTITY__UPSTREAM_ISSUER"] == SETTINGS["upstream_issuer"]
    [mount] = [one for one in container["volumeMounts"] if FILE.startswith(f"{one['mountPath']}/")]
    assert mount["readOnly"]
    [volume] = [one for one in pod["volumes"] if one["name"] == mount["name"]]
    assert volume["secret"]["secretName"] == "openid"
