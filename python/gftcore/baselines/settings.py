# SPDX-License-Identifier: Apache-2.0
"""Settings of baselines."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from gftcore._validation import require_bool, require_choice, require_int, require_real
from gftcore.config import config_dict, config_hash, require_fields
from gftcore.errors import ArgumentError

__all__ = ["BASELINES", "ImageConfig", "TableConfig"]

#: Names of the baselines; the last one reads images, the others measurements.
BASELINES = ("svm", "forest", "logistic", "threshold", "resnet18")


class _Config:
    """What both kinds of settings can do."""

    __slots__ = ()

    #: Another number when the same settings make another model: what was trained by an older
    #: recipe is neither kept nor gone on with.
    recipe: ClassVar[int] = 1

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    def replace(self, **changes: Any) -> Any:
        """Return a copy with some fields changed."""
        require_fields(self, changes)  # type: ignore[arg-type]
        return dataclasses.replace(self, **changes)  # type: ignore[type-var]

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain JSON values."""
        return config_dict(self)  # type: ignore[arg-type]

    @property
    def hash(self) -> str:
        """SHA-256 of the canonical JSON of all fields."""
        return config_hash(self)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableConfig(_Config):
    """How a classifier of measurements is made. Frozen, keyword-only, validated when made.

    Parameters
    ----------
    trees
        Of the random forest.
    seed
        Of the random forest; the others draw nothing.

    Examples
    --------
    >>> TableConfig(trees=100).trees
    100
    """

    trees: int = 500
    seed: int = 0

    def __post_init__(self) -> None:
        self._set("trees", require_int(self.trees, "trees", 1, 10**5))
        self._set("seed", require_int(self.seed, "seed", 0, 2**63 - 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageConfig(_Config):
    """How a network of images is made and trained. Frozen, keyword-only, validated when made.

    Parameters
    ----------
    image_px
        Side of the images. Larger ones whose sides are a whole multiple become means of squares;
        others are refused.
    depths, widths
        Blocks and channels of each stage; the defaults are a ResNet-18.
    epochs, batch_size
        Passes over the training images; images a step.
    lr, weight_decay
        Of AdamW; the learning rate falls to 0 along half a cosine, epoch by epoch.
    augment
        ``flips`` mirrors and turns training images at random, in quarters; that the side of the
        eye is no longer seen does no harm, since the label does not depend on it. ``none`` leaves
        them as they are.
    precision
        ``bfloat16`` takes products of matrices and convolutions in that type, faster
        where the processor has it; ``float32`` everything.
    channels_last
        Memory order of the images; a matter of speed.
    seed
        Of first weights, order of images and augmentation.

    Examples
    --------
    >>> ImageConfig(epochs=3).replace(lr=0.01).lr
    0.01
    """

    image_px: int = 304
    depths: tuple[int, ...] = (2, 2, 2, 2)
    widths: tuple[int, ...] = (64, 128, 256, 512)
    epochs: int = 15
    batch_size: int = 32
    lr: float = 1e-3
    weight_decay: float = 1e-2
    augment: Literal["flips", "none"] = "flips"
    precision: Literal["float32", "bfloat16"] = "float32"
    channels_last: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("depths", "widths"):
            value = getattr(self, name)
            if not isinstance(value, (tuple, list)) or not value:
                raise ArgumentError(f"{name} must hold a number for each stage, got {value!r:.60}")
            self._set(name, tuple(require_int(each, name, 1, 4096) for each in value))
        if len(self.depths) != len(self.widths):
            raise ArgumentError(
                f"depths and widths must be as many, got {len(self.depths)} and {len(self.widths)}"
            )
        # Two pixels a side are left at the end, so that a batch norm has several values of each
        # channel even for a single image.
        least = 4 * 2 ** len(self.depths)
        self._set("image_px", require_int(self.image_px, "image_px", least, 4096))
        self._set("epochs", require_int(self.epochs, "epochs", 1))
        self._set("batch_size", require_int(self.batch_size, "batch_size", 1))
        self._set("lr", require_real(self.lr, "lr", above=0))
        decay = require_real(self.weight_decay, "weight_decay")
        if decay < 0:
            raise ArgumentError(f"weight_decay must be at least 0, got {decay:g}")
        self._set("weight_decay", decay)
        require_choice(self.augment, ("flips", "none"), "augment")
        require_choice(self.precision, ("float32", "bfloat16"), "precision")
        self._set("channels_last", require_bool(self.channels_last, "channels_last"))
        self._set("seed", require_int(self.seed, "seed", 0, 2**63 - 1))
