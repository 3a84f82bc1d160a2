# SPDX-License-Identifier: Apache-2.0
"""Checks that speak before the compiled core does.

Each ``require_*`` function returns its argument in the one form that the core takes, or raises an
error whose message says the name, what was expected, what came, and what to do.
"""

from __future__ import annotations

import contextlib
import difflib
import math
import numbers
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from gftcore.errors import ArgumentError, ArgumentTypeError, ShapeError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "MAX_SIDE",
    "as_array",
    "describe",
    "require_array",
    "require_bool",
    "require_choice",
    "require_excluded",
    "require_image",
    "require_int",
    "require_intensity",
    "require_iterator",
    "require_labels",
    "require_mapping",
    "require_mask",
    "require_names",
    "require_points",
    "require_real",
    "require_rectangles",
    "require_same_shape",
]

MAX_SIDE = 32767


def describe(value: object) -> str:
    """Type and shape of a value, as error messages show it."""
    if isinstance(value, np.ndarray):
        return f"{value.dtype} {value.shape}"
    return type(value).__name__


def as_array(value: object, name: str, expected: str) -> NDArray[Any]:
    """Return anything array-like as an array, or say that it is none."""
    if value is None or isinstance(value, (str, bytes, bytearray, dict, set, frozenset)):
        raise ArgumentTypeError(f"{name} must be {expected}, got {describe(value)}")
    if isinstance(value, np.ma.MaskedArray):
        raise ArgumentTypeError(
            f"{name} must be {expected}, got a masked array; fill it first (array.filled(0))"
        )
    try:
        return np.asarray(value)
    except Exception as error:  # whatever a foreign __array__ raises
        raise ArgumentTypeError(
            f"{name} must be {expected}, got {describe(value)} that is no array: {error}"
        ) from error


def _check_image_shape(array: NDArray[Any], name: str) -> None:
    if array.ndim != 2:
        raise ShapeError(f"{name} must be 2-D (rows, columns), got shape {array.shape}")
    if not all(1 <= side <= MAX_SIDE for side in array.shape):
        raise ShapeError(
            f"{name} must have 1 to {MAX_SIDE} rows and columns, got shape {array.shape}"
        )


def require_mask(
    mask: ArrayLike, *, name: str = "mask", threshold: float | None = None
) -> NDArray[np.uint8]:
    """Return a mask as C-contiguous uint8 array [H, W] of 0 and 1.

    Parameters
    ----------
    mask
        2-D bool array, or integers with at most two different values, one of them 0 unless all
        are equal; non-zero is foreground.
    name
        Name of the argument, for messages.
    threshold
        If given, real values of any kind are accepted and ``mask > threshold`` is foreground.
        A bool mask is its own threshold and stays as it is.

    Raises
    ------
    ArgumentTypeError
        If the element type is no bool or integer and no threshold is given.
    ArgumentError
        If an integer mask has more than two values, or two of which none is 0, or if a
        thresholded one is not finite.
    ShapeError
        If the mask is not 2-D, is empty or has a side above 32767.

    Examples
    --------
    >>> require_mask(np.array([[0, 255], [255, 0]])).tolist()
    [[0, 1], [1, 0]]
    """
    expected = "a 2-D bool or two-valued integer array"
    array = as_array(mask, name, expected)
    if threshold is not None:
        threshold = require_real(threshold, "threshold")
        if array.dtype.kind not in "biuf":
            raise ArgumentTypeError(f"{name} must hold real numbers, got {describe(array)}")
    elif array.dtype.kind not in "biu":
        raise ArgumentTypeError(
            f"{name} must be {expected}, got {describe(array)}; threshold it first"
        )
    _check_image_shape(array, name)
    if array.dtype.kind == "b":
        # Some libraries make bool arrays whose bytes are 0 and 255.
        raw = np.ascontiguousarray(array).view(np.uint8)
        return raw if raw.max() <= 1 else (raw != 0).view(np.uint8)
    if threshold is not None:
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise ArgumentError(f"{name} must be finite, got NaN or infinity")
        return np.ascontiguousarray(array > threshold).view(np.uint8)
    low, high = array.min(), array.max()
    others = (array != low) & (array != high)
    if bool(others.any()):
        other = array.flat[int(others.argmax())]
        raise ArgumentError(
            f"{name} must have at most two values, got {low}, {other}, {high}, ...; "
            "pass threshold= (used as >) or compare it first"
        )
    if low != high and 0 not in (low, high):
        # All of it would be foreground, which nobody means who writes two values.
        raise ArgumentError(
            f"{name} must have 0 as one of its two values, got {low} and {high}; "
            "pass threshold= (used as >) or compare it first"
        )
    if array.dtype == np.uint8 and high <= 1:
        return np.ascontiguousarray(array)
    return np.ascontiguousarray(array != 0).view(np.uint8)


def require_image(image: ArrayLike, *, name: str = "image") -> NDArray[np.float32]:
    """Return a raw grey image as C-contiguous float32 array [H, W].

    Parameters
    ----------
    image
        2-D array of real numbers, all finite.
    name
        Name of the argument, for messages.

    Examples
    --------
    >>> require_image([[1, 2]]).dtype
    dtype('float32')
    """
    expected = "a 2-D array of real numbers"
    array = as_array(image, name, expected)
    if array.dtype.kind not in "biuf":
        raise ArgumentTypeError(f"{name} must be {expected}, got {describe(array)}")
    if array.ndim == 3 and array.shape[2] in (2, 3, 4):
        raise ShapeError(
            f"{name} must be 2-D, got shape {array.shape}; choose one channel ({name}[..., 0])"
        )
    _check_image_shape(array, name)
    if array.dtype.kind == "b":
        array = np.ascontiguousarray(array).view(np.uint8) != 0
    with np.errstate(over="ignore"):  # float64 beyond float32 becomes inf and is refused below
        out = np.ascontiguousarray(array, dtype=np.float32)
    if array.dtype.kind == "f" and not np.isfinite(out).all():
        raise ArgumentError(f"{name} must be finite, got NaN, infinity or a value beyond float32")
    return out


def require_intensity(
    intensity: ArrayLike, shape: tuple[int, int], *, name: str = "intensity"
) -> NDArray[Any]:
    """Return an intensity image for a mask of the given shape; uint8 stays uint8.

    Its sides must equal the mask's or divide both by the same integer. Element types the core
    knows (uint8, uint16, float32, float64) are kept, others become float64.
    """
    expected = "a 2-D array of real numbers"
    array = as_array(intensity, name, expected)
    if array.dtype.kind not in "biuf":
        raise ArgumentTypeError(f"{name} must be {expected}, got {describe(array)}")
    _check_image_shape(array, name)
    rows, cols = array.shape
    if shape[0] % rows or shape[1] % cols or shape[0] // rows != shape[1] // cols:
        raise ShapeError(
            f"{name} must have the mask's shape {shape} or divide both sides by one integer, "
            f"got {array.shape}"
        )
    if array.dtype.kind == "b":
        bits: NDArray[np.uint8] = np.ascontiguousarray(array).view(np.uint8)
        on: NDArray[np.bool_] = bits != 0
        return on.view(np.uint8)
    kept = (np.uint8, np.uint16, np.float32, np.float64)
    dtype = array.dtype.newbyteorder("=") if array.dtype in kept else np.dtype(np.float64)
    out = np.ascontiguousarray(array, dtype=dtype)
    if out.dtype.kind == "f" and not np.isfinite(out).all():
        raise ArgumentError(f"{name} must be finite, got NaN or infinity")
    return out


def require_same_shape(array: NDArray[Any], shape: tuple[int, ...], *, name: str) -> None:
    """Refuse an array whose shape differs from that of the mask."""
    if array.shape != shape:
        raise ShapeError(f"{name} must have the mask's shape {shape}, got {array.shape}")


def require_array(
    value: ArrayLike,
    dtype: type[np.generic],
    *,
    name: str,
    ndim: int,
    cols: int | None = None,
    max_side: int | None = None,
) -> NDArray[Any]:
    """Return an array of integers or floats in the given element type, C-contiguous.

    Integers are range-checked, never wrapped; floats are refused where integers are expected.
    Arrays with an axis longer than `max_side` are refused before they are copied.
    """
    wanted = np.dtype(dtype)
    expected = f"a {ndim}-D array of {'integers' if wanted.kind in 'iu' else 'real numbers'}"
    array = as_array(value, name, expected)
    if max_side is not None and any(side > max_side for side in array.shape):
        raise ShapeError(f"{name} must have axes of at most {max_side}, got shape {array.shape}")
    empty = array.size == 0
    if array.dtype.kind not in ("iu" if wanted.kind in "iu" else "iuf") and not empty:
        raise ArgumentTypeError(f"{name} must be {expected}, got {describe(array)}")
    if cols is not None and empty and array.ndim < ndim:
        array = array.reshape(0, cols)
    if array.ndim != ndim or (cols is not None and array.shape[-1] != cols):
        shape = f"[n, {cols}]" if cols is not None else f"with {ndim} dimensions"
        raise ShapeError(f"{name} must be an array {shape}, got shape {array.shape}")
    if wanted.kind in "iu" and not empty:
        info = np.iinfo(cast("type[np.integer[Any]]", dtype))
        if int(array.min()) < info.min or int(array.max()) > info.max:
            raise ArgumentError(f"{name} must hold values of {wanted}, got larger ones")
    return np.ascontiguousarray(array, dtype=wanted)


def require_labels(labels: ArrayLike, *, name: str = "labels") -> NDArray[np.int32]:
    """Return a label image as C-contiguous int32 array [H, W]; labels are >= 0, 0 is none."""
    out = require_array(labels, np.int32, name=name, ndim=2)
    _check_image_shape(out, name)
    if int(out.min()) < 0:
        raise ArgumentError(f"{name} must be >= 0 (0 = none), got {int(out.min())}")
    return cast("NDArray[np.int32]", out)


def require_points(points: ArrayLike, shape: tuple[int, int], *, name: str) -> NDArray[np.int64]:
    """Return pixel positions as int64 array [n, 2] of (row, col) inside an image."""
    out = require_array(points, np.int64, name=name, ndim=2, cols=2)
    if out.size and not bool(((out >= 0) & (out < np.array(shape))).all()):
        raise ArgumentError(f"{name} must lie inside the image of shape {shape}")
    return cast("NDArray[np.int64]", out)


def require_choice(value: object, choices: Sequence[Any], name: str) -> Any:
    """Return the value if it is one of the choices; the message offers the nearest name."""
    for choice in choices:
        if type(choice) is type(value) and choice == value:
            return choice
    shown = ", ".join(repr(choice) for choice in choices)
    names = [choice for choice in choices if isinstance(choice, str)]
    near = difflib.get_close_matches(value, names, n=1) if isinstance(value, str) else []
    hint = f"; did you mean {near[0]!r}?" if near else ""
    error = ArgumentError if isinstance(value, (str, numbers.Integral)) else ArgumentTypeError
    raise error(f"{name} must be one of {shown}, got {value!r:.80}{hint}")


def require_iterator(values: object, name: str, expected: str, hint: str = "") -> Iterator[Any]:
    """Return an iterator over anything but text; arrays without axes have none either."""
    if not isinstance(values, (str, bytes)):
        with contextlib.suppress(TypeError):
            return iter(cast("Iterable[Any]", values))
    raise ArgumentTypeError(f"{name} must be {expected}, got {describe(values)}{hint}")


def require_names(
    values: Iterable[str] | str, choices: Sequence[str], name: str
) -> tuple[str, ...]:
    """Return several names without repetition, each one of the choices."""
    items = require_iterator(values, name, "a sequence of names", '; use ("...",) for one')
    return tuple(dict.fromkeys(require_choice(item, choices, name) for item in items))


def require_mapping(value: object, known: Sequence[str], name: str, what: str) -> Mapping[str, Any]:
    """Return a mapping whose keys are all known; `what` says what the keys are."""
    if not isinstance(value, Mapping):
        raise ArgumentTypeError(
            f"{name} must map {what} ({', '.join(known)}) to arrays, got {describe(value)}"
        )
    unknown = [str(key) for key in value if not isinstance(key, str) or key not in known]
    if unknown:
        raise ArgumentError(
            f"{name} has unknown {what} {', '.join(unknown):.80}; known are {', '.join(known)}"
        )
    return value


def require_bool(value: object, name: str) -> bool:
    """Return a truth value; numbers are not accepted."""
    if not isinstance(value, (bool, np.bool_)):
        raise ArgumentTypeError(f"{name} must be True or False, got {describe(value)}")
    return bool(value)


def require_int(value: object, name: str, low: int = 0, high: int = 2**31 - 1) -> int:
    """Return an integer in [low, high]; bool and float are refused."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Integral):
        raise ArgumentTypeError(f"{name} must be an integer, got {describe(value)}")
    if not low <= int(value) <= high:
        raise ArgumentError(f"{name} must be between {low} and {high}, got {int(value)}")
    return int(value)


def require_real(value: object, name: str, *, above: float | None = None) -> float:
    """Return a finite real number, greater than `above` if that is given."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Real):
        raise ArgumentTypeError(f"{name} must be a real number, got {describe(value)}")
    try:
        out = float(value)
    except OverflowError:
        out = math.inf
    if not math.isfinite(out) or (above is not None and out <= above):
        limit = "finite" if above is None else f"finite and greater than {above:g}"
        raise ArgumentError(f"{name} must be {limit}, got {out}")
    return out


def require_rectangles(
    rectangles: Iterable[Sequence[int]], *, name: str = "exclude"
) -> tuple[tuple[int, int, int, int], ...]:
    """Return half-open rectangles (row0, col0, row1, col1) as a tuple of tuples."""
    expected = "rectangles (row0, col0, row1, col1)"
    if isinstance(rectangles, (str, bytes, dict)):
        raise ArgumentTypeError(f"{name} must hold {expected}, got {describe(rectangles)}")
    out = []
    try:
        items = [tuple(rectangle) for rectangle in rectangles]
    except TypeError as error:
        raise ArgumentTypeError(
            f"{name} must hold {expected}, got {describe(rectangles)}; "
            "put a single rectangle into a tuple"
        ) from error
    for item in items:
        if len(item) != 4:
            raise ArgumentError(f"{name} must hold {expected}, got {item!r:.80}")
        row0, col0, row1, col1 = (require_int(side, name, 0, MAX_SIDE) for side in item)
        if row0 >= row1 or col0 >= col1:
            raise ArgumentError(f"{name} must hold non-empty {expected}, got {item!r:.80}")
        out.append((row0, col0, row1, col1))
    return tuple(out)


def require_excluded(
    exclude: ArrayLike | Iterable[Sequence[int]] | None,
    shape: tuple[int, int],
    *,
    name: str = "exclude",
) -> NDArray[np.uint8] | None:
    """Return excluded pixels as uint8 image, or None if there are none.

    Takes a mask of the given shape, or half-open rectangles that are cut at the image's sides.
    """
    if exclude is None:
        return None
    if hasattr(exclude, "__array__"):
        array = np.asarray(exclude)
        # An integer array [n, 4] with n rows of a differently shaped mask lists rectangles.
        listed = array.ndim == 2 and array.shape[1] == 4 and array.dtype.kind in "iu"
        if not listed or array.shape == shape:
            out = require_mask(array, name=name)
            require_same_shape(out, shape, name=name)
            return out if out.any() else None
        exclude = array.tolist()
    rectangles = require_rectangles(cast("Iterable[Sequence[int]]", exclude), name=name)
    if not rectangles:
        return None
    out = np.zeros(shape, dtype=np.uint8)
    for row0, col0, row1, col1 in rectangles:
        out[row0:row1, col0:col1] = 1
    return out if out.any() else None
