# SPDX-License-Identifier: Apache-2.0
"""Sphinx settings. Build with `sphinx-build -W -n -b html docs docs/_build`; needs no network."""

import gftcore

project = "gftcore"
author = "The gftcore authors"
copyright = author
release = version = gftcore.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.doctest",
]
exclude_patterns = ["_build"]
source_suffix = {".md": "markdown"}
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = f"gftcore {release}"

# `name` in a docstring becomes a link where it names something public, else emphasis.
default_role = "autolink"

# Reference pages list their names by hand, so nothing is generated into the source tree.
autosummary_generate = False
autodoc_default_options = {"members": True, "member-order": "bysource"}
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

# Types of other packages, and the private classes of the compiled core, have no page here.
nitpick_ignore_regex = [
    ("py:.*", r"(np|numpy|networkx|skimage|typing|collections|pathlib)(\..*)?"),
    ("py:.*", r"(torch|torch_geometric|captum)(\..*)?"),
    ("py:class", r"(Any|ArrayLike|NDArray|Iterable|Iterator|Mapping|Sequence|Literal|ClassVar)"),
    (
        "py:class",
        r"(Path|HeteroData|MultiGraph|Channel|Method|Target|Baseline|Unit|BoolImage|Scaling|Scene"
        r"|Tensor|Eye)",
    ),
    ("py:class", r"gftcore\._core\..*"),
    ("py:class", r"AnyGraph|Column|gftcore\.formats\.\w+_graph\..*"),  # aliases; private modules
    ("py:obj", r"values|edge_ends"),
    # Sphinx cuts `tuple[float, ...]`, where it is a parameter, at its comma.
    ("py:class", r"tuple\[float"),
]

# Only the examples of the guide; those of docstrings need the names of their own module.
doctest_test_doctest_blocks = ""
