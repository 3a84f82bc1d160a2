# SPDX-License-Identifier: Apache-2.0
"""Tables of drawn eyes: every entry against graph, contributions and measurements.

Exactness: numbers are those of their sources, rounded as written.
"""

from __future__ import annotations

import dataclasses
import json
import math
from typing import Any

import numpy as np
import pytest

import gftcore
from gftcore.errors import ArgumentError, ArgumentTypeError, GftcoreError, ShapeError
from gftcore.graph.columns import column_info
from gftcore.tabulation import Table, graph_numbers, make_table, table_json
from tabled import (
    NETWORK,
    explained,
    eye_graph,
    full_table,
    measured,
    mirrored,
    picked,
    ranges,
    table_of,
    with_eye,
    without_faz,
)


def test_who_and_what() -> None:
    graph, found = eye_graph(), explained()
    table = full_table(sha256="ab", layer="SVC", label="PDR", settings_hash="cd")
    image = table.image
    assert (image.id, image.eye, image.layer, image.sha256) == ("a", "OD", "SVC", "ab")
    assert (image.rows, image.cols) == graph.meta.shape
    assert image.mm_per_px == pytest.approx(graph.meta.mm_per_px, abs=1e-9)
    assert (table.model.sha256, table.model.config_hash) == (NETWORK.sha256, NETWORK.config.hash)
    assert (table.label, table.target) == ("PDR", found.target)
    assert list(table.probabilities) == list(found.classes)
    assert list(table.probabilities.values()) == pytest.approx(found.probabilities, abs=1e-6)
    assert table.prediction == found.classes[int(found.probabilities.argmax())]
    about = table.attribution
    assert found.nodes is not None
    assert found.edges is not None
    assert (about.kind, about.method, about.by) == ("logit", "secant", "contribution")
    assert (about.against, about.baseline) == (None, "zero")
    assert (about.n_nodes, about.n_edges) == (16, 16)
    assert about.error_nodes == pytest.approx(found.nodes.error, abs=1e-6)
    assert about.completeness_gap_edges == pytest.approx(found.edges.completeness_gap_rel, abs=1e-9)
    assert (table.gftcore, table.simd_target) == (gftcore.__version__, gftcore.simd_target())
    assert (table.notice, table.settings_hash) == ("Not for clinical use.", "cd")
    assert table.warnings == graph.meta.warnings


def test_rows_of_nodes_and_edges() -> None:
    graph, table = eye_graph(), full_table()
    selection = picked(graph, explained())
    assert len(table.nodes) == len(selection.nodes) == 20
    row, col = graph.positions("faz")[0]
    for mine, theirs in zip(
        [*table.nodes, *table.edges], [*selection.nodes, *selection.edges], strict=True
    ):
        assert (mine.rank, mine.id) == (theirs.rank, theirs.id)
        for name in ("contribution", "magnitude", "share", "row", "col"):
            assert getattr(mine, name) == pytest.approx(getattr(theirs, name), abs=6e-4)
        away = math.hypot(theirs.row - row, theirs.col - col) * graph.meta.mm_per_px
        assert mine.faz_distance_mm == pytest.approx(away, abs=6e-5)
        percent = 100 * (theirs.col + 0.5) / graph.meta.shape[1]
        assert mine.x_percent == pytest.approx(percent, abs=1e-3)
    for node, picked_node in zip(table.nodes, selection.nodes, strict=True):
        assert node.type == picked_node.node_type
        for cell, feature in zip(node.features, picked_node.features, strict=True):
            power = {"length": 1, "area": 2}.get(column_info(node.type, feature.name).unit, 0)
            assert cell.unit == {0: "", 1: "mm", 2: "mm2"}[power]
            assert cell.value == pytest.approx(
                feature.value * graph.meta.mm_per_px**power, abs=1e-6
            )
            assert cell.z == pytest.approx(feature.standardised, abs=1e-4)
            assert cell.ig == pytest.approx(feature.contribution, abs=1e-9)
            assert cell.reference is not None
    for edge, picked_edge in zip(table.edges, selection.edges, strict=True):
        assert (edge.relation, (edge.src, edge.dst)) == (picked_edge.relation, picked_edge.ends)


def test_quadrants_add_up_to_the_image() -> None:
    graph, table = eye_graph(), full_table()
    rows = table.quadrants
    assert list(rows) == ["TL", "TR", "BL", "BR"]
    assert sum(row.nodes for row in rows.values()) == graph.num_segments + graph.num_icas
    inner = sum(graph.edges[name].shape[1] for name in ("vv", "ii", "vi"))
    assert sum(row.edges for row in rows.values()) == inner
    assert sum(row.node_frac for row in rows.values()) == pytest.approx(1, abs=1e-5)
    area = graph.ica("area").sum() * graph.meta.mm_per_px**2
    assert sum(row.ica_area_mm2 for row in rows.values()) == pytest.approx(area, abs=1e-6)
    mask = graph.kept["mask"] != 0
    half = mask.shape[0] // 2
    assert rows["TL"].vessel_density_pct == pytest.approx(100 * mask[:half, :half].mean(), abs=1e-4)
    shares = [row.node_frac for row in rows.values()] + [row.edge_frac for row in rows.values()]
    assert list(table.vector8) == pytest.approx(shares, abs=1e-6)
    counts = table_of(vector8_mode="count").vector8
    assert list(counts[:4]) == [row.nodes for row in rows.values()]
    assert all(row.vessel_density_pct is None for row in table_of().quadrants.values())


def test_measurements_and_ranges() -> None:
    graph, table = eye_graph(), full_table()
    numbers = {**measured(graph).to_dict(), **graph_numbers(graph)}
    assert set(table.biomarkers) == set(numbers)
    for name, value in numbers.items():
        mine = table.biomarkers[name]
        assert (mine is None) == math.isnan(value)
        assert mine is None or mine == pytest.approx(value, abs=1e-6)
    assert set(table.ranges) == set(ranges().image)
    five = ranges().image["vessel_density"]
    assert (table.ranges["vessel_density"].low, table.ranges["vessel_density"].high) == (
        pytest.approx(five[0], abs=1e-6), pytest.approx(five[4], abs=1e-6),
    )  # fmt: skip
    assert table.reference is not None
    assert (table.reference.eyes, table.reference.data) == (3, "synthetic")
    assert set(table_of().biomarkers) == set(graph_numbers(graph))
    assert table_of().reference is None
    assert table_of().ranges == {}
    assert table.faz is not None
    assert table.faz.area_mm2 == pytest.approx(numbers["faz_area_mm2"], abs=1e-8)
    assert table.faz.method == graph.faz_info.method


def test_largest_area_by_zone_against_brute_force() -> None:
    graph = eye_graph()
    row, col = graph.positions("faz")[0]
    wanted = dict.fromkeys(("foveal", "parafoveal", "outer"), math.nan)
    mm = graph.meta.mm_per_px
    for (y, x), area in zip(graph.positions("ica"), graph.ica("area"), strict=True):
        away = math.hypot(y - row, x - col) * mm
        zone = "foveal" if away < 0.5 else "parafoveal" if away < 1.25 else "outer"
        wanted[zone] = np.nanmax([wanted[zone], area * mm**2])
    numbers = graph_numbers(graph)
    for zone, area in wanted.items():
        assert numbers[f"largest_ica_{zone}_mm2"] == pytest.approx(area, nan_ok=True)
    assert sum(math.isfinite(area) for area in wanted.values()) >= 2


def plain(table: Table) -> dict[str, Any]:
    out: dict[str, Any] = json.loads(table_json(table))
    return out


def test_the_flag_alone_exchanges_words_and_names_only() -> None:
    graph = eye_graph()
    texts = []
    for eye in ("OD", "OS"):
        other = with_eye(graph, eye)
        texts.append(table_json(table_of(other, biomarkers=measured(other))))
    assert texts[0] != texts[1]
    left = json.loads(texts[1])
    assert left["image"].pop("eye") == "OS"
    # Exchanging the two words everywhere gives the table of the other eye, to the byte.
    for old, new in (("nasal", "?"), ("temporal", "nasal"), ("?", "temporal")):
        left = json.loads(json.dumps(left).replace(old, new))
    right = json.loads(texts[0])
    assert right["image"].pop("eye") == "OD"
    assert left == right


def test_mirror_and_flag_keep_anatomy_and_mirror_sides() -> None:
    graph = eye_graph()
    seen = table_of(graph)
    other = table_of(with_eye(mirrored(graph), "OS"))
    turned = {"TL": "TR", "TR": "TL", "BL": "BR", "BR": "BL"}
    hours = set()
    for mine, theirs in zip([*seen.nodes, *seen.edges], [*other.nodes, *other.edges], strict=True):
        assert (mine.rank, mine.id, mine.contribution) == (
            theirs.rank, theirs.id, theirs.contribution,
        )  # fmt: skip
        assert (mine.region, mine.zone) == (theirs.region, theirs.zone)
        assert mine.faz_distance_mm == pytest.approx(theirs.faz_distance_mm, abs=1e-4)
        assert turned[mine.quadrant] == theirs.quadrant
        assert mine.x_percent == pytest.approx(100 - theirs.x_percent, abs=2e-3)
        assert mine.y_percent == theirs.y_percent
        hours.add((mine.clock_hour, theirs.clock_hour))
    assert all(a is b is None or (a or 0) % 12 == -(b or 0) % 12 for a, b in hours)
    assert len(hours) > 4
    for name, row in seen.quadrants.items():
        assert row.nodes == other.quadrants[turned[name]].nodes
    # Without the flag the words move to the other side: the test can fail.
    assert [n.region for n in table_of(mirrored(graph)).nodes] != [n.region for n in seen.nodes]


def test_without_a_faz_the_centre_of_the_image_stands_in() -> None:
    graph, found = without_faz(eye_graph()), explained()
    nodes = tuple(n for n in picked(eye_graph(), found).nodes if n.node_type != "faz")
    nodes = tuple(dataclasses.replace(n, rank=i) for i, n in enumerate(nodes, 1))
    selection = dataclasses.replace(picked(eye_graph(), found), nodes=nodes, edges=())
    table = make_table(
        graph, found, selection, probabilities=found.probabilities, config_hash="", image_id=""
    )
    assert table.faz is None
    assert "CENTRE_OF_IMAGE" in table.warnings
    first, meta = table.nodes[0], graph.meta
    away = math.hypot(first.row - (meta.shape[0] - 1) / 2, first.col - (meta.shape[1] - 1) / 2)
    assert first.faz_distance_mm == pytest.approx(away * meta.mm_per_px, abs=1e-4)
    assert table.biomarkers["faz_area_mm2"] is None
    assert "CENTRE_OF_IMAGE" not in table_of().warnings


def test_only_nodes_or_only_magnitudes() -> None:
    from gftcore.attribution import integrated_gradients, select

    graph = eye_graph()
    (found,) = integrated_gradients(NETWORK, [graph], of="nodes", kind="margin", n=1)
    best = select(found, graph, NETWORK, by="magnitude")
    given: dict[str, Any] = {"config_hash": "", "image_id": "x"}
    table = make_table(graph, found, best, probabilities=found.probabilities, **given)
    about = table.attribution
    assert (about.n_edges, about.error_edges, about.completeness_gap_edges) == (0, None, None)
    assert (about.error_nodes, about.by, about.against) == (None, "magnitude", found.against)
    assert table.edges == ()
    # Probabilities by name, classes in another order.
    names = found.classes[::-1]
    by_name = dict(zip(found.classes, found.probabilities.tolist(), strict=True))
    for probabilities in (by_name, [by_name[name] for name in names]):
        again = make_table(graph, found, best, probabilities=probabilities, classes=names, **given)
        assert again == table
        assert list(again.probabilities) == list(found.classes)


def test_names_that_no_text_can_hold() -> None:
    assert table_of(image_id="a\udcff").image.id == "a\\udcff"


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"probabilities": [0.5, 0.5]}, ShapeError, "must have 3 values"),
        ({"probabilities": [0.5, 0.5, 0.5]}, ArgumentError, "add up to 1"),
        ({"probabilities": [math.nan, 0.5, 0.5]}, ArgumentError, "finite"),
        ({"probabilities": {"Healthy": 1.0}}, ArgumentError, "must have Healthy, NPDR, PDR"),
        ({"classes": ("Healthy", "PDR")}, ArgumentError, "classes must be those of attribution"),
        ({"label": "healthy"}, ArgumentError, "label must be one of"),
        ({"model_sha256": "00"}, ArgumentError, "another network's"),
        ({"vector8_mode": "share"}, ArgumentError, "vector8_mode must be one of"),
        ({"image_id": 7}, ArgumentTypeError, "image_id must be text"),
        ({"warnings": "EMPTY_MASK"}, ArgumentTypeError, "warnings must be a sequence"),
        ({"reference": {}}, ArgumentTypeError, "reference must be ReferenceRanges"),
        ({"biomarkers": {}}, ArgumentTypeError, "biomarkers must be Biomarkers"),
    ],
)
def test_refusals(options: dict[str, Any], error: type[GftcoreError], words: str) -> None:
    with pytest.raises(error, match=words):
        table_of(**options)


def test_parts_of_different_eyes_are_refused() -> None:
    graph, found = eye_graph(), explained()
    best = picked(graph, found)
    given: dict[str, Any] = {"probabilities": [1, 0, 0], "config_hash": "", "image_id": ""}
    for changed, word in ((with_eye(graph, "OS"), "eye"), (eye_graph(0), "FAZ")):
        with pytest.raises(ArgumentError, match=f"another {word}"):
            table_of(biomarkers=measured(changed))
    far = dataclasses.replace(best.nodes[0], id=10**6)
    with pytest.raises(ArgumentError, match="selection must be of this graph"):
        make_table(graph, found, dataclasses.replace(best, nodes=(far,)), **given)
    bent = dataclasses.replace(best.edges[0], ends=(0, 0))
    with pytest.raises(ArgumentError, match="selection must be of this attribution, got edge"):
        make_table(graph, found, dataclasses.replace(best, edges=(bent,)), **given)
    bare = dataclasses.replace(found, nodes=None)
    with pytest.raises(ArgumentError, match="has no such results"):
        make_table(graph, bare, best, **given)
    for args, name in (((1, found, best), "graph"), ((graph, 1, best), "attribution"),
                       ((graph, found, 1), "selection")):  # fmt: skip
        with pytest.raises(ArgumentTypeError, match=f"{name} must be of"):
            make_table(*args, **given)  # type: ignore[arg-type]
