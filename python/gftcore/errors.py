# SPDX-License-Identifier: Apache-2.0
"""Every error and warning that gftcore raises on purpose.

Each error derives from `GftcoreError` and from the builtin that says the same, so that
``except GftcoreError`` and ``except ValueError`` both work. The module imports nothing: the
compiled core looks its classes up here.
"""

from __future__ import annotations

# Known to type checkers by its name; `typing` itself would take most of the time of this import.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar

__all__ = [
    "ArgumentError",
    "ArgumentTypeError",
    "BudgetError",
    "CoreImportError",
    "FormatError",
    "GftcoreError",
    "GftcoreWarning",
    "MissingExtraError",
    "MissingFileError",
    "RefusedError",
    "ShapeError",
    "UnavailableError",
]


class GftcoreError(Exception):
    """Base of all errors of this package."""

    #: Short stable name, used where an error becomes data (`ExtractFailure`, JSON output).
    code: ClassVar[str] = "ERROR"


class ShapeError(GftcoreError, ValueError):
    """An array has the wrong number of dimensions, or a size outside the supported range."""

    code = "SHAPE"


class ArgumentError(GftcoreError, ValueError):
    """An argument has a value outside its documented domain."""

    code = "ARGUMENT"


class ArgumentTypeError(GftcoreError, TypeError):
    """An argument has the wrong type, or an array the wrong element type."""

    code = "TYPE"


class FormatError(GftcoreError, ValueError):
    """A file is damaged, of a foreign format, or larger than allowed."""

    code = "FORMAT"


class MissingFileError(GftcoreError, FileNotFoundError):
    """A path names no readable file."""

    code = "MISSING_FILE"


class RefusedError(GftcoreError, FileExistsError):
    """Something that the caller did not allow: to overwrite a file, to use a network, to spend."""

    code = "REFUSED"


class BudgetError(RefusedError):
    """The next request may cost more than what the cap leaves."""

    code = "BUDGET"


class UnavailableError(GftcoreError, RuntimeError):
    """Something this machine cannot do, such as an instruction set it lacks."""

    code = "UNAVAILABLE"


class MissingExtraError(GftcoreError, ImportError):
    """An optional package is needed; the message names the extra that installs it."""

    code = "MISSING_EXTRA"


class CoreImportError(GftcoreError, ImportError):
    """The compiled core is missing or cannot be loaded. There is no slow fallback."""

    code = "CORE_IMPORT"


class GftcoreWarning(UserWarning):
    """A valid result that deserves a look, such as the graph of an empty mask.

    The message begins with a stable code, for example ``EMPTY_MASK``; the same code is kept in
    ``HeteroGraph.meta.warnings``.
    """
