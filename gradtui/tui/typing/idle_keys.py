"""Why a key does nothing now: none that has an action is silent."""

from __future__ import annotations

from collections.abc import Sequence

from textual.binding import Binding
from textual.events import Key

from gradtui.snapshot.model import Snapshot
from gradtui.snapshot.visible import visible
from gradtui.tui.keys import ASKING, works
from gradtui.tui.session import Session

NO_ANSWER = "there is no answer"


def nothing_new(session: Session) -> str:
    """Why there is no other answer."""
    what = "a saved snapshot" if session.source == "saved" else f"{session.source} as it was recorded"
    return f"this is {what}: nothing in it is evaluated anew"


def why_idle(event: Key, keys: Sequence[Binding], session: Session, shown: Snapshot | None) -> str:
    """Of a key that no widget took; empty where it has no action, or one that does something."""
    names = {event.key, event.character}
    of_key = (key.action.partition("(")[0] for key in keys if not names.isdisjoint(key.key.split(",")))
    return next((_why(action, session, shown) for action in of_key), "")


def _why(action: str, session: Session, shown: Snapshot | None) -> str:
    if works(action, session, shown, typing=False):
        return ""
    if action in ASKING and not session.live:
        return nothing_new(session)
    name = visible(session.active or "")
    match action:
        case "edit":
            return "the function stands in its file: change it there, and it runs again"
        case "undo":
            return "there is nothing to undo"
        case "next_variable" if name:
            return f"{name} is the only variable"
        case "next_element" if name:
            return f"{name} is a single number"
        case "copy" | "export":
            return NO_ANSWER
        case _ if shown is None:
            return NO_ANSWER
        case "experiment" | "move_node" | "search" | "toggle_saved" | "toggle_ledger" | "why" | "choose_edge":
            return "there is no graph here"
        case "backward" | "backward_end" | "backward_start" | "backward_to_node" | "play" | "speed":
            return "there is no graph here"
    return "there is no variable here"
