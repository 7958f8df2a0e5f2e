"""What stands on a node and on an edge in a drawing: the same words in every format."""

from __future__ import annotations

from gradtui.graph.short_names import again
from gradtui.snapshot.model import Edge, Node, Values
from gradtui.snapshot.numbers import SIGNIFICANT, number, numbers
from gradtui.snapshot.visible import visible

LONGEST = 40
ELEMENTS = 3


def node_lines(node: Node) -> list[str]:
    """Its name, the text, parameter or module that made it, its value and gradient. Plain text, each line visible."""
    value, grad = value_and_grad(node)
    both = "   ".join([value] * bool(value) + [f"ḡ {grad}"] * bool(grad))
    numbers = [both] if len(both) <= LONGEST else [_cut(value), _cut(f"ḡ {grad}")]
    return [line for line in (*name_lines(node), *numbers) if line]


def name_lines(node: Node) -> list[str]:
    """Those that say which it is."""
    lines = [node.name]
    if node.variable is not None:
        lines.append(node.variable)
    elif node.source is not None:
        lines.append(again(node) + " ".join(node.source.text.split()))
    if node.module:
        lines.append(node.module)
    return [_cut(visible(line)) for line in lines if line]


def value_and_grad(node: Node) -> tuple[str, str]:
    """Either is empty where there is none."""
    return _short(node.value, node), _short(node.grad_output, node)


def edge_text(edge: Edge, node: Node) -> str:
    """The gradient that `node` sent along it; empty where there is none."""
    return _short(edge.grad, node)


def constant_text(edge: Edge) -> str:
    """What stands on an edge to nothing; empty where it is not known."""
    return _cut(visible(edge.constant or "")) if edge.target is None else ""


def _short(values: Values | None, node: Node) -> str:
    if values is None:
        return ""
    if values.summary is not None or len(values.numbers) > ELEMENTS:
        return f"norm {number(values.norm, 3)}"
    return numbers(values, SIGNIFICANT.get(node.dtype, 7) if not values.shape else 5)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
