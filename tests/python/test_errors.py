# SPDX-License-Identifier: Apache-2.0
"""Every error of this package is also the builtin that says the same."""

from __future__ import annotations

import numpy as np
import pytest

import gftcore
from gftcore import errors, graph
from gftcore._native import core

PAIRS = [
    (errors.ShapeError, ValueError),
    (errors.ArgumentError, ValueError),
    (errors.ArgumentTypeError, TypeError),
    (errors.FormatError, ValueError),
    (errors.MissingFileError, FileNotFoundError),
    (errors.RefusedError, FileExistsError),
    (errors.BudgetError, FileExistsError),
    (errors.UnavailableError, RuntimeError),
    (errors.MissingExtraError, ImportError),
    (errors.CoreImportError, ImportError),
]


@pytest.mark.parametrize(("error", "builtin"), PAIRS)
def test_both_except_forms_catch(error: type[Exception], builtin: type[Exception]) -> None:
    for caught in (builtin, errors.GftcoreError, gftcore.GftcoreError):
        with pytest.raises(caught, match="text"):
            raise error("text")


def test_the_table_is_complete_and_codes_differ() -> None:
    public = {getattr(errors, name) for name in errors.__all__}
    ours = {kind for kind in public if issubclass(kind, errors.GftcoreError)} - {
        errors.GftcoreError
    }
    assert ours == {error for error, _ in PAIRS}
    assert len({kind.code for kind in ours}) == len(ours)


def test_the_core_translates_its_errors() -> None:
    with pytest.raises(errors.UnavailableError):
        gftcore.set_simd_target("mmx")
    with pytest.raises(errors.ArgumentError):
        core.squared_distance(np.zeros((3, 3), dtype=np.uint8), "mirror")
    with pytest.raises(errors.ShapeError):
        core.squared_distance(np.zeros(3, dtype=np.uint8), "none")


def test_users_never_meet_the_words_of_the_binding_library() -> None:
    with pytest.raises(TypeError) as caught:
        graph.extract(np.zeros((3, 3)))
    assert "incompatible function arguments" not in str(caught.value)
    # Negative control: the bare core speaks that language.
    with pytest.raises(TypeError, match="incompatible function arguments"):
        core.label(np.zeros((3, 3)), "eight", background=None)
