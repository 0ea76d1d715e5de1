from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airside.silver import hash_index
from airside.silver.hash_index import HashIndex

HASHES = st.one_of(
    st.integers(0, 5),
    st.integers(0, 5).map(lambda half: half << 32),
    st.integers(2**64 - 3, 2**64 - 1),
    st.integers(0, 2**64 - 1),
)


def hashes(values: Sequence[int]) -> hash_index.Hashes:
    return np.array(values, np.uint64)


@given(st.lists(st.lists(HASHES, max_size=40), max_size=12), st.lists(HASHES), st.integers(0, 300))
def test_it_finds_every_ordinal_of_the_upper_half_of_a_hash_and_no_other(
    batches: list[list[int]], sought: list[int], before: int
) -> None:
    index, known, ordinal = HashIndex(), list[tuple[int, int]](), 2**40
    for batch in batches:
        ordinals = range(ordinal, ordinal + len(batch))
        index.add(hashes(batch), np.array(ordinals, np.int64))
        known += zip(batch, ordinals, strict=True)
        ordinal += len(batch)

    halves = {value >> 32 for value in sought}

    def expected(least: int) -> list[int]:
        return sorted(at for value, at in known if value >> 32 in halves and at >= least)

    assert sorted(index.find(hashes(sought)).tolist()) == expected(0)
    index.forget(2**40 + before)
    found = sorted(index.find(hashes(sought)).tolist())
    assert set(expected(2**40 + before)) <= set(found) <= set(expected(0))


def test_it_stays_in_few_runs_and_forgets_the_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hash_index, "LONGEST_RUN", 1_000)
    random = np.random.default_rng(1)
    index = HashIndex()
    for start in range(0, 20_000, 50):
        batch = random.integers(0, 2**64, 50, np.uint64)
        index.add(batch, np.arange(start, start + 50))
    lengths = [len(run.halves) for run in index._runs]

    assert sum(lengths) == 20_000
    assert max(lengths) <= 1_000
    assert len(lengths) <= 2 * 20 + 5
    assert all(
        2 * later <= earlier or earlier + later > 1_000 for earlier, later in pairwise(lengths)
    )
    index.forget(15_000)
    assert 5_000 <= sum(len(run.halves) for run in index._runs) < 6_000


def test_what_is_added_at_once_is_forgotten_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hash_index, "LONGEST_RUN", 10)
    index, values = HashIndex(), np.arange(35, dtype=np.uint64) << 32
    index.add(values, np.arange(35))
    index.forget(20)

    assert sorted(index.find(values).tolist()) == [*range(20, 35)]
