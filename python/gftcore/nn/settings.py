# SPDX-License-Identifier: Apache-2.0
"""Settings of a training."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from gftcore._validation import require_choice, require_int, require_real
from gftcore.config import config_dict, config_hash, require_fields
from gftcore.errors import ArgumentError
from gftcore.model.config import FeatureSet, ModelConfig
from gftcore.nn.features import SCALINGS, Scaling

__all__ = ["TrainConfig"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainConfig:
    """How a network is made and trained. Frozen, keyword-only, validated when made.

    Parameters
    ----------
    hidden, n_pre, n_layers, n_post, n_final, act, rel_aggr
        The network, see `gftcore.model.ModelConfig`.
    linear_ends
        See there.
    dropout
        Share of values dropped after each activation of the head, in training; nodes see none, see
        `GraphNetwork`.
    epochs, batch_size
        Passes over the training images; images a step, of all processes together.
    patience
        Training ends after so many epochs without a better validation score.
    lr, lr_decay, weight_decay
        Of AdamW; the learning rate of epoch e is lr * lr_decay^e, where 0 < lr_decay <= 1.
    class_weights
        ``balanced`` weighs an image of class c by N / (K n_c), where n_c of the N training images
        are of c, and K classes have one; ``none`` weighs all alike.
    smoothing
        ``ordinal`` moves 4 % of an image's label to each neighbouring class, for classes in order
        of severity; ``none`` leaves labels as they are.
    scaling
        Statistics that features are standardised by, see `gftcore.nn.fit_features`.
    seed
        Of first weights, order of images and dropout.
    dtype
        ``float32`` or ``float64``.

    Examples
    --------
    >>> TrainConfig(epochs=10).replace(lr=0.01).lr
    0.01
    """

    #: Another number when the same settings make another network: what was trained by an older
    #: recipe is neither kept nor gone on with.
    recipe: ClassVar[int] = 2

    hidden: int = 64
    n_pre: int = 2
    n_layers: int = 3
    n_post: int = 2
    n_final: int = 2
    act: Literal["relu", "leaky", "elu"] = "leaky"
    linear_ends: bool = False
    rel_aggr: Literal["sum", "mean", "cat"] = "sum"
    dropout: float = 0.3
    epochs: int = 100
    patience: int = 20
    batch_size: int = 32
    lr: float = 1e-3
    lr_decay: float = 0.95
    weight_decay: float = 1e-3
    class_weights: Literal["balanced", "none"] = "balanced"
    smoothing: Literal["ordinal", "none"] = "none"
    scaling: Scaling = "standard"
    seed: int = 0
    dtype: Literal["float32", "float64"] = "float32"

    def __post_init__(self) -> None:
        unit = FeatureSet(columns=("x",), mean=(0,), sd=(1,))
        self.model_config({"vessel": unit}, ("a", "b"))  # checks what describes the network
        for name in ("dropout", "weight_decay"):
            value = require_real(getattr(self, name), name)
            if value < 0 or (name == "dropout" and value >= 1):
                wanted = "at least 0 and below 1" if name == "dropout" else "at least 0"
                raise ArgumentError(f"{name} must be {wanted}, got {value:g}")
            self._set(name, value)
        self._set("lr", require_real(self.lr, "lr", above=0))
        decay = require_real(self.lr_decay, "lr_decay", above=0)
        if decay > 1:
            raise ArgumentError(f"lr_decay must be at most 1, got {decay:g}")
        self._set("lr_decay", decay)
        self._set("epochs", require_int(self.epochs, "epochs", 1))
        self._set("patience", require_int(self.patience, "patience", 1))
        self._set("batch_size", require_int(self.batch_size, "batch_size", 1))
        self._set("seed", require_int(self.seed, "seed", 0, 2**63 - 1))
        require_choice(self.class_weights, ("balanced", "none"), "class_weights")
        require_choice(self.smoothing, ("ordinal", "none"), "smoothing")
        require_choice(self.scaling, SCALINGS, "scaling")
        require_choice(self.dtype, ("float32", "float64"), "dtype")

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    def model_config(
        self, features: Mapping[str, FeatureSet], classes: tuple[str, ...], **more: Any
    ) -> ModelConfig:
        """Return the configuration of the network for these features and classes."""
        names = ("hidden", "n_pre", "n_layers", "n_post", "n_final", "act", "linear_ends")
        options = {name: getattr(self, name) for name in (*names, "rel_aggr")}
        return ModelConfig(features=features, classes=classes, **options, **more)

    def replace(self, **changes: Any) -> TrainConfig:
        """Return a copy with some fields changed."""
        require_fields(self, changes)
        return dataclasses.replace(self, **changes)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain JSON values."""
        return config_dict(self)

    @property
    def hash(self) -> str:
        """SHA-256 of the canonical JSON of all fields."""
        return config_hash(self)
