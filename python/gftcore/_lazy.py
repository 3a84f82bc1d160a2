# SPDX-License-Identifier: Apache-2.0
"""Lazy subpackages (PEP 562) and optional packages."""

from __future__ import annotations

import importlib
import sys

from gftcore.errors import MissingExtraError

# Known to type checkers by its name; `typing` itself would take most of the time of this import.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import ModuleType

__all__ = ["attach", "require"]


def attach(
    package: str, names: Mapping[str, str]
) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Return the ``__getattr__`` and ``__dir__`` of a package whose names load on first use.

    Parameters
    ----------
    package
        ``__name__`` of the package.
    names
        Public name to the submodule that defines it. A name that equals its submodule stands for
        the submodule itself.
    """

    def getattr_(name: str) -> object:
        submodule = names.get(name)
        if submodule is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module = importlib.import_module(f"{package}.{submodule}")
        value: object = module if name == submodule else getattr(module, name)
        # Importing a submodule binds its own name in the package; a function of that name wins.
        setattr(sys.modules[package], name, value)
        return value

    def dir_() -> list[str]:
        return sorted(set(vars(sys.modules[package])) | set(names))

    return getattr_, dir_


def require(name: str, *, extra: str, user: str) -> ModuleType:
    """Import an optional package, or say which extra brings it.

    Parameters
    ----------
    name
        Module to import, for example ``"torch"``.
    extra
        Extra of gftcore that installs it.
    user
        What needs it, for the message.

    Raises
    ------
    MissingExtraError
        If the package cannot be imported.

    Examples
    --------
    >>> require("json", extra="io", user="an example").__name__
    'json'
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        message = f'{user} needs {name}: pip install "gftcore[{extra}]" ({error})'
        raise MissingExtraError(message) from error
