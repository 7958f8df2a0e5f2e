"""The command palette: every key's action, and what has no key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial

from textual.app import SystemCommand
from textual.binding import Binding

from gradtui.snapshot.model import Snapshot
from gradtui.tui.keys import works
from gradtui.tui.session import Session
from gradtui.tui.textual_fixes import MendedApp
from gradtui.tui.training.live_again import is_whole
from gradtui.tui.training.optimizer_entry import USUAL
from gradtui.tui.typing.examples import EXAMPLES

Run = Callable[[str], Awaitable[object]]
"""Does an action, written as for a key."""

FILES = (
    ("Save this state", "function.gradtui"),
    ("Export the graph as SVG", "graph.svg"),
    ("Export the chart as SVG", "function.chart.svg"),
    ("Export the graph for Graphviz", "graph.dot"),
    ("Export the graph for Mermaid", "graph.mmd"),
    ("Export as a PyTorch script", "function.py"),
    ("Export as JSON", "function.json"),
    ("Export f and f' as LaTeX", "function.tex"),
    ("Export a page that steps through backward in any browser", "function.html"),
    ("Export the updates as a table", "run.csv"),
)

UNLISTED = ("restore", "explain")
"""Keys that do nothing where the palette was, or what another key does too."""


def commands(
    app: MendedApp, keys: Sequence[Binding], session: Session, shown: Snapshot | None, run: Run
) -> Iterator[SystemCommand]:
    """Every action that works now, then examples, number type, mouse and theme."""
    for binding in keys:
        if binding.id not in UNLISTED and works(binding.action.partition("(")[0], session, shown, typing=False):
            first = binding.key.partition(",")[0]
            key = app.get_key_display(Binding(first, "", key_display=binding.key_display)) if first else "no key"
            yield SystemCommand(binding.tooltip, f"{binding.description} ({key})", partial(run, binding.action))
    if works("experiment", session, shown, typing=False):
        for factor in (0.5, 10.0, -1.0):
            title = f"Experiment: {factor:g} times what the node sends on"
            yield SystemCommand(title, f"Undo with {app.key_names['undo']}", partial(run, f"experiment({factor})"))
    for pane, title in (("graph", "graph"), ("chart", "chart"), ("node", "node panel")):
        help = "escape brings all panes back"
        yield SystemCommand(f"Maximise the {title}", help, partial(run, f"maximise({pane!r})"))
    if works("training", session, shown, typing=False):
        for text in USUAL:
            yield SystemCommand(f"Optimizer: {text}", "Train by this one", partial(run, f"choose_optimizer({text!r})"))
    for name, text, why in EXAMPLES if session.live and session.origin == "expression" else ():
        yield SystemCommand(f"Example: {name}", f"{text}: {why % app.key_names}", partial(run, f"example({text!r})"))
    for title, path in FILES if works("export", session, shown, typing=False) else ():
        if path.endswith(".csv") and session.training is None:
            continue
        yield SystemCommand(title, f"To {path}, or under another name", partial(run, f"export({path!r})"))
    if not session.live and session.origin == "expression" and shown is not None and is_whole(shown):
        yield SystemCommand(
            "Open it live", "Evaluate this function anew, from where it stands", partial(run, "go_live")
        )
    for dtype in ("float32", "float64"):
        if dtype != session.dtype and session.live:
            yield SystemCommand(f"Use {dtype}", "Evaluate with this number type", partial(run, f"dtype({dtype!r})"))
    if app.mouse is not None:
        told = ("off", "The terminal itself selects text again") if app.mouse else ("on", "Clicks and the wheel work")
        yield SystemCommand(f"Mouse {told[0]}", told[1], partial(run, "toggle_mouse"))
    yield SystemCommand("Theme", "Change the colours: dark, light, ansi", partial(run, "change_theme"))
    yield SystemCommand("Screenshot", "Save the screen as an SVG picture", partial(run, "screenshot"))
