"""`Adam(lr=0.1, betas=(0.9, 0.99))`, as torch spells it -> Optimizer. Literals only: nothing that is typed is run."""

from __future__ import annotations

import ast
import difflib
import math
import re
from collections.abc import Sequence

from gradtui.snapshot.training import Optimizer, Setting
from gradtui.training.optimizers import ELSEWHERE, OPTIMIZERS, RANGES, Range, Row, settings

LONGEST, LONGEST_NUMBER = 500, 40
"""Characters; and those of a number that are quoted."""
NUMBERS: tuple[Range, ...] = ("any", "positive", "not negative", "below 1", "count", "optional count")
EXAMPLE = "SGD(lr=0.1, momentum=0.9), say"
NOT_TORCH = "this is not written as torch writes it"
MEANT = {"learning_rate": "lr"}
"""A setting's name elsewhere, and what torch calls it."""
POINT = "decimals stand after a point, 0.1"
COMMA = re.compile(r"(?<![\d.])[+-]?\d+,\d+(?![\d.])")
"""`0,1`, which Python reads as two numbers."""


class OptimizerError(ValueError):
    """A text that names no optimizer: one sentence, the place in the text (end exclusive), a way out."""

    def __init__(self, message: str, start: int = 0, end: int = 0, hint: str = "") -> None:
        super().__init__(f"{message}: {hint}" if hint else message)
        self.message, self.start, self.end, self.hint = message, start, end, hint


def read_optimizer(text: str) -> Optimizer:
    """An optimizer with its settings, each held against what torch takes. Of a pasted `SGD(model.parameters(), lr=0.1)`
    what is trained is passed over. Raises OptimizerError."""
    return _Reader(text).optimizer()


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._line = " ".join(text.splitlines()) if "\r\n" not in text else text.replace("\r\n", "  ")
        self._left = len(self._line) - len(self._line.lstrip())

    def optimizer(self) -> Optimizer:
        call = self._parsed()
        if not isinstance(call, ast.Call):
            return Optimizer(self._name(call))
        name = self._name(call.func)
        self._check_positional(call, name)
        rows = {row.name: row for row in OPTIMIZERS[name]}
        given: dict[str, Setting] = {}
        for keyword in call.keywords:
            setting = keyword.arg
            if setting is None:
                raise self._error("settings are written out: lr=0.1, not **settings", keyword)
            if setting not in rows:
                raise self._error(
                    f"{name} has no setting {setting}", keyword, _instead(MEANT.get(setting, setting), [*rows])
                )
            if setting in given:
                raise self._error(f"{setting} is given twice", keyword)
            given[setting] = self._value(keyword.value, rows[setting])
        optimizer = Optimizer(name, given)
        if (wrong := _together(optimizer)) is not None:
            raise self._error(wrong, call)
        return optimizer

    def _parsed(self) -> ast.expr:
        if not self._line.strip():
            raise OptimizerError("no optimizer is named", hint=EXAMPLE)
        if len(self._line) > LONGEST:
            raise OptimizerError(f"an optimizer has at most {LONGEST} characters", LONGEST, len(self._line))
        try:
            return ast.parse(self._line.strip(), mode="eval").body
        except SyntaxError as error:
            if comma := COMMA.search(self._line):
                raise OptimizerError(NOT_TORCH, *comma.span(), POINT) from None
            place = min(self._left + max(0, (error.offset or 1) - 1), len(self._text))
            raise OptimizerError(NOT_TORCH, place, place + 1, EXAMPLE) from None
        except (ValueError, RecursionError, MemoryError):
            raise OptimizerError(NOT_TORCH, 0, len(self._text), EXAMPLE) from None

    def _name(self, node: ast.expr) -> str:
        """Of `Adam`, `optim.Adam` or `torch.optim.Adam`."""
        match node:
            case ast.Name(id=name) | ast.Attribute(value=ast.Name(id="optim"), attr=name):
                pass
            case ast.Attribute(value=ast.Attribute(value=ast.Name(id="torch"), attr="optim"), attr=name):
                pass
            case _:
                raise self._error("an optimizer is named first", node, EXAMPLE)
        if name in OPTIMIZERS:
            return name
        if name in ELSEWHERE:
            raise self._error(ELSEWHERE[name], node)
        raise self._error(f"torch.optim has no {name}", node, _instead(name, [*OPTIMIZERS]))

    def _check_positional(self, call: ast.Call, name: str) -> None:
        """What torch takes first are the parameters: of a pasted text they are passed over."""
        first, others = (call.args[0], call.args[1:]) if call.args else (None, [])
        if isinstance(first, ast.Name | ast.Attribute | ast.Call | ast.List) and not others:
            return
        if first is not None:
            wrong = others[0] if others and not isinstance(first, ast.Constant) else first
            raise self._error("a setting has its name before it", wrong, f"{name}(lr=0.1), say")

    def _value(self, node: ast.expr, row: Row) -> Setting:
        wanted = f"two, each {RANGES[row.range]}" if row.pair else RANGES[row.range]
        self._check_numbers(node, row)
        value = _literal(node)
        if row.pair and isinstance(value, tuple) and len(value) == 2 and all(_fits(item, row.range) for item in value):
            return tuple(map(float, value))  # torch takes no whole numbers here
        if not row.pair and _fits(value, row.range):
            return value  # type: ignore[return-value]
        told = f"{row.name} must be {wanted}: it is {row.means}"
        raise self._error(told, node, POINT if COMMA.search(re.sub(r",\s+", ",", self._written(node))) else "")

    def _check_numbers(self, node: ast.expr, row: Row) -> None:
        """Refuse what is no literal, and a literal that a float cannot hold."""
        for part in _parts(node):
            value = _literal(part)
            if isinstance(value, ast.expr) and row.range in NUMBERS:
                raise self._error(f"{row.name} is written out as a number, 0.1 say: nothing is computed here", part)
            if isinstance(value, str) and row.range in NUMBERS:
                raise self._error(f"{row.name} is a number: it stands there without quotation marks", part)
            if isinstance(value, int | float) and not isinstance(value, bool):
                written = self._written(part)
                if _too_large(value):
                    raise self._error(f"{written[:LONGEST_NUMBER]} is too large a number", part)
                if value == 0 and re.search("[1-9]", written.lower().partition("e")[0].removeprefix("0x")):
                    raise self._error(f"{written[:LONGEST_NUMBER]} is so small that it would be 0", part)

    def _written(self, node: ast.expr) -> str:
        return ast.get_source_segment(self._line.strip(), node) or ""

    def _error(self, message: str, node: ast.expr | ast.keyword, hint: str = "") -> OptimizerError:
        """Python counts the bytes of UTF-8."""
        data = self._line.strip().encode()
        start, end = (
            len(data[:place].decode(errors="ignore")) for place in (node.col_offset, node.end_col_offset or 0)
        )
        return OptimizerError(message, self._left + start, self._left + end, hint)


def _literal(node: ast.expr) -> object:
    """The value of a literal; the node itself where it is none, which fits nowhere."""
    match node:
        case ast.Constant(value=value):
            return value
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=ast.Constant(value=int() | float() as value)):
            return -value if isinstance(sign, ast.USub) else value
        case ast.Tuple(elts=items) | ast.List(elts=items):
            return tuple(map(_literal, items))
    return node


def _parts(node: ast.expr) -> Sequence[ast.expr]:
    return node.elts if isinstance(node, ast.Tuple | ast.List) else (node,)


def _too_large(value: float) -> bool:
    try:
        return not math.isfinite(value)
    except OverflowError:
        return True


def _fits(value: object, wanted: Range) -> bool:
    match wanted:
        case "flag":
            return isinstance(value, bool)
        case "optional flag":
            return value is None or isinstance(value, bool)
        case "search":
            return value is None or value == "strong_wolfe"
        case "optional count" if value is None:
            return True
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    number = float(value)
    match wanted:
        case "count" | "optional count":
            return isinstance(value, int) and 0 < value < 2**31
        case "positive":
            return number > 0
        case "not negative":
            return number >= 0
        case "below 1":
            return 0 <= number < 1
    return True


def _together(optimizer: Optimizer) -> str | None:
    """What torch does not take together."""
    every = settings(optimizer)
    if every.get("nesterov") and (not every["momentum"] or every["dampening"]):
        return "nesterov looks ahead along the momentum: it needs a momentum above 0, and no dampening"
    etas = every.get("etas")
    if isinstance(etas, tuple):
        shrink, grow = etas
        if not 0 < shrink < 1 < grow:
            return "etas are by what a step shrinks and grows: the first below 1, the second above"
    if every.get("foreach") and every.get("fused"):
        return "foreach and fused are two ways to compute the same: one of them"
    if every.get("fused") and every.get("differentiable"):
        return "fused and differentiable do not go together"
    return None


def _instead(wrong: str, names: Sequence[str]) -> str:
    close = difflib.get_close_matches(wrong.lower(), [name.lower() for name in names], len(names))
    if close:
        word = wrong.lower()
        nearest = min(close, key=lambda name: sorted(word) != sorted(name))  # the very letters, some of them swapped
        return f"did you mean {next(name for name in names if name.lower() == nearest)}?"
    return f"it has {', '.join(names)}" if len(names) < 20 and "lr" in names else f"there are {', '.join(names)}"
