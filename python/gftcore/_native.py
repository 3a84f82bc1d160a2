# SPDX-License-Identifier: Apache-2.0
"""The one place that loads the compiled core."""

from __future__ import annotations

from gftcore.errors import CoreImportError

try:
    from gftcore import _core as core
except ImportError as error:
    raise CoreImportError(
        "the compiled core gftcore._core cannot be loaded "
        f"({error}).\nThe package was not built for this Python, or only its sources are on the "
        "path: run `pip install .` in the repository and start Python outside of it."
    ) from error

__all__ = ["core"]
