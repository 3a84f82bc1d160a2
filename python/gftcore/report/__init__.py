# SPDX-License-Identifier: Apache-2.0
"""One HTML page per eye, and an index page of many: no script, no network, no other file.

Examples
--------
>>> from gftcore import report
>>> case = report.IndexCase(
...     href="eye-1.html", name="eye 1", eye="OD", prediction="NPDR",
...     probabilities={"Healthy": 0.1, "NPDR": 0.7, "PDR": 0.2},
... )
>>> page = report.index_page([case], notice="Not a medical device; not for clinical use.")
>>> page.startswith("<!DOCTYPE html>"), "<script" in page
(True, False)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gftcore._lazy import attach

if TYPE_CHECKING:
    from gftcore.report.cards import model_line
    from gftcore.report.case import case_page
    from gftcore.report.index import INDEX_SCHEMA, IndexCase, IndexFailure, index_page
    from gftcore.report.render import CSP, page_name, write_page
    from gftcore.report.sentences import Said

__all__ = [
    "CSP",
    "INDEX_SCHEMA",
    "IndexCase",
    "IndexFailure",
    "Said",
    "case_page",
    "index_page",
    "model_line",
    "page_name",
    "write_page",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "CSP": "render",
        "INDEX_SCHEMA": "index",
        "IndexCase": "index",
        "IndexFailure": "index",
        "Said": "sentences",
        "case_page": "case",
        "index_page": "index",
        "model_line": "cards",
        "page_name": "render",
        "write_page": "render",
    },
)
