# SPDX-License-Identifier: Apache-2.0
"""Every form of a graph gives the graph back, to the bit."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import strategies
from format_cases import assert_same, bar, changed, crossed, plain_nan, without_images
from gftcore import formats, graph
from gftcore.graph import ExtractFailure, HeteroGraph

pytestmark = pytest.mark.filterwarnings("ignore::gftcore.GftcoreWarning")


def by_npz(one: HeteroGraph, folder: Path) -> HeteroGraph:
    graph.save(one, folder / "a.npz")
    return graph.load(folder / "a.npz")


def by_json(one: HeteroGraph, folder: Path) -> HeteroGraph:
    formats.write_json(one, folder / "a.json")
    return formats.read_json(folder / "a.json")


def by_packed_json(one: HeteroGraph, folder: Path) -> HeteroGraph:
    formats.write_json(one, folder / "a.json.gz")
    return formats.read_json(folder / "a.json.gz")


def by_parquet(one: HeteroGraph, folder: Path) -> HeteroGraph:
    formats.write_parquet(folder / "all", [("a", one)], overwrite=True)
    ((name, found),) = formats.read_parquet(folder / "all")
    assert name == "a"
    assert isinstance(found, HeteroGraph)
    return found


#: JSON has one NaN.
FORMS: dict[Callable[[HeteroGraph, Path], HeteroGraph], Callable[[HeteroGraph], HeteroGraph]] = {
    by_npz: without_images,
    by_json: plain_nan,
    by_packed_json: plain_nan,
    by_parquet: without_images,
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("make", [crossed, bar])
def test_graphs_of_masks(
    form: Callable[[HeteroGraph, Path], HeteroGraph],
    make: Callable[[], HeteroGraph],
    tmp_path: Path,
) -> None:
    assert_same(form(make(), tmp_path), FORMS[form](make()))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("mask", [np.zeros((5, 6), bool), np.ones((1, 1), bool), np.eye(1) > 0])
def test_graphs_of_nothing(
    form: Callable[[HeteroGraph, Path], HeteroGraph], mask: np.ndarray, tmp_path: Path
) -> None:
    one = graph.extract(mask)
    assert_same(form(one, tmp_path), FORMS[form](one))


@pytest.mark.parametrize("form", FORMS)
@given(mask=strategies.vessel_masks(40))
@settings(max_examples=25)
def test_graphs_of_random_masks(
    form: Callable[[HeteroGraph, Path], HeteroGraph], mask: np.ndarray
) -> None:
    one = graph.extract(mask)
    with tempfile.TemporaryDirectory() as folder:
        assert_same(form(one, Path(folder)), FORMS[form](one))


@pytest.mark.parametrize("form", FORMS)
@given(one=strategies.hetero_graphs())
def test_random_graphs(form: Callable[[HeteroGraph, Path], HeteroGraph], one: HeteroGraph) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert_same(form(one, Path(folder)), FORMS[form](one))


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
failures = st.builds(ExtractFailure, st.integers(0, 2**40), texts, texts, texts)


@given(st.dictionaries(texts.filter(bool), st.one_of(strategies.hetero_graphs(), failures)))
def test_many_graphs_and_failures(items: dict[str, HeteroGraph | ExtractFailure]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "all"
        formats.write_parquet(target, items.items())
        found = list(formats.read_parquet(target))
        assert [name for name, _ in found] == list(items)
        for name, result in found:
            expected = items[name]
            if isinstance(expected, ExtractFailure):
                assert result == expected
            else:
                assert isinstance(result, HeteroGraph)
                assert_same(result, expected)
        wanted = list(items)[::2]
        some = formats.read_parquet(target, image_ids=wanted[::-1])
        assert [name for name, _ in some] == wanted


@pytest.mark.parametrize(
    "change",
    [
        lambda values: np.round(values, 6),  # what a table for people would hold
        lambda values: values.astype(np.float16).astype(values.dtype),
        lambda values: np.nan_to_num(values, nan=0.0),
        np.abs,  # the sign of a zero counts
    ],
)
def test_a_form_that_loses_something_is_noticed(
    change: Callable[[np.ndarray], np.ndarray],
) -> None:
    one = crossed()
    one = changed(one, lambda x: np.where(np.arange(x.size).reshape(x.shape) == 0, -0.0, x))
    with np.errstate(all="ignore"):
        lossy = changed(one, lambda x: change(x).astype(x.dtype))
    with pytest.raises(AssertionError):
        assert_same(lossy, one)
