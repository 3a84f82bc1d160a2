# SPDX-License-Identifier: Apache-2.0
"""Configuration of a graph network, and its JSON form ``gftcore-gnn/1``."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from gftcore._validation import (
    describe,
    require_bool,
    require_choice,
    require_int,
    require_iterator,
    require_mapping,
    require_names,
    require_real,
)
from gftcore.config import canonical_json, require_fields
from gftcore.errors import ArgumentError, ArgumentTypeError
from gftcore.graph.batch import DIRECTED
from gftcore.graph.hetero_graph import NODE_TYPES

__all__ = ["POOLS", "SCHEMA", "FeatureSet", "ModelConfig"]

SCHEMA = "gftcore-gnn/1"
POOLS = ("sum", "mean", "max")
_MAX_WIDTH = 1024
_DEFAULT_POOL = {"vessel": ("sum", "max"), "ica": ("sum", "max"), "faz": ("sum",)}
_DEFAULT_NORM = {"vessel": "batch", "ica": "batch", "faz": "none"}


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureSet:
    """Feature columns of one node type, and how they are standardised.

    A value enters the network as (x - mean) / sd; what is not finite then enters as 0.

    Parameters
    ----------
    columns
        Names of the columns, in the order of the network's inputs.
    mean, sd
        Mean and standard deviation of each column; ``sd`` is greater than 0.
    log1p
        Names of the columns of which log(1 + x) is taken first.

    Examples
    --------
    >>> FeatureSet(columns=("length", "degree"), mean=(30, 4), sd=(20, 1)).mean
    (30.0, 4.0)
    """

    columns: tuple[str, ...]
    mean: tuple[float, ...]
    sd: tuple[float, ...]
    log1p: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        columns = _different_names(self.columns, "columns")
        object.__setattr__(self, "columns", columns)
        for name in ("mean", "sd"):
            each = require_iterator(getattr(self, name), name, "a sequence of numbers")
            above = 0.0 if name == "sd" else None
            values = tuple(require_real(value, name, above=above) for value in each)
            if len(values) != len(columns):
                raise ArgumentError(f"{name} must have {len(columns)} values, got {len(values)}")
            object.__setattr__(self, name, values)
        object.__setattr__(self, "log1p", require_names(self.log1p, columns, "log1p"))


def _different_names(values: object, name: str, least: int = 1) -> tuple[str, ...]:
    names = tuple(require_iterator(values, name, "a sequence of names"))
    for item in names:
        if not isinstance(item, str) or not item or not item.isprintable():
            raise ArgumentTypeError(f"{name} must hold printable names, got {item!r:.80}")
    if len(names) < least or len(set(names)) != len(names) or len(names) > _MAX_WIDTH:
        raise ArgumentError(
            f"{name} must hold {least} to {_MAX_WIDTH} different names, got {len(names)} names, "
            f"{len(set(names))} different"
        )
    return names


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelConfig:
    """Everything about a network but its weights. Frozen, keyword-only, validated when made.

    Parameters
    ----------
    features
        Node type (``vessel``, ``ica``, ``faz``) to its `FeatureSet`. Types without one take no
        part.
    classes
        Names of the classes, in the order of the logits.
    relations
        Relations along which messages go; they take part even where a graph has no such edge.
        None means all that join types with features.
    hidden
        Width H of all layers, 1 to 1024.
    n_pre, n_layers, n_post, n_final
        Number of blocks before the graph layers (0 to 4), graph layers (1 to 6), blocks behind
        them (0 to 4) and linear layers of the head (1 to 4). Without blocks before, the first
        graph layer maps features to H channels and has no skip connection.
    act
        ``relu``, ``leaky`` (slope 0.01) or ``elu``.
    linear_ends
        No activation after the last block before, nor after the last graph layer.
    rel_aggr
        How relations into one type are joined: ``sum``, ``mean``, or ``cat`` with a linear layer.
    pool
        Node type to one or more of ``sum``, ``mean``, ``max``; types left out have their default.
        The pool of no node is 0.
    norm
        Node type to ``batch`` or ``none``; types left out have their default.
    conv
        ``sage`` or ``gcn``; the latter for one node type with one relation.
    training
        Record of the training: any plain values.

    Examples
    --------
    >>> features = FeatureSet(columns=("length",), mean=(30.0,), sd=(20.0,))
    >>> ModelConfig(features={"vessel": features}).relations
    ('vv',)
    """

    features: Mapping[str, FeatureSet]
    classes: tuple[str, ...] = ("Healthy", "NPDR", "PDR")
    relations: tuple[str, ...] | None = None
    hidden: int = 64
    n_pre: int = 2
    n_layers: int = 3
    n_post: int = 2
    n_final: int = 2
    act: Literal["relu", "leaky", "elu"] = "leaky"
    linear_ends: bool = False
    rel_aggr: Literal["sum", "mean", "cat"] = "sum"
    pool: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    norm: Mapping[str, str] = field(default_factory=dict)
    conv: Literal["sage", "gcn"] = "sage"
    training: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        given = require_mapping(self.features, NODE_TYPES, "features", "node types")
        if not given:
            raise ArgumentError("features must name at least one node type, got none")
        for name, value in given.items():
            if not isinstance(value, FeatureSet):
                raise ArgumentTypeError(
                    f"features[{name!r}] must be a FeatureSet, got {describe(value)}"
                )
        types = tuple(name for name in NODE_TYPES if name in given)
        self._set("features", MappingProxyType({name: given[name] for name in types}))
        self._set("classes", _different_names(self.classes, "classes", 2))
        self._set("relations", self._checked_relations(types))
        limits = {"hidden": (1, _MAX_WIDTH), "n_pre": (0, 4), "n_layers": (1, 6)}
        limits |= {"n_post": (0, 4), "n_final": (1, 4)}
        for name, (low, high) in limits.items():
            self._set(name, require_int(getattr(self, name), name, low, high))
        require_choice(self.act, ("relu", "leaky", "elu"), "act")
        require_choice(self.rel_aggr, ("sum", "mean", "cat"), "rel_aggr")
        require_choice(self.conv, ("sage", "gcn"), "conv")
        self._set("linear_ends", require_bool(self.linear_ends, "linear_ends"))
        self._set("pool", self._checked_pool(types))
        norm = dict(require_mapping(self.norm, types, "norm", "node types"))
        for name in types:
            norm[name] = require_choice(
                norm.get(name, _DEFAULT_NORM[name]), ("batch", "none"), f"norm[{name!r}]"
            )
        self._set("norm", MappingProxyType({name: norm[name] for name in types}))
        if not isinstance(self.training, Mapping):
            raise ArgumentTypeError(f"training must be a dict, got {describe(self.training)}")
        try:
            canonical_json(dict(self.training)).encode()
        except (RecursionError, UnicodeEncodeError) as error:
            raise ArgumentError(f"training must hold plain text and values: {error}") from error
        self._set("training", MappingProxyType(dict(self.training)))
        self._check_structure(types)

    def _checked_relations(self, types: tuple[str, ...]) -> tuple[str, ...]:
        joined = tuple(r for r, ends in DIRECTED.items() if set(ends) <= set(types))
        if self.relations is None:
            return joined
        relations = require_names(self.relations, tuple(DIRECTED), "relations")
        for relation in relations:
            if relation not in joined:
                ends = " and ".join(dict.fromkeys(DIRECTED[relation]))
                raise ArgumentError(f"relation {relation!r} needs features of {ends}")
        return relations

    def _checked_pool(self, types: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
        given = require_mapping(self.pool, types, "pool", "node types")
        pools = {}
        for name in types:
            pools[name] = require_names(
                given.get(name, _DEFAULT_POOL[name]), POOLS, f"pool[{name!r}]"
            )
            if not pools[name]:
                raise ArgumentError(f"pool[{name!r}] must name at least one of {', '.join(POOLS)}")
        return MappingProxyType(pools)

    def _check_structure(self, types: tuple[str, ...]) -> None:
        if self.conv == "gcn" and (len(types) != 1 or len(self.relations or ()) != 1):
            raise ArgumentError("conv='gcn' needs exactly one node type and one relation")
        reached = {DIRECTED[relation][1] for relation in self.relations or ()}
        lonely = [name for name in types if name not in reached]
        if self.n_pre == 0 and lonely:
            raise ArgumentError(
                f"n_pre=0 needs a relation into every node type; {', '.join(lonely)} has none"
            )

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    def __reduce__(self) -> tuple[Any, ...]:
        """Copies go through `to_dict`; the read-only mappings cannot be copied as they are."""
        return ModelConfig.from_dict, (self.to_dict(),)

    @property
    def types(self) -> tuple[str, ...]:
        """Node types that take part."""
        return tuple(self.features)

    def relations_into(self, node_type: str) -> tuple[str, ...]:
        """Relations whose messages reach a node type, in the order of the configuration."""
        return tuple(r for r in self.relations or () if DIRECTED[r][1] == node_type)

    def replace(self, **changes: Any) -> ModelConfig:
        """Return a copy with some fields changed."""
        require_fields(self, changes)
        return dataclasses.replace(self, **changes)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields and the schema as plain JSON values."""
        out: dict[str, Any] = {"schema": SCHEMA}
        for item in dataclasses.fields(self):
            value = getattr(self, item.name)
            if item.name == "features":
                value = {name: dataclasses.asdict(one) for name, one in value.items()}
            out[item.name] = dict(value) if isinstance(value, Mapping) else value
        return out

    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> ModelConfig:
        """Build a configuration from `to_dict`, or from the JSON of a model file.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If the schema is another one, or a field is missing, unknown or invalid.

        Examples
        --------
        >>> features = FeatureSet(columns=("length",), mean=(30.0,), sd=(20.0,))
        >>> config = ModelConfig(features={"vessel": features})
        >>> ModelConfig.from_dict(config.to_dict()) == config
        True
        """
        if not isinstance(values, Mapping):
            raise ArgumentTypeError(f"config must be an object, got {describe(values)}")
        schema = values.get("schema")
        if schema != SCHEMA:
            raise ArgumentError(f"schema must be {SCHEMA!r}, got {schema!r:.80}")
        known = [item.name for item in dataclasses.fields(ModelConfig)]
        _require_keys(values, ["schema", *known], "config")
        features = require_mapping(values["features"], NODE_TYPES, "features", "node types")
        sets = {}
        for name, one in features.items():
            if not isinstance(one, Mapping):
                raise ArgumentTypeError(f"features[{name!r}] must be an object")
            _require_keys(one, [f.name for f in dataclasses.fields(FeatureSet)], f"features {name}")
            sets[name] = FeatureSet(**one)
        rest = {name: values[name] for name in known if name != "features"}
        return ModelConfig(features=sets, **rest)

    @property
    def hash(self) -> str:
        """SHA-256 of the canonical JSON of all fields."""
        return hashlib.sha256(canonical_json(self.to_dict()).encode()).hexdigest()


def _require_keys(values: Mapping[str, Any], known: list[str], what: str) -> None:
    for problem, names in (
        ("lacks", [name for name in known if name not in values]),
        ("has unknown", [str(name) for name in values if name not in known]),
    ):
        if names:
            raise ArgumentError(f"{what} {problem} {', '.join(names):.200}")
