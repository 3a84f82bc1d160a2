# SPDX-License-Identifier: Apache-2.0
"""One thing that is wrong with a data set."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["SetProblem"]


@dataclass(frozen=True, slots=True)
class SetProblem:
    """One thing that is wrong.

    Attributes
    ----------
    code
        Stable short name.
    where
        Id of a row or an image, name of a split or a slot, ``subject`` and a number; empty if it
        concerns the set as a whole.
    message
        What was expected and what came.
    warning
        Whether it only deserves a look.
    """

    code: str
    where: str
    message: str
    warning: bool = False

    def __str__(self) -> str:
        """Text with code and place in front."""
        place = f" {self.where}:" if self.where else ""
        return f"{self.code}:{place} {self.message}"
