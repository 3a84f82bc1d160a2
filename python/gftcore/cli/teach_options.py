# SPDX-License-Identifier: Apache-2.0
"""Options of ``gftcore teach``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

__all__ = ["AllowRemote", "BaseUrl", "BatchIn", "BatchOut", "Budget", "DataSet", "Fold"]
__all__ += ["ImageTokens"]
__all__ += ["Limit", "LimitName", "Models", "OutputTokens", "Parallel", "PriceIn", "PriceOut"]
__all__ += ["RequestsPerMinute", "Retry", "Splits", "Structured", "TeacherModel", "Timeout"]
__all__ += ["TokensPerMinute", "Truth"]

DataSet = Annotated[
    Path, typer.Argument(metavar="OUT", help="Folder of `teach plan` or `teach run`.")
]
Splits = Annotated[Path, typer.Option("--splits", help="Folds of `data split`.", dir_okay=False)]
Models = Annotated[
    Path, typer.Option("--models", help="Folder of `train`: the networks of the other folds.")
]
Fold = Annotated[
    int, typer.Option("--fold", min=1, max=5, help="Cases are what the model of this fold learns.")
]
Truth = Annotated[
    Path | None,
    typer.Option("--truth", help="Folder with the truth of a synthetic cohort's eyes, <id>.json."),
]
Limit = Annotated[
    int | None, typer.Option("--limit", min=1, help="As many images only, to try it.")
]
BaseUrl = Annotated[
    str | None,
    typer.Option("--base-url", help="A service like OpenAI's; default: sentences by rule."),
]
TeacherModel = Annotated[
    str | None, typer.Option("--teacher-model", help="Name of the model at the service.")
]
AllowRemote = Annotated[
    bool, typer.Option("--allow-remote", help="Images and tables may go to another machine.")
]
Budget = Annotated[
    float | None,
    typer.Option("--budget", help="Most that all runs on OUT may spend, in the prices' currency."),
]
PriceIn = Annotated[
    float | None, typer.Option("--price-in", help="Price of a million tokens sent.")
]
PriceOut = Annotated[
    float | None, typer.Option("--price-out", help="Price of a million tokens received.")
]
ImageTokens = Annotated[
    int | None,
    typer.Option(
        "--image-tokens",
        min=1,
        help="Most tokens that the service counts for an image; on this machine 2000 by default.",
    ),
]
OutputTokens = Annotated[
    int, typer.Option("--output-tokens", min=1, help="Most tokens of a reply.")
]
LimitName = Annotated[
    Literal["max_completion_tokens", "max_tokens"],
    typer.Option("--limit-name", help="How the service calls that limit."),
]
Structured = Annotated[
    bool,
    typer.Option(
        "--structured/--no-structured", help="Send the form of the reply; not all services can."
    ),
]
Parallel = Annotated[
    int, typer.Option("--parallel", min=1, max=1000, help="Most requests in flight.")
]
RequestsPerMinute = Annotated[
    float | None, typer.Option("--requests-per-minute", help="Limit of the service.")
]
TokensPerMinute = Annotated[
    float | None, typer.Option("--tokens-per-minute", help="Limit of the service.")
]
Timeout = Annotated[float, typer.Option("--timeout-s", help="Longest wait for a whole reply.")]
Retry = Annotated[bool, typer.Option("--retry-failed", help="Ask again what failed before.")]
BatchOut = Annotated[
    Path | None,
    typer.Option(
        "--batch-out", help="Write the requests into a provider's batch files here; send nothing."
    ),
]
BatchIn = Annotated[
    list[Path] | None,
    typer.Option("--batch-in", help="Read a provider's file of replies. May be repeated."),
]
