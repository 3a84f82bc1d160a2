# SPDX-License-Identifier: Apache-2.0
"""Templates to text, and text to files."""

from __future__ import annotations

import functools
import hashlib
import urllib.parse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gftcore._validation import describe
from gftcore.errors import ArgumentError, ArgumentTypeError
from gftcore.io import atomic_path

if TYPE_CHECKING:
    from jinja2 import Environment

    from gftcore import tabulation

__all__ = ["CSP", "page_name", "relative_href", "rendered", "require_notice", "write_page"]

#: What a page may load: pictures and styles that stand in it, and nothing else.
CSP = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


@functools.cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    from gftcore.report.digits import percent, shown, signed

    # Everything that a template prints is escaped, whatever the name of the template.
    made = Environment(
        loader=PackageLoader("gftcore.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {"percent": percent, "shown": shown, "signed": signed}
    return made


def rendered(template: str, **context: Any) -> str:
    """Return a filled template."""
    return _environment().get_template(template).render(csp=CSP, **context)


def require_notice(notice: object) -> str:
    """Return the notice, or say that it does not say what it has to.

    Raises
    ------
    ArgumentError
        If it does not say that this is no medical device.
    """
    if not isinstance(notice, str):
        raise ArgumentTypeError(f"notice must be text, got {describe(notice)}")
    if "not a medical device" not in notice.lower():
        raise ArgumentError(
            "notice must say that this is not a medical device; use gftcore.pipeline.model_notice"
        )
    return notice


def relative_href(path: object, name: str) -> str:
    """Return a path in or below the folder of a page as link that a browser cannot misread.

    Examples
    --------
    >>> relative_href("right eyes/1.html", "href"), relative_href("javascript:x", "href")
    ('right%20eyes/1.html', 'javascript%3Ax')

    Raises
    ------
    ArgumentError
        If it is empty or absolute.
    """
    if not isinstance(path, str):
        raise ArgumentTypeError(f"{name} must be text, got {describe(path)}")
    if not path or path.startswith("/"):
        raise ArgumentError(f"{name} must be a relative path, got {path!r:.80}")
    # Names of files may have bytes that are no Unicode; they become what they are on the disk.
    return urllib.parse.quote(path, safe="/", errors="surrogateescape")


def page_name(table: tabulation.Table) -> str:
    """Return a name for the page of a table that says nothing of a person.

    It comes from the SHA-256 of the image. Only where there is none, as for arrays, it comes from
    that of the image's id, which somebody can find out by trying ids.
    """
    digest = table.image.sha256 or hashlib.sha256(table.image.id.encode()).hexdigest()
    return f"eye-{digest[:12]}.html"


def write_page(path: str | Path, page: str) -> None:
    """Write a page, as a whole or not at all.

    Parameters
    ----------
    path
        Target, ending with ``.html``; replaced if it exists.
    page
        From `case_page` or `index_page`.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_page(Path(folder) / "a.html", "<!DOCTYPE html>")
    ...     (Path(folder) / "a.html").read_text()
    '<!DOCTYPE html>'
    """
    if not isinstance(page, str):
        raise ArgumentTypeError(f"page must be text, got {describe(page)}")
    target = Path(path)
    if target.suffix.lower() != ".html":
        raise ArgumentError(f"path must end with .html, got {target.name!r}")
    with atomic_path(target) as temporary:
        # Bytes, so that no system changes the ends of lines. What is no Unicode, as a lone half of
        # a pair from the name of a file, becomes a question mark.
        temporary.write_bytes(page.encode("utf-8", "replace"))
