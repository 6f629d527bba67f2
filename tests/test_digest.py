"""One digest for keys: the same for equal values, another one for any others."""

import enum
import itertools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from popbridge.digest import digest_of, key_of


class Colour(enum.Enum):
    RED = 1
    CRIMSON = "RED"


@dataclass
class Pair:
    first: object
    second: object


@dataclass
class Couple:
    first: object
    second: object


ZEROS = np.zeros((2, 3), np.uint8)
DIFFERENT = [
    None, False, 0, 0.0, -0.0, "", "0", b"0", (), [], {}, (None,), ((),), Path("0"), 1, True, 1.0,
    "None", Colour.RED, Colour.CRIMSON, ("ab", "c"), ("a", "bc"), ("a", ("b", "c")),
    (("a", "b"), "c"), {"a": "b"}, {"b": "a"}, Pair("ab", ""), Pair("a", "b"), Couple("a", "b"),
    ZEROS, ZEROS.T, ZEROS.reshape(6), ZEROS.astype(np.int8), ZEROS.astype(bool), ZEROS + 1,
    np.zeros(6, np.uint16)[:3], np.zeros((0, 3)), np.zeros((3, 0)), np.uint8(0), np.int64(0),
    ZEROS.tobytes(), np.zeros(2, ">i4"), np.zeros(2, "<i4"), "\ud800",
]  # fmt: skip


def test_different_values_have_different_digests():
    for one, other in itertools.combinations(DIFFERENT, 2):
        assert digest_of(one) != digest_of(other), (one, other)
    assert digest_of("a", "b") != digest_of(("a", "b")) != digest_of("ab")


def test_equal_values_have_the_same_digest():
    assert digest_of({"a": 1, "b": 2}) == digest_of({"b": 2, "a": 1})
    apart = np.arange(12, dtype=np.uint8).reshape(3, 4)[:, ::2]
    assert digest_of(apart) == digest_of(np.array([[0, 2], [4, 6], [8, 10]], np.uint8))
    assert digest_of(Pair(1, ZEROS)) == digest_of(Pair(1, ZEROS.copy()))
    assert digest_of("a").startswith(key_of("a")) and len(key_of("a")) == 24


@pytest.mark.parametrize("value", [object(), {1}, Pair, np.array([None]), np.ma.array([1])])
def test_what_does_not_say_all_that_it_holds_has_no_digest(value):
    with pytest.raises(TypeError, match="expected"):
        digest_of([value])
