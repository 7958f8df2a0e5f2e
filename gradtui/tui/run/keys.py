"""Every key of the screen on a run: the footer, the palette and the keys of the help are made from what stands here."""

from __future__ import annotations

from textual.binding import Binding

from gradtui.tui.keys import key

UPDATE = Binding.Group("update", compact=False)
MODULE = Binding.Group("module", compact=False)

KEYS: list[Binding] = [
    key("run.back", "left", "move(-1)", "update", "To the column before", show=True, display="←", group=UPDATE),
    key("run.on", "right", "move(1)", "update", "To the next column", show=True, display="→", group=UPDATE),
    key("run.back10", "shift+left", "move(-10)", "ten back", "Ten columns back", display="⇧←"),
    key("run.on10", "shift+right", "move(10)", "ten on", "Ten columns on", display="⇧→"),
    key("run.previous", "comma", "update(-1)", "update before", "To the update before, however many a column has"),
    key("run.next", "full_stop", "update(1)", "next update", "To the next update, however many a column has"),
    key("run.first", "home", "first", "first update", "To the first update"),
    key("run.last", "end", "last", "last update", "To the last update, and stay at it while the run goes on"),
    key("row.up", "up,k", "row(-1)", "module", "The row above", show=True, display="↑", group=MODULE),
    key("row.down", "down,j", "row(1)", "module", "The row below", show=True, display="↓", group=MODULE),
    key("row.page_up", "pageup", "row(-10)", "ten up", "Ten rows up"),
    key("row.page_down", "pagedown", "row(10)", "ten down", "Ten rows down"),
    key(
        "row.open",
        "space",
        "open",
        "open",
        "Open the module to its parameters, or close it",
        show=True,
        display="space",
    ),
    key(
        "snapshot",
        "enter",
        "snapshot",
        "backward pass",
        "The backward pass of this update, or the nearest that was kept; esc comes back",
        show=True,
        display="⏎",
    ),
    key(
        "snapshot.next", "s", "next_snapshot(1)", "next kept", "To the next update of which the backward pass was kept"
    ),
    key(
        "snapshot.previous",
        "S",
        "next_snapshot(-1)",
        "kept before",
        "To the one before of which the backward pass was kept",
    ),
    key("rank.next", "r", "rank(1)", "rank", "Of several ranks side by side, the next one in full", show=True),
    key("rank.previous", "R", "rank(-1)", "rank before", "Of several ranks side by side, the one before in full"),
    key(
        "why",
        "w",
        "why",
        "why",
        "To the update where a finding begins, and its parameter; again for the next one",
        show=True,
    ),
    key(
        "colour",
        "c",
        "colour",
        "gradient, change",
        "Colour by the norm of the gradient, or by change/weight",
        show=True,
    ),
    key(
        "zoom.in",
        "plus,equals_sign",
        "zoom(0.5)",
        "zoom in",
        "Half as many updates, around the selected one",
        display="+",
        show=True,
    ),
    key("zoom.out", "minus", "zoom(2.0)", "zoom out", "Twice as many updates", display="-"),
    key("fit", "f", "fit", "all", "All updates", show=True),
    key("output", "o", "output", "printed", "What the script printed, in place of the numbers; and back", show=True),
    key("maximise", "m", "maximise", "max", "The numbers, or the heat map, on the whole screen; and back"),
    key("full", "i", "in_full", "in full", "All findings in full, with their evidence and what people do about them"),
    key("restore", "escape", "restore", "restore", "All panes again"),
    key("export", "ctrl+s", "export", "export", "Save the run: .gradtui, .json, .csv"),
    key("help", "question_mark,f1", "help", "help", "All keys, and what the signs mean", show=True, display="?"),
    key("quit", "q", "quit", "quit", "Quit; a training that goes on does so without the screen", show=True),
    key("suspend", "ctrl+z", "suspend_process", "to the shell", "To the shell; fg brings all back", priority=True),
]

EVERYWHERE = {"quit", "help_quit", "command_palette", "change_theme", "screenshot", "suspend_process", "explain"}
