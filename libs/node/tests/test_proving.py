"""A proof by the commands: exported from a real node, checked by the separate program."""

import asyncio
import json
import stat
import sys
import uuid

import pytest
from household import free_port, make_node

from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bluepacific.exchange.v1 import topic_service_pb2_grpc as topics_grpc
from bp_node.embedded import run_node


def make_centre(place):
    return make_node(place, node_id="ptccc", country="WSM", centre=True, link=f"127.0.0.1:{free_port()}")


async def send(node, country):
    """Sends a message between two units of a node's country, as one of its services does."""
    message = topics_pb2.Message(
        message_id=str(uuid.uuid4()),
        topic="bluepacific.cooperation.v1.nothing.happened",
        author=f"countries/{country}/units/ncb",
        recipients=[f"countries/{country}/units/tcu"],
        urgency=3,
        payload=b"seen at dawn",
    )
    await topics_grpc.TopicServiceStub(node.own_channel).Send(topics_pb2.SendRequest(message=message))
    return message.message_id


async def verify(*arguments):
    """Runs the installed program."""
    program = sys.executable.removesuffix(sys.executable.rpartition("/")[2]) + "bluepacific-verify"
    process = await asyncio.create_subprocess_exec(
        program, *(str(argument) for argument in arguments), stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    return process.returncode, out.decode()


async def test_a_proof_is_exported_and_checked_elsewhere(bluepacific, tmp_path):
    settings = make_centre(tmp_path / "ptccc")
    proof, root = tmp_path / "proof", tmp_path / "root.json"
    async with run_node(settings) as node:
        message = await send(node, "WSM")
        ran = await bluepacific("proof", "export", message, "--dir", settings.folder, "--to", proof, "--json")
        assert ran.code == 0, ran.err
        assert json.loads(ran.out)["message"] == message
        again = await bluepacific("proof", "export", message, "--dir", settings.folder, "--to", proof)
        assert again.one_line
        assert "in the way" in again.err
        ran = await bluepacific("proof", "root", "--dir", settings.folder, "--to", root)
        assert ran.code == 0, ran.err
    assert stat.S_IMODE(proof.stat().st_mode) == 0o600
    code, out = await verify(proof, "--root", root)
    assert code == 0, out
    assert "ptccc took it and queued it" in out
    raw = bytearray(proof.read_bytes())
    raw[-1] ^= 1
    proof.write_bytes(raw)
    code, out = await verify(proof, "--root", root)
    assert code == 1
    assert "WRONG: file" in out


async def test_what_cannot_be_exported_is_told_in_one_line(bluepacific, tmp_path):
    fiji, centre = make_node(tmp_path / "fji"), make_centre(tmp_path / "ptccc")
    async with run_node(fiji) as node:
        ran = await bluepacific(
            "proof", "export", await send(node, "FJI"), "--dir", fiji.folder, "--to", tmp_path / "a"
        )
        assert ran.one_line
        assert "not enrolled" in ran.err
    async with run_node(centre) as node:
        arguments = "--dir", centre.folder, "--to", tmp_path / "b"
        assert (await bluepacific("proof", "export", uuid.uuid4(), *arguments)).one_line
        ran = await bluepacific("proof", "export", await send(node, "WSM"), "--with-content", *arguments)
        assert ran.one_line
        assert "cannot open" in ran.err
    assert not (tmp_path / "a").exists()
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize("command", ["export", "root"])
async def test_a_node_that_does_not_run_is_told(bluepacific, tmp_path, command):
    settings = make_centre(tmp_path / "ptccc")
    arguments = [str(uuid.uuid4())] if command == "export" else []
    ran = await bluepacific("proof", command, *arguments, "--dir", settings.folder, "--to", tmp_path / "file")
    assert ran.one_line, ran.err
    assert not (tmp_path / "file").exists()
