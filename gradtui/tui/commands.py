"""The command palette: every key's action, and what has no key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from functools import partial

from textual.app import SystemCommand
from textual.binding import Binding

from gradtui.snapshot.model import Node, Snapshot
from gradtui.snapshot.numbers import NOT_KNOWN, numbers
from gradtui.snapshot.visible import harmless_lines, visible
from gradtui.tui.keys import KEYS, works
from gradtui.tui.session import Session
from gradtui.tui.textual_fixes import MendedApp
from gradtui.tui.training.optimizer_entry import USUAL

Run = Callable[[str], Awaitable[object]]
"""Does an action, written as for a key."""

EXAMPLES = (
    "x^2 + 3x + 1",
    "sin(x)*exp(-x^2)",
    "1/(1 + exp(-x))",
    "(w*x + b - y)^2",
    "a = x^2; b = sin(a); a*b + b",
    "where(x > 0, x^2, -x)",
    "max(x, 0) + |x|",
)


def commands(app: MendedApp, session: Session, shown: Snapshot | None, run: Run) -> Iterator[SystemCommand]:
    """Every action that works now, then examples, number type and theme."""
    for binding in KEYS:
        if binding.id != "restore" and works(binding.action.partition("(")[0], session, shown, typing=False):
            key = app.get_key_display(Binding(binding.key.partition(",")[0], "", key_display=binding.key_display))
            yield SystemCommand(binding.tooltip, f"{binding.description} ({key})", partial(run, binding.action))
    if works("experiment", session, shown, typing=False):
        for factor in (0.5, 10.0, -1.0):
            title = f"Experiment: {factor:g} times what the node sends on"
            yield SystemCommand(title, "Undo with u", partial(run, f"experiment({factor})"))
    for pane, title in (("graph", "graph"), ("chart", "chart"), ("node", "node panel")):
        help = "escape brings all panes back"
        yield SystemCommand(f"Maximise the {title}", help, partial(run, f"maximise({pane!r})"))
    for text in EXAMPLES if session.live else ():
        yield SystemCommand(f"Example: {text}", "Show this function", partial(run, f"example({text!r})"))
    if works("optimizer", session, shown, typing=False):
        for text in USUAL:
            yield SystemCommand(f"Optimizer: {text}", "Train by this one", partial(run, f"choose_optimizer({text!r})"))
    for dtype in ("float32", "float64"):
        if dtype != session.dtype and session.live:
            yield SystemCommand(f"Use {dtype}", "Evaluate with this number type", partial(run, f"dtype({dtype!r})"))
    yield SystemCommand("Theme", "Change the colours: dark, light, ansi", partial(run, "change_theme"))
    yield SystemCommand("Screenshot", "Save the screen as an SVG picture", partial(run, "screenshot"))


def copies(snapshot: Snapshot, variable: str | None, node: Node | None) -> dict[str, str]:
    """What can be copied: a title for each text, at full precision."""
    texts = {"expression": snapshot.expression, "value": numbers(snapshot.value, 17, most=10**6)}
    if variable in snapshot.variables:
        title = "gradient of the experiment" if snapshot.experiments else "gradient"
        texts[title] = numbers(snapshot.variables[variable].grad, 17, most=10**6)
    derivative = (snapshot.derivative or {}).get(variable or "")
    if derivative is not None and derivative.text is not None:
        texts["derivative"] = derivative.text
    if snapshot.notes:
        texts["note"] = "; ".join(note.text for note in snapshot.notes)
    if node is not None:
        source = f"  {node.source.text}" if node.source else ""
        value, gradient = numbers(node.value, 17), numbers(node.grad_output, 17)
        kind = "  (experiment)" if snapshot.experiments else ""
        texts["node"] = f"{node.name}{source}  value {value}  grad_output {gradient}{kind}"
    return {title: text for title, text in texts.items() if text != NOT_KNOWN}


def copy(app: MendedApp, shown: Snapshot, variable: str | None, selected: int | None) -> None:
    """Ask what to copy."""
    node = shown.graph.nodes[selected] if selected is not None else None
    texts = copies(shown, variable, node)
    choices = [(f"Copy the {title}", partial(copy_text, app, title, text)) for title, text in texts.items()]
    app.search_commands(choices, placeholder="Copy …")


def copy_text(app: MendedApp, title: str, text: str) -> None:
    """To the terminal's clipboard (OSC 52), and say so. What is pasted into a shell must be harmless, too."""
    app.copy_to_clipboard(harmless_lines(text))
    app.notify(f"{title}: {visible(text[:200])}", title="Copied", markup=False, timeout=3)
