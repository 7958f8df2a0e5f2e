"""What a grad_fn does to the gradient, in the field's notation, and with the numbers of a node put in. Pure.

The operands are called a, b, c in the order of `next_functions`, the result y, and ḡ is the gradient that came in;
parameters have torch's own names.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from gradtui.grad_fns.elementwise_rules import ELEMENTWISE, FROM_2_14
from gradtui.grad_fns.other_devices import known_as
from gradtui.grad_fns.tensor_rules import TENSORS
from gradtui.snapshot.model import Edge, Graph, Node, Values
from gradtui.snapshot.numbers import SIGNIFICANT, number, numbers

MOST_ELEMENTS = 4
"""Longer vectors are not put into a formula."""

ARGUMENTS = {"ClampBackward0": ("self", "min", "max"), "LerpBackward1": ("self", "end", "weight")}
"""torch's names of the operands, under which a node saves them, where these are not `self` and `other`."""

FACTORS = ("alpha", "beta", "value", "scale", "correction")
"""Parameters that go unwritten as a factor where they are 1."""

_LETTERS = "abcdefghijklmnopqrstuvw"
_NAME = re.compile(r"\b[A-Za-z_]\w*\b(?!\()")
_DIGIT_POWER = re.compile(r"\^(\d)(?![\w.])")
_ATOM = re.compile(r"\w+|\w+\([^()]*\)")
_UNSIGNED = re.compile(r"[\d.]+|\[.*\]")


class Rule(NamedTuple):
    """A row of the table, as text of our language (`*` and `^`).

    gradients: for each operand the partial derivative of y where `elementwise`, else what the operand gets; the last
    one stands for all further operands.
    """

    forward: str
    gradients: tuple[str, ...]
    elementwise: bool

    def gradient(self, edge: int) -> str:
        """The rule for the operand at this edge, bare: `b`, `ḡ @ bᵀ`."""
        return self.gradients[min(edge, len(self.gradients) - 1)]

    def head(self, edge: int) -> str:
        """What stands before it: `∂(a·b)/∂a =`, `to a:`."""
        if not self.elementwise:
            return f"to {letter(edge)}:"
        forward = self.forward if _ATOM.fullmatch(self.forward) else f"({self.forward})"
        return f"∂{pretty(forward)}/∂{letter(edge)} ="

    def text(self, edge: int) -> str:
        """`∂(a·b)/∂a = b`, `to a: ḡ @ bᵀ`."""
        return f"{self.head(edge)} {pretty(self.gradient(edge))}"


class Explanation(NamedTuple):
    """One edge of a node: its rule down to the number, `∂(a·b)/∂a = b = 3`, and what is sent, `ḡ · 3 = 1 · 3 = 3`.

    `sent` is empty where no gradient came in.
    """

    edge: int
    rule: str
    sent: str


def rule(name: str) -> Rule | None:
    """The rule of a grad_fn by its name (`MulBackward0`), for whatever parameters; None where the table has none."""
    name = name.removesuffix("_copy")
    is_elementwise = name in ELEMENTWISE
    row = (ELEMENTWISE if is_elementwise else TENSORS).get(name)
    return Rule(row[0], row[1:], is_elementwise) if row else None


def rule_of(node: Node) -> Rule | None:
    """The rule of this very node: with its parameters, and without factors that are 1."""
    saved, called = _saved(node), known_as(node.name)
    variants = _VARIANTS.get(called, ()) if saved else ()
    matching = (key for key, name, value in variants if saved.get(name, "None") == value)
    found = rule(next(matching, called))
    if found is None:
        return None
    ones = [name for name in FACTORS if saved.get(name) == "1"]
    if saved and "weight" not in saved:
        ones.append("weight")
    if saved.get("reduction", "1") != "1":
        ones.append("n")
    forward, *gradients = (_without(ones, text) for text in (found.forward, *found.gradients))
    return Rule(forward, tuple(gradients), found.elementwise)


def explain(graph: Graph, node_id: int) -> tuple[Explanation, ...]:
    """The rule of each edge that leads somewhere, with the node's numbers. Nothing where there is no rule."""
    node = graph.nodes[node_id]
    found = rule_of(node)
    if found is None:
        return ()
    known = known_numbers(graph, node)
    targets = [None if edge.target is None else graph.nodes[edge.target] for edge in node.edges]
    real = not any(one.dtype.startswith("complex") for one in (node, *targets) if one is not None)
    explanation = _partial if found.elementwise and real else _piece  # what complex numbers get is made of conjugates
    edges = [index for index, target in enumerate(targets) if target is not None]
    return tuple(explanation(found, node, index, known) for index in edges)


def known_numbers(graph: Graph, node: Node) -> dict[str, str]:
    """What the names in a formula stand for at this node, as text: parameters, operands, y."""
    known = _saved(node)
    operands = ARGUMENTS.get(node.name, ("self", "other"))
    for index, edge in enumerate(node.edges):
        saved_as = operands[index] if index < len(operands) else ""
        known[letter(index)] = _operand(graph, edge, node) or known.get(saved_as, "")
    known["y"] = _short(node.value, node) or known.get("result", "")
    return {name: text for name, text in known.items() if text}


def put_in(formula: str, known: dict[str, str]) -> str | None:
    """The formula with numbers for names, `2*4^(2 - 1)`; None where one is not known."""
    if any(name not in known for name in _NAME.findall(formula) if name != "pi"):
        return None
    return _NAME.sub(lambda found: _fitted(known.get(found[0], found[0]), formula, *found.span()), formula)


def pretty(formula: str) -> str:
    """As it is written on paper: `a·b`, `y²`."""
    return _DIGIT_POWER.sub(lambda found: "⁰¹²³⁴⁵⁶⁷⁸⁹"[int(found[1])], formula).replace("*", "·")


def letter(edge: int) -> str:
    """The name of the operand at an edge: a, b, c ..."""
    return _LETTERS[edge] if edge < len(_LETTERS) else f"a{edge}"


def _partial(found: Rule, node: Node, index: int, known: dict[str, str]) -> Explanation:
    """Of an elementwise operation. Where the operand was broadcast, what it gets is a sum."""
    edge, formula = node.edges[index], found.gradient(index)
    filled = put_in(formula, known)
    local = None if edge.local is None else number(edge.local, _digits(node))
    steps = [pretty(step) for step in (formula, filled, local) if step is not None]
    rule_line = f"{found.head(index)} {' = '.join(dict.fromkeys(steps))}"
    if node.name in FROM_2_14:
        rule_line += f" ({FROM_2_14[node.name]})"
    if node.grad_output is None:
        return Explanation(index, rule_line, "")
    came, went = _grads(node, edge)
    products = [f"ḡ · {_held(local or formula)}"]
    if local or filled:
        products.append(f"{_held(came)} · {_held(local or filled or '')}")
    if edge.grad is not None and edge.grad.shape != node.shape:
        products = [f"sum({product})" for product in products]
    return Explanation(index, rule_line, pretty(" = ".join((*products, went))))


def _piece(found: Rule, node: Node, index: int, known: dict[str, str]) -> Explanation:
    """Of an operation that mixes or moves elements."""
    came, went = _grads(node, node.edges[index])
    return Explanation(index, found.text(index), f"{came} → {went}" if node.grad_output is not None else "")


def _grads(node: Node, edge: Edge) -> tuple[str, str]:
    came, went = (numbers(values, _digits(node), MOST_ELEMENTS) for values in (node.grad_output, edge.grad))
    return came, went


def _saved(node: Node) -> dict[str, str]:
    """What the node saved, as text; empty text for what is too long to show."""
    return {kept.name: kept.value if isinstance(kept.value, str) else _short(kept.value, node) for kept in node.saved}


def _operand(graph: Graph, edge: Edge, node: Node) -> str:
    """The value at the other end of an edge, or the number that stands there; empty where it is not known."""
    if edge.target is not None:
        return _short(graph.nodes[edge.target].value, node) if edge.input == 0 else ""
    try:
        return number(float(edge.constant or ""), _digits(node))
    except ValueError:
        return ""


def _short(values: Values | None, node: Node) -> str:
    """A scalar or a short vector as text; empty for anything longer."""
    if values is None or len(values.shape) > 1 or len(values.numbers) > MOST_ELEMENTS:
        return ""
    return numbers(values, _digits(node))


def _digits(node: Node) -> int:
    return SIGNIFICANT.get(node.dtype, SIGNIFICANT["float32"])


def _without(ones: list[str], text: str) -> str:
    """The text without factors and divisors of these names, and with 1 where one stands alone."""
    for name in ones:
        text = re.sub(rf"\b{name}\*|[*/]{name}\b", "", text)
        text = re.sub(rf"(?<!, )\b{name}\b", "1", text)
    return re.sub(r"\(\(([^()]*)\)(?=[,)])", r"(\1", text) if ones else text


def _fitted(text: str, formula: str, start: int, end: int) -> str:
    """`text` as it stands in place of a name: in parentheses where a sign or an exponent would be misread."""
    before, after = formula[:start], formula[end:]
    is_power = after.startswith("^") and not _UNSIGNED.fullmatch(text)
    is_signed = text.startswith("-") and not (before == "" or before.endswith(("(", ", ", "< ", "> ", "= ")))
    return f"({text})" if is_power or is_signed else text


def _held(text: str) -> str:
    """A factor of a product: in parentheses if it is a sum or has a sign."""
    outside = re.sub(r"\([^()]*\)", "", re.sub(r"\([^()]*\)", "", text))
    return f"({text})" if outside.startswith("-") or " + " in outside or " - " in outside else text


def _variants() -> dict[str, list[tuple[str, str, str]]]:
    """For each name the keys of its rows for one value of a parameter: key, parameter, value."""
    found: dict[str, list[tuple[str, str, str]]] = {}
    for key in (*ELEMENTWISE, *TENSORS):
        name, _, condition = key.partition(" ")
        if condition:
            parameter, _, value = condition.partition("=")
            found.setdefault(name, []).append((key, parameter, value))
    return found


_VARIANTS = _variants()
