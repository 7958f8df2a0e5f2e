"""The ledger at one moment of the backward pass: the cut with its sum, and the paths. Pure: tested without a screen."""

from __future__ import annotations

from collections.abc import Iterator

from gradtui.graph.ledger import Entry, cut, total
from gradtui.graph.paths import MOST_PATHS, paths, ways
from gradtui.graph.replay import Replay
from gradtui.graph.short_names import function
from gradtui.snapshot.model import Snapshot, Values
from gradtui.snapshot.numbers import SIGNIFICANT, as_factor, number, numbers
from gradtui.tui.graph.columns import title
from gradtui.tui.panes.line_view import Line, Piece, folded

Pieces = tuple[Piece, ...]

WITHOUT = (
    "The ledger adds up f' from what backward has reached at each step: gradient times tangent. Tangents take a second pass "
    "(forward mode), for which your own code is not run."
)


def ledger_lines(snapshot: Snapshot, replay: Replay, *, steps_done: int | None, width: int) -> tuple[Line, ...]:
    """Of the variable that the Snapshot has tangents along; `steps_done` None is the end."""
    return tuple(Line(part) for pieces in _lines(snapshot, replay, steps_done) for part in folded(pieces, width))


def _lines(snapshot: Snapshot, replay: Replay, steps_done: int | None) -> Iterator[Pieces]:
    if snapshot.experiments:
        yield (("An experiment is on: its gradients are not the true ones, and no cut adds up to f'.", "node--bad"),)
        return
    if snapshot.along is None:
        yield from _without_tangents(snapshot)
        return
    name, element = snapshot.along
    several = len(snapshot.variables[name].value.numbers) > 1 if name in snapshot.variables else False
    by = f"{name}[{element}]" if several else name
    digits = SIGNIFICANT.get(snapshot.dtype, 7)
    done = len(replay.order) if steps_done is None else steps_done
    yield ((f"d{function(snapshot.graph)}/d{by} = Σ ḡ·v̇ after {done} of {len(replay.order)} nodes", "node--name"),)
    entries = cut(replay, done)
    if entries is None:
        yield (("a tangent is not known here (forward mode)", "node--quiet"),)
    else:
        yield from (_entry(replay, entry, digits) for entry in entries)
        yield (("Σ = ", "node--text"), (number(total(entries), digits), "node--grad"))
    yield from _paths(snapshot, name, digits)


def _without_tangents(snapshot: Snapshot) -> Iterator[Pieces]:
    """User code is not run a second time for its tangents, and elsewhere they come later: the paths alone, by each variable."""
    if snapshot.origin != "expression":
        left = "Listed are the ways from f to each variable" if snapshot.variables else "And there is no variable"
        yield ((f"{WITHOUT} {left}.", "node--quiet"),)
    for name in snapshot.variables:
        yield ((f"df/d{name}", "node--name"),)
        yield from _paths(snapshot, name, SIGNIFICANT.get(snapshot.dtype, 7))


def _entry(replay: Replay, entry: Entry, digits: int) -> Pieces:
    """`x^2: 1 · 8 = 8`: what has arrived there, times how fast it moves."""
    node = replay.graph.nodes[entry.node]
    adjoint, tangent = (numbers(Values(node.shape, side), digits) for side in (entry.adjoint, entry.tangent))
    return (
        (f"{title(node)}: ", "node--receiver"),
        (f"{adjoint} · {as_factor(tangent)} = ", "node--text"),
        (number(entry.product, digits), "node--grad"),
    )


def _paths(snapshot: Snapshot, name: str, digits: int) -> Iterator[Pieces]:
    """A line a path: `8 by way of x^2: 1·1·8`."""
    leaf = next((node for node in snapshot.graph.nodes if node.variable == name), None)
    if leaf is None or leaf.shape != ():
        return
    found = paths(snapshot.graph, leaf.id)
    if found is None:
        instead = "the sum above says it all" if snapshot.along is not None else "they are not listed"
        yield ((f"more than {MOST_PATHS} ways lead there, or some by way of tensors: {instead}", "node--quiet"),)
        return
    names = [f"by way of {way}" for way in ways(snapshot.graph, found)] if len(found) > 1 else ["along the only path"]
    for path, way in zip(found, names, strict=False):
        factors = "·".join(map(as_factor, _texts(path.factors, digits)))
        yield ((number(path.product, digits), "node--grad"), (f" {way}", "node--text"), (f": {factors}", "node--quiet"))


def _texts(factors: tuple[float, ...], digits: int) -> list[str]:
    return [number(factor, digits) for factor in factors] or ["1"]
