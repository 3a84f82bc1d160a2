# SPDX-License-Identifier: Apache-2.0
"""Images to tables: biomarkers of the same graph, ranges of the network, same bytes.

Exactness: everything is equal, bit for bit, alone, among others and for any number of threads.
"""

from __future__ import annotations

import dataclasses
import warnings
from pathlib import Path
from typing import Any

import pytest

from drawn_eyes import drawn_files, untrained
from gftcore import graph, io, pipeline
from gftcore.biomarkers import biomarkers
from gftcore.errors import ArgumentError, ArgumentTypeError
from gftcore.graph import ExtractConfig
from gftcore.model import Model
from gftcore.pipeline import TABLE_KEEP, ExplainConfig, explain_graph, explain_images, tabulate
from gftcore.tabulation import table_json
from tabled import ranges

PLAIN = untrained(grey=True, record={"data": "synthetic"})


@pytest.fixture(scope="module")
def network() -> Model:
    record = {**PLAIN.config.training, "reference": ranges().to_dict()}
    return dataclasses.replace(PLAIN, config=PLAIN.config.replace(training=record))


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    return drawn_files(tmp_path, 3)


def explained(files: list[Path], network: Model, **options: Any) -> list[Any]:
    return list(explain_images(files, network, keep=TABLE_KEEP, **options))


def test_a_table_has_all_that_is_known(files: list[Path], network: Model) -> None:
    for said, file in zip(explained(files, network), files, strict=True):
        table = tabulate(said, network, image_id="x", label="PDR", layer="SVC")
        made = graph.extract_image(io.read_image(file), ExtractConfig(), keep=TABLE_KEEP)
        markers = biomarkers(made).to_dict()
        for name, value in markers.items():
            mine = table.biomarkers[name]
            assert (mine is None) == (value != value)  # noqa: PLR0124 - NaN
            assert mine is None or mine == pytest.approx(value, abs=1e-6)
        assert table.image.sha256 == io.file_sha256(file)
        assert (table.image.eye, table.label, table.image.layer) == ("unknown", "PDR", "SVC")
        assert table.notice == said.notice
        assert "trained on synthetic images" in table.notice
        assert table.model.config_hash == network.config.hash
        assert table.reference is not None
        assert table.reference.data == "synthetic"
        assert table.prediction == said.staged.prediction
        assert [n.id for n in table.nodes] == [n.id for n in said.selection.nodes]
        assert {node.region for node in table.nodes} & {"upper left", "upper right", "lower left"}


def test_alone_among_others_and_in_any_number_of_threads(files: list[Path], network: Model) -> None:
    alone = [explained([file], network, threads=1)[0] for file in files]
    wanted = [table_json(tabulate(said, network, image_id="x")) for said in alone]
    assert len(set(wanted)) == 3
    for threads in (1, 2, 3):
        said = explained(files, network, threads=threads)
        assert [table_json(tabulate(one, network, image_id="x")) for one in said] == wanted


def test_without_masks_there_are_no_biomarkers(files: list[Path], network: Model) -> None:
    (said,) = explain_images(files[:1], network)
    table = tabulate(said, network)
    assert "vessel_density" not in table.biomarkers
    assert table.quadrants["TL"].vessel_density_pct is None
    filled = graph.extract_image(
        io.read_image(files[0]), ExtractConfig(skeleton_fill_px=4), keep=TABLE_KEEP
    )
    assert "vessel_density" not in tabulate(explain_graph(filled, network), network).biomarkers


def test_codes_of_graph_answer_and_table() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        full = graph.extract([[1, 1], [1, 1]], keep=TABLE_KEEP)
        said = explain_graph(full, untrained())
        table = tabulate(said, untrained())
    assert table.warnings == (
        "FULL_MASK", "NO_NODES", "NO_FAZ", "FEW_BOX_SIZES", "CENTRE_OF_IMAGE",
    )  # fmt: skip
    assert table.nodes == table.edges == ()
    assert table.faz is None


def test_refusals(files: list[Path], network: Model) -> None:
    (said,) = explained(files[:1], network, config=ExplainConfig(nodes=1, edges=1))
    with pytest.raises(ArgumentError, match="model must be the network that was explained"):
        tabulate(said)
    with pytest.raises(ArgumentTypeError, match="said must be an ExplainedImage"):
        tabulate(files[0], network)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="label must be one of"):
        tabulate(said, network, label="AMD")
    with pytest.raises(ArgumentError, match="keep must be one of"):
        next(iter(explain_images(files, network, keep=["masks"])))
    broken = network.config.replace(training={"reference": []})
    other = dataclasses.replace(network, config=broken)
    (said,) = explained(files[:1], other)
    with pytest.raises(ArgumentTypeError, match="reference must be an object"):
        pipeline.tabulate(said, other)
