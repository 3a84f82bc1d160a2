# SPDX-License-Identifier: Apache-2.0
"""The network that comes with the package: its file, its record, its page."""

from __future__ import annotations

import re
from importlib import resources

import numpy as np

from checkout import ROOT
from gftcore import graph, io, model, pipeline, staging
from gftcore.datasets import GraphSource
from gftcore.model import default_model

PAGE = ROOT / "docs" / "guide" / "default-model.md"


def test_it_is_one_small_file_read_once() -> None:
    assert default_model() is model.default_model() is staging.default_model()
    with resources.as_file(resources.files("gftcore") / "assets" / "staging.safetensors") as file:
        assert file.stat().st_size < 1_500_000
        assert model.Model.load(file).sha256 == default_model().sha256
    assert {array.dtype for array in default_model().weights.values()} == {np.dtype(np.float32)}


def test_its_record_says_where_it_comes_from() -> None:
    config = default_model().config
    record = config.training
    assert config.classes == ("Healthy", "NPDR", "PDR")
    assert {name: len(one.columns) for name, one in config.features.items()} == {
        "vessel": 15, "ica": 15, "faz": 15,
    }  # fmt: skip
    assert (record["data"], record["licence"], record["inputs"]) == (
        "synthetic", "Apache-2.0", ["image"],
    )  # fmt: skip
    assert record["notice"] == pipeline.model_notice(default_model())
    assert "synthetic" in record["notice"]
    assert pipeline.model_source(default_model()) == GraphSource()
    assert record["cohort"]["images"] >= record["num_train"] + record["num_validate"]
    for split in ("validate", "test"):
        value, low, high = record["scores"][split]["balanced_accuracy"]
        assert 0 <= low <= value <= high <= 1


def test_its_page_names_it() -> None:
    page = PAGE.read_text()
    assert re.findall(r"`([0-9a-f]{64})`", page) == [default_model().sha256]
    assert "not a medical device and not for clinical use" in page
    for name, split in (("validation", "validate"), ("test", "test")):
        record = default_model().config.training["scores"][split]
        assert f"{name}, " in page
        value = record["balanced_accuracy"][0]
        (row,) = re.findall(r"^\| balanced accuracy \|.*$", page, re.M)
        shown = [float(text) for text in re.findall(r"([\d.]+) \[", row)]
        assert min(abs(value - each) for each in shown) < 6e-4


def test_the_sample_of_the_demo_is_as_what_it_learned_from() -> None:
    with resources.as_file(resources.files("gftcore") / "assets" / "demo_octa.png") as file:
        made = graph.extract_image(io.read_image(file))
    assert pipeline.remarks(default_model(), made) == ()
    one = pipeline.stage_graph(made)
    assert one.prediction in one.classes
    assert abs(one.probabilities.sum() - 1) < 1e-12
