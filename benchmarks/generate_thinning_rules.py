# SPDX-License-Identifier: Apache-2.0
"""Write ``cpp/src/simd/thinning_rules.inl``: the thinning rules as bit-parallel circuits.

A rule says for each of the 256 neighbourhoods whether a foreground pixel is deleted. Seen as a
Boolean function of eight variables it becomes a decision diagram: every function that depends on
at most three variables is one table look-up (one ``vpternlog``), every other node a multiplexer
(another one). The order of the variables is the best of all orders, found by trying them.

    python benchmarks/generate_thinning_rules.py > cpp/src/simd/thinning_rules.inl
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Sequence

NEIGHBOURS = ("nw", "n", "ne", "e", "se", "s", "sw", "w")  # bit 0 .. bit 7 of a neighbourhood
P_OF_BIT = (9, 2, 3, 4, 5, 6, 7, 8)  # the names P2..P9 of the literature

# Table of scikit-image 0.26, skimage/morphology/_skeletonize_various_cy.pyx, function
# _fast_skeletonize. Copyright: 2009-2022 the scikit-image team, BSD-3-Clause.
SKIMAGE = (
    "0001001300311013000000002020303300000000300000000000000020003022"
    "0000000000000000000000000000000020000000200020003000000030003020"
    "0031001300000001000000000000000131000000000000002000000000000000"
    "2313001300000001000000000000000023010001000000003301000022002000"
)


def neighbours(code: int) -> dict[int, int]:
    return {p: (code >> bit) & 1 for bit, p in enumerate(P_OF_BIT)}


def crossings(p: dict[int, int]) -> int:
    after = {2: 4, 4: 6, 6: 8, 8: 2}
    return sum(1 - p[k] and (p[k + 1] | p[after[k]]) for k in after)


def guo_hall(code: int, second: bool) -> bool:
    p = neighbours(code)
    n1 = (p[9] | p[2]) + (p[3] | p[4]) + (p[5] | p[6]) + (p[7] | p[8])
    n2 = (p[2] | p[3]) + (p[4] | p[5]) + (p[6] | p[7]) + (p[8] | p[9])
    kept = (p[2] | p[3] | 1 - p[5]) & p[4] if second else (p[6] | p[7] | 1 - p[9]) & p[8]
    return crossings(p) == 1 and 2 <= min(n1, n2) <= 3 and not kept


def zhang_suen(code: int, second: bool) -> bool:
    p = neighbours(code)
    ring = [p[k] for k in range(2, 10)]
    steps = sum(a < b for a, b in zip(ring, ring[1:] + ring[:1], strict=True))
    kept = p[2] & p[8] & (p[4] | p[6]) if second else p[4] & p[6] & (p[2] | p[8])
    return steps == 1 and 2 <= sum(ring) <= 6 and not kept


RULES: dict[str, Callable[[int], bool]] = {
    "GuoHallFirst": lambda code: guo_hall(code, False),
    "GuoHallSecond": lambda code: guo_hall(code, True),
    "ZhangSuenFirst": lambda code: zhang_suen(code, False),
    "ZhangSuenSecond": lambda code: zhang_suen(code, True),
    "SkimageFirst": lambda code: SKIMAGE[code] in "13",
    "SkimageSecond": lambda code: SKIMAGE[code] in "23",
}

# The eight 3-variable tables that need no operation: constants and plain variables.
FREE = {0x00: "0", 0xFF: "1", 0xF0: "a", 0xCC: "b", 0xAA: "c"}


def leaves_of(rule: Sequence[bool], order: Sequence[int]) -> list[int]:
    """Tables of the last three variables, for all values of the first five."""
    bits = []
    for index in range(256):
        code = sum(1 << order[level] for level in range(8) if index >> (7 - level) & 1)
        bits.append(rule[code])
    return [sum(bits[8 * k + j] << j for j in range(8)) for k in range(32)]


def fold(leaves: list[int]) -> tuple[int, list[tuple[object, int, object, object]]]:
    """Merge equal halves level by level; returns the number of operations and the muxes."""
    muxes: list[tuple[object, int, object, object]] = []
    nodes: list[object] = list(leaves)
    for level in range(4, -1, -1):
        known: dict[tuple[object, object], object] = {}
        merged = []
        for low, high in zip(nodes[::2], nodes[1::2], strict=True):
            if low != high and (low, high) not in known:
                known[low, high] = f"m{len(muxes)}"
                muxes.append((known[low, high], level, high, low))
            merged.append(low if low == high else known[low, high])
        nodes = merged
    return len(muxes) + len(set(leaves) - set(FREE)), muxes


def best_order(rule: Sequence[bool]) -> list[int]:
    orders = (
        [*upper, *(k for k in range(8) if k not in upper)]
        for upper in itertools.permutations(range(8), 5)
    )
    return min(orders, key=lambda order: fold(leaves_of(rule, order))[0])


def mux(select: str, high: str, low: str) -> str:
    if low == "0":
        return f"{select} & {high}" if high != "1" else select
    if high == "0":
        return f"~{select} & {low}" if low != "1" else f"~{select}"
    if high == "1":
        return f"{select} | {low}"
    if low == "1":
        return f"~{select} | {high}"
    return f"choose({select}, {high}, {low})"


def emit(name: str, rule: Sequence[bool]) -> str:
    order = best_order(rule)
    names = [f"p.{NEIGHBOURS[k]}" for k in order]
    leaves = leaves_of(rule, order)
    _, muxes = fold(leaves)
    text = {table: f"t{table:02x}" for table in set(leaves)}
    text |= dict(zip(FREE, ("0", "1", *names[5:]), strict=True))
    lines = [
        f"    const Vector {text[table]} = table<0x{table:02x}>({', '.join(names[5:])});"
        for table in sorted(set(leaves) - set(FREE))
    ]
    for target, level, high, low in muxes:
        value = mux(names[level], *(text.get(x, x) for x in (high, low)))
        head = "return" if target == muxes[-1][0] else f"const Vector {target} ="
        lines.append(f"    {head} {value};")
    body = "\n".join(lines)
    return f"struct {name} {{\n  static Vector deletes(const Window& p) {{\n{body}\n  }}\n}};\n"


def main() -> None:
    sys.stdout.write(
        "// SPDX-License-Identifier: Apache-2.0\n"
        "// Generated by benchmarks/generate_thinning_rules.py; do not edit.\n"
        "//\n"
        "// The rules Skimage* are the table of scikit-image 0.26, _fast_skeletonize,\n"
        "// Copyright: 2009-2022 the scikit-image team, BSD-3-Clause.\n"
        "//\n"
        "// Bit by bit: table<T>(a, b, c) is bit 4a + 2b + c of T, choose(s, a, b) is s ? a : b.\n"
    )
    for name, rule in RULES.items():
        sys.stdout.write("\n" + emit(name, [rule(code) for code in range(256)]))


if __name__ == "__main__":
    main()
