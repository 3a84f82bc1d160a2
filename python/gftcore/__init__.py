# SPDX-License-Identifier: Apache-2.0
"""OCT-angiography images of the retina to graphs of vessels and the areas between them.

Subpackages load on first use; importing `gftcore` loads neither NumPy nor torch.

Examples
--------
>>> import gftcore
>>> import numpy as np
>>> mask = np.zeros((32, 32), dtype=bool)
>>> mask[15:17, :] = True
>>> graph = gftcore.graph.extract(mask)
>>> graph.num_segments
1
"""

from __future__ import annotations

from gftcore._lazy import attach
from gftcore.errors import GftcoreError, GftcoreWarning

# Known to type checkers by its name; `typing` itself would take most of the time of this import.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from gftcore import (
        attribution,
        baselines,
        biomarkers,
        claims,
        cli,
        datasets,
        errors,
        findings,
        formats,
        graph,
        io,
        metrics,
        model,
        narrative,
        nn,
        pictures,
        pipeline,
        reference,
        report,
        retrieval,
        runs,
        segmentation,
        staging,
        synth,
        tabulation,
        teacher,
    )

__version__ = "0.1.0"

__all__ = [
    "GftcoreError",
    "GftcoreWarning",
    "__version__",
    "attribution",
    "baselines",
    "biomarkers",
    "claims",
    "cli",
    "datasets",
    "errors",
    "findings",
    "formats",
    "graph",
    "io",
    "metrics",
    "model",
    "narrative",
    "nn",
    "pictures",
    "pipeline",
    "reference",
    "report",
    "retrieval",
    "runs",
    "segmentation",
    "set_simd_target",
    "simd_target",
    "simd_targets",
    "staging",
    "synth",
    "tabulation",
    "teacher",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        name: name
        for name in (
            "attribution",
            "baselines",
            "biomarkers",
            "claims",
            "cli",
            "datasets",
            "errors",
            "findings",
            "formats",
            "graph",
            "io",
            "metrics",
            "model",
            "narrative",
            "nn",
            "pictures",
            "pipeline",
            "reference",
            "report",
            "retrieval",
            "runs",
            "segmentation",
            "staging",
            "synth",
            "tabulation",
            "teacher",
        )
    },
)


def simd_target() -> str:
    """Name of the instruction set that the compiled core uses.

    Examples
    --------
    >>> simd_target() in simd_targets()
    True
    """
    from gftcore._native import core

    return core.simd_target()


def simd_targets() -> tuple[str, ...]:
    """Names of the instruction sets that this processor offers, ascending.

    Examples
    --------
    >>> simd_targets()[0]
    'scalar'
    """
    from gftcore._native import core

    return tuple(core.simd_targets())


def set_simd_target(target: str) -> None:
    """Force an instruction set for the whole process.

    Parameters
    ----------
    target
        One of `simd_targets`. The environment variable ``GFTCORE_SIMD`` does the same at start.

    Raises
    ------
    UnavailableError
        If the processor lacks it, or if there is no such target.

    Examples
    --------
    >>> set_simd_target(simd_target())
    """
    from gftcore._native import core

    core.set_simd_target(target)
