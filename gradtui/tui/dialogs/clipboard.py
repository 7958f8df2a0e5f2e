"""What can be copied, and how it gets to the terminal's clipboard."""

from __future__ import annotations

from decimal import Decimal
from functools import partial

from gradtui.graph.short_names import again
from gradtui.snapshot.defaults import STEP, WINDOW
from gradtui.snapshot.model import Node, Snapshot
from gradtui.snapshot.numbers import NOT_KNOWN, numbers
from gradtui.snapshot.shell_words import shell_line
from gradtui.snapshot.visible import harmless_lines, visible
from gradtui.tui.session import Session
from gradtui.tui.textual_fixes import MendedApp
from gradtui.tui.training.live_again import is_whole


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
        source = f"  {again(node)}{node.source.text}" if node.source else ""
        value, gradient = numbers(node.value, 17), numbers(node.grad_output, 17)
        kind = "  (experiment)" if snapshot.experiments else ""
        texts["node"] = f"{node.name}{source}  value {value}  grad_output {gradient}{kind}"
    return {title: text for title, text in texts.items() if text != NOT_KNOWN}


def latex(snapshot: Snapshot, variable: str | None) -> dict[str, str]:
    """f, and the derivative by the variable, as LaTeX, where there is such."""
    from gradtui.report import tex_fragment  # not wanted before the first paint

    try:
        texts = {"LaTeX of f": tex_fragment.function(snapshot)}
    except tex_fragment.NoFormulaError:
        return {}
    derivative = tex_fragment.derivative(snapshot, variable or "")
    return texts if derivative is None else texts | {"LaTeX of the derivative": derivative}


def as_command(session: Session) -> str:
    """The command that opens this very state, where all of it can be typed: to be pasted into a shell."""
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
    if session.active is not None and session.step_of(session.active) != Decimal(STEP):
        words += ["--step", str(session.step_of(session.active))]
    if session.order > 1:
        words += ["--order", str(session.order)]
    if session.degree is not None:
        words += ["--taylor", str(session.degree)]
    return shell_line(words)


def copy(app: MendedApp, session: Session, shown: Snapshot, selected: int | None) -> None:
    """Ask what to copy."""
    node = shown.graph.nodes[selected] if selected is not None else None
    texts = copies(shown, session.active, node)
    if session.origin != "capture" and not (session.data or shown.data) and (session.live or is_whole(shown)):
        texts["command"] = as_command(session)
    choices = [(f"Copy the {title}", partial(copy_text, app, title, text)) for title, text in texts.items()]
    app.search_commands(choices, placeholder="Copy …")


def copy_text(app: MendedApp, title: str, text: str) -> None:
    """To the terminal's clipboard (OSC 52), and say so. What is pasted into a shell must be harmless, too."""
    app.copy_to_clipboard(harmless_lines(text))
    app.notify(f"{title}: {visible(text[:200])}", title="Copied", markup=False, timeout=3)
