# SPDX-License-Identifier: Apache-2.0
"""From an image to the probabilities of its classes and what decided, without torch.

Examples
--------
>>> from importlib import resources
>>> from gftcore import pipeline
>>> with resources.as_file(resources.files("gftcore") / "assets" / "demo_octa.png") as sample:
...     (one,) = pipeline.stage_images([sample])
>>> one.classes, one.prediction in one.classes, one.counts["faz"]
(('Healthy', 'NPDR', 'PDR'), True, 1)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gftcore._lazy import attach

if TYPE_CHECKING:
    from gftcore.pipeline.cross_fitting import fold_models
    from gftcore.pipeline.explaining import (
        STATEMENT,
        ExplainConfig,
        ExplainedImage,
        explain_graph,
        explain_images,
    )
    from gftcore.pipeline.lesion_facts import LESION_OF, truth_facts
    from gftcore.pipeline.references import all_with_references, with_references
    from gftcore.pipeline.reporting import CASE_KEEP, Case, make_case
    from gftcore.pipeline.staging import StagedImage, stage_graph, stage_images
    from gftcore.pipeline.tabulating import TABLE_KEEP, tabulate
    from gftcore.pipeline.teaching import teaching_cases
    from gftcore.pipeline.times import CpuTimes
    from gftcore.pipeline.training import NOTICE, REMARKS, model_notice, model_source, remarks

__all__ = [
    "CASE_KEEP",
    "LESION_OF",
    "NOTICE",
    "REMARKS",
    "STATEMENT",
    "TABLE_KEEP",
    "Case",
    "CpuTimes",
    "ExplainConfig",
    "ExplainedImage",
    "StagedImage",
    "all_with_references",
    "explain_graph",
    "explain_images",
    "fold_models",
    "make_case",
    "model_notice",
    "model_source",
    "remarks",
    "stage_graph",
    "stage_images",
    "tabulate",
    "teaching_cases",
    "truth_facts",
    "with_references",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "NOTICE": "training",
        "REMARKS": "training",
        "STATEMENT": "explaining",
        "CASE_KEEP": "reporting",
        "Case": "reporting",
        "make_case": "reporting",
        "TABLE_KEEP": "tabulating",
        "CpuTimes": "times",
        "ExplainConfig": "explaining",
        "ExplainedImage": "explaining",
        "LESION_OF": "lesion_facts",
        "StagedImage": "staging",
        "all_with_references": "references",
        "explain_graph": "explaining",
        "explain_images": "explaining",
        "fold_models": "cross_fitting",
        "model_notice": "training",
        "model_source": "training",
        "remarks": "training",
        "stage_graph": "staging",
        "stage_images": "staging",
        "tabulate": "tabulating",
        "teaching_cases": "teaching",
        "truth_facts": "lesion_facts",
        "with_references": "references",
    },
)
