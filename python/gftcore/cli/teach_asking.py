# SPDX-License-Identifier: Apache-2.0
"""Options of ``gftcore teach run`` about a teacher behind an address, checked before any work."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from gftcore._lazy import require
from gftcore._validation import require_real
from gftcore.errors import ArgumentError
from gftcore.io.files import require_file

if TYPE_CHECKING:
    from gftcore.teacher import Asking, Budget, Secret

__all__ = ["asking_of", "budget_of", "key_of", "require_fitting"]

_HERE_IMAGE_TOKENS = 2000
_TEACHERS = "--base-url, --batch-out or --batch-in"


def asking_of(
    base_url: str | None,
    model: str | None,
    batch_out: Path | None,
    batch_in: list[Path] | None,
    **how: Any,
) -> Asking | None:
    """Return how a language model is asked; None if there is none."""
    given = [
        name
        for name, value in (
            ("--base-url", base_url), ("--batch-out", batch_out), ("--batch-in", batch_in)
        )
        if value
    ]  # fmt: skip
    if len(given) > 1:
        raise ArgumentError(f"{' and '.join(given)} exclude each other; give one")
    if not given:
        if model is not None:
            raise ArgumentError(f"--teacher-model needs {_TEACHERS}")
        return None
    if model is None:
        raise ArgumentError(f"{given[0]} needs --teacher-model, the name of the model there")
    from gftcore.teacher import Asking

    return Asking(model=model, **how)


def require_fitting(
    base_url: str | None,
    batch_in: list[Path] | None,
    asking: Asking | None,
    *,
    limits: Mapping[str, float | None],
    retry: bool,
    allow_remote: bool,
) -> None:
    """Refuse what would fail once all cases are made."""
    for name, value in limits.items():
        if value is not None:
            require_real(value, name, above=0)
    if retry and (asking is None or batch_in):
        raise ArgumentError("--retry-failed needs --base-url or --batch-out")
    for file in batch_in or ():
        require_file(file)
    if base_url is not None:
        from gftcore.teacher.transport import require_address

        for package in ("openai", "tenacity"):
            require(package, extra="teacher", user="gftcore teach run --base-url")
        require_address(base_url, allow_remote=allow_remote)


def key_of(base_url: str | None) -> Secret | None:
    """Return the key of the environment, if a service is asked and if there is one."""
    if base_url is None:
        return None
    from gftcore.teacher.secret import KEY_VARIABLE, require_secret

    try:
        return require_secret(None)
    except ArgumentError as error:
        raise ArgumentError(str(error).replace("value", KEY_VARIABLE, 1)) from None


def budget_of(
    base_url: str | None,
    asking: Asking | None,
    *,
    cap: float | None,
    price_in: float | None,
    price_out: float | None,
    image_tokens: int | None,
) -> Budget:
    """Return prices and cap; only what runs on this machine may go without."""
    from gftcore.teacher import Budget, Prices
    from gftcore.teacher.transport import is_loopback

    here = base_url is not None and is_loopback(urlsplit(base_url).hostname or "")
    values = {
        "--budget": cap,
        "--price-in": price_in,
        "--price-out": price_out,
        "--image-tokens": image_tokens,
    }
    given = [name for name, value in values.items() if value is not None]
    lacking = [name for name, value in values.items() if value is None]
    if asking is None and given:
        raise ArgumentError(f"{given[0]} needs {_TEACHERS}")
    if asking is not None and not here and lacking:
        raise ArgumentError(f"a teacher elsewhere costs money; give {', '.join(lacking)}")
    prices = Prices(
        input_per_million=price_in or 0.0,
        output_per_million=price_out or 0.0,
        image_tokens=image_tokens or _HERE_IMAGE_TOKENS,
    )
    return Budget(prices, cap=cap or 0.0)
