# SPDX-License-Identifier: Apache-2.0
"""What users run today: the same steps by the well-known libraries, at their best settings."""
