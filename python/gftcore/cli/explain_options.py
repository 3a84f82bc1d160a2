# SPDX-License-Identifier: Apache-2.0
"""Options of ``gftcore explain``, ``table`` and ``run``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

if TYPE_CHECKING:
    from gftcore.pipeline import ExplainConfig

__all__ = ["Against", "By", "Eye", "Fov", "Kind", "Mass", "ModelPath", "Panels", "Rtol", "Target"]
__all__ += ["Top", "explain_config"]

ModelPath = Annotated[
    Path | None,
    typer.Option("--model", help="Folder or file of a network; default: the package's own."),
]
Target = Annotated[
    str | None, typer.Option("--target", help="Explained class; default: the predicted one.")
]
Kind = Annotated[
    Literal["logit", "margin", "prob"],
    typer.Option("--kind", help="The class's logit, its margin over another, its probability."),
]
Against = Annotated[
    str | None,
    typer.Option("--against", help="The other class of a margin; default: the next best."),
]
Panels = Annotated[
    int | None,
    typer.Option("--panels", min=1, max=4096, help="Steps of the path; default: 16, prob 64."),
]
Rtol = Annotated[
    float | None,
    typer.Option("--rtol", help="In place of --panels: as many as this error needs."),
]
Top = Annotated[
    int | None,
    typer.Option("--top", min=0, help="Number of nodes and of edges to select; default: 20."),
]
Mass = Annotated[
    float | None,
    typer.Option("--mass", help="In place of --top: as many as make up this part, 0 to 1."),
]
By = Annotated[
    Literal["contribution", "magnitude"],
    typer.Option("--by", help="What ranks: positive sums, or sums of absolute values."),
]
Fov = Annotated[
    float | None,
    typer.Option("--fov-mm", help="Length of the longer side in mm; default: that of training."),
]
Eye = Annotated[Literal["OD", "OS", "unknown"], typer.Option("--eye")]


def explain_config(*, panels: int | None, top: int | None, **same: Any) -> ExplainConfig:
    """Return the settings of an explanation; ``top`` is for nodes and for edges."""
    from gftcore.pipeline import ExplainConfig

    return ExplainConfig(n=panels, nodes=top, edges=top, **same)
