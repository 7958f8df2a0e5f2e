"""Why is a parameter not in the graph? What in the code took its values out of it, or that nothing uses it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gradtui.findings.cause import Cause, Fact, Place
from gradtui.findings.detectors.strays import is_another
from gradtui.findings.nothing_cuts import of_nothing_seen
from gradtui.findings.record import Record
from gradtui.findings.words.whereabouts import spoken
from gradtui.grad_fns import called_functions
from gradtui.snapshot.finding import Certainty
from gradtui.snapshot.model import Event, EventKind, Parameter, Source

MEANT: set[EventKind] = {"detach", "no_grad"}
"""Kinds that people write on purpose, so that a part does not learn."""
COPIED = {"": "cut by copied before", "state_dict": "cut by state_dict"}
READ = ".grad"
"""How the reading of a gradient that backward left is called."""
UNSAID = {"inplace", "moved", "born", "fresh", "late", "hooked"}
"""Kinds that cut nothing off."""


def detect(record: Record) -> Iterator[Cause]:
    if record.snapshot.problem is not None and record.snapshot.problem.raised is not None:
        return
    nothing_learns = not any(leaf.node is not None for leaf in record.leaves.values())
    fresh = next((event for event in record.events if event.kind == "fresh"), None)
    for name, leaf in record.wanted.items():
        if leaf.node is not None or is_another(record, name, leaf):
            continue
        if record.is_explored and not record.asked and not blamed(record.events_of.get(name, ())):
            continue  # a text may well name what is not used
        if record.asked or (_takes_part(record, name) and (leaf.requires_grad or nothing_learns)):
            yield _of(record, name, leaf, nothing_learns, fresh)


def _of(record: Record, name: str, leaf: Parameter, nothing_learns: bool, fresh: Event | None) -> Cause:
    """Of one parameter. nothing_learns: whether no other one is in the graph. fresh: that made the output, of nothing."""
    if not leaf.requires_grad:
        all_are = nothing_learns and not any(one.requires_grad for one in record.leaves.values())
        return Cause("frozen", Place(), {}, "proved" if all_are else "perhaps", (name,))
    known = record.events_of.get(name, ())
    events, late = blamed(known), next((one for one in known if one.kind == "late"), None)
    if not events:  # it may decide on a branch of Python's
        events = [one for one in known if _kind(one) == "cut by comparing"]
    if late is not None and not leaf.is_parameter:
        return Cause("asked too late", Place(None, late.source), {"event": late}, "likely", (name,))
    if fresh is not None and (not events or (fresh.alone and not any(one.reached or one.returned for one in events))):
        return Cause(_kind(fresh), Place(None, fresh.source), {"event": fresh}, "proved", (name,))
    if events:
        return cut(record, name, events[0], nothing_learns)
    return of_nothing_seen(record, name, leaf, late)


def blamed(events: Sequence[Event]) -> list[Event]:
    """Those that can have cut off a parameter, the likeliest first.

    What is known to have gone on into the output comes first, of these what nothing else cuts behind it; what left torch, mostly
    only to be printed, comes last, but where an array came back after it. What did not go into the output is not to blame. A
    detach in the line that then leaves torch is but a part of that.
    """
    cuts = [event for event in events if event.kind not in UNSAID and event.reached is not False]
    leaving = [event.source for event in cuts if event.kind == "left_torch" and event.source is not None]
    cuts = [event for event in cuts if event.kind != "detach" or not _is_part(event.source, leaving)]
    return sorted(cuts, key=_doubt)


def _doubt(event: Event) -> tuple[bool, ...]:
    return not (event.reached or event.returned), not event.reached, not event.alone, event.kind == "left_torch"


def cut(record: Record, name: str, event: Event, nothing_learns: bool) -> Cause:
    event = _begin(record, event)
    kind, certainty, source = _kind(event), _certainty(event, nothing_learns), event.source
    if event.still and event.switch == "set_grad_enabled":
        kind, certainty, source = "switched off for good", "proved", event.switched
    elif event.still and event.switch == "before" and nothing_learns:
        kind = "switched off before"
    facts: dict[str, Fact] = {"place": spoken(source), "what": event.what, "switch": spoken(event.switched)}
    if source is event.source and event.kind != "no_grad":
        facts["event"] = event
    leaf = next((one for one in record.events if one.kind == "new_leaf" and not one.leaves and one.reached), None)
    evidence = (("new leaf", {"event": leaf}),) if leaf is not None else ()
    node = event.node if source is event.source else None
    return Cause(kind, Place(node, source), facts, certainty, (name,), evidence)


def _begin(record: Record, event: Event) -> Event:
    """Of what ran under no_grad the first that stands in the same block."""
    same = (one for one in record.events if one.kind == event.kind == "no_grad" and one.switched == event.switched)
    return next((one for one in same if one.switch == event.switch and one.reached), event)


def _kind(event: Event) -> str:
    if event.kind == "fresh":
        return "constant output" if event.alone or called_functions.has(event.operation, "making") else "output of data"
    if event.kind == "no_grad" and event.switch in ("inference_mode", "set_grad_enabled"):
        return f"cut by {event.switch}"
    for what in ("comparing", "indices"):
        if event.kind == "not_differentiable" and called_functions.has(event.operation, what):
            return f"cut by {what}"
    if event.kind == "copied":
        return COPIED.get(event.operation, "cut by copied")
    if event.kind == "detach" and event.itself:
        return "cut by detach of itself"
    if event.kind == "ungraphed" and event.operation == READ:
        return "cut by reading"
    return f"cut by {event.kind}"


def _certainty(event: Event, nothing_learns: bool) -> Certainty:
    if not event.reached:
        return "likely" if nothing_learns or event.returned else "perhaps"
    if event.kind == "copied" and not event.operation:
        return "likely"  # which of the two is meant is not seen
    if event.kind in MEANT:
        return "proved" if nothing_learns else "perhaps"
    return "proved"


def _takes_part(record: Record, name: str) -> bool:
    """Of the models in a function's file, and of its loose leaves, only those that it uses; of a typed f those in its graph."""
    if record.snapshot.origin != "function":
        return not record.is_expression
    root = record.snapshot.modules.get("")
    if root is not None and root.calls and name.rpartition(".")[0] in record.snapshot.modules:
        return True
    there = {one.partition(".")[0] for one, leaf in record.leaves.items() if leaf.node is not None}
    there |= {one.partition(".")[0] for event in record.events for one in event.leaves}
    return name.partition(".")[0] in there or not there


def _is_part(piece: Source | None, wholes: Sequence[Source]) -> bool:
    return piece is not None and any(
        piece.file == whole.file and whole.start <= piece.start < piece.end <= whole.end for whole in wholes
    )
