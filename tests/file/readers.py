"""All that reads a Snapshot, called on one: every report, and every pane of the screen."""

from __future__ import annotations

import gc
import random
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from textual.pilot import Pilot

from gradtui.chart.text import chart_text
from gradtui.findings.findings import why
from gradtui.outline.lanes import Lanes
from gradtui.report import json, steps, text
from gradtui.report.dot import dot
from gradtui.report.mermaid import mermaid
from gradtui.report.problem import pointed, traced
from gradtui.report.python import NoScriptError, script
from gradtui.report.svg import svg
from gradtui.snapshot.model import Snapshot
from gradtui.tui.app import GradtuiApp
from gradtui.tui.dialogs.clipboard import copies
from gradtui.tui.keys import KEYS
from gradtui.tui.saved import explorer

SIZES = ((120, 36), (80, 24), (60, 20), (200, 60), (40, 10), (20, 5), (1, 1))
LEFT_OUT = {"quit", "play", "search"}
"""Actions that end the screen, that take time, and that begin to type."""


SECONDS = 60.0
"""For all reports of a small Snapshot, or a dozen keys: a hundred times what they take."""


@contextmanager
def in_time() -> Iterator[None]:
    """What takes far too long is a failure too."""

    def stop(number: int, frame: object) -> None:
        raise TimeoutError(f"it takes more than {SECONDS:.0f} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def reports(snapshot: Snapshot) -> dict[str, str]:
    """Each report by its name; of a Snapshot with a problem also what is said instead."""
    written = {
        "json": json.line(json.answer(snapshot)).decode(),
        "text": text.report(snapshot, colour=True),
        "steps": steps.steps(snapshot),
        "dot": dot(snapshot),
        "mermaid": mermaid(snapshot),
        "svg": svg(snapshot),
        "python": _script(snapshot),
        "lanes": "\n".join(map(Lanes(snapshot.graph).text, range(len(snapshot.graph.nodes)))),
        "why": "\n".join(found.text for name in snapshot.parameters for found in why(snapshot, name)),
    }
    if snapshot.curve is not None:
        written["chart"] = chart_text(snapshot.curve, 40, 10)
    if snapshot.problem is not None:
        written["refusal"] = json.line(json.refusal(snapshot.expression, snapshot.problem, snapshot)).decode()
        written["problem"] = traced(snapshot)
        written["place"] = pointed(snapshot.expression, snapshot.problem)
    return written


def _script(snapshot: Snapshot) -> str:
    try:
        written = script(snapshot)
    except NoScriptError as error:
        return str(error)
    compile(written, "script.py", "exec")
    return written


async def screen(snapshot: Snapshot, chance: random.Random, acts: int = 12) -> None:
    """Open the screen on it and use it: whatever any key does, at any size, and what is painted after every few of them."""
    app = explorer(snapshot)
    async with app.run_test(size=chance.choice(SIZES)) as pilot:
        await pilot.pause()
        _look(app)
        for number in range(acts):
            await _act(app, pilot, chance)
            if number % 4 == 3:
                await pilot.pause()
        _look(app)
    gc.unfreeze()  # what the screen keeps from the collector would stay for ever


async def _act(app: GradtuiApp, pilot: Pilot[None], chance: random.Random) -> None:
    match chance.randrange(10):
        case 0:
            await pilot.resize_terminal(*chance.choice(SIZES))
        case 1:
            app.picture.graph.find(chance.choice(["Back", "x", "a", ""]))
        case 2:
            await pilot.press(chance.choice(["tab", "escape", "enter"]))
        case _:
            await app.run_action(chance.choice([key.action for key in KEYS if key.action not in LEFT_OUT]))


def _look(app: GradtuiApp) -> None:
    """At what is only painted, or listed, when it is asked for."""
    list(app.get_system_commands(app.screen))
    shown, selected = app.answers.shown, app.backward.cursor.selected
    if shown is not None:
        node = shown.graph.nodes[selected] if selected is not None else None
        for variable in (None, *shown.variables):
            copies(shown, variable, node)
