r"""Expression -> LaTeX, as it is typeset in a paper: `\frac{x^{2} + 1}{x - 1}`."""

from __future__ import annotations

import re

from gradtui.expression.reads_as import COMPARISON, NEGATION, POWER, PRODUCT, SUM
from gradtui.expression.syntax import (
    Application,
    Binary,
    Binding,
    Call,
    Comparison,
    Constant,
    Definition,
    Element,
    Expression,
    Negation,
    Node,
    Number,
    Reference,
    Slice,
    Variable,
    Vector,
    postorder,
)
from gradtui.expression.words_and_spellings import GREEK

COMMANDS = {
    **{
        name: f"\\{name}"
        for name in ("sin", "cos", "tan", "cot", "sec", "csc", "sinh", "cosh", "tanh", "coth", "exp", "max", "min")
    },
    **{f"a{name}": f"\\arc{name}" for name in ("sin", "cos", "tan")},
    "log": "\\ln",
    "log2": "\\log_{2}",
    "log10": "\\log_{10}",
    "gamma": "\\Gamma",
    "sigmoid": "\\sigma",
}
"""Functions that LaTeX has a command for; the others are named upright."""

TAKEN_TOGETHER = ("\\Delta", "^{T}")
"""What is no factor on paper before a name: `\\Delta x` is one name, `w^{T} x` a product of vectors."""

AROUND = {
    "sqrt": ("\\sqrt{", "}"),
    "cbrt": ("\\sqrt[3]{", "}"),
    "abs": ("\\left|", "\\right|"),
    "norm": ("\\left\\|", "\\right\\|"),
    "floor": ("\\left\\lfloor ", "\\right\\rfloor"),
    "ceil": ("\\left\\lceil ", "\\right\\rceil"),
}
CONSTANTS = {"pi": "\\pi", "inf": "\\infty", "nan": "\\mathrm{nan}", "e": "e"}
SIGNS = {"<": "<", "<=": "\\le", ">": ">", ">=": "\\ge", "==": "=", "!=": "\\ne"}
LETTERS = {**{name: f"\\{name}" for name in GREEK.values()}, "omicron": "o"}

_NAME = re.compile(r"([A-Za-z]+)([0-9]*)(?:_(\w+))?$")
ATOM = POWER + 1

Written = tuple[str, int]
"""LaTeX, and how tightly it holds together, as in reads_as.py."""


def typeset(expression: Expression) -> str:
    """Bindings and definitions first, a line each, then the function; without `$` around."""
    named: list[Binding | Definition] = [*expression.bindings, *expression.definitions]
    named.sort(key=lambda one: one.value.start if isinstance(one, Binding) else one.body.start)
    lines = [_statement(one) for one in named]
    return " \\\\\n".join([*lines, node_of(expression.body)])


def node_of(node: Node) -> str:
    """One node and what is under it."""
    written: dict[Node, Written] = {}
    for part in postorder(Expression("", "f", (), node, ())):
        written[part] = _written(part, written)
    return written[node][0]


def name_of(name: str) -> str:
    r"""`theta_1` is `\theta_{1}`, `x1` is `x_{1}`, `loss` is upright."""
    found = _NAME.match(name)
    if found is None:
        return f"\\mathrm{{{_escaped(name)}}}"
    stem, digits, index = found.groups()
    letter = LETTERS.get(stem) or (stem if len(stem) == 1 else f"\\mathrm{{{stem}}}")
    subscript = ",".join(_escaped(part) for part in (digits, index) if part)
    return f"{letter}_{{{subscript}}}" if subscript else letter


def _statement(named: Binding | Definition) -> str:
    if isinstance(named, Binding):
        return f"{name_of(named.name)} = {node_of(named.value)}"
    lines = [_statement(line) for line in named.bindings]
    head = f"{name_of(named.name)}({', '.join(map(name_of, named.parameters))})"
    return " \\\\\n".join([*lines, f"{head} = {node_of(named.body)}"])


def _written(node: Node, written: dict[Node, Written]) -> Written:
    match node:
        case Number(value=value):
            return _number(value)
        case Constant(name=name):
            return CONSTANTS[name], ATOM
        case Application(name=name, arguments=arguments):
            return f"{name_of(name)}\\left({_listed(arguments, written)}\\right)", ATOM
        case Variable(name=name) | Reference(name=name):
            return name_of(name), ATOM
        case Negation(operand=operand):
            return f"-{_held(written[operand], PRODUCT)}", NEGATION
        case Binary():
            return _binary(node, written)
        case Comparison(operator=operator, left=left, right=right):
            return f"{written[left][0]} {SIGNS[operator]} {written[right][0]}", COMPARISON
        case Vector(items=items):
            return f"\\left[{_listed(items, written)}\\right]", ATOM
        case Element(operand=operand, index=index):
            return f"{_held(written[operand], ATOM)}_{{[{index}]}}", POWER
        case Slice(operand=operand, first=first, last=last, step=step):
            places = ":".join("" if place is None else str(place) for place in (first, last, *([step] if step else [])))
            return f"{_held(written[operand], ATOM)}_{{[{places}]}}", POWER
        case Call():
            return _call(node, written)
    raise TypeError(f"{type(node).__name__} is not a node of the language")


def _binary(node: Binary, written: dict[Node, Written]) -> Written:
    left, right = written[node.left], written[node.right]
    match node.operator:
        case "/":
            return f"\\frac{{{left[0]}}}{{{right[0]}}}", POWER
        case "^":
            return f"{_held(left, ATOM)}^{{{right[0]}}}", POWER
        case "*":
            one, other = _held(left, PRODUCT), _held(right, PRODUCT + 1)
            beside = other[:1].isalpha() or (other.startswith("\\") and not other.startswith("\\left"))
            apart = not beside or one.endswith(TAKEN_TOGETHER)
            return one + (" \\cdot " if apart else " ") + other, PRODUCT
    sign, level = node.operator, SUM if node.operator == "+" else SUM + 1
    return f"{_held(left, SUM)} {sign} {_held(right, max(level, SUM + 1))}", SUM


def _call(node: Call, written: dict[Node, Written]) -> Written:
    name, arguments = node.function, node.arguments
    if name in AROUND and len(arguments) == 1:
        opening, closing = AROUND[name]
        return f"{opening}{written[arguments[0]][0]}{closing}", ATOM
    if name == "where":
        condition, yes, no = (written[argument][0] for argument in arguments)
        cases = f"{yes} & \\text{{if }} {condition} \\\\ {no} & \\text{{otherwise}}"
        return f"\\begin{{cases}} {cases} \\end{{cases}}", SUM
    if name == "remainder":
        one, other = (written[argument] for argument in arguments)
        return f"{_held(one, PRODUCT)} \\bmod {_held(other, PRODUCT + 1)}", PRODUCT
    if name in ("square", "reciprocal"):
        inside = written[arguments[0]]
        return (f"{_held(inside, ATOM)}^{{2}}", POWER) if name == "square" else (f"\\frac{{1}}{{{inside[0]}}}", POWER)
    command = COMMANDS.get(name) or f"\\operatorname{{{_escaped(name)}}}"
    words = "".join(f", \\text{{{_escaped(word)} {_escaped(str(value))}}}" for word, value in node.words)
    return f"{command}\\left({_listed(arguments, written)}{words}\\right)", ATOM


def _number(value: float) -> Written:
    text = repr(value)
    if "inf" in text or "nan" in text:
        return (f"\\mathrm{{{text}}}", ATOM)
    digits, _, exponent = text.partition("e")
    if exponent:
        return f"{digits} \\cdot 10^{{{int(exponent)}}}", PRODUCT
    return text, ATOM if value >= 0 else NEGATION


def _listed(nodes: tuple[Node, ...], written: dict[Node, Written]) -> str:
    return ", ".join(written[node][0] for node in nodes)


def _held(written: Written, level: int) -> str:
    """In parentheses if it holds together less tightly than `level`."""
    text, own = written
    return text if own >= level else f"\\left({text}\\right)"


def _escaped(text: str) -> str:
    return text.replace("_", "\\_")
