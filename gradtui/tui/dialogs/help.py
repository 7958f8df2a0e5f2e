"""All keys, the language, and what each word and sign of the screen means."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from textwrap import wrap

from rich.cells import set_cell_size
from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.events import Resize
from textual.widgets import Static

from gradtui.expression.functions import TABLE
from gradtui.tui.configured_keys import in_short, key_names
from gradtui.tui.dialogs.overlay import HEAD, KeysHelp, glossary, heading
from gradtui.tui.keys import ROWS

LANGUAGE = (
    ("x^2 + 3x + 1", "f(x) = …  y = …"),
    ("x**2 + 3*x + 1", "is the same"),
    ("2 pi x  x sin x", "no sign needed"),
    ("1/2x", "is (1/2)*x"),
    ("-x^2  x^2^3", "-(x^2)  x^(2^3)"),
    ("|x|  x²  √x  e^x", "as on paper"),
    ("sin x  sin^2(x)", "as on paper"),
    ("x!  ½x  ⌊x⌋  ‖x‖", "as on a page"),
    ("F.relu  x.pow(2)", "as in PyTorch"),
    ("log", "natural, as ln"),
    ("a = x^2; a + a", "shares a node"),
    ("[2.1, 5.4, 3.2]", "a vector"),
    ("x[0]  x[1:]", "element, slice"),
    ("mse_loss(p, t)", "torch's losses"),
    ("g(t) = t^2; g(3x)", "your function"),
    ("def f(x): …", "return … pasted"),
    ("\\frac{1}{x}  $x$", "LaTeX pasted"),
    ("x mod 2 log(x, 2)", "remainder; base"),
    ("where(x>0, x, 1)", "a choice"),
    ("x if x>0 else 1", "Python's choice"),
    ("Sin[x]  x.^2", "as elsewhere"),
    ("x  w_2  x1  theta", "variables"),
    ("pi  e  1e-3  .5", "numbers"),
    ("sum(x^2)", "one of a vector"),
)
"""What can be typed, and what it means."""

GLOSSARY = (
    ("ḡ", "the gradient that comes into a node, ∂f/∂node: f changes ḡ times as fast as the node's value"),
    ("∂f/∂x, f'(x)", "the same for a variable: its gradient, which training uses to change it"),
    ("AddBackward0", "autograd's node for a +: it takes ḡ and passes a gradient on to each operand"),
    ("AccumulateGrad", "the end of each way, at a variable: what arrives there is added up, and is its gradient"),
    ("↑ x (8 + 3)", "x once more, reached by another way; 8 and 3 are what the ways bring; enter goes to it"),
    ("· 3", "a constant: no gradient goes there"),
    ("–", "not computed yet, or there is none; it is never 0"),
    ("▾ ▸", "open and closed; enter, or a click, changes it; ▸ x is the active variable, which ← → step"),
    ("▸ h.0 … ×12", "modules that repeat; ⋯ 602 nodes is a line of nodes, ┆ what is inside one"),
    ("▶", "the node that backward has just run"),
    (
        "↑ ↓ ↕",
        "behind a variable: more are above, below, on both sides; %(variable.next)s, %(variable.previous)s go there",
    ),
    ("ready", "all that uses the node has run, so its ḡ is complete and it can run"),
    ("sequence", "nodes numbered as they were made; of those that are ready the engine takes the highest"),
    ("backward step", "one node of the backward pass is run: %(back.next)s, %(back.previous)s"),
    ("step 0.1", "how far an arrow key moves x"),
    ("saved", "what a node keeps of the forward pass, because its rule needs it: %(saved)s"),
    ("v̇", "how fast a value moves when x does (its tangent, forward mode)"),
    ("Σ ḡ·v̇", "summed over all that a cut through the graph crosses, it is f' at every moment: the ledger, %(ledger)s"),
    (
        "f'' : ⁝ ⁞",
        "further derivatives, as many dots as primes; then Taylor's polynomial stands for the tangent: %(order)s",
    ),
    ("∂ sin(x)", "a node that backward made as sin(x) had its turn: of the gradient's own graph, %(look)s"),
    ("by way of", "one path from f to x: the product of the factors along it; all of them add up to f'(x)"),
    ("✓ ✗ –", "right, wrong, nothing to say: autograd, calculus (by symbols), finite differences"),
    (
        "≈ 3 digits",
        "so many digits of autograd's number are known to be right: rounding took the others, or the check sees no more",
    ),
    ("scalar, 3×4", "the shape of a node's value"),
    ("● ○", "on the chart the point on f, and on f'; ▴ is x"),
    ("× ◇", "under the chart where f is not finite; where f is, and f' is not"),
    ("a gap", "in a curve: f is not defined there, jumps, or has a pole; a narrow one may be missed"),
    ("f' ↑ ↓", "over the chart: the whole curve lies above, or below, what is shown"),
    ("∇", "the gradient of all parameters of a module together"),
    ("○ ◐ ● ✗", "at the right end of the first line: starting, at work, ready, no answer"),
)
"""What a word or a sign of the screen means; `%(saved)s` is the key of that action."""


LONGEST_NAME = 15
"""Cells of nearly all names of functions."""


def words_and_signs(keys: Sequence[Binding]) -> list[tuple[str, str]]:
    """The glossary with the keys as a person has them."""
    names = key_names(keys)
    return [(term, means % names) for term, means in GLOSSARY]


class HelpScreen(KeysHelp):
    def told(self) -> ComposeResult:
        yield Columns(self.keys)
        yield from glossary(words_and_signs(self.keys))
        yield Static(heading("functions"), classes="heading")
        yield Static(_functions(), id="functions")


class Columns(Static):
    """The keys and, beside them or below, what can be typed."""

    def __init__(self, bindings: Sequence[Binding]) -> None:
        super().__init__()
        self._keys = [(in_short(row, bindings), row.short) for row in ROWS]

    def on_resize(self, event: Resize) -> None:
        width = event.size.width
        self.update(_beside(self._keys) if width >= BESIDE else _below(self._keys, width))


Rows = Sequence[tuple[str, str]]
KEY, TYPED = 12, 18
"""Cells of what stands before its meaning."""
LEFT = 44
BESIDE = 77
"""Cells of the keys, and of both."""


def _beside(keys: Rows) -> Content:
    lines = [Content.assemble((set_cell_size("keys", LEFT), HEAD), heading("what can be typed"))]
    lines += [
        Content.assemble(
            (set_cell_size(key, KEY), "$text-accent"),
            set_cell_size(does, LEFT - KEY),
            (set_cell_size(typed, TYPED), "$text-accent"),
            means,
        )
        for (key, does), (typed, means) in zip_longest(keys, LANGUAGE, fillvalue=("", ""))
    ]
    return Content("\n").join(lines)


def _below(keys: Rows, width: int) -> Content:
    """The meaning is broken within its column."""
    lines: list[Content] = []
    for title, rows, cells in (("keys", keys, KEY), ("what can be typed", LANGUAGE, TYPED)):
        lines += [Content(""), heading(title)] if lines else [heading(title)]
        for first, means in rows:
            begin, *rest = wrap(means, max(8, width - cells))
            lines.append(Content.assemble((set_cell_size(first, cells), "$text-accent"), begin))
            lines += [Content(" " * cells + line) for line in rest]
    return Content("\n").join(lines)


def _functions() -> Content:
    """A line each, by name; a name that is too long for its column pushes its meaning on."""
    named = sorted((function.name, function.doc) for function in TABLE if not function.operator)
    lines = [
        Content.assemble((f"{name:<{LONGEST_NAME}} ", "$text-accent"), (doc, "$foreground-muted"))
        for name, doc in named
    ]
    return Content("\n").join(lines)
