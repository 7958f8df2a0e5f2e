"""The selected node in one plain sentence: what its gradient means, and where it goes. Pure: tested without a screen."""

from __future__ import annotations

from collections.abc import Sequence

from gradtui.graph.incoming_edges import contributions, has_run
from gradtui.graph.operands import is_finite
from gradtui.graph.replay import Replay
from gradtui.graph.short_names import function, receiver, short, title
from gradtui.snapshot.model import Edge, Node
from gradtui.snapshot.numbers import number, numbers

ORDER = "Of the nodes that are ready the engine takes the one made last (highest sequence), and a leaf at once."
MOST_RECEIVERS = 3
"""Operands that are named."""


def sentence(replay: Replay, node: Node, steps_done: int | None, digits: int) -> str:
    """`f changes 2 times as fast as 3x: ḡ = 2. Times 3, that goes to x.`; of a leaf, how its gradient is summed."""
    if not has_run(replay.graph, node.id, steps_done):
        return "" if node.step is None else "Backward has not come here yet, so there is no gradient."
    if not is_finite(node.grad_output) or node.grad_output is None or node.grad_output.unread is not None:
        return ""
    if not node.edges:
        return _leaf(replay, node, steps_done, digits)
    onward = _onward(replay, node, digits)
    if node.id in replay.graph.roots and not replay.uses_of(node.id):
        begun = f"where backward starts with ḡ = {short(node.grad_output, digits)}"
        return f"This is {_output(replay)}, {begun}. {onward}"
    if node.shape:
        return f"ḡ tells how fast {_sum(replay)} changes with each element here. {onward}"
    said = f"{_speed(replay, node, digits)}: ḡ = {numbers(node.grad_output, digits)}. {onward}"
    return said if len(replay.graph.roots) == 1 else said[0].upper() + said[1:]


def _speed(replay: Replay, node: Node, digits: int) -> str:
    """How fast f changes beside the node's value: what ḡ is, in words."""
    assert node.grad_output is not None
    of, beside, (speed,) = _sum(replay), title(node), node.grad_output.numbers
    if not speed:
        return f"{of} hardly moves where {beside} changes a little"
    times = number(abs(speed), digits)
    fast = f"as fast as {beside}" if times == "1" else f"{times} times as fast as {beside}"
    return f"{of} changes {fast}{', in the opposite direction' * (speed < 0)}"


def _output(replay: Replay) -> str:
    count = len(replay.graph.roots)
    return f"{function(replay.graph)} itself" if count == 1 else f"one of the {count} outputs"


def _sum(replay: Replay) -> str:
    """What is differentiated."""
    if len(replay.graph.roots) > 1:
        return "the sum of all outputs"
    name = function(replay.graph)
    return f"sum({name})" if replay.graph.nodes[0].shape else name


def _leaf(replay: Replay, node: Node, steps_done: int | None, digits: int) -> str:
    """The end of every way: what arrives is added up, and that is the gradient."""
    came = contributions(replay.graph, node.id, steps_done=steps_done, used=replay.uses_of(node.id))
    name, whole = title(node), short(node.grad_output, digits)
    if len(came) < 2:
        return f"Here the way ends: what arrives is the gradient of {name}, {whole}."
    return f"{name} is reached {len(came)} times, by {len(came)} ways from {function(replay.graph)}: what arrives is added up."


def _onward(replay: Replay, node: Node, digits: int) -> str:
    """What becomes of ḡ: `Times 1.5, that goes to x; times 2, to y.`"""
    sent = [edge for edge in node.edges if edge.target is not None]
    if not sent:
        return "Nothing goes on from here."
    if any(edge.local is None for edge in sent) or len(sent) > MOST_RECEIVERS:
        names = list(dict.fromkeys(_receiver(replay, node, edge) for edge in sent))
        more = f" and {len(names) - MOST_RECEIVERS} more" if len(names) > MOST_RECEIVERS else ""
        return f"By the rule below, that becomes what goes to {_listed(names[:MOST_RECEIVERS])}{more}."
    if all(edge.local == 1 for edge in sent):
        return f"That goes unchanged to {_listed([_receiver(replay, node, edge) for edge in sent])}."
    first, *others = ((number(edge.local, digits), _receiver(replay, node, edge)) for edge in sent)
    rest = [f"times {factor}, to {name}" for factor, name in others]
    return "; ".join([f"Times {first[0]}, that goes to {first[1]}", *rest]) + "."


def _receiver(replay: Replay, node: Node, edge: Edge) -> str:
    assert edge.target is not None
    return receiver(node, replay.graph.nodes[edge.target])


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
