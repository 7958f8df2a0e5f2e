"""The syntax tree: frozen nodes that know where in the typed text they stand.

Nodes are compared by identity: `sin(x) + sin(x)` holds two different calls, as it makes two grad_fns.
A name bound by `a = ...;` is a Reference to the very node it names, so a shared value is one node.
Trees may be 2,000 operators deep (`x+x+x+...`): walk them with `postorder`, never by recursion.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Literal, TypeVar

from msgspec import Struct
from msgspec.structs import replace

T = TypeVar("T")

ArithmeticOperator = Literal["+", "-", "*", "/", "^"]
ComparisonOperator = Literal["<", "<=", ">", ">=", "==", "!="]


class Node(Struct, frozen=True, eq=False):
    """A piece of the expression; `start` and `end` are offsets in the typed text, end exclusive."""

    start: int
    end: int

    @property
    def operands(self) -> tuple[Node, ...]:
        """The nodes that are evaluated before this one, in Python's order of evaluation."""
        return ()


class Number(Node, frozen=True):
    """A literal. An integer literal stays an int: `x^2` is `x ** 2`, not `x ** 2.0`."""

    value: int | float


class Constant(Node, frozen=True):
    """A named number: pi, e, inf, nan."""

    name: str
    value: float


class Variable(Node, frozen=True):
    """A free variable, a leaf of the graph; `parameter`: one of the function whose definition it stands in."""

    name: str
    parameter: bool = False


class Reference(Node, frozen=True):
    """A use of a name bound earlier in the text; it adds nothing to the graph."""

    name: str
    target: Node

    @property
    def operands(self) -> tuple[Node, ...]:
        return (self.target,)


class Application(Reference, frozen=True):
    """`g(3x)`, of a function that the text defines: its body, in which the parameters refer to the arguments.

    Each has a body of its own, as each call in Python makes its own grad_fns; only the arguments add to it.
    """

    arguments: tuple[Node, ...]

    @property
    def operands(self) -> tuple[Node, ...]:
        return (*self.arguments, self.target)


class Text(Node, frozen=True):
    """`"sum"`, or True or False: what torch takes as a word. Only while a call is read, which then has it in `words`."""

    value: str | bool


class Vector(Node, frozen=True):
    """`[2.1, 5.4, 3.2]`"""

    items: tuple[Node, ...]

    @property
    def operands(self) -> tuple[Node, ...]:
        return self.items


class Element(Node, frozen=True):
    """`operand[index]`, counted from the end where it is negative."""

    operand: Node
    index: int

    @property
    def operands(self) -> tuple[Node, ...]:
        return (self.operand,)


class Slice(Node, frozen=True):
    """`operand[first:last:step]`, None for what is left out."""

    operand: Node
    first: int | None
    last: int | None
    step: int | None

    @property
    def operands(self) -> tuple[Node, ...]:
        return (self.operand,)


class Negation(Node, frozen=True):
    """`-operand`"""

    operand: Node

    @property
    def operands(self) -> tuple[Node, ...]:
        return (self.operand,)


class Binary(Node, frozen=True):
    """`left operator right`; an implicit product is a Binary with `*`."""

    operator: ArithmeticOperator
    left: Node
    right: Node

    @property
    def operands(self) -> tuple[Node, ...]:
        return (self.left, self.right)


class Comparison(Node, frozen=True):
    """`left operator right`, only as the condition of a `where`."""

    operator: ComparisonOperator
    left: Node
    right: Node

    @property
    def operands(self) -> tuple[Node, ...]:
        return (self.left, self.right)


class Joined(Node, frozen=True):
    """Two conditions that are joined. A where of it is read as a where in a where, so that no Expression holds one."""

    operator: Literal["and", "or"]
    left: Node
    right: Node

    @property
    def operands(self) -> tuple[Node, ...]:
        return (self.left, self.right)


class Call(Node, frozen=True):
    """A function of the table in functions.py, by its canonical name.

    keywords: names of its last arguments, which torch wants named. words: further ones that are no numbers, `reduction="sum"`.
    """

    function: str
    arguments: tuple[Node, ...]
    keywords: tuple[str, ...] = ()
    words: tuple[tuple[str, str | bool], ...] = ()

    @property
    def operands(self) -> tuple[Node, ...]:
        return self.arguments


class Binding(Struct, frozen=True):
    """`name = value;` before the body."""

    name: str
    value: Node


class Definition(Struct, frozen=True, eq=False):
    """`name(parameters) = body;` before the main function; in its body the parameters are Variables of these names.

    bindings: the lines of a `def` before its return.
    """

    name: str
    parameters: tuple[str, ...]
    body: Node
    bindings: tuple[Binding, ...] = ()


class Expression(Struct, frozen=True, eq=False):
    """What a person typed, read. Bindings and definitions stand in the order of the text.

    `variables` are the free variables in order of first appearance, or of the parameter list of `f(x, y) = ...`.
    `name` is the f of `f(x) = ...` or the y of `y = ...`, else "f"; `named`: whether the text says so itself.
    """

    text: str
    name: str
    bindings: tuple[Binding, ...]
    body: Node
    variables: tuple[str, ...]
    named: bool = False
    definitions: tuple[Definition, ...] = ()


def postorder(expression: Expression) -> list[Node]:
    """Every node once, operands before their users, bindings first: the order in which Python would evaluate them."""
    order: list[Node] = []
    seen: set[Node] = set()
    for root in (*(binding.value for binding in expression.bindings), expression.body):
        stack = [(root, False)]
        while stack:
            node, ready = stack.pop()
            if ready:
                order.append(node)
            elif node not in seen:
                seen.add(node)
                stack.append((node, True))
                stack.extend((operand, False) for operand in reversed(node.operands))
    return order


def fold(expression: Expression, combine: Callable[[Node, list[T]], T]) -> dict[Node, T]:
    """`combine(node, results of its operands)` for every node, without recursion; the answer for each node."""
    results: dict[Node, T] = {}
    for node in postorder(expression):
        results[node] = combine(node, [results[operand] for operand in node.operands])
    return results


@lru_cache(maxsize=64)
def averaged(expression: Expression) -> Expression:
    """mean(f) in place of an f whose elements are rows of data."""
    body = expression.body
    return replace(expression, body=Call(body.start, body.end, "mean", (body,)))


def copied(template: Node, instead: Callable[[Node], Node | None]) -> Node:
    """A tree of new nodes like `template`; where `instead` gives a node, that one stands instead, and nothing below it counts."""
    made: dict[Node, Node] = {}
    stack = [(template, False)]
    while stack:
        node, ready = stack.pop()
        if node in made:
            continue
        if ready:
            made[node] = _with_operands(node, [made[operand] for operand in node.operands])
        elif (other := instead(node)) is not None:
            made[node] = other
        else:
            stack.append((node, True))
            stack.extend((operand, False) for operand in reversed(node.operands))
    return made[template]


def _with_operands(node: Node, operands: list[Node]) -> Node:
    """A new node that differs in its operands."""
    match node:
        case Application():
            *arguments, target = operands
            return replace(node, arguments=tuple(arguments), target=target)
        case Reference():
            return replace(node, target=operands[0])
        case Vector():
            return replace(node, items=tuple(operands))
        case Negation() | Element() | Slice():
            return replace(node, operand=operands[0])
        case Binary() | Comparison():
            return replace(node, left=operands[0], right=operands[1])
        case Call():
            return replace(node, arguments=tuple(operands))
    return replace(node)
