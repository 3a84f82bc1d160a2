# SPDX-License-Identifier: Apache-2.0
"""The picture of contributions: its colours pixel by pixel, its legend, what is refused."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from colour_vision import BLINDNESSES, GREEN, RED, distance, luminance
from drawn_eyes import drawn_image, untrained
from gftcore import graph
from gftcore.attribution import (
    MAP_KEEP,
    Attribution,
    draw_contributions,
    integrated_gradients,
    select,
)
from gftcore.attribution.legend import colours, legend, shown
from gftcore.errors import ArgumentError, ArgumentTypeError, GftcoreWarning, ShapeError
from gftcore.graph.hetero_graph import RELATIONS

MODEL = untrained(grey=True)
IMAGE = drawn_image(1)
GRAPH = graph.extract_image(IMAGE, keep=MAP_KEEP)
(FOUND,) = integrated_gradients(MODEL, [GRAPH], of="both")
ROWS, COLS = GRAPH.meta.shape


def with_values(**values: Any) -> Attribution:
    """The attribution with given contributions of nodes, 0 for all others."""
    assert FOUND.nodes is not None
    each = {t: np.zeros(len(v)) for t, v in FOUND.nodes.contribution.items()}
    for t, rows in values.items():
        for row, value in rows.items():
            each[t][row] = value
    return dataclasses.replace(FOUND, nodes=dataclasses.replace(FOUND.nodes, contribution=each))


def drawn(found: Attribution, **options: Any) -> Any:
    """The part of the picture above the legend, as numbers."""
    return draw_contributions(found, GRAPH, scale=1, **options)[:ROWS].astype(int)


@pytest.mark.parametrize("blindness", BLINDNESSES)
def test_both_signs_differ_for_everybody(blindness: str) -> None:
    for size in (0.25, 0.5, 1.0):
        low, high = colours([-size, size], 1.0)
        assert distance(low, high, blindness) > 60
        assert distance(high, colours(0.0, 1.0), blindness) > 30


def test_red_and_green_would_not() -> None:
    assert distance(RED, GREEN, "deuteranopia") < 20


def test_the_scale_is_symmetric() -> None:
    sizes = np.linspace(0, 1, 21)
    light, other = luminance(colours(sizes, 1.0)), luminance(colours(-sizes, 1.0))
    np.testing.assert_allclose(light, other, atol=0.03)
    assert (np.diff(light) > 0).all()
    assert (colours([-3.0, 3.0], 1.0) == colours([-1.0, 1.0], 1.0)).all()
    assert (colours([1.0, 0.0], 0.0)[1] == colours(0.0, 1.0)).all()


def test_each_pixel_has_the_colour_of_its_node() -> None:
    vessel, area = GRAPH.kept["vessel_label"], GRAPH.kept["ica_label"]
    found = with_values(vessel={3: 2.0}, ica={5: -1.0}, faz={0: 0.5})
    picture = drawn(found)
    grey = np.where(vessel > 0, 255 * 0.6, 255 * 0.15)
    faz = GRAPH.faz_info.label
    # Where the colours end: 99 of 100 values, or a twentieth of the largest.
    limit = max(np.quantile([2.0, 1.0, 0.5, *[0.0] * (count() - 3)], 0.99), 0.1)
    cases = [
        (vessel == 4, 2.0, 0.7),
        (vessel == 1, 0.0, 0.7),
        (area == GRAPH.ica_label_id[5], -1.0, 0.5),
        (area == GRAPH.ica_label_id[0], 0.0, 0.5),
        (area == faz, 0.5, 0.5),
    ]
    for pixels, value, alpha in cases:
        assert pixels.any()
        wanted = alpha * colours(value, limit) + (1 - alpha) * grey[pixels][0]
        assert (np.abs(picture[pixels] - wanted) <= 1).all()
    bare = (vessel == 0) & ~np.isin(area, [*GRAPH.ica_label_id, faz])
    assert (picture[bare] == round(255 * 0.15)).all()


def count() -> int:
    return sum(len(GRAPH.features(t)) for t in ("vessel", "ica", "faz"))


def test_the_image_shines_through() -> None:
    picture = drawn(with_values(), background=IMAGE)
    large = IMAGE.repeat(4, axis=0).repeat(4, axis=1).astype(int)
    assert (picture == picture[..., :1]).all()
    inside = GRAPH.kept["vessel_label"] > 0
    assert np.corrcoef(picture[inside][:, 0], np.clip(large, 0, 199)[inside])[0, 1] > 0.9


def test_only_raised_pixels_are_orange_and_only_lowered_ones_blue() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=GRAPH.num_icas)
    picture = drawn(with_values(ica=dict(enumerate(values))))
    for label, value in zip(GRAPH.ica_label_id, values, strict=True):
        red, _, blue = picture[GRAPH.kept["ica_label"] == label].T
        assert (np.sign(red - blue) == np.sign(value)).all() or abs(value) < 0.05


def test_the_selection_is_marked() -> None:
    selection = select(FOUND, GRAPH, MODEL, nodes=1, edges=1)
    plain, marked = drawn(FOUND), drawn(FOUND, selection=selection)
    changed = np.argwhere((plain != marked).any(axis=2))
    (node,), (edge,) = selection.nodes, selection.edges
    near = np.abs(changed - [node.row, node.col]).max(axis=1) < 15
    ends = [GRAPH.positions(t)[i] for t, i in zip(RELATIONS[edge.relation], edge.ends, strict=True)]
    low, high = np.min(ends, axis=0) - 3, np.max(ends, axis=0) + 3
    on_edge = ((changed >= low) & (changed <= high)).all(axis=1)
    assert near.any()
    assert on_edge.any()
    assert (near | on_edge).all()


def test_sizes_and_equal_bytes() -> None:
    selection = select(FOUND, GRAPH, MODEL)
    one = draw_contributions(FOUND, GRAPH, background=IMAGE, selection=selection)
    again = draw_contributions(FOUND, GRAPH, background=IMAGE, selection=selection)
    assert one.tobytes() == again.tobytes()
    assert one.dtype == np.uint8
    assert one.shape[1] == 3 * COLS
    double = draw_contributions(FOUND, GRAPH, scale=2)
    assert (double[: 2 * ROWS : 2, ::2] == draw_contributions(FOUND, GRAPH, scale=1)[:ROWS]).all()


def test_the_legend_says_what_it_is() -> None:
    strips = [
        legend(dataclasses.replace(FOUND, **change), 1.0, 600, ranked_by=None, notes=[])
        for change in ({}, {"target": "NPDR"}, {"target": "Healthy"}, {"kind": "prob"})
    ]
    assert len({strip.tobytes() for strip in strips}) == len(strips)
    base = legend(FOUND, 1.0, 600, ranked_by=None, notes=[])
    assert base.shape[1:] == (600, 3)
    ranked = legend(FOUND, 1.0, 600, ranked_by="contribution", notes=[])
    noted = legend(FOUND, 1.0, 600, ranked_by=None, notes=["Not a medical device."])
    assert len(ranked) == len(noted) > len(base)
    # Long lines are broken, and no width is too small.
    assert len(legend(FOUND, 1.0, 150, ranked_by=None, notes=[])) > len(base) // 2
    for width in (1, 20, 60):
        assert legend(FOUND, 0.0, width, ranked_by="x", notes=["x"]).shape[1] == width


def test_numbers_have_two_digits_that_count() -> None:
    values = (0.0, 0.999, -0.0456, 4.56e-12, 123456.0)
    assert [shown(v) for v in values] == ["0", "1.0", "-0.046", "4.6e-12", "120000"]


def test_an_empty_graph_can_be_drawn() -> None:
    with pytest.warns(GftcoreWarning, match="FULL_MASK"):
        empty = graph.extract(np.ones((20, 30), dtype=bool), keep=MAP_KEEP)
    (found,) = integrated_gradients(untrained(), [empty])
    assert draw_contributions(found, empty).shape[1] == 30 * 40


def test_what_does_not_fit_is_refused() -> None:
    bare = graph.extract_image(IMAGE)
    other = graph.extract_image(drawn_image(2), keep=MAP_KEEP)
    (edges,) = integrated_gradients(MODEL, [GRAPH], of="edges")
    calls: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
        ("graph holds no vessel_label", (FOUND, bare), {}),
        ("graph must be the one that was explained", (FOUND, other), {}),
        ("graph must be a HeteroGraph", (FOUND, 3), {}),
        ("found must be an Attribution", (FOUND.nodes, GRAPH), {}),
        ("found must have contributions of nodes", (edges, GRAPH), {}),
        ("selection must be a Selection", (FOUND, GRAPH), {"selection": []}),
        ("notes must be a sequence", (FOUND, GRAPH), {"notes": "text"}),
        ("scale must be between", (FOUND, GRAPH), {"scale": 0}),
        ("background must have", (FOUND, GRAPH), {"background": np.zeros((5, 5))}),
    ]
    for words, given, options in calls:
        with pytest.raises((ArgumentError, ArgumentTypeError, ShapeError), match=words):
            draw_contributions(*given, **options)
