# SPDX-License-Identifier: Apache-2.0
"""A network as a value and as a file: ``model.safetensors`` and ``config.json``, no pickle."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gftcore._validation import describe
from gftcore.config import canonical_json
from gftcore.errors import (
    ArgumentError,
    ArgumentTypeError,
    FormatError,
    GftcoreError,
    MissingFileError,
)
from gftcore.io.files import atomic_path, require_file, require_path
from gftcore.model.config import ModelConfig
from gftcore.model.spatial import require_spatial, spatial_rows
from gftcore.model.weights import require_weights

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gftcore.graph.hetero_graph import HeteroGraph

__all__ = ["CONFIG_FILE", "WEIGHTS_FILE", "Model"]

WEIGHTS_FILE = "model.safetensors"
CONFIG_FILE = "config.json"
_METADATA = "config"
_MAX_CONFIG_BYTES = 16 << 20
_DTYPES = ("F32", "F64")
_SPATIAL = "spatial."


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Model:
    """A configuration with its weights. Read-only, validated when made.

    Attributes
    ----------
    config
        What the network is.
    weights
        Name to float32 or float64 array, as `weight_shapes` lists them.
    spatial
        Node type, without the FAZ, to the mean training node at each place [38, 38, F_t]; None if
        there is none, as in models that were trained on graphs without places.

    Examples
    --------
    >>> from gftcore.model import FeatureSet, initial_weights
    >>> features = FeatureSet(columns=("length",), mean=(30.0,), sd=(20.0,))
    >>> config = ModelConfig(features={"vessel": features})
    >>> Model(config=config, weights=initial_weights(config, seed=0))
    Model(vessel: 1 features; vv; 3 layers of 64, 46851 weights; Healthy, NPDR, PDR)
    """

    config: ModelConfig
    weights: Mapping[str, NDArray[np.floating[Any]]]
    spatial: Mapping[str, NDArray[np.float32]] | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.config, ModelConfig):
            raise ArgumentTypeError(f"config must be a ModelConfig, got {describe(self.config)}")
        object.__setattr__(self, "weights", require_weights(self.config, self.weights))
        object.__setattr__(self, "spatial", require_spatial(self.config, self.spatial))

    def __repr__(self) -> str:
        config = self.config
        types = ", ".join(f"{t}: {len(f.columns)} features" for t, f in config.features.items())
        count = sum(array.size for array in self.weights.values())
        return (
            f"Model({types}; {', '.join(config.relations or ())}; {config.n_layers} layers of "
            f"{config.hidden}, {count} weights; {', '.join(config.classes)})"
        )

    @property
    def sha256(self) -> str:
        """SHA-256 of the configuration's canonical JSON and of all weights and grids in order."""
        digest = hashlib.sha256(canonical_json(self.config.to_dict()).encode())
        for name, array in self._arrays().items():
            digest.update(f"\n{name} {array.dtype.str} {array.shape}\n".encode())
            digest.update(array.tobytes())
        return digest.hexdigest()

    def _arrays(self) -> dict[str, NDArray[Any]]:
        """Return everything that the file holds, by name."""
        grids = {_SPATIAL + name: grid for name, grid in (self.spatial or {}).items()}
        return {**self.weights, **grids}

    def spatial_baseline(self, graph: HeteroGraph) -> dict[str, NDArray[np.float32]]:
        """Return node type to [N_t, F_t]: the mean training node at the place of each node.

        A place is a fraction of the image's rows and columns, whatever their number and the width
        in mm are; the FAZ has 0. `gftcore.attribution.integrated_gradients` begins there with
        ``baseline="spatial"``.

        Raises
        ------
        ArgumentError
            If the model has no grids.
        """
        if self.spatial is None:
            raise ArgumentError(
                "the model has no grids of mean training nodes by place, which a spatial baseline "
                "needs; train it again, or make them by gftcore.nn.spatial_grids"
            )
        return spatial_rows(self.config, self.spatial, graph)

    def save(self, folder: str | Path) -> None:
        """Write ``model.safetensors`` and ``config.json`` into a folder.

        The first one also holds the configuration, so it suffices alone.
        """
        from safetensors.numpy import save_file

        path = require_path(folder)
        text = json.dumps(self.config.to_dict(), indent=1, ensure_ascii=False, sort_keys=True)
        arrays = {name: np.asarray(array) for name, array in self._arrays().items()}
        with atomic_path(path / WEIGHTS_FILE) as temporary:
            save_file(arrays, temporary, metadata={_METADATA: text})
        with atomic_path(path / CONFIG_FILE) as temporary:
            temporary.write_text(text + "\n", encoding="utf-8")

    @staticmethod
    def load(path: str | Path) -> Model:
        """Read a model from its folder, or from its ``.safetensors`` file alone.

        Raises
        ------
        MissingFileError
            If there is no such file.
        FormatError
            If a file is damaged, holds weights that its configuration does not imply, or if the
            two files of a folder disagree.
        """
        given = require_path(path)
        folder = given if given.is_dir() else None
        file = require_file(given / WEIGHTS_FILE if folder else given)
        text, weights = _read(file)
        source = file
        beside = folder / CONFIG_FILE if folder else None
        if beside is not None and beside.exists():
            beside_text = _config_text(beside)
            if text is not None and _parsed(text, file) != _parsed(beside_text, beside):
                raise FormatError(f"{beside}: differs from the configuration in {file.name}")
            text, source = beside_text, beside
        if text is None:
            raise FormatError(
                f"{file}: holds no configuration, and no {CONFIG_FILE} lies beside it"
            )
        content = _parsed(text, source)
        try:
            config = ModelConfig.from_dict(content)
        except (GftcoreError, TypeError) as error:
            raise FormatError(f"{source}: {error}") from error
        grids = {
            name.removeprefix(_SPATIAL): weights.pop(name)
            for name in list(weights)
            if name.startswith(_SPATIAL)
        }
        try:
            return Model(config=config, weights=weights, spatial=grids or None)
        except GftcoreError as error:
            raise FormatError(f"{file}: {error}") from error


def _config_text(path: Path) -> str:
    file = require_file(path)
    if file.stat().st_size > _MAX_CONFIG_BYTES:
        raise FormatError(f"{file}: is larger than {_MAX_CONFIG_BYTES} bytes")
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FormatError(f"{file}: {error}") from error


def _parsed(text: str, file: Path) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{file}: its configuration is no JSON: {error}") from error


def _refuse_constant(word: str) -> None:
    raise ValueError(f"{word} is no number of JSON")


def _read(file: Path) -> tuple[str | None, dict[str, NDArray[Any]]]:
    """Return configuration and weights; element types are refused before anything is read."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, framework="np") as opened:
            text = (opened.metadata() or {}).get(_METADATA)
            names = list(opened.keys())
            for name in names:
                dtype = opened.get_slice(name).get_dtype()
                if dtype not in _DTYPES:
                    raise FormatError(
                        f"{file}: weight {name} must be {' or '.join(_DTYPES)}, got {dtype}"
                    )
            return text, {name: opened.get_tensor(name) for name in names}
    except SafetensorError as error:
        raise FormatError(f"{file}: is no safetensors file: {error}") from error
    except FileNotFoundError as error:
        raise MissingFileError(f"{file}: {error}") from error
    except OSError as error:
        raise FormatError(f"{file}: {error}") from error
