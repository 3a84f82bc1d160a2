# SPDX-License-Identifier: Apache-2.0
"""The network that comes with the package."""

from __future__ import annotations

import functools
from importlib import resources

from gftcore.model.files import Model

__all__ = ["DEFAULT_FILE", "default_model"]

DEFAULT_FILE = "staging.safetensors"


@functools.cache
def default_model() -> Model:
    """Return the network that comes with the package, read once.

    It tells the stages of diabetic retinopathy apart in synthetic eyes and was trained on nothing
    else: not for clinical use. The guide has a page on it.

    Examples
    --------
    >>> default_model().config.classes
    ('Healthy', 'NPDR', 'PDR')
    """
    with resources.as_file(resources.files("gftcore") / "assets" / DEFAULT_FILE) as path:
        return Model.load(path)
