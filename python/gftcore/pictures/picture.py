# SPDX-License-Identifier: Apache-2.0
"""A picture that can be written as PNG and as SVG."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from gftcore.errors import ArgumentError
from gftcore.io.files import atomic_path, require_path
from gftcore.pictures.raster import draw_scene
from gftcore.pictures.svg import svg_text

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from gftcore.pictures.scene import Scene

__all__ = ["SUFFIXES", "Picture"]

SUFFIXES = (".png", ".svg")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Picture:
    """A drawn page. The same input gives the same bytes.

    Attributes
    ----------
    scene
        What is on it.

    Examples
    --------
    >>> import tempfile
    >>> from gftcore import graph, pictures
    >>> bar = graph.extract([[0, 0, 0], [1, 1, 1], [0, 0, 0]], keep=pictures.PICTURE_KEEP)
    >>> picture = pictures.draw_overlay(bar, scale=20)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     picture.save(Path(folder) / "bar.svg")
    ...     (Path(folder) / "bar.svg").read_text(encoding="utf-8")[:4]
    '<svg'
    """

    scene: Scene

    def pixels(self) -> NDArray[np.uint8]:
        """Return the picture as colours [height, width, 3]."""
        return draw_scene(self.scene)

    def svg(self) -> str:
        """Return the picture as text of an SVG file without script and without other files.

        Each segment, area and node has its number as anchor and says what it is at a pointer.
        """
        return svg_text(self.scene)

    def encoded(self, suffix: str) -> bytes:
        """Return the bytes of the file, as `save` writes them.

        Parameters
        ----------
        suffix
            ``.png`` or ``.svg``.
        """
        if suffix not in SUFFIXES:
            raise ArgumentError(f"suffix must be .png or .svg, got {suffix!r:.80}")
        if suffix == ".svg":
            return self.svg().encode("utf-8")
        known = PngInfo()
        for name, value in self.scene.origin:
            known.add_text(name, value)
        stream = io.BytesIO()
        Image.fromarray(self.pixels()).save(stream, format="PNG", pnginfo=known)
        return stream.getvalue()

    def save(self, path: str | Path) -> None:
        """Write the picture, as a whole or not at all.

        Parameters
        ----------
        path
            A ``.png`` or ``.svg`` file; replaced if it exists.

        Raises
        ------
        ArgumentError
            If the suffix is another one.
        """
        target = require_path(path)
        suffix = target.suffix.lower()
        if suffix not in SUFFIXES:
            raise ArgumentError(f"path must end with .png or .svg, got {target.name!r}")
        content = self.encoded(suffix)
        with atomic_path(target) as temporary:
            temporary.write_bytes(content)

    def __repr__(self) -> str:
        return f"Picture({self.scene.width} x {self.scene.height} px: {self.scene.title})"
