from hypothesis import given
from hypothesis import strategies as st

from bluepacific.exchange.v1 import log_pb2, register_pb2
from bp_exchange.protocol.merkle import Edge
from bp_exchange.protocol.register import Directory
from bp_exchange.protocol.witness import Shown, Verdict, contradicts, judge, witnesses_of
from bp_verify.merkle import join, leaf_hash


def leaves(*texts):
    return [leaf_hash(text.encode()) for text in texts]


def root(of):
    edge = Edge()
    for leaf in of:
        edge = edge.append(leaf)
    return edge.root()


def head(of, incarnation="one", seconds=100):
    made = log_pb2.TreeHead(node_id="fji", incarnation=incarnation, size=len(of), root=root(of))
    made.head_time.FromSeconds(seconds)
    return made


def tree(of):
    if len(of) == 1:
        return of[0]
    split = 1 << ((len(of) - 1).bit_length() - 1)
    return join(tree(of[:split]), tree(of[split:]))


def proof(first, of, *, known=True):
    """The definition of RFC 6962, 2.1.2."""
    if first == len(of):
        return [] if known else [tree(of)]
    split = 1 << ((len(of) - 1).bit_length() - 1)
    if first <= split:
        return [*proof(first, of[:split], known=known), tree(of[split:])]
    return [*proof(first - split, of[split:], known=False), tree(of[:split])]


def shown(of, known_size, **fields):
    hashes = proof(known_size, of) if 0 < known_size < len(of) else []
    return Shown(head(of, **fields), known_size, hashes)


OLD = leaves(*"abcdef")


@given(st.integers(1, 40), st.integers(0, 40))
def test_a_log_that_grew_is_cosigned(first, more):
    of = leaves(*(str(number) for number in range(first + more)))
    assert judge(shown(of, first), head(of[:first]), []).verdict is Verdict.COSIGN


@given(st.integers(1, 30), st.integers(1, 30), st.data())
def test_a_changed_leaf_that_was_seen_is_a_fork(first, more, data):
    of = leaves(*(str(number) for number in range(first + more)))
    changed = list(of)
    changed[data.draw(st.integers(0, first - 1))] = leaf_hash(b"changed")
    assert judge(shown(changed, first), head(of[:first]), []).verdict is Verdict.FORKED


def test_the_first_head_is_believed():
    assert judge(shown(OLD, 0), None, []).verdict is Verdict.COSIGN


def test_a_proof_from_elsewhere_is_asked_for_again():
    found = judge(shown(OLD, 2), head(OLD[:4]), [])
    assert (found.verdict, found.known.size) == (Verdict.ASK, 4)


def test_a_shorter_log_is_rolled_back_unless_the_message_was_overtaken():
    assert judge(shown(OLD[:3], 0, seconds=200), head(OLD), []).verdict is Verdict.ROLLED_BACK
    assert judge(shown(OLD[:3], 0, seconds=50), head(OLD), []).verdict is Verdict.OLD


def test_a_restore_goes_down_to_the_last_head_that_it_grew_from():
    """Seen were 2, 4 and 6 leaves; the backup had 3, and grew to 7 before anybody saw it."""
    new = [*OLD[:3], *leaves(*"wxyz")]
    earlier = [head(OLD), head(OLD[:4]), head(OLD[:2])]
    known_size, asked = 6, []
    while True:
        found = judge(shown(new, known_size, incarnation="two"), head(OLD), earlier)
        if found.verdict is not Verdict.ASK:
            break
        known_size = found.known.size
        asked.append(known_size)
    assert found.verdict is Verdict.RESTORED
    assert asked == [4, 2]


def test_a_restore_from_before_all_that_was_seen_is_told_too():
    assert judge(shown(OLD[:1], 0, incarnation="two"), head(OLD), []).verdict is Verdict.RESTORED


def test_a_greeting_is_held_against_what_was_seen():
    other = [*OLD[:-1], leaf_hash(b"changed")]
    assert contradicts(head(OLD[:3]), head(OLD)) is Verdict.ROLLED_BACK
    assert contradicts(head(other), head(OLD)) is Verdict.FORKED
    assert contradicts(head(OLD), head(OLD)) is None
    assert contradicts(head(OLD[:3], incarnation="two"), head(OLD)) is None
    assert contradicts(head(OLD), None) is None


def test_who_watches_whom():
    nodes = [register_pb2.Node(node_id=one, centre=one == "ptccc") for one in ("fji", "ptccc", "slb", "ton", "vut")]
    nodes[2].revoked = True
    directory = Directory(register_pb2.Register(nodes=nodes))
    assert witnesses_of(directory, "fji") == ["ptccc", "ton"]
    assert witnesses_of(directory, "vut") == ["ptccc", "fji"]
    assert witnesses_of(directory, "ptccc") == ["ton"]
    assert witnesses_of(Directory(register_pb2.Register(nodes=nodes[:2])), "fji") == ["ptccc"]
