"""Snapshot of an expression -> a PyTorch script that builds the same graph and prints the same numbers.

One operation a line, in the order in which they were made, so that the sequence numbers are the same too.
"""

from __future__ import annotations

import keyword
import math
from collections.abc import Iterator, Sequence
from typing import get_args

from gradtui.expression.functions import FUNCTIONS, OPTIONS, Function
from gradtui.expression.parser import ExpressionError, parse
from gradtui.expression.syntax import (
    Binary,
    Call,
    Comparison,
    Constant,
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
from gradtui.report.orders import script as orders
from gradtui.snapshot.model import Device, Dtype, Snapshot, Values
from gradtui.snapshot.visible import visible

HOMES = {"torch": "torch", "torch.special": "torch.special", "F": "functional"}
INT64 = 2**63
MOST_BITS = 1024
"""Of the integer part of a float."""
BEYOND = "a constant in this expression is larger than any float"
OWN_NAMES = {
    "torch",
    "math",
    "functional",
    "f",
    "print",
    "float",
    "derivative",
    "range",
    "place",
    "power",
    "slopes",
    "slope",
    "row",
}
TRAINING_NAMES = {
    *("optimizer", "closure", "losses", "loss", "result", "update"),
    *("batch", "batches", "sampler", "generator", "range", "len", "min"),
    *(
        "user",
        "made",
        "before",
        "trained",
        "told",
        "norm",
        "tensor",
        "name",
        "zip",
        "random",
        "sys",
        "importlib",
        "spec",
    ),
}
"""What a script that trains calls its own."""


class NoScriptError(ValueError):
    """There is no script for this Snapshot; the message says why."""


def script(snapshot: Snapshot) -> str:
    """The text of a Python file that needs torch alone. Raises NoScriptError."""
    if snapshot.origin != "expression":
        raise NoScriptError("a script is written from an expression; this graph is of code that runs by itself")
    if any(state.value.summary is not None for state in snapshot.variables.values()):
        raise NoScriptError("a script has all numbers in it, and a variable has too many of them")
    try:
        expression = parse(snapshot.expression, tuple(snapshot.variables))
    except ExpressionError as error:
        raise NoScriptError(f"this is no expression: {error.message}") from None
    known = snapshot.dtype in get_args(Dtype) and snapshot.device in get_args(Device)
    if not known or not {*expression.variables} <= {*snapshot.variables}:
        raise NoScriptError("the values do not belong to this expression")
    return "\n".join(Writer(snapshot, expression).lines()) + "\n"


class Writer:
    """Writes the lines of one expression where `snapshot` has its variables stand."""

    def __init__(self, snapshot: Snapshot, expression: Expression) -> None:
        self._snapshot, self._expression = snapshot, expression
        self._dtype = f"torch.{snapshot.dtype}"
        self._device = "" if snapshot.device == "cpu" else f", device={snapshot.device!r}"
        self._names: dict[Node, str] = {}
        self._tensors: set[Node] = set()
        self._integers: dict[Node, int] = {}

    def lines(self) -> Iterator[str]:
        """The script, from its imports to what it prints."""
        yield from self.head()
        for name in self._expression.variables:
            yield self.tensor(name, self._snapshot.variables[name].value, leaf=True)
        yield ""
        yield from self.operations()
        yield ""
        yield from self._end()

    def head(self) -> Iterator[str]:
        """The imports, and what was typed."""
        yield from ("import math", "", "import torch", "from torch.nn import functional", "")
        yield f"# {visible(' '.join(self._snapshot.expression.split()))}"  # not in line 1: `coding = x` would be its encoding

    def tensor(self, name: str, values: Values, *, leaf: bool) -> str:
        """`x = torch.tensor(4.0, dtype=torch.float32, requires_grad=True)`"""
        gradient = ", requires_grad=True" if leaf else ""
        return f"{safe(name)} = torch.tensor({literal(values)}, dtype={self._dtype}{self._device}{gradient})"

    def operations(self) -> Iterator[str]:
        """One line for each operation, `t1 = x ** 2`; `result` is then the name of the last."""
        for number, node in enumerate(postorder(self._expression)):
            text = self._node(node)
            if text:
                self._names[node] = f"t{number}"
                made = visible(" ".join(self._expression.text[node.start : node.end].split()))
                yield f"t{number} = {text}  # {made}"

    @property
    def result(self) -> str:
        return self._names[self._expression.body]

    def _end(self) -> Iterator[str]:
        yield f"f = {self.result}"
        if self._expression.body not in self._tensors:
            yield 'print("f =", f)'
            return
        yield 'print("f =", f.tolist())'
        yield "if f.requires_grad:"
        keep = "" if self._snapshot.orders is None else "retain_graph=True"
        yield f"    f.sum().backward({keep})" if self._is_vector else f"    f.backward({keep})"
        for name in self._expression.variables:
            yield f'print("{name} =", {safe(name)}.tolist(), " gradient:", {self._gradient(safe(name))})'
        if self._snapshot.orders is not None:
            yield from orders.lines(self._snapshot, self._snapshot.orders, safe)

    @property
    def _is_vector(self) -> bool:
        return self._snapshot.value is not None and self._snapshot.value.shape != ()

    def _gradient(self, name: str) -> str:
        return f"None if {name}.grad is None else {name}.grad.tolist()"

    def _node(self, node: Node) -> str:
        """What stands right of `t1 =`; empty where the node has a name already."""
        if isinstance(node, Variable):
            self._tensors.add(node)
            self._names[node] = safe(node.name)
            return ""
        if isinstance(node, Reference):
            self._names[node] = self._names[node.target]
            if node.target in self._tensors:
                self._tensors.add(node)
            if node.target in self._integers:
                self._integers[node] = self._integers[node.target]
            return ""
        if isinstance(node, Number | Constant):
            self._names[node] = _literal(node)
            if isinstance(node.value, int):
                self._integers[node] = node.value
            return ""
        if isinstance(node, Vector) or any(operand in self._tensors for operand in node.operands):
            self._tensors.add(node)
        return self._operation(node)

    def _operation(self, node: Node) -> str:
        match node:
            case Negation():
                self._fold(node)
                return f"-{self._names[node.operand]}"
            case Binary():
                self._fold(node)
                symbol = "**" if node.operator == "^" else node.operator
                left, right = (self._beside(operand, node) for operand in node.operands)
                return f"{left} {symbol} {right}"
            case Comparison():
                left, right = (self._plain(operand) for operand in node.operands)
                return f"{left} {node.operator} {right}"
            case Vector():
                return self._vector(node)
            case Element(index=index):
                return f"{self._names[node.operand]}[{index}]"
            case Slice():
                places = ("" if place is None else str(place) for place in (node.first, node.last, node.step))
                return f"{self._names[node.operand]}[{':'.join(places)}]"
            case Call():
                return self._call(node)
        raise AssertionError(f"a {type(node).__name__} is no node of an expression")

    def _vector(self, node: Vector) -> str:
        if any(item in self._tensors for item in node.items):
            return f"torch.stack([{', '.join(self._lifted(item) for item in node.items)}])"
        numbers = ", ".join(f"float({self._names[item]})" for item in node.items)
        return f"torch.tensor([{numbers}], dtype={self._dtype}{self._device})"

    def _call(self, node: Call) -> str:
        """A function of numbers alone is worked out in float64, and is a number again."""
        is_tensor, name = node in self._tensors, node.function
        if name == "where":
            first = f"torch.as_tensor({self._names[node.arguments[0]]}{self._device})"
            return _unless(
                is_tensor, f"torch.where({first}, {', '.join(self._arguments(node.arguments[1:], 2, is_tensor))})"
            )
        row, tensors = FUNCTIONS[name], len(node.arguments) - len(node.keywords)
        if row.classes and node.arguments[1] not in self._tensors:
            return _unless(is_tensor, f"functional.{name}({self._of_class(node, is_tensor)})")
        if row.settings:
            tensors = 1
        elif is_tensor and row.numbers is not None and not (name == "clamp" and self._has_tensor(node.arguments[1:])):
            tensors = row.numbers
        placed = node.arguments[: len(node.arguments) - len(node.keywords)]
        arguments = self._arguments(placed, tensors, is_tensor)
        if row.script:
            text = row.script.format(*arguments)
            return text if is_tensor else f"({text}).item()"
        if row.takes_dim:
            arguments.append("dim=-1")
        return _unless(is_tensor, _called(node, row, ", ".join((*arguments, *self._options(node, is_tensor)))))

    def _of_class(self, node: Call, is_tensor: bool) -> str:
        """The arguments of a loss whose target is a class."""
        scores, target = node.arguments[:2]
        own = f"torch.tensor(int({self._names[target]}){self._device})"
        return ", ".join((self._lifted(scores, is_tensor), own, *self._options(node, is_tensor)))

    def _options(self, node: Call, is_tensor: bool) -> list[str]:
        """What is named: a weight is a tensor, the others are as they are."""
        written = []
        for name, option in zip(node.keywords, node.arguments[len(node.arguments) - len(node.keywords) :], strict=True):
            is_vector = OPTIONS[name] == "vector"
            written.append(f"{name}={self._lifted(option, is_tensor) if is_vector else self._names[option]}")
        return [*written, *(f"{name}={word!r}" for name, word in node.words)]

    def _has_tensor(self, nodes: Sequence[Node]) -> bool:
        return any(node in self._tensors for node in nodes)

    def _arguments(self, operands: Sequence[Node], tensors: int, is_tensor: bool) -> list[str]:
        """The first `tensors` of them as tensors, the others as they are."""
        written = []
        for number, operand in enumerate(operands):
            written.append(self._lifted(operand, is_tensor) if number < tensors else self._names[operand])
        return written

    def _lifted(self, node: Node, is_tensor: bool = True) -> str:
        if node in self._tensors:
            return self._names[node]
        kind = f"{self._dtype}{self._device}" if is_tensor else "torch.float64"
        return f"torch.tensor(float({self._names[node]}), dtype={kind})"

    def _beside(self, operand: Node, node: Node) -> str:
        return self._plain(operand) if node in self._tensors else self._names[operand]

    def _plain(self, operand: Node) -> str:
        """As torch takes it: an integer beyond 64 bits as a float."""
        value = self._integers.get(operand, 0)
        return self._names[operand] if -INT64 <= value < INT64 else f"float({self._names[operand]})"

    def _fold(self, node: Negation | Binary) -> None:
        """Keep the value of a constant that is an integer."""
        known = [self._integers[operand] for operand in node.operands if operand in self._integers]
        if len(known) < len(node.operands):
            return
        match node:
            case Negation():
                self._integers[node] = -known[0]
            case Binary(operator="+"):
                self._integers[node] = known[0] + known[1]
            case Binary(operator="-"):
                self._integers[node] = known[0] - known[1]
            case Binary(operator="*"):
                self._integers[node] = known[0] * known[1]
            case Binary(operator="^") if known[1] >= 0:
                if abs(known[0]) > 1 and known[1] > MOST_BITS:
                    raise NoScriptError(BEYOND)
                self._integers[node] = known[0] ** known[1]
        if self._integers.get(node, 0).bit_length() > MOST_BITS:
            raise NoScriptError(BEYOND)


def _unless(is_tensor: bool, text: str) -> str:
    return text if is_tensor else f"{text}.item()"


def _called(node: Call, row: Function, arguments: str) -> str:
    two = "imum" if row.name in ("max", "min") and len(node.arguments) == 2 else ""
    return f"{HOMES[row.home]}.{row.name}{two}({arguments})"


def _literal(node: Number | Constant) -> str:
    if math.isnan(node.value):
        return "math.nan"
    if math.isinf(node.value):
        return "math.inf"
    if isinstance(node, Constant):
        return f"math.{node.name}"
    return f"({node.value!r})" if node.value < 0 else repr(node.value)


def literal(values: Values) -> str:
    """As Python writes them: a number, or a list of them."""
    written = [repr(number) if math.isfinite(number) else f'float("{number}")' for number in values.numbers]
    return f"[{', '.join(written)}]" if values.shape else written[0]


def safe(name: str) -> str:
    """The variable's own name, where the script does not use it for something else."""
    own = name in OWN_NAMES | TRAINING_NAMES or (name[:1] == "t" and name[1:].isdecimal())
    return f"variable_{name}" if own or keyword.iskeyword(name) else name
