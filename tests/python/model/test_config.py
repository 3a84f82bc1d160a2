# SPDX-License-Identifier: Apache-2.0
"""Configurations of networks: domains, JSON form, and the weights that they imply."""

from __future__ import annotations

import copy
import json
from typing import Any

import numpy as np
import pytest

from gftcore.errors import ArgumentError, ArgumentTypeError, GftcoreError, ShapeError
from gftcore.model import FeatureSet, Model, ModelConfig, initial_weights, weight_shapes
from networks import feature_sets, random_model

FEATURES = feature_sets()


def test_defaults() -> None:
    config = ModelConfig(features=FEATURES)
    assert config.relations == ("vv", "ii", "vi", "iv", "vf", "fv", "if", "fi", "ff")
    assert dict(config.pool) == {"vessel": ("sum", "max"), "ica": ("sum", "max"), "faz": ("sum",)}
    assert dict(config.norm) == {"vessel": "batch", "ica": "batch", "faz": "none"}
    assert (config.hidden, config.n_pre, config.n_layers, config.act) == (64, 2, 3, "leaky")
    assert config.classes == ("Healthy", "NPDR", "PDR")


def test_types_are_in_one_order_and_relations_in_the_given_one() -> None:
    features = {"ica": FEATURES["ica"], "vessel": FEATURES["vessel"]}
    config = ModelConfig(features=features, relations=("vi", "vv", "ii"))
    assert config.types == ("vessel", "ica")
    assert config.relations_into("ica") == ("vi", "ii")
    assert ModelConfig(features=features).relations == ("vv", "ii", "vi", "iv")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"features": {}}, "features must name at least one node type"),
        ({"features": {"vein": FEATURES["vessel"]}}, "features has unknown node types vein"),
        ({"features": {"vessel": ("length",)}}, r"features\['vessel'\] must be a FeatureSet"),
        ({"classes": ("one",)}, "classes must hold 2 to 1024 different names"),
        ({"classes": ("a", "a")}, "2 names, 1 different"),
        ({"classes": (1, 2)}, "classes must hold printable names, got 1"),
        ({"relations": ("vw",)}, "relations must be one of"),
        ({"features": feature_sets({"vessel": 1}), "relations": ("vi",)}, "'vi' needs features of"),
        ({"hidden": 0}, "hidden must be between 1 and 1024, got 0"),
        ({"hidden": 64.0}, "hidden must be an integer"),
        ({"n_pre": 5}, "n_pre must be between 0 and 4"),
        ({"n_layers": 0}, "n_layers must be between 1 and 6"),
        ({"n_post": -1}, "n_post must be between 0 and 4"),
        ({"n_final": 0}, "n_final must be between 1 and 4"),
        ({"act": "Relu"}, "act must be one of .*'Relu'"),
        ({"rel_aggr": "max"}, "rel_aggr must be one of"),
        ({"linear_ends": 1}, "linear_ends must be True or False"),
        ({"pool": {"vessel": ("min",)}}, r"pool\['vessel'\] must be one of"),
        ({"pool": {"vessel": ()}}, r"pool\['vessel'\] must name at least one"),
        ({"pool": {"vein": ("sum",)}}, "pool has unknown node types vein"),
        ({"norm": {"faz": "layer"}}, r"norm\['faz'\] must be one of"),
        ({"conv": "gcn"}, "exactly one node type and one relation"),
        ({"conv": "gat"}, "conv must be one of"),
        ({"n_pre": 0, "relations": ("vv", "vi")}, "faz has none"),
        ({"training": [1]}, "training must be a dict"),
        ({"training": {"loss": float("nan")}}, "finite numbers only"),
        ({"training": {"note": "\ud800"}}, "training must hold plain text"),
        ({"classes": ("a", "\ud800")}, "classes must hold printable names"),
    ],
    ids=str,
)
def test_values_outside_their_domain(options: dict[str, Any], words: str) -> None:
    with pytest.raises((ArgumentError, ArgumentTypeError), match=words):
        ModelConfig(**{"features": FEATURES, **options})


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"columns": ()}, "columns must hold 1 to 1024"),
        ({"columns": ("a", "a")}, "1 different"),
        ({"mean": (1.0,)}, "mean must have 2 values, got 1"),
        ({"sd": (1.0, 0.0)}, "sd must be finite and greater than 0"),
        ({"mean": (np.nan, 0.0)}, "mean must be finite"),
        ({"log1p": ("c",)}, "log1p must be one of 'a', 'b', got 'c'"),
    ],
    ids=str,
)
def test_feature_sets_outside_their_domain(options: dict[str, Any], words: str) -> None:
    with pytest.raises(GftcoreError, match=words):
        FeatureSet(**{"columns": ("a", "b"), "mean": (0.0, 0.0), "sd": (1.0, 1.0), **options})


def test_json_and_back() -> None:
    config = ModelConfig(
        features=FEATURES,
        pool={"faz": ("max",)},
        linear_ends=True,
        training={"seed": 1, "folds": [1, 2]},
    )
    again = ModelConfig.from_dict(json.loads(json.dumps(config.to_dict())))
    assert again.to_dict() == config.to_dict()
    assert again.hash == config.hash
    assert copy.deepcopy(config) == config
    assert config.replace(hidden=32).hash != config.hash


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"schema": "gftcore-gnn/2"}, "schema must be 'gftcore-gnn/1', got 'gftcore-gnn/2'"),
        ({"hidden2": 3}, "config has unknown hidden2"),
        ({"hidden": None}, "hidden must be an integer"),
        ({"features": {"vessel": {"columns": ["a"], "mean": [0]}}}, "vessel lacks sd, log1p"),
        ({"features": {"vessel": 1}}, "must be an object"),
        ({"features": None}, "features must map node types"),
        ({"relations": "vv"}, "relations must be"),
    ],
    ids=str,
)
def test_other_json_is_refused(change: dict[str, Any], words: str) -> None:
    values = {**ModelConfig(features=FEATURES).to_dict(), **change}
    with pytest.raises(GftcoreError, match=words):
        ModelConfig.from_dict(values)


def test_json_without_a_field_is_refused() -> None:
    values = ModelConfig(features=FEATURES).to_dict()
    del values["act"], values["norm"]
    with pytest.raises(ArgumentError, match="config lacks act, norm"):
        ModelConfig.from_dict(values)


def test_names_and_shapes_of_weights() -> None:
    features = feature_sets({"vessel": 3, "faz": 2})
    config = ModelConfig(
        features=features,
        relations=("vv", "vf"),
        hidden=4,
        n_pre=1,
        n_layers=1,
        n_post=1,
        n_final=2,
        rel_aggr="cat",
    )
    norm = {"weight": (4,), "bias": (4,), "running_mean": (4,), "running_var": (4,)}
    assert weight_shapes(config) == {
        "pre.vessel.0.weight": (4, 3),
        "pre.vessel.0.bias": (4,),
        **{f"pre.vessel.0.norm.{name}": shape for name, shape in norm.items()},
        "pre.faz.0.weight": (4, 2),
        "pre.faz.0.bias": (4,),
        "conv.0.vessel__vessel.root.weight": (4, 4),
        "conv.0.vessel__vessel.nbr.weight": (4, 4),
        "conv.0.vessel__vessel.bias": (4,),
        "conv.0.vessel__faz.root.weight": (4, 4),
        "conv.0.vessel__faz.nbr.weight": (4, 4),
        "conv.0.vessel__faz.bias": (4,),
        "conv.0.cat.vessel.weight": (4, 4),
        "conv.0.cat.vessel.bias": (4,),
        "conv.0.cat.faz.weight": (4, 4),
        "conv.0.cat.faz.bias": (4,),
        "post.vessel.0.weight": (4, 4),
        "post.vessel.0.bias": (4,),
        **{f"post.vessel.0.norm.{name}": shape for name, shape in norm.items()},
        "post.faz.0.weight": (4, 4),
        "post.faz.0.bias": (4,),
        "head.0.weight": (4, 12),
        "head.0.bias": (4,),
        "head.1.weight": (3, 4),
        "head.1.bias": (3,),
    }


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (lambda w: w.pop("head.0.bias"), ArgumentError, r"weights lack head\.0\.bias"),
        (lambda w: w.update(extra=np.ones(1)), ArgumentError, "weights have unknown extra"),
        (
            lambda w: w.update({"head.0.bias": w["head.0.bias"][:-1]}),
            ShapeError,
            r"weight head\.0\.bias must have shape \(8,\), got \(7,\)",
        ),
        (
            lambda w: w.update({"head.0.bias": w["head.0.bias"].astype(np.float16)}),
            ArgumentTypeError,
            r"weight head\.0\.bias must be float32 or float64, got float16",
        ),
        (
            lambda w: w.update({"head.0.bias": w["head.0.bias"] * np.nan}),
            ArgumentError,
            r"weight head\.0\.bias must be finite",
        ),
        (
            lambda w: w.update({"pre.ica.0.norm.running_var": -np.ones(8)}),
            ArgumentError,
            "running_var must not be negative",
        ),
    ],
)
def test_other_weights_are_refused(change: Any, error: type[GftcoreError], words: str) -> None:
    model = random_model(1)
    weights = dict(model.weights)
    change(weights)
    with pytest.raises(error, match=words):
        Model(config=model.config, weights=weights)


def test_weights_are_copied_and_read_only() -> None:
    config = ModelConfig(features=FEATURES)
    weights = initial_weights(config, seed=1)
    model = Model(config=config, weights=weights)
    weights["head.0.bias"][:] = 7
    assert not (model.weights["head.0.bias"] == 7).any()
    assert not any(array.flags.writeable for array in model.weights.values())
