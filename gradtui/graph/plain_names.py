"""What a node is called by someone who does not know torch's names: `+`, `^2`, `· 3`, `x`. Pure."""

from __future__ import annotations

import re

from msgspec.structs import replace

from gradtui.graph.operands import kept, operation
from gradtui.snapshot.model import Node, Snapshot
from gradtui.snapshot.numbers import numbers

SIGNS = {"Add": "+", "Sub": "−", "Mul": "·", "Div": "/", "Pow": "^", "Mm": "@", "Bmm": "@", "Dot": "@", "Mv": "@"}
"""Operations of two operands that are written with a sign."""
OTHERS = {"Rsub": "… −", "Neg": "− …", "Reciprocal": "1/…", "Abs": "|…|", "Sqrt": "√", "AccumulateGrad": "sum"}


def plain_name(node: Node) -> str:
    """`· 3` for MulBackward0 where the other operand is a constant, `sin` for SinBackward0, `x` for its AccumulateGrad."""
    if node.name == "AccumulateGrad":
        return node.variable or OTHERS[node.name]
    of = operation(node)
    sign = SIGNS.get(of)
    if sign is None:
        return OTHERS.get(of) or re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", of).lower()
    constants = [edge.constant if edge.target is None else None for edge in node.edges]
    if of == "Pow":
        if len(node.edges) == 1:
            base = node.name == "PowBackward2"
            other = kept(node, "self" if base else "exponent")
            return sign if other is None else f"{numbers(other)}^" if base else f"^{numbers(other)}"
        if constants[:1] != [None] and constants:
            return f"{constants[0]}^"
        return f"^{constants[-1]}" if constants and constants[-1] else sign
    if constants and constants[0]:
        return f"{constants[0]} {sign}" if of in ("Sub", "Div") else f"{sign} {constants[0]}"
    return f"{sign} {constants[-1]}" if constants and constants[-1] else sign


def plainly(snapshot: Snapshot) -> Snapshot:
    """The same with plain names, for a drawing."""
    nodes = tuple(replace(node, name=plain_name(node)) for node in snapshot.graph.nodes)
    return replace(snapshot, graph=replace(snapshot.graph, nodes=nodes))
