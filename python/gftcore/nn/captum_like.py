# SPDX-License-Identifier: Apache-2.0
"""Integrated gradients of torch modules by the compiled core, called as captum's are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np

from gftcore._lazy import require
from gftcore._validation import describe, require_bool, require_int
from gftcore.attribution import integrated_gradients
from gftcore.errors import ArgumentError, ArgumentTypeError, ShapeError
from gftcore.graph.batch import DIRECTED, GraphBatch
from gftcore.graph.hetero_graph import NODE_TYPES

require("torch", extra="train", user="gftcore.nn")

import torch  # noqa: E402
from torch import Tensor, nn  # noqa: E402

from gftcore.nn.modules import GraphNetwork  # noqa: E402
from gftcore.nn.pyg import model_of  # noqa: E402

if TYPE_CHECKING:
    from gftcore.attribution import Attribution
    from gftcore.model.config import ModelConfig
    from gftcore.model.files import Model

__all__ = ["IntegratedGradients"]

Method = Literal["secant", "gausslegendre", "riemann_left", "riemann_right", "riemann_middle",
                 "riemann_trapezoid"]  # fmt: skip
Tensors = Tensor | Sequence[Tensor] | Mapping[str, Tensor]
EdgeKind = tuple[str, str, str]

_MOST_STEPS = 4096

#: Of the logits' scale: how far those of the module and of the core may lie apart.
_AGREEMENT = {torch.float64: 1e-9, torch.float32: 1e-4}


class IntegratedGradients:
    """What `captum.attr.IntegratedGradients` is, for networks that this package can run itself.

    The module's weights are read at each call, and its own logits at both ends of the path have to
    be those of the compiled network, so that a module which computes something else is refused.

    Parameters
    ----------
    forward_func
        A `GraphNetwork`; a `PygNetwork`, or a module with the same parameter names, ``config`` and
        forward of ``(x_dict, edge_index_dict)``; or one of the latter two behind
        `torch_geometric.nn.to_captum_model` with ``mask_type="node"``. In evaluation mode, on the
        CPU, in float32 or float64.
    multiply_by_inputs
        Only True.

    Raises
    ------
    ArgumentError
        If the module is none of these.

    Examples
    --------
    >>> from gftcore import graph, model, nn
    >>> features = model.FeatureSet(columns=("length",), mean=(1,), sd=(2,))
    >>> config = model.ModelConfig(features={"vessel": features}, hidden=16)
    >>> network = nn.PygNetwork(config).eval()
    >>> bar = graph.extract([[0, 0, 0], [1, 1, 1], [0, 0, 0]])
    >>> data = model.standardised_batch(config, [bar]).to_hetero()
    >>> found, delta = nn.IntegratedGradients(network).attribute(
    ...     data.x_dict, target=1, additional_forward_args=data.edge_index_dict,
    ...     return_convergence_delta=True,
    ... )
    >>> found["vessel"].shape, delta.shape
    (torch.Size([1, 1]), torch.Size([1]))
    """

    def __init__(self, forward_func: nn.Module, multiply_by_inputs: bool = True) -> None:
        if not require_bool(multiply_by_inputs, "multiply_by_inputs"):
            raise ArgumentError("multiply_by_inputs must be True, the only way that is here")
        if not isinstance(forward_func, nn.Module):
            raise ArgumentTypeError(
                "forward_func must be a GraphNetwork or a network as PygNetwork, whose weights can "
                f"be read, got {describe(forward_func)}"
            )
        self.forward_func = forward_func
        self._network, self._types = _unwrapped(forward_func)
        self._read: Model | None = None
        self._model()

    def attribute(
        self,
        inputs: Tensors,
        baselines: Tensors | float | Sequence[float] | None = None,
        target: int | Sequence[int] | Tensor | None = None,
        additional_forward_args: object = None,
        n_steps: int = 50,
        method: Method = "gausslegendre",
        internal_batch_size: int | None = None,
        return_convergence_delta: bool = False,
    ) -> Any:
        """Contributions of the features of one graph to a logit.

        Parameters
        ----------
        inputs
            Standardised features. A dict of node types to [N_t, F_t]; or, for a module from
            `to_captum_model`, tensors [1, N_t, F_t] as `to_captum_input` returns them.
        baselines
            Of the same form; numbers stand for tensors of that value; None means 0.
        target
            Number of the class; None means the predicted one.
        additional_forward_args
            Edges: (source, relation, target) to [2, E]; or a tuple that holds this dict alone.
        n_steps, method
            As captum's, but that ``riemann_trapezoid`` has n + 1 points, whose weights sum to 1;
            and ``secant``, see `gftcore.attribution.integrated_gradients`.
        internal_batch_size
            Has no effect: memory does not grow with the number of steps.
        return_convergence_delta
            Whether to return the completeness gap [1], too.

        Returns
        -------
        Tensors of the form, shape and precision of `inputs`; with the gap, a pair.

        Raises
        ------
        ArgumentError, ArgumentTypeError, ShapeError
            If an argument does not fit the network, the network is in training mode or not on the
            CPU, or its logits are not those of the compiled network.
        """
        del internal_batch_size
        model = self._model()
        config = model.config
        dtype = self._dtype()
        names, x = self._by_type(inputs, "inputs", dtype)
        x0 = self._start(baselines, names, x, dtype)
        edges = _edges(additional_forward_args, config)
        places = len(config.classes)
        word = None if target is None else config.classes[_place(target, places)]
        rows = {name: x[name].detach().numpy() for name in names}
        found: Attribution
        (found,) = integrated_gradients(
            model,
            GraphBatch.from_arrays(
                {name: rows.get(name, np.zeros((0, 0))) for name in NODE_TYPES},
                {relation: ends.numpy() for (_, relation, _), ends in edges.items()},
            ),
            target=word,
            method=method,
            n=require_int(n_steps, "n_steps", 1, _MOST_STEPS),
            baseline={name: x0[name].detach().numpy() for name in config.types},
            estimate_error=False,
            dtype="float64" if dtype == torch.float64 else "float32",
        )
        assert found.nodes is not None
        for values, ours in ((x, found.logits), (x0, found.logits_baseline)):
            self._require_same(values, edges, np.asarray(ours), dtype)
        parts = {
            name: torch.tensor(found.nodes.attributions[name], dtype=dtype)
            if name in config.types
            else torch.zeros_like(x[name])
            for name in names
        }
        out = self._as_given(parts)
        if not require_bool(return_convergence_delta, "return_convergence_delta"):
            return out
        return out, torch.tensor([found.nodes.completeness_gap], dtype=dtype)

    def has_convergence_delta(self) -> bool:
        """Return True, as captum does."""
        return True

    def _model(self) -> Model:
        """The module's weights as they are now; kept, with its compiled form, while they stay."""
        network = self._network
        now = network.to_model() if isinstance(network, GraphNetwork) else model_of(network)
        before = self._read
        if before is None or before.sha256 != now.sha256:
            self._read = before = now
        return before

    def _dtype(self) -> torch.dtype:
        if any(part.training for part in self._network.modules()):
            raise ArgumentError("forward_func must be in evaluation mode; call its eval()")
        tensors = [*self._network.parameters()]
        kinds = {(tensor.dtype, tensor.device.type) for tensor in tensors}
        (dtype, device), *others = kinds
        if others or device != "cpu" or dtype not in _AGREEMENT:
            raise ArgumentError(
                "forward_func must have all parameters on the CPU, in float32 or float64, got "
                + ", ".join(sorted(f"{d} on {where}" for d, where in kinds))
            )
        return dtype

    def _by_type(
        self, values: object, label: str, dtype: torch.dtype
    ) -> tuple[tuple[str, ...], dict[str, Tensor]]:
        """Return types in the caller's order, and type to [N_t, F_t]."""
        if self._types is None:
            if not isinstance(values, Mapping):
                raise ArgumentTypeError(
                    f"{label} must map node types to features, got {describe(values)}"
                )
            each = dict(values)
        else:
            if not isinstance(values, (tuple, list)) or len(values) != len(self._types):
                raise ArgumentTypeError(
                    f"{label} must be {len(self._types)} tensors, of {', '.join(self._types)}, got "
                    f"{describe(values)}"
                )
            each = dict(zip(self._types, values, strict=True))
        config = cast("Model", self._read).config
        unknown = [str(name) for name in each if name not in NODE_TYPES]
        missing = [name for name in config.types if name not in each]
        if unknown or missing:
            raise ArgumentError(
                f"{label} must have the node types {', '.join(config.types)}, got "
                f"{', '.join(map(str, each)):.200}"
            )
        return tuple(each), {
            name: self._features(one, f"{label} of {name}", dtype) for name, one in each.items()
        }

    def _features(self, value: object, label: str, dtype: torch.dtype) -> Tensor:
        if not isinstance(value, Tensor) or value.dtype != dtype or value.device.type != "cpu":
            got = f"{value.dtype} on {value.device}" if isinstance(value, Tensor) else None
            raise ArgumentTypeError(
                f"{label} must be a tensor of {dtype} on the CPU, as the parameters are, got "
                f"{got or describe(value)}"
            )
        if self._types is None:
            rows = value
        elif value.ndim == 3 and len(value) == 1:
            rows = value[0]
        else:
            raise ShapeError(f"{label} must have shape [1, N, F], got {tuple(value.shape)}")
        if rows.ndim != 2:
            raise ShapeError(f"{label} must have shape [N, F], got {tuple(value.shape)}")
        return rows

    def _start(
        self, baselines: object, names: Sequence[str], x: Mapping[str, Tensor], dtype: torch.dtype
    ) -> dict[str, Tensor]:
        if baselines is None or isinstance(baselines, (int, float)):
            return {name: torch.full_like(x[name], baselines or 0) for name in names}
        given = (
            list(baselines.values())
            if isinstance(baselines, Mapping)
            else list(cast("Sequence[object]", baselines))
        )
        keys = list(baselines) if isinstance(baselines, Mapping) else list(names)
        if sorted(map(str, keys)) != sorted(names) or len(given) != len(keys):
            raise ArgumentError(f"baselines must be those of {', '.join(names)}")
        place = dict(zip(keys, given, strict=True))
        full: dict[str, Tensor] = {}
        for name in names:
            value = place[name]
            if isinstance(value, (int, float)):
                full[name] = torch.full_like(x[name], value)
                continue
            rows = self._features(value, f"baselines of {name}", dtype)
            if rows.shape != x[name].shape:
                raise ShapeError(
                    f"baselines of {name} must have shape {tuple(x[name].shape)}, as the inputs, "
                    f"got {tuple(rows.shape)}"
                )
            full[name] = rows
        return full

    def _require_same(
        self,
        x: Mapping[str, Tensor],
        edges: Mapping[EdgeKind, Tensor],
        ours: np.ndarray,
        dtype: torch.dtype,
    ) -> None:
        """Refuse a module whose own logits are others."""
        if isinstance(self._network, GraphNetwork):
            return  # its forward is ours
        with torch.no_grad():
            found = self._network(dict(x), dict(edges))
        theirs = found.numpy() if isinstance(found, Tensor) else np.zeros(0)
        scale = max(float(np.abs(ours).max()), 1.0)
        if theirs.shape != (1, len(ours)) or not (
            np.abs(theirs[0] - ours).max() <= _AGREEMENT[dtype] * scale
        ):
            raise ArgumentError(
                "forward_func must compute what a PygNetwork of its config and weights does; its "
                f"logits are {theirs.tolist()!s:.80} instead of {[ours.tolist()]!s:.80}"
            )

    def _as_given(self, parts: Mapping[str, Tensor]) -> Any:
        if self._types is None:
            return dict(parts)
        return tuple(parts[name][None] for name in self._types)


def _unwrapped(module: nn.Module) -> tuple[nn.Module, tuple[str, ...] | None]:
    """Return the network, and behind PyG's wrapper the types of its inputs in their order."""
    if type(module).__module__ != "torch_geometric.explain.algorithm.captum":
        return module, None
    pyg = require("torch_geometric.explain.algorithm.captum", extra="train", user="gftcore.nn")
    if not isinstance(module, pyg.CaptumHeteroModel):
        raise ArgumentError("forward_func must be made by to_captum_model with metadata")
    if module.mask_type != pyg.MaskLevelType.node:
        raise ArgumentError(
            f"forward_func must have mask_type 'node', got '{module.mask_type.value}'; for edges "
            "use gftcore.attribution.integrated_gradients"
        )
    if module.output_idx is not None or module.model_config is not None:
        raise ArgumentError("forward_func must give the logits of one graph, without output_idx")
    return cast("nn.Module", module.model), tuple(module.node_types)


def _edges(given: object, config: ModelConfig) -> dict[EdgeKind, Tensor]:
    if isinstance(given, tuple) and len(given) == 1:
        (given,) = given
    if not isinstance(given, Mapping):
        raise ArgumentTypeError(
            "additional_forward_args must be the dict of edges, (source, relation, target) to "
            f"[2, E], alone, got {describe(given)}"
        )
    edges: dict[EdgeKind, Tensor] = {}
    for relation in config.relations or ():
        kind = (DIRECTED[relation][0], relation, DIRECTED[relation][1])
        ends = given.get(kind)
        if not isinstance(ends, Tensor):
            # PyG leaves a missing relation out, with its bias and the root's matrix.
            raise ArgumentError(
                f"additional_forward_args must have edges {kind!r}, an empty [2, 0] if there are "
                f"none, got {describe(ends)}"
            )
        edges[kind] = ends
    return edges


def _place(target: object, classes: int) -> int:
    if isinstance(target, Tensor) and target.numel() == 1:
        target = int(target.item())
    elif isinstance(target, (list, tuple)) and len(target) == 1:
        (target,) = target
    return require_int(target, "target", 0, classes - 1)
