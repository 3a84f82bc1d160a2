# SPDX-License-Identifier: Apache-2.0
"""Explanations to a case: table, findings, text, page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gftcore import report
from gftcore.attribution import MAP_KEEP
from gftcore.findings import Finding, find_findings, finding_document, thresholds_of
from gftcore.io import provenance
from gftcore.narrative import Sentence, write_text
from gftcore.pipeline.explaining import STATEMENT, ExplainedImage
from gftcore.pipeline.staging import require_model
from gftcore.pipeline.tabulating import TABLE_KEEP, tabulate
from gftcore.pipeline.training import REMARKS
from gftcore.tabulation import WARNINGS

if TYPE_CHECKING:
    from gftcore import tabulation
    from gftcore.model import Model

__all__ = ["CASE_KEEP", "TEXT_SCHEMA", "Case", "make_case"]

TEXT_SCHEMA = "gftcore-text/1"

#: What the graph of a case must keep: the images of its page, and those of biomarkers.
CASE_KEEP = (*MAP_KEEP, *TABLE_KEEP)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Case:
    """Everything that is said about one eye.

    Attributes
    ----------
    said
        Graph, answer and contributions.
    table
        What was measured, answered and decisive.
    findings
        What the graph shows beyond what healthy training eyes show; empty if the record of the
        network's training holds no thresholds.
    text
        Both in words; each sentence names the structures that it rests on.
    model
        A line about the network.
    """

    said: ExplainedImage
    table: tabulation.Table
    findings: tuple[Finding, ...]
    text: tuple[Sentence, ...]
    model: str

    def page(self, *, home: str = "") -> str:
        """Return the page of `gftcore.report.case_page`.

        Parameters
        ----------
        home
            Path of an index page relative to this one; empty for none.
        """
        return report.case_page(
            self.table,
            self.text,
            self.said.graph,
            self.said.staged.pixels,
            attribution=self.said.attribution,
            model=self.model,
            meanings={**REMARKS, **WARNINGS},
            home=home,
        )

    def document(self) -> dict[str, Any]:
        """Return findings and text as plain JSON values, schema ``gftcore-text/1``.

        Equal runs give equal documents. Structures are pairs of type of node or relation and
        number, as in the table.
        """
        return {
            **provenance(TEXT_SCHEMA, config_hash=self.said.staged.config_hash),
            "notice": self.said.notice,
            "statement": STATEMENT,
            "image_id": self.table.image.id,
            "eye": self.table.image.eye,
            "model_sha256": self.table.model.sha256,
            "settings_hash": self.table.settings_hash,
            "prediction": self.table.prediction,
            "findings": [finding_document(one) for one in self.findings],
            "sentences": [
                {"text": one.text, "evidence": [list(ref) for ref in one.evidence]}
                for one in self.text
            ],
        }


def make_case(said: ExplainedImage, model: Model | None = None, **options: Any) -> Case:
    """Put an explanation into a table, look for findings, and write about both.

    Parameters
    ----------
    said
        From `explain_images` or `explain_graph`, with ``keep=CASE_KEEP``.
    model
        The network that was explained; None means the one that comes with the package.
    **options
        As for `tabulate`: ``image_id``, ``layer``, ``label``, ``vector8_mode``,
        ``settings_hash``.

    Raises
    ------
    ArgumentError
        If another network was explained.

    Examples
    --------
    >>> from importlib import resources
    >>> from gftcore import pipeline
    >>> with resources.as_file(resources.files("gftcore") / "assets" / "demo_octa.png") as sample:
    ...     (eye,) = pipeline.explain_images([sample], keep=CASE_KEEP)
    >>> case = make_case(eye, image_id="demo")
    >>> case.table.prediction, len(case.text) > 5, len(case.page()) > 100_000
    ('Healthy', True, True)
    """
    network = require_model(model)
    table = tabulate(said, network, **options)
    thresholds = thresholds_of(network.config)
    found = () if thresholds is None else find_findings(said.graph, thresholds)
    synthetic = network.config.training.get("data") == "synthetic"
    return Case(
        said=said,
        table=table,
        findings=found,
        text=write_text(table, found, synthetic=synthetic),
        model=report.model_line(network),
    )
