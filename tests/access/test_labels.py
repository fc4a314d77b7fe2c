"""Labels only tighten. `make access-matrix` plays 100,000 sequences; here are enough to see one that lowers."""

from dataclasses import replace

from tests.access.sequences import STEPS, lowered


def test_no_sequence_lowers_a_label():
    assert lowered(seed=1, count=3_000) == (3_000, [])


def test_whatever_lowers_one_is_seen():
    def forgets_codes(kept, other):
        return replace(kept, codes=other.codes)

    def takes_the_newer_label(kept, other):
        return replace(kept, tlp=other.tlp)

    def keeps_longer(kept, other):
        return replace(kept, retention_time=other.retention_time)

    def releases_more(kept, other):
        return replace(kept, releasable_to=other.releasable_to)

    def leaves_its_operation(kept, other):
        return replace(kept, operation="")

    def takes_the_newer_operation(kept, other):
        return replace(kept, operation=other.operation)

    of_operations = (leaves_its_operation, takes_the_newer_operation)
    for fault in (*of_operations, forgets_codes, takes_the_newer_label, keeps_longer, releases_more):
        assert lowered(seed=2, count=300, steps=STEPS | {"fault": fault})[1], fault.__name__
