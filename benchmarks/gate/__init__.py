# SPDX-License-Identifier: Apache-2.0
"""The parts of `compare.py`, which holds one commit's speed against another's.

`worker`, `workloads` and `inputs` run inside an environment with NumPy and one version of gftcore,
old ones too; everything else needs the standard library only.
"""
