"""How a node and a tensor are called in a few words."""

from __future__ import annotations

from gradtui.snapshot.model import Graph, Node, Values
from gradtui.snapshot.numbers import number, numbers


def title(node: Node) -> str:
    """How a node is called where it is only mentioned: its variable, else its text, else its name."""
    return node.variable or (again(node) + node.source.text if node.source else node.name)


def receiver(node: Node, target: Node) -> str:
    """How that is called to which `node` sends; by its name where both are of one text, as within `cross_entropy(z, 0)`."""
    called = title(target)
    return target.name if called == title(node) and not target.variable else called


def again(node: Node) -> str:
    """What stands before the text of a node that a backward pass made: `∂ sin(x)`, one sign for each pass."""
    return f"{'∂' * node.order} " if node.order else ""


def function(graph: Graph) -> str:
    """What a graph is of: `f`, or `f'` where it is that of the gradient."""
    return "f" + "'" * graph.derivative


def short(values: Values | None, digits: int) -> str:
    """A tensor on a few cells: its numbers, or shape and norm where there are too many."""
    if values is None or values.summary is None:
        return numbers(values, digits)
    summary = values.summary
    bad = f" {summary.nan} nan" if summary.nan else f" {summary.inf} inf" if summary.inf else ""
    shape = f"{'×'.join(map(str, values.shape))} " if values.numbers else ""
    return f"{shape}norm {number(summary.norm, 4)}{bad}"
