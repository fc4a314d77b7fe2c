"""Each part of a proof is changed, and is named as what is wrong. Where the change could be hidden by exporting anew, it is."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import OTHER_ID, STATES, UNIT, Network

from bluepacific.exchange.v1 import envelope_pb2, proof_pb2
from bp_verify.checking import RootUnreadableError, check_proof
from bp_verify.telling import lines_of


def checked(network, proof, root=None):
    return check_proof(network.file(proof), root or network.roots[0])


def parts(report):
    return {fault.part for fault in report.faults}


def flip(data, at=-1):
    """The bytes with one bit of one byte turned."""
    at %= len(data)
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def test_a_proof_holds_and_says_everything(network):
    envelope = network.envelope()
    report = checked(network, network.proof(envelope, content=network.content(envelope)))
    assert report.holds, report.faults
    assert report.register.version == 3
    assert (report.envelope.author, report.envelope.recipients) == ("countries/FJI/units/ncb", (UNIT,))
    assert [(one.node, one.state, one.time) for one in report.receipts] == [
        ("ton", "ACCEPTED", "2026-11-25T10:00:00Z"),
        ("ton", "OPENED", "2026-11-25T10:00:00Z"),
    ]
    assert [(one.event, one.position) for one in report.entries] == [("SENT", 1), ("HEARD", 3), ("HEARD", 5)]
    assert report.head.size == 6
    assert report.content.files == (("ab" * 32, 0),)
    text = "\n".join(lines_of(report))
    assert "took it and queued it at 2026-11-25T10:10:00Z by its clock, entry 2 of 6" in text
    assert text.endswith("everything in this proof verifies")


def changed_header(proof):
    envelope = envelope_pb2.Envelope.FromString(proof.envelope)
    header = envelope_pb2.EnvelopeHeader.FromString(envelope.header)
    header.recipients.append("countries/WSM")
    envelope.header = header.SerializeToString()
    proof.envelope = envelope.SerializeToString()


def changed_in_envelope(field):
    def change(proof):
        envelope = envelope_pb2.Envelope.FromString(proof.envelope)
        setattr(envelope, field, flip(getattr(envelope, field)))
        proof.envelope = envelope.SerializeToString()

    return change


def changed_key(proof):
    envelope = envelope_pb2.Envelope.FromString(proof.envelope)
    envelope.keys[0].wrapped = flip(envelope.keys[0].wrapped)
    proof.envelope = envelope.SerializeToString()


def changed(path):
    """Turns a bit of the bytes at `receipts.0.receipt`."""

    def change(proof):
        *way, last = path.split(".")
        holder = proof
        for step in way:
            holder = holder[int(step)] if step.isdigit() else getattr(holder, step)
        if last.isdigit():
            holder[int(last)] = flip(holder[int(last)])
        else:
            setattr(holder, last, flip(getattr(holder, last)))

    return change


def other_position(proof):
    proof.entries[1].position += 1


CHANGES = {
    "header": (changed_header, "envelope"),
    "ciphertext": (changed_in_envelope("ciphertext"), "envelope"),
    "outer seal": (changed_in_envelope("signature"), "envelope"),
    "wrapped key": (changed_key, "envelope"),
    "content": (changed("content"), "content"),
    "receipt": (changed("receipts.0.receipt"), "receipt 1"),
    "receipt's signature": (changed("receipts.1.signature"), "receipt 2"),
    "leaf": (changed("entries.0.entry"), "entry 1"),
    "proof hash": (changed("entries.2.hashes.0"), "entry 3"),
    "position": (other_position, "entry 2"),
    "head": (changed("head.head"), "head"),
    "head's signature": (changed("head.signature"), "head"),
    "root": (changed("register.roots.0"), "register"),
    "timestamp": (changed("register.timestamp"), "register"),
    "snapshot": (changed("register.snapshot"), "register"),
    "targets": (changed("register.targets"), "register"),
    "register": (changed("register.register"), "register"),
}


@pytest.mark.parametrize("resigned", [False, True])
@pytest.mark.parametrize("what", CHANGES)
def test_a_changed_part_is_named(network, what, resigned):
    """Also where the exporting node itself changed it and signed the file anew."""
    change, part = CHANGES[what]
    envelope = network.envelope()
    proof = network.proof(envelope, content=network.content(envelope))
    before = proof_pb2.ProofFile.FromString(network.file(proof))
    change(proof)
    file = proof_pb2.ProofFile(proof=proof.SerializeToString(deterministic=True), signature=before.signature)
    raw = network.file(proof) if resigned else file.SerializeToString()
    report = check_proof(raw, network.roots[0])
    assert part in parts(report), report.faults
    # Digests in the log tell of the same change; nothing else is accused, except the content, which hangs on its envelope.
    told = {part, "file"} | ({"content"} if part == "envelope" else set())
    told |= {"receipts"} if what == "receipt" else set()
    assert parts(report) <= told, report.faults
    assert ("file" in parts(report)) is (not resigned and part != "register")
    assert "do not rely" in list(lines_of(report))[-1]


@pytest.fixture(scope="module")
def whole(network):
    return network.file(network.proof()), network.roots[0]


@given(data=st.data())
def test_no_changed_byte_goes_unseen(whole, data):
    raw, root = whole
    at, bit = data.draw(st.integers(0, len(raw) - 1)), data.draw(st.integers(0, 7))
    assert not check_proof(raw[:at] + bytes([raw[at] ^ (1 << bit)]) + raw[at + 1 :], root).holds


@given(data=st.data())
def test_what_is_cut_off_or_added_is_seen(whole, data):
    raw, root = whole
    assert not check_proof(raw[: data.draw(st.integers(0, len(raw) - 1))], root).holds
    assert not check_proof(raw + data.draw(st.binary(min_size=1, max_size=20)), root).holds


@given(st.binary(max_size=300))
def test_noise_is_no_proof(whole, noise):
    report = check_proof(noise, whole[1])
    assert not report.holds
    list(lines_of(report))


def test_what_the_log_tells_of_and_the_file_does_not_is_missed(network):
    proof = network.proof()
    del proof.receipts[1]
    assert parts(checked(network, proof)) == {"receipts"}
    proof = network.proof()
    del proof.entries[2]
    assert parts(checked(network, proof)) == {"receipt 2"}
    proof = network.proof()
    del proof.entries[:]
    assert "entries" in parts(checked(network, proof))


def test_parts_of_another_message_do_not_fit(network):
    receipts = [network.receipt(STATES.DELIVERY_STATE_OPENED, message_id=OTHER_ID)]
    assert parts(checked(network, network.proof(receipts=receipts))) == {"receipt 1"}
    assert parts(checked(network, network.proof(network.envelope(message_id=OTHER_ID)))) == {"envelope"}
    proof = network.proof(content=network.content(network.envelope(message_id=OTHER_ID)))
    assert parts(checked(network, proof)) == {"content"}
    proof = network.proof()
    proof.message_id = OTHER_ID
    assert {"envelope", "receipt 1", "entry 1"} <= parts(checked(network, proof))
    proof = network.proof()
    proof.head.CopyFrom(network.head([b"x" * 32], node="ton"))
    assert parts(checked(network, proof)) == {"head"}


def test_a_node_speaks_for_its_own_country_only(network):
    receipts = [network.receipt(STATES.DELIVERY_STATE_OPENED, node="ptccc")]
    assert parts(checked(network, network.proof(receipts=receipts))) == {"receipt 1"}
    receipts = [network.receipt(STATES.DELIVERY_STATE_OPENED, recipient="countries/WSM")]
    assert parts(checked(network, network.proof(receipts=receipts))) == {"receipt 1"}
    assert parts(checked(network, network.proof(network.envelope(author="countries/TON/units/ncb")))) == {"envelope"}


def test_a_relay_may_say_that_it_gave_up(network):
    receipts = [network.receipt(STATES.DELIVERY_STATE_EXPIRED, node="ptccc")]
    assert checked(network, network.proof(receipts=receipts)).holds


def test_a_revoked_node_signed_once(network):
    report = checked(network, network.proof(register=network.register(revoked=("ton",))))
    assert report.holds
    assert any("ton is revoked" in note for note in report.notes)


def test_another_networks_root_proves_nothing(network):
    report = checked(network, network.proof(), Network().roots[0])
    assert parts(report) == {"register"}
    assert report.envelope is None
    assert not report.receipts


def test_a_root_that_was_replaced_leads_on_and_a_forged_one_does_not():
    network = Network()
    network.rotate_root()
    proof = network.proof()
    assert checked(network, proof).holds
    assert checked(network, proof, network.roots[1]).holds
    forged = network.proof()
    forged.register.roots[1] = flip(forged.register.roots[1], len(forged.register.roots[1]) // 2)
    assert parts(checked(network, forged)) == {"register"}


@pytest.mark.parametrize("root", [b"", b"{}", b"[]", b"null", b'{"signed":1,"signatures":[]}', b"\xff\xfe"])
def test_what_is_no_root_is_told(network, root):
    with pytest.raises(RootUnreadableError):
        check_proof(network.file(network.proof()), root)


def test_another_file_of_the_register_is_no_root(network):
    proof = network.proof()
    with pytest.raises(RootUnreadableError):
        check_proof(network.file(proof), proof.register.timestamp)
    proof.register.roots.insert(0, proof.register.timestamp)
    assert checked(network, proof).holds, "what stands before the root that was given is not looked at"
    proof.register.roots.append(proof.register.timestamp)
    assert parts(checked(network, proof)) == {"register"}


@pytest.mark.parametrize("slot", ["timestamp", "snapshot", "targets"])
def test_a_file_in_the_place_of_another_is_a_fault(network, slot):
    for other in ("timestamp", "snapshot", "targets"):
        proof = network.proof()
        if other != slot:
            setattr(proof.register, slot, getattr(proof.register, other))
            assert parts(checked(network, proof)) == {"register"}


def test_a_later_format_is_told(network):
    proof = network.proof()
    proof.version = 4
    (fault,) = checked(network, proof).faults
    assert "of format 4" in fault.text


def test_nothing_a_terminal_obeys_is_written(network):
    proof = network.proof(network.envelope(author="countries/FJI/units/\x1b[2Jncb\n"))
    assert all(line.isprintable() for line in lines_of(checked(network, proof)))


def test_a_proof_of_the_first_release_still_holds():
    """Exported by Tonga's real node, with content; later releases must go on reading it."""
    golden = Path(__file__).parent / "golden"
    report = check_proof((golden / "proof-1.bpproof").read_bytes(), (golden / "root.json").read_bytes())
    assert report.holds, report.faults
    assert report.content.tlp == "AMBER"
    assert [one.state for one in report.receipts] == ["ACCEPTED", "DELIVERED", "OPENED"]
    assert report.envelope.readers == ("ton",)
    assert report.head.size == len(report.entries) == 4
