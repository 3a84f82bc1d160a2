# SPDX-License-Identifier: Apache-2.0
"""The table of measurements: what is measured, when it is measured anew."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gftcore.baselines import FeatureTable, graph_statistics, read_features
from gftcore.biomarkers import biomarkers
from gftcore.datasets import GraphSource, Manifest, manifest_graphs, read_manifest
from gftcore.errors import ArgumentError, FormatError, GftcoreWarning
from gftcore.graph import extract, extract_image
from gftcore.io import read_image, write_csv, write_image
from gftcore.segmentation import segment
from labelled import drawn_mask, mask_manifest


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    return mask_manifest(tmp_path_factory.mktemp("masks"), 6)


@pytest.fixture
def images(tmp_path: Path) -> Manifest:
    """Images, the last record a mask only where `mixed.csv` is read."""
    rng = np.random.default_rng(5)
    lines = ["id,subject,eye,path,label,fov_mm,mask_path"]
    for i in range(4):
        write_image(tmp_path / f"{i}.png", rng.integers(0, 255, (48, 48), dtype=np.uint8))
        write_image(tmp_path / f"m{i}.png", rng.random((192, 192)) < 0.5)
        lines.append(f"{i},s{i},OS,{i}.png,{('Healthy', 'PDR')[i % 2]},4.5,m{i}.png")
    (tmp_path / "manifest.csv").write_text("\n".join(lines))
    mixed = [*lines[:4], "3,s3,OS,,PDR,4.5,m3.png"]
    (tmp_path / "mixed.csv").write_text("\n".join(mixed))
    return read_manifest(tmp_path / "manifest.csv")


def same(one: FeatureTable, other: FeatureTable) -> bool:
    return (
        one.columns == other.columns
        and one.sha256 == other.sha256
        and one.values.tobytes() == other.values.tobytes()
    )


def test_images_are_measured_as_staging_sees_them(images: Manifest, tmp_path: Path) -> None:
    table = read_features(images, tmp_path / "out", threads=1)
    source = GraphSource()
    record = images.records[2]
    image = read_image(images.image_path(record) or "")
    settings = source.config(record)
    assert (settings.fov_mm, settings.eye) == (4.5, "OS")
    markers = biomarkers(segment(image), settings).to_dict()
    assert table.columns[: table.num_biomarkers] == tuple(markers)
    expected = markers | graph_statistics(extract_image(image, settings))
    assert table.columns == tuple(expected)
    np.testing.assert_array_equal(table.values[2], list(expected.values()))
    assert (table.ids, table.labels) == (("0", "1", "2", "3"), (0, 2, 0, 2))
    assert table.places(["3", "0"]) == [3, 0]


def test_one_mask_drops_the_grey_values_of_all(images: Manifest, tmp_path: Path) -> None:
    mixed = read_manifest(tmp_path / "mixed.csv")
    whole = read_features(images, tmp_path / "whole")
    with pytest.warns(GftcoreWarning, match="GREY_VALUES_UNUSED: 1 of 4 .* in row 5;"):
        table = read_features(mixed, tmp_path / "mixed")
    assert set(whole.columns) - set(table.columns) == {
        name for name in whole.columns if "intensity" in name
    }
    assert len(table.columns) < len(whole.columns)
    places = [whole.columns.index(name) for name in table.columns]
    np.testing.assert_array_equal(table.values[:3], whole.values[:3, places])
    with pytest.warns(GftcoreWarning, match="GREY_VALUES_UNUSED"):
        assert same(table, read_features(mixed, tmp_path / "mixed"))
    # An image to test on decides nothing, but has to be one if the others are.
    with pytest.raises(FormatError, match="1 images to test on are masks, the first in row 5"):
        read_features(mixed, tmp_path / "mixed", learned=["0", "1", "2"])
    with pytest.warns(GftcoreWarning, match="GREY_VALUES_UNUSED: 1 of 2"):
        assert same(table, read_features(mixed, tmp_path / "mixed", learned=["1", "3"]))


def test_statistics_of_a_graph() -> None:
    graph = extract(drawn_mask(np.random.default_rng(0), dense=True))
    found = graph_statistics(graph)
    length = graph.vessel("length")
    assert found["vessel_length_mean"] == pytest.approx(length.mean(), rel=1e-6)
    assert found["vessel_length_max"] == length.max()
    assert found["segments"] == graph.num_segments
    area = list(graph.ica_columns).index("area")
    assert found["faz_area"] == graph.faz_x[0, area]
    assert found["area_area_q90"] == pytest.approx(np.quantile(graph.ica_x[:, area], 0.9))
    # Nothing says where in the image something is.
    assert not [name for name in found if "row" in name or "col" in name or "centroid" in name]
    # An image without vessels has the same columns, and says that most do not exist.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GftcoreWarning)
        empty = graph_statistics(extract(np.zeros((32, 32), dtype=bool)))
    assert list(empty) == list(found)
    assert empty["segments"] == 0
    assert np.isnan(empty["vessel_length_mean"])


def test_the_table_is_kept_while_it_is_true(manifest: Manifest, tmp_path: Path) -> None:
    steps = []
    first = read_features(manifest, tmp_path, step=lambda: steps.append(1))
    file = tmp_path / "features.csv"
    before = file.stat().st_mtime_ns
    again = read_features(manifest, tmp_path, threads=2, step=lambda: steps.append(1))
    assert same(first, again)
    assert file.stat().st_mtime_ns == before
    assert len(steps) == 2 * len(manifest)
    # Other settings, and then the old ones again.
    source = GraphSource(extract=GraphSource().extract.replace(prune="none"))
    assert read_features(manifest, tmp_path, source).sha256 != first.sha256
    assert file.stat().st_mtime_ns != before
    assert same(first, read_features(manifest, tmp_path))


def test_what_was_measured_survives_an_interruption(
    manifest: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = read_features(manifest, tmp_path / "whole")
    monkeypatch.setattr("gftcore.baselines.features._BATCH", 2)
    written = []

    def counted(*arguments: Any) -> None:
        written.append(len(arguments[2]))
        write_csv(*arguments)

    monkeypatch.setattr("gftcore.baselines.features.write_csv", counted)
    steps = []

    def stop() -> None:
        steps.append(1)
        if len(steps) == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read_features(manifest, tmp_path / "out", threads=1, step=stop)
    assert written == [2, 4, 5]  # SIGKILL would have left four
    steps.clear()
    again = read_features(manifest, tmp_path / "out", threads=1, step=lambda: steps.append(1))
    assert written == [2, 4, 5, 6]  # one image was measured
    assert len(steps) == 6
    assert same(whole, again)
    files = [tmp_path / run / "features.csv" for run in ("whole", "out")]
    assert files[0].read_bytes() == files[1].read_bytes()


@pytest.mark.parametrize("damage", ["row", "cut", "cell", "schema", "bytes", "empty"])
def test_a_damaged_table_is_measured_anew(manifest: Manifest, tmp_path: Path, damage: str) -> None:
    first = read_features(manifest, tmp_path)
    file = tmp_path / "features.csv"
    text = file.read_text()
    lines = text.splitlines(keepends=True)
    broken = {
        "row": "".join(lines[:-1]),
        "cut": text[: text.rindex(",")],
        "schema": text.replace("gftcore-features/1", "gftcore-features/0"),
        "cell": text.replace(lines[2].split(",")[8], "x", 1),
        "bytes": "\0",
        "empty": "",
    }
    file.write_text(broken[damage])
    assert same(first, read_features(manifest, tmp_path))
    assert file.read_text() == text


def test_a_changed_image_is_noticed(tmp_path: Path) -> None:
    manifest = mask_manifest(tmp_path, 6)
    first = read_features(manifest, tmp_path / "out")
    write_image(tmp_path / "002.png", drawn_mask(np.random.default_rng(9), dense=True))
    second = read_features(manifest, tmp_path / "out")
    changed = [
        not np.array_equal(*rows, equal_nan=True)
        for rows in zip(first.values, second.values, strict=True)
    ]
    assert changed == [i == 2 for i in range(6)]
    assert first.sha256 != second.sha256
    (tmp_path / "004.png").write_text("no image")
    with pytest.raises(FormatError, match=r"1 images cannot be read, .* in row 6: .*004\.png"):
        read_features(manifest, tmp_path / "out")


def test_graphs_of_a_cache_keep_no_images(manifest: Manifest, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="keep must be empty"):
        manifest_graphs(manifest, cache=tmp_path, keep=("mask",))
    for _, graph in manifest_graphs(manifest, keep=("mask",)):
        assert set(graph.kept) == {"mask"}
