# SPDX-License-Identifier: Apache-2.0
"""What a network learned from, as its file records it, and where a graph differs from that."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from gftcore._validation import describe
from gftcore.datasets.graphs import GraphSource
from gftcore.errors import ArgumentError, ArgumentTypeError
from gftcore.graph.assemble import run_settings
from gftcore.graph.hetero_graph import HeteroGraph
from gftcore.model.files import Model

if TYPE_CHECKING:
    from gftcore.model.config import ModelConfig

__all__ = ["NOTICE", "REMARKS", "model_notice", "model_source", "remarks", "require_columns"]

NOTICE = "Not a medical device; not for clinical use."
_SYNTHETIC = "The network was trained on synthetic images; it has seen no real eye."

#: Code of each remark on a graph, and what it means for the probabilities.
REMARKS: Mapping[str, str] = MappingProxyType(
    {
        "NO_NODES": "the graph lacks a type of nodes that the network reads; distrust the answer",
        "KIND_UNSEEN": "the network learned from images and this is a mask, or the other way round",
        "SIZE_UNSEEN": "the network has seen no mask of this size, and features are in px",
        "FOV_UNSEEN": "the network has seen no image of this width in mm",
        "SETTINGS_UNSEEN": "the graph was made with other settings than those of the training",
    }
)


def model_notice(model: Model) -> str:
    """Return what has to stand beside every result of a network.

    Examples
    --------
    >>> from gftcore.model import FeatureSet, ModelConfig, initial_weights
    >>> features = FeatureSet(columns=("length",), mean=(30,), sd=(20,))
    >>> config = ModelConfig(features={"vessel": features})
    >>> model_notice(Model(config=config, weights=initial_weights(config, seed=0)))
    'Not a medical device; not for clinical use.'
    """
    synthetic = model.config.training.get("data") == "synthetic"
    return f"{NOTICE} {_SYNTHETIC}" if synthetic else NOTICE


def model_source(model: Model) -> GraphSource:
    """Return how the graphs were made that a network learned from; the defaults if unrecorded.

    If all its images had the same width in mm, that one is the ``fov_mm``: a manifest may have
    given it, while the settings say another.

    Raises
    ------
    ArgumentError
        If the record cannot be followed, as one of another version that had other settings.

    Examples
    --------
    >>> from gftcore.model import FeatureSet, ModelConfig, initial_weights
    >>> features = FeatureSet(columns=("length",), mean=(30,), sd=(20,))
    >>> config = ModelConfig(features={"vessel": features}, training={"fov_mm": [6.0, 6.0]})
    >>> model_source(Model(config=config, weights=initial_weights(config, seed=0))).extract.fov_mm
    6.0
    """
    record = model.config.training
    recorded, fovs = record.get("source"), _limits(record.get("fov_mm"))
    try:
        source = GraphSource() if recorded is None else GraphSource.from_dict(recorded)
        if fovs is None or fovs[0] != fovs[1]:
            return source
        return dataclasses.replace(source, extract=source.extract.replace(fov_mm=fovs[0]))
    except (ArgumentError, ArgumentTypeError) as error:
        raise ArgumentError(
            f"model must record settings of graphs that this version knows: {error}"
        ) from error


def require_columns(config: ModelConfig, graph: HeteroGraph) -> None:
    """Refuse a graph without the feature columns of a network, naming all of them.

    Raises
    ------
    ArgumentError
        If there are such columns.
    """
    lacking = []
    for name, features in config.features.items():
        there = graph.vessel_columns if name == "vessel" else graph.ica_columns
        columns = [column for column in features.columns if column not in there]
        if columns:
            lacking.append(f"{', '.join(columns)} of {name}")
    if not lacking:
        return
    reason = ""
    if graph.meta.source.get("kind") == "mask":
        reason = "; it comes from a mask, which has no grey values, so give the image"
    raise ArgumentError(
        f"the network reads features that the graph lacks ({'; '.join(lacking):.300}){reason}"
    )


def remarks(model: Model, graph: HeteroGraph) -> tuple[str, ...]:
    """Return the codes of what a graph has that the network did not learn from.

    Codes and meanings are in `REMARKS`. What the network's file does not record is not compared.

    Examples
    --------
    >>> from gftcore import graph
    >>> from gftcore.model import FeatureSet, ModelConfig, initial_weights
    >>> features = {"ica": FeatureSet(columns=("area",), mean=(900,), sd=(400,))}
    >>> config = ModelConfig(features=features, training={"inputs": ["mask"], "fov_mm": [6, 6]})
    >>> network = Model(config=config, weights=initial_weights(config, seed=0))
    >>> remarks(network, graph.extract([[0, 0, 0], [1, 1, 1], [0, 0, 0]]))
    ('NO_NODES', 'FOV_UNSEEN')
    """
    if not isinstance(model, Model):
        raise ArgumentTypeError(f"model must be a Model, got {describe(model)}")
    if not isinstance(graph, HeteroGraph):
        raise ArgumentTypeError(f"graph must be a HeteroGraph, got {describe(graph)}")
    record, meta = model.config.training, graph.meta
    kind = meta.source.get("kind")
    inputs = record.get("inputs")
    kinds = inputs if isinstance(inputs, Sequence) and not isinstance(inputs, str) else [kind]
    rows, cols = meta.shape
    found = {
        "NO_NODES": any(len(graph.features(name)) == 0 for name in model.config.types),
        "KIND_UNSEEN": kind is not None and kind not in kinds,
        "SIZE_UNSEEN": _outside(rows, record.get("rows")) or _outside(cols, record.get("cols")),
        "FOV_UNSEEN": _outside(meta.fov_mm, record.get("fov_mm")),
        "SETTINGS_UNSEEN": record.get("source") is not None and _other_settings(model, graph),
    }
    return tuple(code for code, holds in found.items() if holds)


def _limits(recorded: Any) -> tuple[float, float] | None:
    """What a record gives as [least, greatest], None if it makes no sense."""
    if not isinstance(recorded, Sequence) or isinstance(recorded, str) or len(recorded) != 2:
        return None
    least, greatest = recorded
    if not all(isinstance(limit, (int, float)) for limit in recorded):
        return None
    return least, greatest


def _outside(value: float, recorded: Any) -> bool:
    limits = _limits(recorded)
    return limits is not None and not limits[0] <= value <= limits[1]


def _other_settings(model: Model, graph: HeteroGraph) -> bool:
    try:
        source = model_source(model)
    except ArgumentError:
        return True  # of another version
    meta = graph.meta
    # Width and eye belong to the image.
    config = source.extract.replace(fov_mm=meta.fov_mm, eye=meta.eye)
    as_image = "segmentation" in meta.config
    return dict(meta.config) != run_settings(config, source.seg if as_image else None)
