"""The attacker here knows the rules and everything that was told, and tries every table that could have led to it."""

from collections import defaultdict
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bp_training.domain.participation import GENDERS, Tally, participation_of, protect

CELLS = ("a", "b", "c", "d")
# Enough for every cell to be just below the threshold, and more.
LARGEST = {3: 16, 4: 18, 5: 22, 7: 25}


def tables(total, cells):
    if cells == 1:
        yield (total,)
        return
    for first in range(total + 1):
        for rest in tables(total - first, cells - 1):
            yield (first, *rest)


@pytest.mark.parametrize("cells", [2, 3, 4])
@pytest.mark.parametrize("threshold", LARGEST)
def test_no_withheld_number_follows_from_what_is_told(threshold, cells):
    for total in range(1, LARGEST[threshold] + 1):
        possible = defaultdict(list)
        for table in tables(total, cells):
            told = protect(dict(zip(CELLS[:cells], table, strict=True)), threshold)
            possible[tuple(told.values())].append(table)
        for told, candidates in possible.items():
            for position, number in enumerate(told):
                values = {table[position] for table in candidates}
                assert values == {number} if number is not None else len(values) > 1, (told, candidates)


def test_completion_by_gender_gives_nobody_away():
    threshold, genders = 3, GENDERS[:2]
    possible = defaultdict(list)
    for enrolled in product(range(9), repeat=2):
        for completed in product(*(range(number + 1) for number in enrolled)):
            tally = Tally(dict(zip(genders, enrolled, strict=True)), dict(zip(genders, completed, strict=True)))
            told = participation_of(tally, threshold)
            key = (
                told.enrolled_count,
                told.completed,
                told.in_progress,
                tuple(told.enrolled_by_gender.values()),
                tuple(told.completed_by_gender.values()),
            )
            possible[key].append((enrolled, completed))
    for (_, done, undone, _, _), candidates in possible.items():
        for position in range(len(genders)):
            numbers = {
                (enrolled[position], completed[position], enrolled[position] - completed[position])
                for enrolled, completed in candidates
            }
            # A number that is certain is zero or large enough, whatever was told.
            for certain in (set(column) for column in zip(*numbers, strict=True)):
                assert len(certain) > 1 or min(certain) == 0 or min(certain) >= threshold, candidates
        if done is None:
            assert undone is None
            assert len({sum(completed) for _, completed in candidates}) > 1


@given(
    st.fixed_dictionaries({gender: st.integers(0, 40) for gender in GENDERS}),
    st.data(),
    st.sampled_from([1, 3, 4, 5, 7, 10]),
)
def test_told_numbers_are_true_and_never_small(enrolled, data, threshold):
    completed = {gender: data.draw(st.integers(0, number)) for gender, number in enrolled.items()}
    told = participation_of(Tally(enrolled, completed), threshold)
    assert told.enrolled_count == sum(enrolled.values())
    for true, shown in ((enrolled, told.enrolled_by_gender), (completed, told.completed_by_gender)):
        for gender, number in shown.items():
            assert number is None or (number == true[gender] and (number == 0 or number >= threshold))
    withheld = [gender for gender in GENDERS if told.enrolled_by_gender[gender] is None]
    assert not withheld or len(withheld) > 1
    assert not withheld or sum(enrolled[gender] for gender in withheld) >= min(threshold, told.enrolled_count)


def test_a_single_learner_is_counted_and_not_described():
    told = participation_of(Tally({"FEMALE": 1}, {"FEMALE": 1}), 5)
    assert told.enrolled_count == 1
    assert told.completed is None
    assert set(told.enrolled_by_gender.values()) == {None}


def test_a_threshold_of_one_withholds_nothing():
    told = participation_of(Tally({"FEMALE": 1, "MALE": 2}, {"MALE": 1}), 1)
    assert told.enrolled_by_gender == {"FEMALE": 1, "MALE": 2, "OTHER": 0, "UNDISCLOSED": 0}
    assert told.completed_by_gender == {"FEMALE": 0, "MALE": 1, "OTHER": 0, "UNDISCLOSED": 0}


def test_large_numbers_are_told():
    told = participation_of(Tally({"FEMALE": 12, "MALE": 20}, {"FEMALE": 6, "MALE": 10}), 5)
    assert told.enrolled_by_gender == {"FEMALE": 12, "MALE": 20, "OTHER": 0, "UNDISCLOSED": 0}
    assert (told.completed, told.in_progress) == (16, 16)
    assert told.completed_by_gender == {"FEMALE": 6, "MALE": 10, "OTHER": 0, "UNDISCLOSED": 0}
