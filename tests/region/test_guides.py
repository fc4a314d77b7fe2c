"""Every program in the guides runs against a real region, as it stands there."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
import sys

import httpx2
import pytest
from guides import snippets

from bluepacific.common.v1 import handling_pb2
from bluepacific.cooperation.v1 import request_pb2, request_service_pb2

pytestmark = pytest.mark.timeout(300)
DRIVER = """
import readline from "node:readline/promises";
import * as portal from "./portal.mjs";

const kept = new Map();
globalThis.sessionStorage = { setItem: (key, value) => kept.set(key, value), getItem: (key) => kept.get(key) };
const say = (document) => console.log(JSON.stringify(document));
const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();

say({ url: await portal.beginSignIn() });
await portal.finishSignIn((await lines.next()).value);
await portal.renew();
const listening = new AbortController();
const heard = new Promise((resolve) => portal.notifications("countries/TON/officers/mele", resolve, listening.signal));
const draft = await portal.call("POST", "/v1/countries/TON/requests", {
  body: {
    title: "Who owns FV Moana Star?", recipients: ["countries/TON/units/customs"], unit: "countries/TON/units/ncb",
    handling: { tlp: "TLP_AMBER", purpose: "PURPOSE_INVESTIGATION" },
  },
});
const file = await portal.attach(draft.name, new File([new Uint8Array(300_000)], "scan.tiff", { type: "image/tiff" }));
await portal.call("POST", `/v1/${draft.name}:send`, { body: {} });
const open = await portal.openRequests();
const refused = await portal.call("GET", `/v1/${draft.name}`).catch((error) => error.problem);
const wording = { title: "Who owns FV Moana Star?", text: "Her papers, please." };
const corrected = await portal.correct(draft.name, wording);
const told = await portal.revisions(draft.name, "INVESTIGATION");
const handling = { tlp: "TLP_RED", purpose: "PURPOSE_INVESTIGATION" };
await portal.tighten(draft.name, handling);
const recalled = await portal.recall(draft.name);
const waiting = await portal.unanswered("countries/TON", `record = "countries/FJI/requests/${crypto.randomUUID()}"`);
say({ revision: corrected.revision, wordings: told.revisions.length, recalled: recalled.record, waiting });
say({ draft: draft.name, size: file.sizeBytes, open: open.requests.map((one) => one.name), refused });
say({ heard: await heard });
listening.abort();
process.exit(0);
"""


def test_the_integrators_program(region):
    program = "\n".join(snippets("integrator.md", "python"))
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "REGION": str(region.state)},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    sent, refused, health, title, problem = done.stdout.splitlines()
    assert "countries/TON/units/ncb" in sent
    assert "NOT_FOUND NOT_FOUND" in refused
    assert health == "SERVING"
    assert title == "Who owns FV Moana Star?"
    assert problem.startswith("INVALID_FIELD")


@pytest.fixture
def admin(region):
    with region.signed_in("ton", "admin") as client:
        yield client


@pytest.mark.skipif(not shutil.which("node") or not shutil.which("curl"), reason="takes node and curl")
def test_the_frontends_module(region, admin, tmp_path):
    ask_tonga(region)

    def localised(text):
        return text.replace("http://127.0.0.1:8200", region.url("ton")).replace("FJI", "TON")

    register = localised(snippets("frontend.md", "sh")[0])
    shell = {**os.environ, "GATEWAY": region.url("ton"), "TOKEN": admin.session.access_token}
    made = subprocess.run(["sh", "-c", register], env=shell, capture_output=True, text=True, timeout=120, check=True)
    assert json.loads(made.stdout)["name"] == "countries/TON/clients/portal", made.stdout
    (tmp_path / "portal.mjs").write_text(localised("\n".join(snippets("frontend.md", "js"))))
    (tmp_path / "driver.mjs").write_text(DRIVER)
    with subprocess.Popen(
        ["node", "driver.mjs"],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as driver:
        url = json.loads(driver.stdout.readline())["url"]
        callback = sign_in(url, "mele", region.password("countries/TON/officers/mele"))
        out, err = driver.communicate(callback + "\n", timeout=180)
    assert driver.returncode == 0, err
    after, did, heard = (json.loads(line) for line in out.splitlines())
    assert (after["revision"], after["wordings"], after["recalled"]) == (2, 2, did["draft"])
    assert not after["waiting"].get("outstandingAnswers")
    assert did["draft"] in did["open"]
    assert did["size"] == "300000"
    assert did["refused"]["reason"] == "PURPOSE_REQUIRED"
    assert heard["heard"]["name"].startswith("countries/TON/officers/mele/notifications/")


def ask_tonga(region):
    """Makes that Mele has something to hear of."""
    with region.signed_in("fji", "ana") as ana:
        draft = ana.cooperation.requests.CreateRequest(
            request_service_pb2.CreateRequestRequest(
                parent="countries/FJI",
                request=request_pb2.Request(
                    title="Anything new?",
                    recipients=["countries/TON/units/ncb"],
                    handling=handling_pb2.Handling(
                        tlp=handling_pb2.TLP_GREEN, purpose=handling_pb2.PURPOSE_CRIME_PREVENTION
                    ),
                ),
            )
        )
        ana.cooperation.requests.SendRequest(request_service_pb2.SendRequestRequest(name=draft.name))


def sign_in(url, username, password):
    """Fills in the sign-in page as a person does, and returns the address the browser is sent back to."""
    with httpx2.Client(trust_env=False) as browser:
        page = browser.get(url)
        assert page.status_code == 200, page.text
        action = html.unescape(re.search(r'action="([^"]*)"', page.text).group(1))
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text))
        form = {
            **{name: html.unescape(value) for name, value in hidden.items()},
            "username": username,
            "password": password,
            "totp": "",
        }
        answer = browser.post(str(page.url.join(action)), data=form)
        assert answer.status_code in (302, 303), answer.text
        return answer.headers["location"]
