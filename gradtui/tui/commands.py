"""The command palette: every key's action, and what has no key."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from textual.app import SystemCommand
from textual.binding import Binding

from gradtui.snapshot.model import Node, Snapshot
from gradtui.snapshot.numbers import NOT_KNOWN, numbers
from gradtui.snapshot.visible import harmless_lines, visible
from gradtui.tui.keys import works

if TYPE_CHECKING:
    from gradtui.tui.app import GradtuiApp

EXAMPLES = (
    "x^2 + 3x + 1",
    "sin(x)*exp(-x^2)",
    "1/(1 + exp(-x))",
    "(w*x + b - y)^2",
    "a = x^2; b = sin(a); a*b + b",
    "where(x > 0, x^2, -x)",
    "max(x, 0) + |x|",
)


def commands(app: GradtuiApp) -> Iterator[SystemCommand]:
    """Every action that works now, then examples, number type and theme."""
    for binding in app.BINDINGS:
        assert isinstance(binding, Binding)
        name = binding.action.partition("(")[0]
        if binding.id != "restore" and works(name, app.session, app.answers.shown, typing=False):
            key = app.get_key_display(Binding(binding.key.partition(",")[0], "", key_display=binding.key_display))
            yield SystemCommand(
                binding.tooltip, f"{binding.description} ({key})", partial(app.run_action, binding.action)
            )
    if works("experiment", app.session, app.answers.shown, typing=False):
        for factor in (0.5, 10.0, -1.0):
            title = f"Experiment: {factor:g} times what the node sends on"
            yield SystemCommand(title, "Undo with u", partial(app.action_experiment, factor))
    for pane, title in (("graph", "graph"), ("chart", "chart"), ("node", "node panel")):
        yield SystemCommand(f"Maximise the {title}", "escape brings all panes back", partial(app.action_maximise, pane))
    for text in EXAMPLES if app.session.live else ():
        yield SystemCommand(f"Example: {text}", "Show this function", partial(app.take, text))
    for dtype in ("float32", "float64"):
        if dtype != app.session.dtype and app.session.live:
            yield SystemCommand(f"Use {dtype}", "Evaluate with this number type", partial(app.action_dtype, dtype))
    yield SystemCommand("Theme", "Change the colours: dark, light, ansi", app.action_change_theme)
    yield SystemCommand("Screenshot", "Save the screen as an SVG picture", app.action_screenshot)


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


def copy(app: GradtuiApp) -> None:
    """Ask what to copy."""
    shown = app.answers.shown
    if shown is not None:
        node = shown.graph.nodes[app.selected] if app.selected is not None else None
        texts = copies(shown, app.session.active, node)
        choices = [(f"Copy the {title}", partial(copy_text, app, title, text)) for title, text in texts.items()]
        app.search_commands(choices, placeholder="Copy …")


def copy_text(app: GradtuiApp, title: str, text: str) -> None:
    """To the terminal's clipboard (OSC 52), and say so. What is pasted into a shell must be harmless, too."""
    app.copy_to_clipboard(harmless_lines(text))
    app.notify(f"{title}: {visible(text[:200])}", title="Copied", markup=False, timeout=3)
