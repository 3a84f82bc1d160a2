# SPDX-License-Identifier: Apache-2.0
"""Synthetic OCT angiographies: eyes whose vessels and lesions are known.

`make_eye` makes an eye of a class, `write_cohort` a data set of them; the other functions are their
steps.

Examples
--------
>>> from gftcore import synth
>>> forest = synth.grow_vessels(seed=1, options=synth.GrowthOptions.test_profile())
>>> mask, image = synth.draw_vessels(forest.edges())
>>> mask.shape, image.shape
((1216, 1216), (304, 304))
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gftcore._lazy import attach

if TYPE_CHECKING:
    from gftcore.synth.cohort import CohortEye, CohortSurvey, survey_cohort, write_cohort
    from gftcore.synth.cohort_plan import CohortPlan, PlannedEye, plan_cohort
    from gftcore.synth.edges import Edges, read_edges, write_edges
    from gftcore.synth.eye import SyntheticEye, make_eye, unedited_eye
    from gftcore.synth.growth import VesselForest, grow_vessels
    from gftcore.synth.image_options import ImageOptions
    from gftcore.synth.imaging import form_image
    from gftcore.synth.lesions import Lesion, Place, label_of
    from gftcore.synth.options import GrowthMode, GrowthOptions
    from gftcore.synth.parameters import EyeParameters, draw_parameters
    from gftcore.synth.raster import draw_image, draw_mask, draw_vessels
    from gftcore.synth.truth import EyeTruth, SegmentEdit
    from gftcore.synth.truth_files import read_truth, truth_json, write_truth

__all__ = [
    "CohortEye",
    "CohortPlan",
    "CohortSurvey",
    "Edges",
    "EyeParameters",
    "EyeTruth",
    "GrowthMode",
    "GrowthOptions",
    "ImageOptions",
    "Lesion",
    "Place",
    "PlannedEye",
    "SegmentEdit",
    "SyntheticEye",
    "VesselForest",
    "draw_image",
    "draw_mask",
    "draw_parameters",
    "draw_vessels",
    "form_image",
    "grow_vessels",
    "label_of",
    "make_eye",
    "plan_cohort",
    "read_edges",
    "read_truth",
    "survey_cohort",
    "truth_json",
    "unedited_eye",
    "write_cohort",
    "write_edges",
    "write_truth",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "CohortEye": "cohort",
        "CohortPlan": "cohort_plan",
        "CohortSurvey": "cohort",
        "Edges": "edges",
        "EyeParameters": "parameters",
        "EyeTruth": "truth",
        "GrowthMode": "options",
        "GrowthOptions": "options",
        "ImageOptions": "image_options",
        "Lesion": "lesions",
        "Place": "lesions",
        "PlannedEye": "cohort_plan",
        "SegmentEdit": "truth",
        "SyntheticEye": "eye",
        "VesselForest": "growth",
        "draw_image": "raster",
        "draw_mask": "raster",
        "draw_parameters": "parameters",
        "draw_vessels": "raster",
        "form_image": "imaging",
        "grow_vessels": "growth",
        "label_of": "lesions",
        "make_eye": "eye",
        "plan_cohort": "cohort_plan",
        "read_edges": "edges",
        "read_truth": "truth_files",
        "survey_cohort": "cohort",
        "truth_json": "truth_files",
        "unedited_eye": "eye",
        "write_cohort": "cohort",
        "write_edges": "edges",
        "write_truth": "truth_files",
    },
)
