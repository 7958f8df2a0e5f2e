"""Every key of the screen: the footer, the command palette, the help and the table of docs/keys.md are made from this."""

from __future__ import annotations

from typing import NamedTuple

from textual.binding import Binding

from gradtui.snapshot.model import Snapshot
from gradtui.tui.session import Session

STEP = Binding.Group("step", compact=False)
NODE = Binding.Group("node", compact=False)
BACKWARD = Binding.Group("backward", compact=False)
UPDATE = "training('update')"


def key(
    id: str,
    key: str,
    action: str,
    title: str,
    tooltip: str,
    *,
    show: bool = False,
    display: str | None = None,
    group: Binding.Group | None = None,
    priority: bool = False,
) -> Binding:
    """priority: before what has the keys, and so before keys that were pressed before it."""
    return Binding(
        key, action, title, show=show, key_display=display, tooltip=tooltip, id=id, group=group, priority=priority
    )


KEYS: list[Binding] = [
    key("step.down", "left", "step(-1)", "step down", "One step down", show=True, display="←", group=STEP),
    key("step.up", "right", "step(1)", "step up", "One step up", show=True, display="→", group=STEP),
    key("step.down10", "shift+left", "step(-10)", "ten steps down", "Ten steps down", display="⇧←"),
    key("step.up10", "shift+right", "step(10)", "ten steps up", "Ten steps up", display="⇧→"),
    key("step.smaller", "[", "rescale_step(-1)", "smaller step", "Make the step ten times smaller"),
    key("step.larger", "]", "rescale_step(1)", "larger step", "Make the step ten times larger"),
    key("node.up", "up,k", "move_node('up')", "node above", "Select the row above", show=True, display="↑", group=NODE),
    key(
        "node.down",
        "down,j",
        "move_node('down')",
        "node below",
        "Select the row below",
        show=True,
        display="↓",
        group=NODE,
    ),
    key(
        "node.open",
        "enter",
        "move_node('enter')",
        "open or jump",
        "Open or close the node; follow a reference",
        display="⏎",
    ),
    key("node.page_up", "pageup", "move_node('page_up')", "page up", "Select a row one page up"),
    key("node.page_down", "pagedown", "move_node('page_down')", "page down", "Select a row one page down"),
    key("node.first", "home", "move_node('first')", "output", "Select the output"),
    key("node.last", "end", "move_node('last')", "last row", "Select the last row"),
    key("view.lanes", "t", "move_node('lanes')", "lanes", "The graph as lanes, in the order of backward, and back"),
    key("view.next", "T", "move_node('next_view')", "tables", "Tree, lanes, gradients by parameter, by module"),
    key("view.filter", "F", "move_node('filter')", "filter", "Only parameters, only what is bad, only the path here"),
    key("view.sort", "b", "move_node('sort(1)')", "sort by", "Sort a table or list by the next column"),
    key("view.sort_back", "B", "move_node('sort(-1)')", "sort by", "Sort a table or list by the column before"),
    key("search", "ctrl+f", "search", "search", "Search operation, parameter, module and source"),
    key(
        "search.next",
        "f3",
        "move_node('next_match(1)')",
        "next match",
        "To the next node that was searched for",
        display="F3",
    ),
    key(
        "search.previous",
        "shift+f3",
        "move_node('next_match(-1)')",
        "match before",
        "To the match before",
        display="⇧F3",
    ),
    key("back.next", "n", "backward(1)", "backward: next", "Run the next node of backward", show=True, group=BACKWARD),
    key("back.previous", "p", "backward(-1)", "backward: back", "Take the last node back", show=True, group=BACKWARD),
    key("back.end", "N", "backward_end", "backward: end", "To the end of backward"),
    key("back.start", "P", "backward_start", "backward: start", "To the start of backward, before any node has run"),
    key("back.node", "r", "backward_to_node", "backward: to node", "Run backward to the selected node"),
    key("back.play", "space", "play", "play", "Play the backward pass, a node at a time; pause", display="space"),
    key("back.slower", "less_than_sign", "speed(-1)", "slower", "Play half as fast", display="<"),
    key("back.faster", "greater_than_sign", "speed(1)", "faster", "Play twice as fast", display=">"),
    key("update", "g", UPDATE, "update", "One update: forward, backward, and each trained variable moves", show=True),
    key("edit", "slash", "edit", "edit", "Edit the expression", show=True, display="/"),
    key("value", "x", "edit_value", "value", "Type a value for the active variable", show=True),
    key("variable.next", "v", "next_variable(1)", "variable", "The next variable becomes the active one", show=True),
    key("variable.previous", "V", "next_variable(-1)", "variable before", "The variable before becomes the active one"),
    key(
        "element.next",
        "e",
        "next_element(1)",
        "element",
        "The next element of the vector becomes the active one",
        show=True,
    ),
    key("element.previous", "E", "next_element(-1)", "element before", "The element before becomes the active one"),
    key(
        "help",
        "question_mark",
        "help",
        "help",
        "All keys, the language, and what the signs mean",
        show=True,
        display="?",
    ),
    key("quit", "q", "quit", "quit", "Quit", show=True),
    key("suspend", "ctrl+z", "suspend_process", "to the shell", "To the shell; fg brings all back", priority=True),
    key("undo", "u", "undo", "undo", "Undo the last function, value or experiment", show=True),
    key("ledger", "l", "toggle_ledger", "ledger", "The ledger of f' in place of the node, and back", show=True),
    key(
        "why",
        "w",
        "why",
        "why",
        "Jump to where something goes wrong, nan, inf or a dying gradient, and say why",
        show=True,
    ),
    key(
        "experiment.cut",
        "c",
        "experiment(0.0)",
        "cut",
        "What if: cut what the node sends on; again to mend it",
    ),
    key("experiment.double", "C", "experiment(2.0)", "double", "What if: double what the node sends on"),
    key("experiment.edge", "o", "choose_edge", "one edge", "What if: choose one edge of the node, or all of them"),
    key("maximise", "m", "maximise", "max", "Give the focused pane the whole screen, and back", show=True),
    key("derivative", "d", "toggle_derivative", "f'", "Show or hide f' in the chart", show=True),
    key("copy", "y", "copy", "copy", "Copy a value, the gradient, the node, the expression or f'", show=True),
    key("order", "D", "turn('order')", "f''", "One derivative more, with Taylor's polynomial", show=True),
    key("look", "S", "turn('graph')", "f' graph", "The graph of the next derivative, and of f again", show=True),
    key("degree", "Y", "turn('degree')", "Taylor", "One degree more of Taylor's polynomial, 0 after 8"),
    key("saved", "s", "toggle_saved", "saved tensors", "Show or hide what the node saved for backward"),
    key("zoom.in", "plus,equals_sign", "zoom(0.5)", "zoom in", "Half the chart's window", display="+"),
    key("zoom.out", "minus", "zoom(2.0)", "zoom out", "Twice the chart's window", display="-"),
    key("pan.left", "ctrl+left", "pan(-0.25)", "pan left", "Move the chart's window left"),
    key("pan.right", "ctrl+right", "pan(0.25)", "pan right", "Move the chart's window right"),
    key("fit", "f", "fit", "fit", "A window with the roots, the extrema and the point"),
    key("update.play", "G", "training('play')", "train", "Train: update after update, pause"),
    key("update.back", "z", "training('back')", "update: back", "One update back, to the very numbers"),
    key(
        "update.open",
        "U",
        "training('open_update')",
        "go to update",
        "Go to an update by its number: its graph, its values",
    ),
    key("update.start", "Z", "training('to_start')", "updates: start", "Back to before the first update"),
    key(
        "optimizer",
        "O",
        "training('open')",
        "optimizer",
        "Choose the optimizer: type it as torch spells it",
    ),
    key("rate.down", "left_curly_bracket", "training('smaller')", "smaller lr", "A smaller learning rate", display="{"),
    key("rate.up", "right_curly_bracket", "training('larger')", "larger lr", "A larger learning rate", display="}"),
    key(
        "trained",
        "A",
        "training('toggle')",
        "trained",
        "Train the active variable or hold it; a vector may be data too",
    ),
    key(
        "chart.next",
        "h",
        "next_chart",
        "other chart",
        "The next chart: f and f', contour of f over two variables, f by update, data and fit",
    ),
    key(
        "run.keep",
        "R",
        "training('keep')",
        "keep run",
        "Keep this run in the charts and begin another from the same place",
    ),
    key("restore", "escape", "restore", "restore", "Out of the ledger; all panes again"),
    key("names", "a", "toggle_names", "plain names", "Plain names, + and · 3, for torch's, AddBackward0; and back"),
    key("full", "i", "in_full", "in full", "All that is cut, in full: the row, the function, its derivative"),
    key("present", "M", "present", "present", "For a projector: one pane, large, few words; and back"),
    key("grid", "number_sign", "toggle_grid", "grid", "A grid in the chart, and back", display="#"),
    key(
        "compare",
        "ampersand",
        "compare",
        "compare",
        "Keep this curve beside the next; and let it go",
        display="&",
    ),
    key("export", "ctrl+s", "export", "export", "Save or export: .gradtui, graph, chart, script, JSON"),
    key("explain", "f1", "explain", "help", "All keys, the language and what the signs mean", display="F1"),
]


class Row(NamedTuple):
    """Keys that are explained together: `short` in a line of the help, in 31 cells; `long` in docs/keys.md.

    groups: ids of KEYS, or keys that are Textual's own.
    """

    groups: tuple[str, ...]
    short: str
    long: str


ROWS = (
    Row(
        ("step.down step.up step.down10 step.up10", "step.smaller step.larger"),
        "step, ten steps; size of a step",
        "step x, ten steps; a step ten times smaller, larger",
    ),
    Row(("value",), "type a value: pi/2, [1, 2]", "type a value: `pi/2`, `[1, 2]`"),
    Row(
        ("variable.next variable.previous", "element.next element.previous"),
        "variable; element of a vector",
        "next variable, the one before; next element of a vector, the one before",
    ),
    Row(
        ("node.up node.down node.open node.page_up node.page_down node.first node.last",),
        "node; open, close or jump",
        "move in the graph; open, close, jump; a page; the output, the last row",
    ),
    Row(
        ("view.lanes view.next view.filter view.sort view.sort_back", "search search.next search.previous"),
        "views, filter; search",
        "lanes, tables; filter, sort; search, next match, the one before",
    ),
    Row(
        ("back.next back.previous", "back.end back.start", "back.node"),
        "backward one; end, start, here",
        "backward pass: a step on, a step back; to its end, its start, the selected node",
    ),
    Row(
        ("back.play", "back.slower back.faster"),
        "play backward; slower, faster",
        "play the backward pass, pause; slower, faster",
    ),
    Row(
        ("saved", "ledger", "why"),
        "saved; ledger of f'; why nan",
        "the tensors that the node saved; the ledger of f'; why nan, inf or 0",
    ),
    Row(
        ("undo", "experiment.cut experiment.double", "experiment.edge"),
        "undo; if cut, doubled; one edge",
        "undo a function, a value, an experiment; what if: cut, double; one edge",
    ),
    Row(
        ("update update.back update.start update.open", "update.play"),
        "update, back, start; train",
        "one update, one back, to before the first, to one by its number; train: update after update, pause (`<` `>` speed)",
    ),
    Row(
        ("chart.next", "run.keep"),
        "other chart; keep run, compare",
        "the next chart: contour of two variables, f by update, fit; keep this run and begin another beside it",
    ),
    Row(
        ("optimizer", "rate.down rate.up", "trained"),
        "optimizer; lr; hold a variable",
        "choose the optimizer; learning rate down, up; train or hold the active variable, or take a vector for data",
    ),
    Row(("zoom.in zoom.out", "pan.left pan.right"), "zoom and pan the chart", "chart: zoom in, out; pan"),
    Row(
        ("fit", "derivative", "grid", "compare"),
        "fit; show f'; grid; two curves",
        "fit the chart; show or hide f'; grid; keep this curve",
    ),
    Row(
        ("order degree", "look"),
        "f''; Taylor; the graph of f'",
        "f'' to f''''; Taylor's polynomial of degree 0 to 8; the graph of f, of the gradient, of further derivatives",
    ),
    Row(
        ("maximise", "restore", "tab"),
        "maximise; all panes; next pane",
        "maximise a pane; out of the ledger, all panes; next pane, out of a line",
    ),
    Row(
        ("names present", "full"),
        "plain names; projector; in full",
        "plain names (`· 3`) or torch's (`MulBackward0`); for a projector; what is cut, in full",
    ),
    Row(
        ("edit", "copy", "export"),
        "edit (↑ ↓ history); copy; save",
        "edit the function, `↑` `↓` for those before; its cursor points at the node; copy a value, f', …; save or export",
    ),
    Row(
        ("ctrl+p", "help explain", "quit suspend"),
        "every action; help; quit",
        "palette of every action; help, also while typing; quit; to the shell, back by `fg`",
    ),
    Row(("click wheel",), "choose; step, zoom", "choose a node, an element, x; step, zoom"),
)

NO_ROOM = {
    *("step.down10", "node.page_up", "node.page_down", "node.first", "node.last"),
    *("view.sort_back", "search.next", "search.previous", "explain", "view.sort", "suspend"),
}
"""Keys that only docs/keys.md lists: they do what those beside them do."""


EVERYWHERE = {
    *("quit", "help_quit", "command_palette", "change_theme", "screenshot", "suspend_process", "explain"),
    *("focus_next", "focus_previous"),
}
"""Actions that also work while a line is being typed."""

ASKING = {
    "step",
    "rescale_step",
    "edit_value",
    "edit",
    "next_variable",
    "next_element",
    "zoom",
    "pan",
    "fit",
    "experiment",
    "training",
    "undo",
    "compare",
    "turn",
}
"""Actions that ask for another answer."""


def works(action: str, session: Session, shown: Snapshot | None, *, typing: bool) -> bool:
    """Whether an action does anything now: the footer, the help and the palette leave out what does not."""
    if typing:
        return action in EVERYWHERE
    if (not session.live and action in ASKING and not (action == "turn" and session.most > 1)) or (
        session.origin != "expression" and action == "edit"
    ):
        return False
    match action:
        case (
            "step"
            | "rescale_step"
            | "edit_value"
            | "zoom"
            | "pan"
            | "fit"
            | "toggle_derivative"
            | "toggle_grid"
            | "compare"
        ):
            return session.active is not None
        case "turn":
            return session.origin == "function" or (session.origin != "capture" and session.active is not None)
        case "training":
            if not session.live:
                return False
            return session.origin == "function" or bool(session.variables or session.data)
        case "next_chart" if not session.live:
            return shown is not None and shown.training is not None
        case "next_chart":
            return works("training", session, shown, typing=False)
        case "undo":
            return session.can_undo
        case "next_variable":
            return len(session.variables) > 1
        case "next_element":
            return session.active is not None and len(session.points[session.active].elements) > 1
        case "move_node" | "search" | "toggle_saved" | "toggle_ledger" | "experiment" | "choose_edge":
            return shown is not None and bool(shown.graph.nodes)
        case "why":  # also why there is no graph
            return shown is not None and (shown.origin != "expression" or bool(shown.graph.nodes))
        case "backward" | "backward_end" | "backward_start" | "backward_to_node" | "play" | "speed":
            return shown is not None and bool(shown.graph.nodes)
        case "copy" | "export":
            return shown is not None
    return True


def working(session: Session, shown: Snapshot | None) -> list[bool]:
    """Which of KEYS do anything, where no line is typed."""
    return [works(key.action.partition("(")[0], session, shown, typing=False) for key in KEYS]
