# SPDX-License-Identifier: Apache-2.0
"""Nearest cases: by hand, against brute force and scikit-learn, invariances, refusals."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import strategies as _  # noqa: F401 - its profile has no deadline
from gftcore.datasets import Record
from gftcore.errors import ArgumentError, ArgumentTypeError, GftcoreWarning, ShapeError
from gftcore.retrieval import CaseIndex, Neighbour, build_index, index_json

few = pytest.mark.filterwarnings("ignore:FEW_CASES")


def record(name: str, subject: str, label: str = "NPDR") -> Record:
    return Record(id=name, subject=subject, eye="OD", path=f"{name}.png", label=label)


def axis(*values: float) -> list[float]:
    """Vector with these numbers first."""
    return [*values, *[0.0] * (8 - len(values))]


def drawn() -> CaseIndex:
    """Five cases, two of subject s; b and c lie on opposite sides of a."""
    records = [record("e", "u", "PDR"), record("c", "t"), record("a", "s", "Healthy"),
               record("d", "s"), record("b", "v")]  # fmt: skip
    vectors = [axis(3, 4), axis(-1), axis(), axis(2), axis(1)]
    return build_index(records, vectors, mode="count")


def names(found: tuple[Neighbour, ...]) -> list[str]:
    return [one.id for one in found]


def test_by_hand() -> None:
    index = drawn()
    assert index.ids == ("a", "b", "c", "d", "e")
    assert index.subjects == (0, 1, 2, 0, 3)
    assert index.labels == ("Healthy", "NPDR", "NPDR", "NPDR", "PDR")
    found = index.nearest(axis(), k=5)
    assert names(found) == ["a", "b", "c", "d", "e"]  # b and c tie, and the id decides
    assert [one.distance for one in found] == [0.0, 1.0, 1.0, 2.0, 5.0]
    assert found[-1].label == "PDR"
    assert names(index.nearest(axis(3, 4), k=1)) == ["e"]
    assert "'a'" not in repr(found[0])


def test_who_is_left_out() -> None:
    index = drawn()
    assert names(index.nearest(axis(), k=3, exclude_subject=0)) == ["b", "c", "e"]
    # A case is left out with all of its subject; an id that is no case leaves nobody out.
    assert names(index.nearest(axis(), k=3, exclude_id="d")) == ["b", "c", "e"]
    assert names(index.nearest(axis(), k=3, exclude_id="x")) == ["a", "b", "c"]
    assert names(index.nearest(axis(), k=2, exclude_subject=1, exclude_id="a")) == ["c", "e"]


def test_fewer_cases_than_asked_for() -> None:
    index = drawn()
    with pytest.warns(GftcoreWarning, match="^FEW_CASES: fewer than 4 .* 1 of 1 .* are 3$"):
        assert names(index.nearest(axis(), k=4, exclude_subject=0)) == ["b", "c", "e"]
    alone = build_index([record("a", "s")], [axis()], mode="count")
    with pytest.warns(GftcoreWarning, match="FEW_CASES"):
        assert alone.nearest(axis(), k=1, exclude_id="a") == ()
    assert len(index.nearest(axis(), k=3, exclude_subject=0)) == 3  # and no warning


def test_z_scores_by_hand() -> None:
    records = [record(name, name) for name in "abc"]
    # Columns: mean 2 and sd sqrt(8 / 3); mean .2 and sd .1 sqrt(2 / 3); equal values.
    vectors = [axis(0, 0.1, 0.3), axis(2, 0.3, 0.3), axis(4, 0.2, 0.3)]
    plain = build_index(records, vectors, mode="count")
    scaled = build_index(records, vectors, mode="count", z_scores=True)
    for index in (plain, scaled):
        assert index.mean[:2] == pytest.approx([2, 0.2])
        assert index.sd[:2] == pytest.approx([math.sqrt(8 / 3), 0.1 * math.sqrt(2 / 3)])
        assert index.sd[2:].tolist() == [1.0] * 6
    query = axis(0, 0.3, 0.3)
    assert names(plain.nearest(query, k=1)) == ["a"]
    # In standard deviations a is 2.45 away, b 1.22.
    (near,) = scaled.nearest(query, k=1)
    assert (near.id, near.distance) == ("b", pytest.approx(2 / math.sqrt(8 / 3)))


def test_equal_values_have_no_spread() -> None:
    """Negative control: NumPy's standard deviation of equal values is not 0."""
    records = [record(f"{i}", f"{i}") for i in range(10)]
    vectors = np.full((10, 8), 0.1)
    assert (np.std(vectors[:3], axis=0) != 0).any()
    index = build_index(records[:3], vectors[:3], mode="fraction", z_scores=True)
    assert index.sd.tolist() == [1.0] * 8
    assert index.nearest(axis(), k=1)[0].distance == pytest.approx(0.1 * math.sqrt(8))


def brute(index: CaseIndex, query: Any, k: int, group: int | None) -> list[tuple[float, str]]:
    out = []
    for name, of, vector in zip(index.ids, index.subjects, index.vectors, strict=True):
        a, b = np.array(query, dtype=float), vector
        if index.z_scores:
            a, b = (a - index.mean) / index.sd, (b - index.mean) / index.sd
        if of != group:
            out.append((float(np.sqrt(np.sum((b - a) ** 2))), name))
    return sorted(out)[:k]


#: Small whole numbers make ties.
WHOLE = hnp.arrays(np.float64, st.tuples(st.integers(1, 12), st.just(8)),
                   elements=st.integers(-2, 2).map(float))  # fmt: skip


@few
@given(vectors=WHOLE, data=st.data())
def test_against_brute_force(vectors: np.ndarray, data: st.DataObject) -> None:
    subjects = data.draw(st.lists(st.sampled_from("stuv"), min_size=len(vectors),
                                  max_size=len(vectors)))  # fmt: skip
    records = [record(f"{i}", subject) for i, subject in enumerate(subjects)]
    index = build_index(records, vectors, mode="count", z_scores=data.draw(st.booleans()))
    k = data.draw(st.integers(1, 5))
    groups = [None, *range(max(index.subjects) + 1)]
    query = data.draw(st.lists(st.integers(-2, 2), min_size=8, max_size=8))
    batch = index.nearest_all([query] * len(groups), k=k, exclude_subjects=groups)
    for group, found in zip(groups, batch, strict=True):
        assert [(one.distance, one.id) for one in found] == brute(index, query, k, group)
        assert found == index.nearest(query, k=k, exclude_subject=group)


@pytest.mark.parametrize("z_scores", [False, True])
def test_against_scikit_learn(z_scores: bool) -> None:
    neighbors = pytest.importorskip("sklearn.neighbors")
    preprocessing = pytest.importorskip("sklearn.preprocessing")
    rng = np.random.default_rng(4)
    vectors = rng.random((60, 8)) * [1, 2, 3, 50, 1, 1, 1, 0]
    queries = rng.random((20, 8)) * [1, 2, 3, 50, 1, 1, 1, 1]
    index = build_index([record(f"{i:02}", f"{i}") for i in range(60)], vectors, mode="count",
                        z_scores=z_scores)  # fmt: skip
    scaler = preprocessing.StandardScaler(with_mean=z_scores, with_std=z_scores).fit(vectors)
    peer = neighbors.NearestNeighbors(n_neighbors=5, algorithm="brute")
    distance, place = peer.fit(scaler.transform(vectors)).kneighbors(scaler.transform(queries))
    found = index.nearest_all(queries, k=5)
    assert [names(cases) for cases in found] == [[f"{i:02}" for i in row] for row in place]
    np.testing.assert_allclose([[one.distance for one in cases] for cases in found], distance,
                               rtol=1e-9)  # fmt: skip


@few
@given(vectors=WHOLE, data=st.data())
def test_order_and_scale_do_not_matter(vectors: np.ndarray, data: st.DataObject) -> None:
    records = [record(f"{i}", f"{i // 2}") for i in range(len(vectors))]
    index = build_index(records, vectors, mode="count", z_scores=True)
    order = data.draw(st.permutations(range(len(records))))
    other = build_index([records[i] for i in order], vectors[list(order)], mode="count",
                        z_scores=True)  # fmt: skip
    assert index_json(other) == index_json(index)
    assert index.nearest(vectors[0]) == other.nearest(vectors[0])
    # Powers of two change no digit. Equal columns keep sd 1, so there they would count.
    varied = (vectors != vectors[0]).any(axis=0)
    factor = np.where(varied, [2.0, 0.5, 4, 8, 1, 16, 0.25, 2], 1.0)
    grown = build_index(records, vectors * factor, mode="count", z_scores=True)
    assert grown.nearest(vectors[0] * factor) == index.nearest(vectors[0])


def test_scale_matters_without_z_scores() -> None:
    """Negative control of the test above."""
    records, vectors = [record("a", "s"), record("b", "t")], np.array([axis(2), axis(0, 3)])
    factor = np.array([2.0, *[1.0] * 7])
    found = [build_index(records, vectors * f, mode="count").nearest(axis(), k=1)
             for f in (1.0, factor)]  # fmt: skip
    assert [names(one) for one in found] == [["a"], ["b"]]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e13])
def test_missing_values_are_refused(value: float) -> None:
    bad = axis(1, value)
    with pytest.raises(ArgumentError, match=r"finite and at most 1e\+12, got 1"):
        drawn().nearest(bad)
    with pytest.raises(ArgumentError, match="got 1 that are not"):
        drawn().nearest_all([axis(), bad])
    with pytest.raises(ArgumentError, match="a quadrant without valid pixels"):
        build_index([record("a", "s")], [bad], mode="per_mm2")


def test_what_is_refused() -> None:
    index = drawn()
    for vector in (axis()[:7], [axis()]):
        with pytest.raises(ShapeError):
            index.nearest(vector)
    with pytest.raises(ArgumentError, match="k must be between 1"):
        index.nearest(axis(), k=0)
    with pytest.raises(ArgumentError, match="exclude_subject must be between 0 and 3"):
        index.nearest(axis(), exclude_subject=4)
    with pytest.raises(ArgumentTypeError, match="exclude_subject"):
        index.nearest(axis(), exclude_subject="s")  # type: ignore[arg-type]
    with pytest.raises(ArgumentTypeError, match="exclude_id must be text"):
        index.nearest(axis(), exclude_id=3)  # type: ignore[arg-type]
    with pytest.raises(ShapeError, match="one for each of 1 vectors, got 2"):
        index.nearest_all([axis()], exclude_ids=["a", "b"])
    with pytest.raises(ArgumentError, match="got 1 repeated"):
        build_index([record("a", "s")] * 2, [axis()] * 2, mode="count")
    with pytest.raises(ShapeError, match="one a record"):
        build_index([record("a", "s")], [axis()] * 2, mode="count")
    with pytest.raises(ArgumentError, match="at least one case"):
        build_index([], np.empty((0, 8)), mode="count")
    with pytest.raises(ArgumentError, match="mode must be one of"):
        build_index([record("a", "s")], [axis()], mode="counts")  # type: ignore[arg-type]
    with pytest.raises(ArgumentTypeError, match="must hold Record"):
        build_index(["a"], [axis()], mode="count")  # type: ignore[list-item]
    tiny = build_index([record("a", "s"), record("b", "t")], [axis(0), axis(1e-150)], mode="count",
                       z_scores=True)  # fmt: skip
    with pytest.raises(ArgumentError, match="too far"):
        tiny.nearest(axis(1e12))


def test_nothing_can_be_changed() -> None:
    given_ = np.array([axis(1)])
    index = build_index([record("a", "s")], given_, mode="count")
    given_[0, 0] = 5
    assert index.vectors[0, 0] == 1
    for array in (index.vectors, index.mean, index.sd):
        with pytest.raises(ValueError, match="read-only"):
            array.flat[0] = 1
