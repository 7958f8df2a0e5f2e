"""The session without a screen: the same keys, line by line, and each change told in a sentence. For screen readers and programs.

A line is keys with blanks between them (`right right n`), `/sin(x)` for a function, `x=2` for a value, `:export` for an action of
the palette, `all` for everything once more, `q` to leave. While a line is asked for, the next one is its text.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress

from textual.keys import _character_to_key
from textual.pilot import Pilot
from textual.widgets import Input, Static

from gradtui.expression.point import PointError, read_assigned
from gradtui.graph.incoming_edges import has_run
from gradtui.graph.plain_names import plain_name
from gradtui.graph.short_names import again
from gradtui.snapshot.visible import harmless
from gradtui.tui import texts
from gradtui.tui.app import GradtuiApp
from gradtui.tui.configured_keys import in_full
from gradtui.tui.dialogs.help import LANGUAGE, words_and_signs
from gradtui.tui.graph.columns import short
from gradtui.tui.keys import KEYS, ROWS
from gradtui.tui.panes.line_view import INDENT
from gradtui.tui.training.summary import summary
from gradtui.tui.typing.formula_line import title

SIZE = (100, 40)
"""Cells of the screen that nobody sees."""

PATIENCE = 60.0
"""Seconds for an answer."""

NAMES = {"esc": "escape", "⏎": "enter", "pgup": "pageup", "pgdn": "pagedown", "←": "left", "→": "right"}
LONG = {
    "left",
    "right",
    "up",
    "down",
    "enter",
    "escape",
    "tab",
    "space",
    "home",
    "end",
    "pageup",
    "pagedown",
    "backspace",
}
"""Keys that are named and not typed."""

WAYS = "keys such as right, n or u; /sin(x) for a function; x=2 for a value; :export for an action; all; ?; q to leave"

Read = Callable[[], Awaitable[str]]


async def run(app: GradtuiApp, read: Read | None = None, say: Callable[[str], None] | None = None) -> int:
    """Answer lines until they end, or until the app is left; the exit status."""
    read, say = read or _read, say or _say
    try:
        async with app.run_test(size=SIZE) as pilot:
            told: dict[str, str] = {}
            await _settled(pilot, app)
            told = _tell(told, app, say)
            say(WAYS)
            while app.is_running and (line := await read()):
                if line.strip() == "all":
                    told = {}
                elif line.strip() in ("?", "f1"):
                    _explain(app, say)
                else:
                    await _do(pilot, app, line.strip(), say)
                if app.is_running:
                    await _settled(pilot, app)
                    told = _tell(told, app, say)
    except Exception as error:  # one that was told when it came is raised here once more, for tests
        if not app.own_errors.last:
            say(app.own_errors.ends_by(error, ""))
        return 1
    return app.return_code or 0


def main(app: GradtuiApp) -> int:
    return asyncio.run(run(app))


async def _read() -> str:
    return await asyncio.to_thread(sys.stdin.readline)


def _say(sentence: str) -> None:
    print(" ".join(harmless(sentence).split()), flush=True)


async def _settled(pilot: Pilot[None], app: GradtuiApp) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            await pilot.pause()
            while app.is_running and (app.answers.waiting or app.answers.underived) and app.answers.problem is None:
                await pilot.pause(0.02)
            await pilot.pause()


async def _do(pilot: Pilot[None], app: GradtuiApp, line: str, say: Callable[[str], None]) -> None:
    """What one line asks for."""
    name, equals, _ = (part.strip() for part in line.partition("="))
    if isinstance(app.focused, Input):
        app.focused.value = line
        await pilot.press("enter")
    elif line.startswith("/") and len(line) > 1:
        app.picture.take(line[1:].strip())
    elif line.startswith(":"):
        await _command(app, line[1:].strip().casefold(), say)
    elif equals and name in app.session.variables:
        try:
            points = read_assigned(line, app.session.variables, name)
        except PointError as error:
            say(str(error))
            return
        app.session.choose(name)
        app.session.assign(points)
        app.ask()
    else:
        keys = [_key(word) for word in line.split()]
        if None in keys:
            say(f"{line} is no key: {WAYS}")
            return
        await pilot.press(*(key for key in keys if key is not None))


def _key(word: str) -> str | None:
    """Textual's name of a key that is written in whatever way."""
    word = NAMES.get(word, word)
    plain = word.rpartition("+")[2] if len(word) > 1 else word
    if word in LONG or plain in LONG or (len(word) > 1 and word.startswith(("ctrl+", "shift+", "f"))):
        return word if plain in LONG or word.startswith(("ctrl+", "shift+")) or word[1:].isdigit() else None
    return _character_to_key(word) if len(word) == 1 else None


async def _command(app: GradtuiApp, wanted: str, say: Callable[[str], None]) -> None:
    """The first action of the palette whose title has a word that begins so."""
    for command in app.get_system_commands(app.screen):
        if wanted and f" {wanted}" in f" {command.title.casefold()}":
            say(command.title)
            result = command.callback()
            if isinstance(result, Awaitable):
                await result
            return
    say(f"no action has {wanted!r} in its name; the palette has: {', '.join(key.description for key in KEYS)}")


def _tell(before: dict[str, str], app: GradtuiApp, say: Callable[[str], None]) -> dict[str, str]:
    """Say what is not as it was; -> how it is now."""
    now = dict(_state(app))
    for name, sentence in now.items():
        if sentence and before.get(name) != sentence:
            say(sentence)
    return now


def _state(app: GradtuiApp) -> Iterator[tuple[str, str]]:
    """All that the screen shows, a sentence each."""
    session, answers, picture = app.session, app.answers, app.picture
    yield "function", title(session) + (session.text if session.origin == "expression" else "")
    if session.reads_as not in ("", session.text):
        yield "reads as", f"reads as {session.reads_as}"
    problem = session.problem or answers.problem
    hint = f" – {problem.hint}" if problem is not None and problem.hint else ""
    yield "problem", f"wrong: {problem.message}{hint}" if problem is not None else ""
    for row in texts.variable_rows(session, answers.shown):
        gradient = f", ∂f/∂{row.name} {row.gradient}" if row.gradient else ""
        yield f"variable {row.name}", f"{row.name} = {session.points[row.name].text}{gradient}"
    if session.active is not None:
        yield "step", f"{session.active} moves by {session.step_of(session.active)}"
    reading = picture.reading
    yield "value", reading.whole.plain
    for name, content in (("derivative", reading.derivative), ("checks", reading.marks), ("remark", reading.remark)):
        yield name, content.plain
    yield "training", summary(app.board.trainer, app.session)
    if app.board.charts.seen != "curve":
        yield "chart", f"chart: {picture.chart.border_title}"
    yield "view", f"view: {picture.graph.border_title}" if picture.graph.border_title else ""
    yield from _cursor(app)
    for notice in app._notifications:
        yield f"notice {notice.identity}", notice.message
    if isinstance(app.focused, Input):
        asked = next(iter(app.focused.parent.query(Static)), None) if app.focused.parent is not None else None
        name = str(asked.render()).strip(" =") if asked is not None else ""
        yield "asked", f"type a line: {name or app.focused.id}"
    if len(app.screen_stack) > 1:
        yield "screen", f"{type(app.screen).__name__} is open: esc closes it"


def _cursor(app: GradtuiApp) -> Iterator[tuple[str, str]]:
    """The selected row, and what the node panel says."""
    shown, cursor, graph = app.answers.shown, app.backward.cursor, app.picture.graph
    if shown is None or not shown.graph.nodes:
        yield "graph", "there is no graph"
        yield from _panel(app)
        return
    if cursor.steps_done is not None:
        yield "backward", f"backward: {cursor.steps_done} of {len(app.backward.order)} nodes have run"
    if cursor.selected is not None:
        node = shown.graph.nodes[cursor.selected]
        digits = texts.significant(shown)
        grad = node.grad_output if has_run(shown.graph, node.id, cursor.steps_done) else None
        name = plain_name(node) if app.plain else node.name
        of = node.variable or (again(node) + node.source.text if node.source else node.module)
        yield (
            "row",
            f"row {graph._cursor + 1} of {len(graph.arrangement.rows)}: {name} of {of}, value {short(node.value, digits)}, "
            f"∂f/∂node {short(grad, digits)}",
        )
    yield from _panel(app, 2)


def _panel(app: GradtuiApp, first: int = 0) -> Iterator[tuple[str, str]]:
    """Its sentences, from the `first` on."""
    whole: list[str] = []
    for text in app.picture.node_panel.whole():
        if text.startswith(INDENT) and whole:
            whole[-1] += f"; {text.strip()}"
        elif text:
            whole.append(text)
    for number, line in enumerate(whole[first:]):
        yield f"node {number}", line


def _explain(app: GradtuiApp, say: Callable[[str], None]) -> None:
    for row in ROWS:
        say(f"{' '.join(in_full(row, app.keys))}: {row.long}")
    for typed, means in (*LANGUAGE, *words_and_signs(app.keys)):
        say(f"{typed}: {means}")
