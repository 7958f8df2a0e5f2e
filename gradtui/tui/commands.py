"""The command palette: every key's action, and what has no key."""

from __future__ import annotations

import asyncio
import os
import shlex
from collections.abc import Awaitable, Callable, Iterator, Sequence
from decimal import Decimal
from functools import partial

from textual.app import SystemCommand
from textual.binding import Binding

from gradtui.snapshot.curve import Curve
from gradtui.snapshot.model import Node, Snapshot
from gradtui.snapshot.numbers import NOT_KNOWN, numbers
from gradtui.snapshot.visible import harmless_lines, visible
from gradtui.tui.keys import works
from gradtui.tui.session import WINDOW, Session
from gradtui.tui.textual_fixes import MendedApp
from gradtui.tui.training.optimizer_entry import USUAL
from gradtui.tui.typing.examples import EXAMPLES

FIRST_STEP = Decimal("0.1")

Run = Callable[[str], Awaitable[object]]
"""Does an action, written as for a key."""

FILES = (
    ("Save this state", "function.gradtui"),
    ("Export the graph as SVG", "graph.svg"),
    ("Export the chart as SVG", "function.chart.svg"),
    ("Export the graph for Graphviz", "graph.dot"),
    ("Export the graph for Mermaid", "graph.mmd"),
    ("Export as a page for any browser", "function.html"),
    ("Export as a PyTorch script", "function.py"),
    ("Export as JSON", "function.json"),
    ("Export f and f' as LaTeX", "function.tex"),
    ("Export a page that steps through backward", "function.html"),
    ("Export the updates as a table", "run.csv"),
)


def commands(
    app: MendedApp, keys: Sequence[Binding], session: Session, shown: Snapshot | None, run: Run
) -> Iterator[SystemCommand]:
    """Every action that works now, then examples, number type, mouse and theme."""
    for binding in keys:
        if binding.id != "restore" and works(binding.action.partition("(")[0], session, shown, typing=False):
            first = binding.key.partition(",")[0]
            key = app.get_key_display(Binding(first, "", key_display=binding.key_display)) if first else "no key"
            yield SystemCommand(binding.tooltip, f"{binding.description} ({key})", partial(run, binding.action))
    if works("experiment", session, shown, typing=False):
        for factor in (0.5, 10.0, -1.0):
            title = f"Experiment: {factor:g} times what the node sends on"
            yield SystemCommand(title, "Undo with u", partial(run, f"experiment({factor})"))
    for pane, title in (("graph", "graph"), ("chart", "chart"), ("node", "node panel")):
        help = "escape brings all panes back"
        yield SystemCommand(f"Maximise the {title}", help, partial(run, f"maximise({pane!r})"))
    if works("training", session, shown, typing=False):
        for text in USUAL:
            yield SystemCommand(f"Optimizer: {text}", "Train by this one", partial(run, f"choose_optimizer({text!r})"))
    for name, text, why in EXAMPLES if session.live and session.origin == "expression" else ():
        yield SystemCommand(f"Example: {name}", f"{text}: {why}", partial(run, f"example({text!r})"))
    for title, path in FILES if works("export", session, shown, typing=False) else ():
        if path.endswith(".csv") and session.training is None:
            continue
        yield SystemCommand(title, f"To {path}, or under another name", partial(run, f"export({path!r})"))
    if not session.live and session.origin == "expression":
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


def copies(snapshot: Snapshot, variable: str | None, node: Node | None) -> dict[str, str]:
    """What can be copied: a title for each text, at full precision."""
    texts = {"expression": snapshot.expression, "value": numbers(snapshot.value, 17, most=10**6)}
    if variable in snapshot.variables:
        title = "gradient of the experiment" if snapshot.experiments else "gradient"
        texts[title] = numbers(snapshot.variables[variable].grad, 17, most=10**6)
    derivative = (snapshot.derivative or {}).get(variable or "")
    if derivative is not None and derivative.text is not None:
        texts["derivative"] = derivative.text
    texts |= latex(snapshot, variable)
    if snapshot.notes:
        texts["note"] = "; ".join(note.text for note in snapshot.notes)
    if node is not None:
        source = f"  {node.source.text}" if node.source else ""
        value, gradient = numbers(node.value, 17), numbers(node.grad_output, 17)
        kind = "  (experiment)" if snapshot.experiments else ""
        texts["node"] = f"{node.name}{source}  value {value}  grad_output {gradient}{kind}"
    return {title: text for title, text in texts.items() if text != NOT_KNOWN}


def latex(snapshot: Snapshot, variable: str | None) -> dict[str, str]:
    """f, and the derivative by the variable, as LaTeX, where there is such."""
    from gradtui.report import tex  # not wanted before the first paint

    try:
        texts = {"LaTeX of f": tex.function(snapshot)}
    except tex.NoFormulaError:
        return {}
    derivative = tex.derivative(snapshot, variable or "")
    return texts if derivative is None else texts | {"LaTeX of the derivative": derivative}


def as_command(session: Session) -> str:
    """The command that opens this very state: to be pasted into a shell."""
    words = ["gradtui", session.text]
    for name in session.variables:
        if name not in session.defaults:
            words += ["--at", f"{name}={session.points[name].text}"]
    if session.dtype != "float32":
        words += ["--dtype", session.dtype]
    if session.device != "cpu":
        words += ["--device", session.device]
    if session.window != WINDOW:
        words += ["--window", ":".join(map(repr, session.window))]
    if session.active is not None and session.step_of(session.active) != FIRST_STEP:
        words += ["--step", str(session.step_of(session.active))]
    if session.order > 1:
        words += ["--order", str(session.order)]
    if session.degree is not None:
        words += ["--taylor", str(session.degree)]
    return shlex.join(words)


async def write(shown: Snapshot, path: str, *, plain: bool, other: Curve | None = None) -> str:
    """Write a file, in a thread; what is wrong, in a sentence, or nothing."""
    from gradtui.report.export import ExportError, export  # not wanted before the first paint

    try:
        await asyncio.to_thread(export, shown, os.path.expanduser(path), plain=plain, other=other)
    except ExportError as error:
        return str(error)
    except OSError as error:
        return f"{path}: {error.strerror}"
    return ""


def copy(app: MendedApp, session: Session, shown: Snapshot, selected: int | None) -> None:
    """Ask what to copy."""
    node = shown.graph.nodes[selected] if selected is not None else None
    texts = copies(shown, session.active, node)
    if session.origin != "capture":
        texts["command"] = as_command(session)
    choices = [(f"Copy the {title}", partial(copy_text, app, title, text)) for title, text in texts.items()]
    app.search_commands(choices, placeholder="Copy …")


def copy_text(app: MendedApp, title: str, text: str) -> None:
    """To the terminal's clipboard (OSC 52), and say so. What is pasted into a shell must be harmless, too."""
    app.copy_to_clipboard(harmless_lines(text))
    app.notify(f"{title}: {visible(text[:200])}", title="Copied", markup=False, timeout=3)
