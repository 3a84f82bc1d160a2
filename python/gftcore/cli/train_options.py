# SPDX-License-Identifier: Apache-2.0
"""Options of ``gftcore train`` that belong to some kinds of model only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from gftcore.errors import ArgumentError

if TYPE_CHECKING:
    from gftcore.baselines import ImageConfig, TableConfig
    from gftcore.nn import TrainConfig

__all__ = ["Act", "Augment", "BatchSize", "ClassWeights", "Dropout", "Dtype", "Epochs", "Final"]
__all__ += [
    "Hidden",
    "ImagePx",
    "Layers",
    "LinearEnds",
    "Lr",
    "LrDecay",
    "ModelKind",
    "Patience",
    "Post",
    "Pre",
]
__all__ += ["Precision", "RelAggr", "Scaling", "Smoothing", "Trees", "WeightDecay", "model_config"]

ModelKind = Annotated[
    Literal["gnn", "svm", "forest", "logistic", "threshold", "resnet18"],
    typer.Option(
        "--model",
        help="Graph network; biomarkers with a classifier; best single measurement; ResNet of the "
        "image.",
    ),
]
Epochs = Annotated[
    int | None, typer.Option("--epochs", min=1, help="gnn: default 100; resnet18: 15.")
]
Patience = Annotated[
    int | None,
    typer.Option("--patience", min=1, help="gnn: epochs without a better one; default 20."),
]
BatchSize = Annotated[
    int | None,
    typer.Option("--batch-size", min=1, help="gnn, resnet18: images a step; default 32."),
]
Lr = Annotated[
    float | None,
    typer.Option("--lr", help="gnn, resnet18: learning rate of the first epoch; default 0.001."),
]
WeightDecay = Annotated[
    float | None, typer.Option("--weight-decay", help="gnn: default 0.001; resnet18: 0.01.")
]
LrDecay = Annotated[
    float | None, typer.Option("--lr-decay", help="gnn: factor after each epoch; default 0.95.")
]
Dropout = Annotated[float | None, typer.Option("--dropout", help="gnn: default 0.3.")]
Hidden = Annotated[
    int | None, typer.Option("--hidden", min=1, help="gnn: width of all layers; default 64.")
]
Pre = Annotated[
    int | None, typer.Option("--pre", help="gnn: blocks before the graph layers; default 2.")
]
Layers = Annotated[int | None, typer.Option("--layers", help="gnn: graph layers; default 3.")]
Post = Annotated[int | None, typer.Option("--post", help="gnn: blocks behind them; default 2.")]
Final = Annotated[int | None, typer.Option("--final", help="gnn: layers of the head; default 2.")]
Act = Annotated[
    Literal["relu", "leaky", "elu"] | None, typer.Option("--act", help="gnn: default leaky.")
]
LinearEnds = Annotated[
    bool | None,
    typer.Option(
        "--linear-ends/--no-linear-ends",
        help="gnn: no activation where graph layers begin and end.",
    ),
]
RelAggr = Annotated[
    Literal["sum", "mean", "cat"] | None,
    typer.Option("--rel-aggr", help="gnn: how relations are joined; default sum."),
]
ClassWeights = Annotated[
    Literal["balanced", "none"] | None,
    typer.Option("--class-weights", help="gnn: default balanced."),
]
Smoothing = Annotated[
    Literal["ordinal", "none"] | None,
    typer.Option("--smoothing", help="gnn: of labels; default none."),
]
Scaling = Annotated[
    Literal["standard", "robust", "minmax"] | None,
    typer.Option("--scaling", help="gnn: of features; default standard."),
]
Dtype = Annotated[
    Literal["float32", "float64"] | None,
    typer.Option("--dtype", help="gnn: default float32."),
]
ImagePx = Annotated[
    int | None,
    typer.Option("--image-px", help="resnet18: side of the images; default 304."),
]
Precision = Annotated[
    Literal["float32", "bfloat16"] | None,
    typer.Option("--precision", help="resnet18: of convolutions; default float32."),
]
Augment = Annotated[
    Literal["flips", "none"] | None,
    typer.Option("--augment", help="resnet18: mirrored and turned images; default flips."),
]
Trees = Annotated[int | None, typer.Option("--trees", help="forest: default 500.")]

_OF_NETWORKS = {"epochs", "batch_size", "lr", "weight_decay"}
_OF_GNN = {"lr_decay", "dropout", "hidden", "pre", "layers", "post", "final", "act", "linear_ends"}
_OF_GNN |= {"patience", "rel_aggr", "class_weights", "smoothing", "scaling", "dtype"}
#: Kind of model to its options.
_OPTIONS: Mapping[str, set[str]] = {
    "gnn": _OF_NETWORKS | _OF_GNN,
    "resnet18": _OF_NETWORKS | {"image_px", "precision", "augment"},
    "forest": {"trees"},
    "svm": set(),
    "logistic": set(),
    "threshold": set(),
}
#: Options whose field has another name.
_FIELDS = {"pre": "n_pre", "layers": "n_layers", "post": "n_post", "final": "n_final"}


def model_config(
    model: str, seed: int, options: Mapping[str, Any]
) -> TrainConfig | ImageConfig | TableConfig:
    """Return the settings of a model; options that were not given are None.

    Raises
    ------
    ArgumentError
        If an option belongs to other models, or has a bad value.
    """
    given = {name: value for name, value in options.items() if value is not None}
    for name in given:
        if name not in _OPTIONS[model]:
            owners = ", ".join(other for other, names in _OPTIONS.items() if name in names)
            flag = "--" + name.replace("_", "-")
            raise ArgumentError(f"{flag} belongs to --model {owners}, got --model {model}")
    fields = {_FIELDS.get(name, name): value for name, value in given.items()}
    if model == "gnn":
        from gftcore.nn import TrainConfig

        return TrainConfig(seed=seed, **fields)
    from gftcore.baselines import ImageConfig, TableConfig

    return (
        ImageConfig(seed=seed, **fields)
        if model == "resnet18"
        else TableConfig(seed=seed, **fields)
    )
