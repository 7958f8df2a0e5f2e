"""Why a parameter is not in the graph: what in the code took its values out of it, by the events of a trace. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from gradtui.findings.unwitnessed.fading import DRAWN
from gradtui.findings.words.whereabouts import at, quoted, where, where_done
from gradtui.graph.operands import operation, short
from gradtui.snapshot.finding import Finding, Kind
from gradtui.snapshot.model import Event, EventKind, Parameter, Snapshot, Source
from gradtui.snapshot.numbers import number

CUTS: dict[EventKind, tuple[Kind, str, str]] = {
    "detach": (
        "detached",
        "{place} takes the values out of the graph, so no gradient comes back through it",
        "take the detach (or .data) away; where this part is not meant to learn, requires_grad_(False) says so",
    ),
    "no_grad": (
        "no_grad",
        "{place} ran under no_grad, so no graph was recorded",
        "run it outside of no_grad; where this part is not meant to learn, requires_grad_(False) says so",
    ),
    "integer": (
        "integer",
        "{place} makes whole numbers of it, which have no gradient",
        "stay with floating point: multiply by soft weights where an index was meant, compare with a sigmoid",
    ),
    "left_torch": (
        "left_torch",
        "{place} takes the numbers out of torch, and what is computed from them has no graph",
        "compute the loss with tensors to the end; .item() and .numpy() only for what is printed",
    ),
    "not_differentiable": (
        "not_differentiable",
        "{place} has no derivative",
        "put the loss on what goes in (cross_entropy takes logits), or take a soft form: softmax, gumbel_softmax",
    ),
    "new_leaf": (
        "new_leaf",
        "{place} makes a new tensor, which has the values but not the graph that made them",
        "use the tensor itself; torch.stack for a list of tensors. requires_grad_() does not bring the graph back",
    ),
}
DRAWS = ".sample("
"""Of a torch.distributions: it draws under no_grad."""
WITH_INDICES = {"max", "min", "topk", "sort", "median", "nanmedian", "mode", "kthvalue", "cummax", "cummin"}
RAN = "its module ran, but nothing that came of it went into the loss"
NEVER = "pass it through the forward pass to the loss; no fault where it is not meant to be used"
LOOK = "see which: `with gradtui.trace(model):` around the forward pass records the lines"
THAW = "requires_grad_(True) before the optimizer is made; no fault where it is meant to be frozen"
LEAF_LAST = "make the leaf last, nn.Parameter(t.to(...)); model.to(...) changes parameters in place; or retain_grad()"


def is_traced(snapshot: Snapshot) -> bool:
    """Whether somebody watched the forward pass: then what was not seen did not happen."""
    if snapshot.origin == "function" or snapshot.events:
        return True
    if any(module.calls is not None for module in snapshot.modules.values()):
        return True
    return any(node.source is not None for node in snapshot.graph.nodes)


def absent(snapshot: Snapshot, name: str, parameter: Parameter, traced: bool) -> Finding:
    """Why `name` has no node. traced: `is_traced`."""
    if not parameter.requires_grad:
        return Finding(
            "frozen", "forward", None, "requires_grad is False, so torch computes no gradient for it", THAW, name
        )
    events = blamed([event for event in snapshot.events if name in event.leaves])
    if events:
        kind, why, remedy = CUTS[events[0].kind]
        text = f"not in the graph: {why.format(place=_place(events[0]))}"
        if DRAWS in (events[0].source.text if events[0].source else ""):
            remedy = DRAWN
        others = tuple(f"also {where_done(event)}" for event in events[1:4])
        return Finding(kind, "forward", events[0].node, text, remedy, name, events[0].source, others)
    if not traced:
        text = "not in the graph: never used, or cut off by detach, no_grad or the like"
        return Finding("not_in_graph", "forward", None, text, LOOK, name)
    module = snapshot.modules.get(name.rpartition(".")[0])
    if module is not None and module.calls is None:
        text = "not in the graph: never used, or cut off inside what is compiled, which is not looked into"
        return Finding("not_in_graph", "forward", None, text, LOOK, name)
    text = {None: "never used", 0: "its module never ran"}.get(module.calls if module else None, RAN)
    return Finding("unused", "forward", None, f"not in the graph: {text}", NEVER, name)


def blamed(events: Sequence[Event]) -> list[Event]:
    """Those that can have cut off a parameter, the likeliest first.

    What is known to have gone on into the loss comes first, and what leaves torch, mostly only to be printed, last. What
    did not go into the loss is not to blame.
    A detach in the line that then leaves torch is but a part of that.
    """
    cuts = [event for event in events if event.kind in CUTS]
    leaving = [event.source for event in cuts if event.kind == "left_torch" and event.source is not None]
    cuts = [event for event in cuts if event.kind != "detach" or not _is_part(event.source, leaving)]
    if any(event.reached or event.kind == "left_torch" for event in cuts):
        return sorted(cuts, key=_unlikely)
    return [event for event in cuts if event.reached is None]


def _unlikely(event: Event) -> int:
    if event.reached is not None:
        return 0 if event.reached else 3
    return 2 if event.kind == "left_torch" else 1


def _place(event: Event) -> str:
    """Of a block under no_grad the line that stands in it, whatever ran inside that first."""
    if event.operation in WITH_INDICES:
        return f"the choice of indices by {where_done(event)}"
    if event.kind == "no_grad" and event.source is not None:
        return f"{quoted(event.source) or event.operation}{at(event.source)}"
    return where_done(event)


def _is_part(piece: Source | None, wholes: Sequence[Source]) -> bool:
    return piece is not None and any(
        piece.file == whole.file and whole.start <= piece.start < piece.end <= whole.end for whole in wholes
    )


def not_a_leaf(snapshot: Snapshot, name: str, parameter: Parameter) -> Finding:
    """Of a tensor that an operation made of another: torch keeps no `.grad` for it."""
    assert parameter.node is not None
    node = snapshot.graph.nodes[parameter.node]
    moved = next((event for event in snapshot.events if event.kind == "moved"), None)
    source = node.source or (moved.source if moved else None)
    maker = where_done(moved) if moved and node.source is None else where(node)
    if maker == node.name and operation(node) == "ToCopy":
        maker = f"a .to(), .double() or the like ({maker})"
    below = {snapshot.graph.nodes[edge.target].variable for edge in node.edges if edge.target is not None} - {None}
    of = f" of {short(', '.join(sorted(map(str, below))))}" if below else ""
    text = f"not a leaf: {maker} made it{of}, so its .grad stays None and an optimizer that holds it changes nothing"
    norm = parameter.grad.norm if parameter.grad is not None else None
    evidence = (f"the gradient that passes through it has norm {number(norm, 2)}",) if norm is not None else ()
    return Finding("not_a_leaf", "forward", node.id, text, LEAF_LAST, name, source, evidence)
