"""Texts to throw at the language: written by its grammar, or made of known ones by mutation. All from one Random."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random

from gradtui.expression.functions import TABLE, Function

CASES = Path(__file__).parents[1] / "cases"

VARIABLES = ("x", "y", "w", "t", "x1", "w_2", "theta", "θ", "x₁", "i_0", "Δx")
NUMBERS = ("0", "1", "2", "3", "10", ".5", "0.5", "2.", "1e-3", "1e30", "1e-30", "1E+5", "1e308", "007", "1/3", "0.1")
EXTREMES = ("1e309", "1e-400", "9" * 400, "0x1F", "1_000", "1e", "1.2.3", "٣", "½", "5e-324")
CONSTANTS = ("pi", "e", "π", "math.pi", "torch.e", "inf", "nan", "∞")
OPERATORS = (" + ", " - ", "*", "/", "^", "**", "×", "·", "÷", "−", "+", "-", " ", "")
COMPARISONS = ("<", "<=", ">", ">=", "==", "!=", "≤", "≥", "≠")
RAISED = ("ˣ", "⁻²ˣ", "!", "²", "³", "⁻¹", "¹⁰", "⁰")
INDICES = ("[0]", "[-1]", "[1:]", "[:-1]", "[::2]", "[:]", "[1:3]", "[7]", "[x]", "[]", "[::-1]", "[0, 1]")
LATEX = (
    *(
        "\\frac{{{}}}{{{}}}",
        "\\sqrt{{{}}}",
        "\\sqrt[3]{{{}}}",
        "\\sin\\left({}\\right)",
        "e^{{{}}}",
        "\\left|{}\\right|",
    ),
    *(
        "\\log_2{{{}}}",
        "\\log_{{3}}({})",
        "{} \\cdot \\pi",
        "\\operatorname{{relu}}({})",
        "\\frac12{}",
        "\\cos^{{2}}({})",
        "{{{}}}",
    ),
)
SETTINGS = ('"sum"', '"none"', "'mean'", "0.5", "2", "[1, 2, 3]", "True", "x", "batchmean", "1/2")
MODULES = ("", "", "", "", "torch.", "F.", "math.", "np.", "torch.special.", "nn.functional.")
STRANGE = (
    *"()[]|,;=.<>!%'\"{}_ \n\t\\@#$&~`?:",
    *("⌊", "⌋", "⌈", "⌉", "‖", "∣", "𝑥", "（", "½", "∛", ".^", "@", "=>", "nn.ReLU()(", "Sin[", "log_3", " times "),
    *("\\begin{cases}", "\\end{cases}", "\\\\", "&", "\\begin{align}", "\\text{if }", " if ", " else ", " += "),
    *("\0", "\x1b[31m", "\u202e", "\ud800", "\ufeff", "é", "х", "中", "😀", "\r\n", "\u00a0", "⁺", "∑", "′"),
    *(
        "//",
        "->",
        ":=",
        "lambda x:",
        "if",
        "import os",
        "__class__",
        "eval(",
        "x.__init__",
        "()",
        "[[",
        "]]",
        "a = ",
        "; ",
    ),
)


@cache
def known() -> tuple[str, ...]:
    """The texts of the public cases."""
    keys = {"course": "typed", "formulas": "expr", "gotchas": "expression", "hostile": "expr", "notations": "typed"}
    files = {name: json.loads((CASES / f"{name}.json").read_text(encoding="utf-8")) for name in keys}
    return tuple(case[keys[name]] for name, cases in files.items() for case in cases)


def text(random: Random) -> str:
    """One input: by the grammar, by mutation, or the one mutated."""
    kind = random.random()
    if kind < 0.45:
        return written(random)
    return mutated(random, random.choice(known()) if kind < 0.9 else written(random))


def written(random: Random) -> str:
    """A text of the language, but for names and sorts that do not fit together now and then."""
    return Writer(random).text()


class Writer:
    """Writes by the grammar in gradtui/expression/parser.py, with about `left` operations to spend."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.left = random.choice((1, 2, 4, 8, 8, 16, 40))
        self.names: list[str] = list(random.sample(VARIABLES, random.randint(1, 3)))
        self.functions: dict[str, int] = {}

    def text(self) -> str:
        lines = [self._binding(name) for name in random_subset(self.random, ("a", "b", "c"), 0.15)]
        lines += [self._definition(name) for name in random_subset(self.random, ("g", "h"), 0.15)]
        frame = self.random.choices(("plain", "def", "return", "lambda", "latex"), (20, 2, 1, 1, 2))[0]
        separator = self.random.choice(("; ", "\n", ";"))
        if frame == "def":
            inside = [self._assignment() for _ in range(self.random.randint(0, 3))]
            head = f"def f({', '.join(dict.fromkeys(self.names[:2]))}):"
            return separator.join([*lines, head, *inside, f"return {self.sum()}"])
        headers = {
            "plain": self.random.choices(("", "y = ", "f(x) = ", "k(x, y) = "), (12, 1, 1, 1))[0],
            "return": "return ",
            "lambda": "lambda x: ",
            "latex": "$",
        }
        return separator.join([*lines, headers[frame] + self.sum() + "$" * (frame == "latex")])

    def _assignment(self) -> str:
        return f"{self.random.choice(('r', 's', *self.names))} = {self.sum()}{self.random.choice(('', '', '  # so'))}"

    def _definition(self, name: str) -> str:
        parameters = list(random_subset(self.random, ("t", "u"), 0.7)) or ["t"]
        outside, self.names = self.names, [*self.names, *parameters, *parameters]
        body = self.sum()
        self.names = outside
        self.functions[name] = len(parameters)
        return f"{name}({', '.join(parameters)}) = {body}"

    def _binding(self, name: str) -> str:
        line = f"{name} = {self.sum()}"
        self.names += [name, name]
        return line

    def sum(self) -> str:
        written = self.factor()
        while self.left > 0 and self.random.random() < 0.6:
            written += self.random.choice(OPERATORS) + self.factor()
        return written

    def factor(self) -> str:
        self.left -= 1
        if self.left <= 0:
            return self._leaf()
        makers: tuple[Callable[[], str], ...] = (
            *(self._leaf,) * 3,
            *(self._call,) * 4,
            *(self._parenthesised,) * 2,
            self._power,
            self._signed,
            self._method,
            self._bars,
            self._bare,
            self._where,
            self._vector,
            self._indexed,
            self._latex,
            self._own_call,
            self._worded,
        )
        return self.random.choice(makers)()

    def _leaf(self) -> str:
        kinds = (self.names, NUMBERS, CONSTANTS, EXTREMES)
        return self.random.choice(self.random.choices(kinds, (60, 30, 6, 1))[0])

    def _call(self) -> str:
        row = self.random.choice(TABLE)
        name = self.random.choice((row.name, row.name, *row.aliases))
        raised = self.random.choice(("", "", "", "", "", "^2", "²"))
        return f"{self.random.choice(MODULES)}{name}{raised}({', '.join(self._arguments(row))})"

    def _arguments(self, row: Function) -> list[str]:
        count = self.random.randint(row.least, row.most)
        plain = len(row.parameters) - row.settings
        arguments = []
        for place in range(count):
            is_setting = row.settings and place > plain
            value = self.random.choice(NUMBERS) if is_setting and self.random.random() < 0.9 else self.sum()
            named = 0 < place <= len(row.parameters) and self.random.random() < 0.2
            arguments.append(f"{row.parameters[place - 1]}={value}" if named else value)
        if row.name == "where" and self.random.random() < 0.95:
            arguments[0] = self._condition()
        if row.classes and self.random.random() < 0.8:
            arguments[-1:] = [self.random.choice(("0", "1", "2"))]
        for option in random_subset(self.random, row.options, 0.2):
            arguments.append(f"{option}={self.random.choice(SETTINGS)}")
        if row.takes_dim and self.random.random() < 0.3:
            arguments.append(self.random.choice(("0", "-1", "dim=0", "dim=-1", "axis=0", "dim=1")))
        return arguments

    def _indexed(self) -> str:
        return f"({self.sum()}){self.random.choice(INDICES)}"

    def _latex(self) -> str:
        form = self.random.choice(LATEX)
        return form.format(*(self.sum() for _ in range(form.count("{}"))))

    def _own_call(self) -> str:
        name = self.random.choice((*self.functions, "g"))
        return f"{name}({', '.join(self.sum() for _ in range(self.functions.get(name, 1)))})"

    def _worded(self) -> str:
        form = self.random.choice(
            ("{} mod {}", "{} % {}", "({}) squared", "log({}, {})", "σ({})", "gamma({})", "beta({}, {})")
        )
        return form.format(*(self.factor() for _ in range(form.count("{}"))))

    def _condition(self) -> str:
        return f"{self.sum()} {self.random.choice(COMPARISONS)} {self.sum()}"

    def _where(self) -> str:
        return f"where({self._condition()}, {self.sum()}, {self.sum()})"

    def _parenthesised(self) -> str:
        return f"({self.sum()})"

    def _power(self) -> str:
        return self.factor() + self.random.choice(("^", "**", "^-")) + self.factor()

    def _signed(self) -> str:
        return self.random.choice(("-", "+", "−", "√")) + self.factor()

    def _method(self) -> str:
        row = self.random.choice(TABLE)
        return f"({self.sum()}).{row.name}({', '.join(self._arguments(row)[1:])}){self.random.choice(('', *RAISED))}"

    def _bars(self) -> str:
        return f"|{self.sum()}|"

    def _bare(self) -> str:
        return f"{self.random.choice(('sin', 'exp', 'log', 'sqrt', 'relu'))} {self._leaf()}"

    def _vector(self) -> str:
        return f"[{', '.join(self.sum() for _ in range(self.random.randint(1, 4)))}]"


def random_subset(random: Random, items: tuple[str, ...], chance: float) -> list[str]:
    return [item for item in items if random.random() < chance]


def mutated(random: Random, given: str) -> str:
    """With one to four slips of the finger, or the malice, in it."""
    for _ in range(random.choice((1, 1, 2, 4))):
        start = random.randint(0, len(given))
        end = min(len(given), start + random.choice((0, 1, 1, 2, 5, 20)))
        piece = given[start:end]
        given = given[:start] + random.choice(_SLIPS)(random, piece) + given[end:]
    return given


def _repeated(random: Random, piece: str) -> str:
    return piece * random.choice((2, 3, 10, 300))


def _nested(random: Random, piece: str) -> str:
    opening, closing = random.choice(
        (("(", ")"), ("sin(", ")"), ("[", "]"), ("|", "|"), ("-", ""), ("2^", ""), ("", ".sin()"))
    )
    times = random.choice((1, 2, 50, 199, 201, 2_000))
    return opening * times + piece + closing * times


def _spliced(random: Random, piece: str) -> str:
    other = random.choice(known())
    start = random.randint(0, len(other))
    return other[start : start + random.randint(0, 30)]


_SLIPS: tuple[Callable[[Random, str], str], ...] = (
    lambda random, piece: "",
    lambda random, piece: random.choice(STRANGE),
    lambda random, piece: piece + random.choice(STRANGE),
    lambda random, piece: random.choice((*NUMBERS, *EXTREMES, *CONSTANTS)),
    lambda random, piece: random.choice(OPERATORS),
    lambda random, piece: random.choice(TABLE).name,
    lambda random, piece: piece[::-1],
    lambda random, piece: piece.upper(),
    _repeated,
    _nested,
    _spliced,
    _spliced,
)
