import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from merkle_vectors import CONSISTENCY, INCLUSION, LEAVES, ROOTS

from bp_exchange.protocol.merkle import root_of
from bp_exchange.protocol.proofs import plan_consistency, plan_inclusion
from bp_verify.merkle import extends, fold, includes, leaf_hash

MOST = 300
MANY = [leaf_hash(number.to_bytes(2)) for number in range(MOST)]
REFERENCE = [leaf_hash(bytes.fromhex(leaf)) for leaf in LEAVES]


def hashes(plan, leaves):
    def root(subtree):
        width = 1 << subtree.level
        return root_of(leaves[subtree.index * width : (subtree.index + 1) * width])

    return [fold([root(subtree) for subtree in step]) for step in plan]


@pytest.mark.parametrize(("position", "size"), INCLUSION)
def test_the_public_vectors_of_inclusion(position, size):
    path = hashes(plan_inclusion(position, size), REFERENCE)
    assert [one.hex() for one in path] == INCLUSION[position, size]
    assert includes(bytes.fromhex(ROOTS[size - 1]), size, position, REFERENCE[position], path)


@pytest.mark.parametrize(("first", "second"), CONSISTENCY)
def test_the_public_vectors_of_consistency(first, second):
    path = hashes(plan_consistency(first, second), REFERENCE)
    assert [one.hex() for one in path] == CONSISTENCY[first, second]
    assert extends(bytes.fromhex(ROOTS[first - 1]), first, bytes.fromhex(ROOTS[second - 1]), second, path)


@pytest.mark.parametrize("size", [*range(1, 34), 63, 64, 65, 127, 128, 129, 255, 256, 257, MOST])
def test_every_leaf_and_every_earlier_log_of_a_size_verifies(size):
    root = root_of(MANY[:size])
    for at in range(size):
        path = hashes(plan_inclusion(at, size), MANY)
        assert includes(root, size, at, MANY[at], path)
        earlier = root_of(MANY[: at + 1])
        assert extends(earlier, at + 1, root, size, hashes(plan_consistency(at + 1, size), MANY))


def flipped(data, bit):
    return bytes(byte ^ (1 << bit % 8 if at == bit // 8 else 0) for at, byte in enumerate(data))


sizes = st.integers(1, MOST)


@given(size=sizes, data=st.data())
def test_a_flipped_bit_another_place_or_another_size_proves_no_inclusion(size, data):
    at = data.draw(st.integers(0, size - 1))
    path = hashes(plan_inclusion(at, size), MANY)
    root, bit = root_of(MANY[:size]), data.draw(st.integers(0, 255))
    assert not includes(flipped(root, bit), size, at, MANY[at], path)
    assert not includes(root, size, at, flipped(MANY[at], bit), path)
    assert not includes(root, size, at, MANY[at], [*path, root])
    elsewhere = data.draw(st.integers(-1, size + 1))
    assert elsewhere == at or not includes(root, size, elsewhere, MANY[at], path)
    if path:
        wrong = data.draw(st.integers(0, len(path) - 1))
        assert not includes(root, size, at, MANY[at], path[:-1])
        broken = [flipped(one, bit) if number == wrong else one for number, one in enumerate(path)]
        assert not includes(root, size, at, MANY[at], broken)


@given(first=sizes, second=sizes, data=st.data())
def test_a_rewritten_log_is_no_continuation(first, second, data):
    assume(first < second)
    path = hashes(plan_consistency(first, second), MANY)
    earlier, later = root_of(MANY[:first]), root_of(MANY[:second])
    rewritten = list(MANY)
    at, bit = data.draw(st.integers(0, first - 1)), data.draw(st.integers(0, 255))
    rewritten[at] = flipped(rewritten[at], bit)
    assert not extends(root_of(rewritten[:first]), first, later, second, path)
    changed = root_of(rewritten[:second])
    assert not extends(earlier, first, changed, second, hashes(plan_consistency(first, second), rewritten))
    assert not extends(earlier, first, later, second, path[:-1])
    assert not extends(earlier, first, later, second, [*path, later])
    assert not extends(later, second, earlier, first, path)


@given(size=sizes)
def test_a_log_continues_itself_and_the_empty_one(size):
    root = root_of(MANY[:size])
    assert extends(root, size, root, size, [])
    assert extends(fold(()), 0, root, size, [])
    assert not extends(root, size, root, size, [root])


@pytest.mark.parametrize(("position", "size"), [(0, 0), (1, 1), (-1, 3), (8, 8)])
def test_there_is_no_plan_for_what_is_not_there(position, size):
    with pytest.raises(ValueError, match="no such leaf"):
        plan_inclusion(position, size)


@pytest.mark.parametrize(("first", "second"), [(0, 1), (3, 2), (-1, 1)])
def test_there_is_no_plan_for_what_never_was(first, second):
    with pytest.raises(ValueError, match="no such log"):
        plan_consistency(first, second)


@given(size=st.integers(1, 2**40), data=st.data())
def test_a_proof_is_of_few_subtrees(size, data):
    plan = plan_inclusion(data.draw(st.integers(0, size - 1)), size)
    assert sum(len(step) for step in plan) <= 2 * size.bit_length()
