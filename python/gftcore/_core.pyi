# SPDX-License-Identifier: Apache-2.0
"""
The compiled core of gftcore. Private: use the packages gftcore.graph and others.
"""

from __future__ import annotations

import collections.abc
import typing

import numpy
import numpy.typing

__all__: list[str] = [
    "BatchExtractor",
    "Engine",
    "Faces",
    "PathDecisions",
    "PathIntegrator",
    "SkeletonGraph",
    "adjacency",
    "assign_pixels",
    "batch_norm",
    "batch_norm_backward",
    "border_anchors",
    "column_moments",
    "count_boxes",
    "count_sectors",
    "csr_from_edges",
    "draw_mask",
    "draw_vessels",
    "extract",
    "extract_image",
    "faces",
    "fill_small",
    "find_faz",
    "form_image",
    "gaussian_taps",
    "grow_vessels",
    "keep_freed_memory",
    "label",
    "local_contrast",
    "match_faces",
    "merge_junctions",
    "minimal_pass",
    "oriented",
    "outline_px",
    "prune",
    "random_beta",
    "random_stream",
    "region_table",
    "resample_scores",
    "resize_cubic",
    "ridge",
    "sage_layer",
    "sage_layer_backward",
    "segment",
    "segment_table",
    "set_simd_target",
    "simd_target",
    "simd_targets",
    "squared_distance",
    "thin",
    "trace",
]

class SkeletonGraph:
    """
    A minimal skeleton as a multigraph of V nodes and S segments.
    """
    @property
    def anchors(self) -> numpy.ndarray:
        """
        int64 [B, 2]
        """
    @property
    def node_degree(self) -> numpy.ndarray:
        """
        int32 [V] segment ends
        """
    @property
    def node_kind(self) -> numpy.ndarray:
        """
        uint8 [V]: 0 end, 1 junction, 2 border, 3 isolated, 4 ring
        """
    @property
    def node_pixel(self) -> numpy.ndarray:
        """
        int32 [node_ptr[V], 2]
        """
    @property
    def node_pixels(self) -> numpy.ndarray:
        """
        int32 [V] number of pixels
        """
    @property
    def node_ptr(self) -> numpy.ndarray:
        """
        int64 [V + 1] into node_pixel
        """
    @property
    def node_rowcol(self) -> numpy.ndarray:
        """
        float64 [V, 2] mean of the node's pixels
        """
    @property
    def point_pixel(self) -> numpy.ndarray:
        """
        int32 [P, 2] pixels between the ends, in walk order
        """
    @property
    def point_ptr(self) -> numpy.ndarray:
        """
        int64 [S + 1] into point_pixel
        """
    @property
    def segment_ends(self) -> numpy.ndarray:
        """
        int32 [S, 2, 2] node pixels where the walk leaves and arrives
        """
    @property
    def segment_nodes(self) -> numpy.ndarray:
        """
        int64 [S, 2]
        """
    @property
    def shape(self) -> tuple[int, int]: ...
    @property
    def skeleton(self) -> numpy.typing.NDArray[numpy.bool]:
        """
        bool [H, W]
        """

class Faces:
    """
    Faces of a skeleton's closure.
    """
    @property
    def count(self) -> int: ...
    @property
    def label(self) -> numpy.ndarray:
        """
        int32 [H, W]: face + 1 off the skeleton.
        """
    @property
    def segment_faces(self) -> numpy.ndarray:
        """
        int64 [S, 2]: face left and right of each segment's walk.
        """

class BatchExtractor:
    """
    Extracts graphs in native threads, in order.
    """
    def __init__(
        self,
        options: dict,
        segmentation: dict | None,
        threads: typing.SupportsInt | typing.SupportsIndex,
    ) -> None: ...
    def close(self) -> None: ...
    def next(self) -> typing.Any: ...
    def submit(
        self,
        mask: typing.Annotated[numpy.typing.ArrayLike, numpy.uint8] | None,
        image: typing.Annotated[numpy.typing.ArrayLike, numpy.float32] | None,
        intensity: typing.Any,
        excluded: typing.Annotated[numpy.typing.ArrayLike, numpy.uint8] | None,
        faz_mask: typing.Annotated[numpy.typing.ArrayLike, numpy.uint8] | None,
        keep: collections.abc.Sequence[str],
    ) -> None: ...

class Engine:
    """
    A network, ready to run on batches.
    """
    def __init__(
        self,
        options: dict,
        weights: collections.abc.Mapping[
            str, typing.Annotated[numpy.typing.ArrayLike, numpy.float64]
        ],
        dtype: str,
        folded: bool,
    ) -> None: ...
    @typing.overload
    def run(
        self,
        x: list[numpy.typing.NDArray[numpy.float32]],
        node_ptr: list[numpy.typing.NDArray[numpy.int64]],
        rowptr: list[numpy.typing.NDArray[numpy.int64]],
        col: list[numpy.typing.NDArray[numpy.int64]],
        threads: typing.SupportsInt | typing.SupportsIndex,
    ) -> tuple:
        """
        Logits [B, C] and pooled node values [B, P].
        """
    @typing.overload
    def run(
        self,
        x: list[numpy.typing.NDArray[numpy.float64]],
        node_ptr: list[numpy.typing.NDArray[numpy.int64]],
        rowptr: list[numpy.typing.NDArray[numpy.int64]],
        col: list[numpy.typing.NDArray[numpy.int64]],
        threads: typing.SupportsInt | typing.SupportsIndex,
    ) -> tuple:
        """
        Logits [B, C] and pooled node values [B, P].
        """

class PathDecisions:
    """
    What a run decided, for another one to obey.
    """
    def __init__(self) -> None: ...
    def panel(
        self,
        request: typing.SupportsInt | typing.SupportsIndex,
        chunk: typing.SupportsInt | typing.SupportsIndex,
        panel: typing.SupportsInt | typing.SupportsIndex,
    ) -> tuple:
        """
        Multipliers of logits, head, activations by type; maxima. Writing changes them.
        """

class PathIntegrator:
    """
    A network, ready to be explained.
    """
    def __init__(
        self,
        options: dict,
        weights: collections.abc.Mapping[
            str, typing.Annotated[numpy.typing.ArrayLike, numpy.float64]
        ],
        dtype: str,
        folded: bool,
    ) -> None: ...
    @typing.overload
    def run(
        self,
        x: list[numpy.typing.NDArray[numpy.float32]],
        node_ptr: list[numpy.typing.NDArray[numpy.int64]],
        rowptr: list[numpy.typing.NDArray[numpy.int64]],
        col: list[numpy.typing.NDArray[numpy.int64]],
        baseline: list[numpy.typing.NDArray[numpy.float32]],
        requests: list[
            tuple[
                int,
                int,
                int,
                numpy.typing.NDArray[numpy.float64],
                numpy.typing.NDArray[numpy.int64],
                numpy.typing.NDArray[numpy.int64],
            ]
        ],
        kind: str,
        over: str,
        sums: typing.SupportsInt | typing.SupportsIndex,
        threads: typing.SupportsInt | typing.SupportsIndex,
        decisions: PathDecisions | None = None,
    ) -> list:
        """
        For each request: class, other class, logits at both ends, sums of parts.
        """
    @typing.overload
    def run(
        self,
        x: list[numpy.typing.NDArray[numpy.float64]],
        node_ptr: list[numpy.typing.NDArray[numpy.int64]],
        rowptr: list[numpy.typing.NDArray[numpy.int64]],
        col: list[numpy.typing.NDArray[numpy.int64]],
        baseline: list[numpy.typing.NDArray[numpy.float64]],
        requests: list[
            tuple[
                int,
                int,
                int,
                numpy.typing.NDArray[numpy.float64],
                numpy.typing.NDArray[numpy.int64],
                numpy.typing.NDArray[numpy.int64],
            ]
        ],
        kind: str,
        over: str,
        sums: typing.SupportsInt | typing.SupportsIndex,
        threads: typing.SupportsInt | typing.SupportsIndex,
        decisions: PathDecisions | None = None,
    ) -> list:
        """
        For each request: class, other class, logits at both ends, sums of parts.
        """

def adjacency(
    graph: SkeletonGraph,
    faces: Faces,
    ica_label: numpy.typing.NDArray[numpy.int32],
    method: str,
    squared_distance: typing.Annotated[numpy.typing.ArrayLike, numpy.int32] | None,
) -> dict:
    """
    Relations vv, ii, vi as (edges int64 [2, E], weights float32 [E, 1]).
    """

def assign_pixels(
    mask: typing.Annotated[numpy.typing.ArrayLike, numpy.uint8],
    point_pixel: typing.Annotated[numpy.typing.ArrayLike, numpy.int32],
) -> numpy.typing.NDArray[numpy.int32]:
    """
    Index of the nearest point of the same component for each mask pixel.
    """

@typing.overload
def batch_norm(
    x: numpy.typing.NDArray[numpy.float32],
    mean: numpy.typing.NDArray[numpy.float64],
    variance: numpy.typing.NDArray[numpy.float64],
    weight: numpy.typing.NDArray[numpy.float32],
    bias: numpy.typing.NDArray[numpy.float32],
    act: str,
    threads: typing.SupportsInt | typing.SupportsIndex,
    out: numpy.typing.NDArray[numpy.float32],
) -> None:
    """
    Fill `out` with normalised rows after activation.
    """

@typing.overload
def batch_norm(
    x: numpy.typing.NDArray[numpy.float64],
    mean: numpy.typing.NDArray[numpy.float64],
    variance: numpy.typing.NDArray[numpy.float64],
    weight: numpy.typing.NDArray[numpy.float64],
    bias: numpy.typing.NDArray[numpy.float64],
    act: str,
    threads: typing.SupportsInt | typing.SupportsIndex,
    out: numpy.typing.NDArray[numpy.float64],
) -> None:
    """
    Fill `out` with normalised rows after activation.
    """

@typing.overload
def batch_norm_backward(
    g: numpy.typing.NDArray[numpy.float32],
    x: numpy.typing.NDArray[numpy.float32],
    mean: numpy.typing.NDArray[numpy.float64],
    variance: numpy.typing.NDArray[numpy.float64],
    weight: numpy.typing.NDArray[numpy.float32],
    bias: numpy.typing.NDArray[numpy.float32],
    act: str,
    threads: typing.SupportsInt | typing.SupportsIndex,
    grad_x: numpy.typing.NDArray[numpy.float32],
    grad_weight: numpy.typing.NDArray[numpy.float32],
    grad_bias: numpy.typing.NDArray[numpy.float32],
) -> None:
    """
    Fill the last three with the derivatives of `batch_norm`.
    """

@typing.overload
def batch_norm_backward(
    g: numpy.typing.NDArray[numpy.float64],
    x: numpy.typing.NDArray[numpy.float64],
    mean: numpy.typing.NDArray[numpy.float64],
    variance: numpy.typing.NDArray[numpy.float64],
    weight: numpy.typing.NDArray[numpy.float64],
    bias: numpy.typing.NDArray[numpy.float64],
    act: str,
    threads: typing.SupportsInt | typing.SupportsIndex,
    grad_x: numpy.typing.NDArray[numpy.float64],
    grad_weight: numpy.typing.NDArray[numpy.float64],
    grad_bias: numpy.typing.NDArray[numpy.float64],
) -> None:
    """
    Fill the last three with the derivatives of `batch_norm`.
    """

def border_anchors(mask: numpy.typing.NDArray[numpy.uint8]) -> numpy.ndarray:
    """
    int64 [B, 2]: the middle pixel of each foreground run on the image frame.
    """

@typing.overload
def column_moments(
    x: numpy.typing.NDArray[numpy.float32],
    threads: typing.SupportsInt | typing.SupportsIndex,
    mean: numpy.typing.NDArray[numpy.float64],
    variance: numpy.typing.NDArray[numpy.float64],
) -> None:
    """
    Fill the last two with mean and variance of each column.
    """

@typing.overload
def column_moments(
    x: numpy.typing.NDArray[numpy.float64],
    threads: typing.SupportsInt | typing.SupportsIndex,
    mean: numpy.typing.NDArray[numpy.float64],
    variance: numpy.typing.NDArray[numpy.float64],
) -> None:
    """
    Fill the last two with mean and variance of each column.
    """

def count_boxes(
    mask: typing.Annotated[numpy.typing.ArrayLike, numpy.uint8],
    sides: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex],
) -> list[int]:
    """
    Boxes of each side that hold a one; boxes are aligned at the first pixel.
    """

def count_sectors(
    mask: typing.Annotated[numpy.typing.ArrayLike, numpy.uint8],
    row: typing.SupportsFloat | typing.SupportsIndex,
    col: typing.SupportsFloat | typing.SupportsIndex,
    inner_px: typing.SupportsFloat | typing.SupportsIndex,
    outer_px: typing.SupportsFloat | typing.SupportsIndex,
    excluded: typing.Annotated[numpy.typing.ArrayLike, numpy.uint8] | None = None,
) -> numpy.ndarray:
    """
    Pixels of centre, up, right, down, left: vessel, valid, whole [5, 3].
    """

def csr_from_edges(
    src: numpy.typing.NDArray[numpy.int64],
    dst: numpy.typing.NDArray[numpy.int64],
    num_src: typing.SupportsInt | typing.SupportsIndex,
    num_dst: typing.SupportsInt | typing.SupportsIndex,
) -> tuple:
    """
    rowptr, col, eid, colptr, row, slot, inv_deg of the edges src -> dst.
    """

def draw_mask(
    vessels: numpy.typing.NDArray[numpy.float64], side_px: typing.SupportsInt | typing.SupportsIndex
) -> numpy.typing.NDArray[numpy.bool]:
    """
    Mask of straight vessels [n, 5]: x0, y0, x1, y1, radius.
    """

def draw_vessels(
    vessels: numpy.typing.NDArray[numpy.float64],
    side_px: typing.SupportsInt | typing.SupportsIndex,
    block: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[numpy.typing.NDArray[numpy.bool], numpy.typing.NDArray[numpy.float32]]:
    """
    Mask of straight vessels and their image, which is `block` times smaller.
    """

def extract(
    mask: numpy.typing.NDArray[numpy.uint8],
    options: dict,
    intensity: typing.Any,
    excluded: typing.Annotated[numpy.typing.ArrayLike, numpy.uint8] | None,
    faz_mask: typing.Annotated[numpy.typing.ArrayLike, numpy.uint8] | None,
    keep: collections.abc.Sequence[str],
) -> dict:
    """
    Mask to graph, as a dict of arrays.
    """

def extract_image(
    image: numpy.typing.NDArray[numpy.float32],
    segmentation: dict,
    options: dict,
    intensity: typing.Any,
    excluded: typing.Annotated[numpy.typing.ArrayLike, numpy.uint8] | None,
    faz_mask: typing.Annotated[numpy.typing.ArrayLike, numpy.uint8] | None,
    keep: collections.abc.Sequence[str],
) -> dict:
    """
    Raw image to graph, as a dict of arrays.
    """

def faces(graph: SkeletonGraph) -> Faces:
    """
    Faces of the graph's skeleton.
    """

def fill_small(
    mask: typing.Annotated[numpy.typing.ArrayLike, numpy.uint8],
    area_px: typing.SupportsInt | typing.SupportsIndex,
    excluded: typing.Annotated[numpy.typing.ArrayLike, numpy.uint8] | None,
) -> numpy.typing.NDArray[numpy.bool]:
    """
    The mask with small background components filled.
    """

def find_faz(
    void: typing.Annotated[numpy.typing.ArrayLike, numpy.uint8],
    ica_label: typing.Annotated[numpy.typing.ArrayLike, numpy.int32],
    method: str = "auto",
    fov_mm: typing.SupportsFloat | typing.SupportsIndex = 3.0,
    faz_mask: typing.Annotated[numpy.typing.ArrayLike, numpy.uint8] | None = None,
    connectivity: typing.SupportsInt | typing.SupportsIndex = 8,
) -> tuple:
    """
    The foveal avascular zone among the areas: (label, method used, confidence).
    """

def form_image(
    vessels: numpy.typing.NDArray[numpy.float32],
    background: numpy.typing.NDArray[numpy.float32],
    options: dict,
    seed: typing.SupportsInt | typing.SupportsIndex,
    stream: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.uint8]:
    """
    Angiogram of vessels before a background; options are those of ImageOptions.
    """

def gaussian_taps(
    sigma: typing.SupportsFloat | typing.SupportsIndex,
    order: typing.SupportsInt | typing.SupportsIndex,
) -> list[float]:
    """
    Correlation taps of a Gaussian or its first or second derivative.
    """

def grow_vessels(
    options: dict,
    seed: typing.SupportsInt | typing.SupportsIndex,
    stream: typing.SupportsInt | typing.SupportsIndex,
) -> dict:
    """
    Arterial and venous trees, as a dict of arrays; options are those of GrowthOptions.
    """

def keep_freed_memory() -> bool:
    """
    Make the C library keep what is freed; returns whether it can.
    """

def label(
    mask: typing.Annotated[numpy.typing.ArrayLike, numpy.uint8],
    connectivity: typing.SupportsInt | typing.SupportsIndex,
    background: bool,
) -> tuple[numpy.typing.NDArray[numpy.int32], int]:
    """
    Labels of connected components and their number.
    """

def local_contrast(
    image: numpy.typing.NDArray[numpy.float32],
    sigma: typing.SupportsFloat | typing.SupportsIndex,
    scale: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]:
    """
    Image minus its Gaussian mean, enlarged.
    """

def match_faces(faces: Faces, ica_label: numpy.typing.NDArray[numpy.int32]) -> numpy.ndarray:
    """
    int32 [F]: the region that owns most pixels of each face, 0 if none.
    """

def merge_junctions(
    graph: SkeletonGraph,
    squared_distance: typing.Annotated[numpy.typing.ArrayLike, numpy.int32],
    merge_px: typing.SupportsFloat | typing.SupportsIndex,
) -> SkeletonGraph:
    """
    A copy of the graph in which close junctions at narrow places are one.
    """

def minimal_pass(
    skeleton: numpy.typing.NDArray[numpy.uint8], anchors: numpy.typing.NDArray[numpy.int64]
) -> numpy.typing.NDArray[numpy.bool]:
    """
    bool [H, W]: the skeleton without redundant pixels.
    """

def oriented(
    image: numpy.typing.NDArray[numpy.float32],
    sigma: typing.SupportsFloat | typing.SupportsIndex,
    scale: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]:
    """
    Contrast and strength of lines in any direction, enlarged.
    """

def outline_px(mask: typing.Annotated[numpy.typing.ArrayLike, numpy.uint8]) -> float:
    """
    Length of the contour of all ones.
    """

def prune(
    graph: SkeletonGraph,
    squared_distance: typing.Annotated[numpy.typing.ArrayLike, numpy.int32],
    method: str,
    bulge: typing.SupportsFloat | typing.SupportsIndex,
    max_rounds: typing.SupportsInt | typing.SupportsIndex,
) -> SkeletonGraph:
    """
    A copy of the graph without its spurs.
    """

def random_beta(
    seed: typing.SupportsInt | typing.SupportsIndex,
    stream: typing.SupportsInt | typing.SupportsIndex,
    alpha: typing.SupportsFloat | typing.SupportsIndex,
    beta: typing.SupportsFloat | typing.SupportsIndex,
    count: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float64]:
    """
    Beta variates from the beginning of a stream.
    """

def random_stream(
    seed: typing.SupportsInt | typing.SupportsIndex,
    stream: typing.SupportsInt | typing.SupportsIndex,
    count: typing.SupportsInt | typing.SupportsIndex,
    normal: bool,
) -> numpy.typing.NDArray[numpy.float64]:
    """
    The first uniform or normal numbers of a stream.
    """

def region_table(
    labels: typing.Annotated[numpy.typing.ArrayLike, numpy.int32], intensity: typing.Any = None
) -> tuple:
    """
    Shape and intensity of every region: (columns, values [R, F], label_id [R], bbox [R, 4]).
    """

def resample_scores(
    truth: typing.Annotated[numpy.typing.ArrayLike, numpy.int32],
    predicted: typing.Annotated[numpy.typing.ArrayLike, numpy.int32],
    probability: typing.Annotated[numpy.typing.ArrayLike, numpy.float64],
    group: typing.Annotated[numpy.typing.ArrayLike, numpy.int32],
    times: typing.Annotated[numpy.typing.ArrayLike, numpy.int32],
    classes: typing.SupportsInt | typing.SupportsIndex,
) -> tuple:
    """
    Scores of B resamples: (confusion [B, C, C], auroc [B, C], average_precision [B, C]).
    """

def resize_cubic(
    image: numpy.typing.NDArray[numpy.float32], scale: typing.SupportsInt | typing.SupportsIndex
) -> numpy.typing.NDArray[numpy.float32]:
    """
    Catmull-Rom enlargement by an integer factor.
    """

def ridge(
    image: numpy.typing.NDArray[numpy.float32],
    sigmas_px: collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex],
    normalise: bool,
    scale: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float32]:
    """
    Multiscale ridge strength of the enlarged image.
    """

@typing.overload
def sage_layer(
    h: list[numpy.typing.NDArray[numpy.float32]],
    self: list[numpy.typing.NDArray[numpy.float32]],
    nbr: list[numpy.typing.NDArray[numpy.float32]],
    bias: list[numpy.typing.NDArray[numpy.float32]],
    csr: list[numpy.typing.NDArray[numpy.int32]],
    relations: collections.abc.Sequence[
        tuple[typing.SupportsInt | typing.SupportsIndex, typing.SupportsInt | typing.SupportsIndex]
    ],
    act: str,
    threads: typing.SupportsInt | typing.SupportsIndex,
    out: list[numpy.typing.NDArray[numpy.float32]],
) -> None:
    """
    Fill `out` with the values of a graph layer.
    """

@typing.overload
def sage_layer(
    h: list[numpy.typing.NDArray[numpy.float64]],
    self: list[numpy.typing.NDArray[numpy.float64]],
    nbr: list[numpy.typing.NDArray[numpy.float64]],
    bias: list[numpy.typing.NDArray[numpy.float64]],
    csr: list[numpy.typing.NDArray[numpy.int32]],
    relations: collections.abc.Sequence[
        tuple[typing.SupportsInt | typing.SupportsIndex, typing.SupportsInt | typing.SupportsIndex]
    ],
    act: str,
    threads: typing.SupportsInt | typing.SupportsIndex,
    out: list[numpy.typing.NDArray[numpy.float64]],
) -> None:
    """
    Fill `out` with the values of a graph layer.
    """

@typing.overload
def sage_layer_backward(
    g: list[numpy.typing.NDArray[numpy.float32]],
    out: list[numpy.typing.NDArray[numpy.float32]],
    h: list[numpy.typing.NDArray[numpy.float32]],
    self: list[numpy.typing.NDArray[numpy.float32]],
    nbr: list[numpy.typing.NDArray[numpy.float32]],
    csr: list[numpy.typing.NDArray[numpy.int32]],
    relations: collections.abc.Sequence[
        tuple[typing.SupportsInt | typing.SupportsIndex, typing.SupportsInt | typing.SupportsIndex]
    ],
    act: str,
    threads: typing.SupportsInt | typing.SupportsIndex,
    grad_h: list[numpy.typing.NDArray[numpy.float32]],
    grad_self: list[numpy.typing.NDArray[numpy.float32]],
    grad_nbr: list[numpy.typing.NDArray[numpy.float32]],
    grad_bias: list[numpy.typing.NDArray[numpy.float32]],
) -> None:
    """
    Fill the last four with the derivatives of a graph layer.
    """

@typing.overload
def sage_layer_backward(
    g: list[numpy.typing.NDArray[numpy.float64]],
    out: list[numpy.typing.NDArray[numpy.float64]],
    h: list[numpy.typing.NDArray[numpy.float64]],
    self: list[numpy.typing.NDArray[numpy.float64]],
    nbr: list[numpy.typing.NDArray[numpy.float64]],
    csr: list[numpy.typing.NDArray[numpy.int32]],
    relations: collections.abc.Sequence[
        tuple[typing.SupportsInt | typing.SupportsIndex, typing.SupportsInt | typing.SupportsIndex]
    ],
    act: str,
    threads: typing.SupportsInt | typing.SupportsIndex,
    grad_h: list[numpy.typing.NDArray[numpy.float64]],
    grad_self: list[numpy.typing.NDArray[numpy.float64]],
    grad_nbr: list[numpy.typing.NDArray[numpy.float64]],
    grad_bias: list[numpy.typing.NDArray[numpy.float64]],
) -> None:
    """
    Fill the last four with the derivatives of a graph layer.
    """

def segment(
    image: numpy.typing.NDArray[numpy.float32], options: dict
) -> numpy.typing.NDArray[numpy.bool]:
    """
    Vessel mask of a raw image; options are the fields of SegmentConfig.
    """

def segment_table(
    graph: SkeletonGraph,
    mask: typing.Annotated[numpy.typing.ArrayLike, numpy.uint8],
    squared_distance: typing.Annotated[numpy.typing.ArrayLike, numpy.int32],
    mode: str,
    intensity: typing.Any = None,
) -> tuple[list[str], numpy.ndarray]:
    """
    Column names and values [S, F].
    """

def set_simd_target(target: str) -> None:
    """
    Force an instruction set for the whole process.
    """

def simd_target() -> str:
    """
    Name of the instruction set that the kernels use.
    """

def simd_targets() -> list[str]:
    """
    Names of the instruction sets this processor offers, ascending.
    """

def squared_distance(
    mask: typing.Annotated[numpy.typing.ArrayLike, numpy.uint8], frame: str
) -> numpy.typing.NDArray[numpy.int32]:
    """
    Squared distance (px^2) from each vessel pixel to the nearest background pixel.
    """

def thin(
    mask: numpy.typing.NDArray[numpy.uint8], method: str, border: str
) -> numpy.typing.NDArray[numpy.bool]:
    """
    bool [H, W]: the mask thinned to lines one pixel wide.
    """

def trace(
    skeleton: typing.Annotated[numpy.typing.ArrayLike, numpy.uint8],
    anchors: typing.Annotated[numpy.typing.ArrayLike, numpy.int64],
) -> SkeletonGraph:
    """
    Graph of a skeleton, which is made minimal first.
    """
