"""What a loss of torch was given: log probabilities where it takes them, targets in its range, targets that are not learned."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch

from gradtui.engine.autograd import graph
from gradtui.engine.autograd.backward import leaves_of
from gradtui.engine.autograd.release import guard
from gradtui.engine.capture.recording import maker
from gradtui.engine.tensors.given_to_losses import SLACK, TAKING, are_readable, is_left_out_in_part, wrong
from gradtui.engine.tensors.readable_tensors import has_numbers
from gradtui.engine.tensors.values import PLAIN
from gradtui.engine.torch_private import unasked
from gradtui.findings.over_time.history import History
from gradtui.snapshot.model import Source

functional = torch.nn.functional
COMPARING = {functional.mse_loss, functional.l1_loss, functional.smooth_l1_loss, functional.huber_loss}
LOSSES = COMPARING | TAKING
VIEWS = ("Squeeze", "View", "Reshape", "Unsqueeze", "UnsafeView", "Transpose", "Select", "Slice", "TBackward", "Clone")
MOST_VIEWS = 8
SQUASHING = {"Sigmoid", "Hardsigmoid", "Softmax", "Tanh", "Exp"}
SCALING = {"Mul", "Div", "Add", "Sub", "Rsub", "Neg", "Reciprocal", "Pow", "Clamp", "ClampMin", "ClampMax"}
"""By numbers that are not learned."""
OF_NO_SHARE = {"Exp": {"Reciprocal", "Pow", "Div", "Rsub"}, "Tanh": {"Add", "Sub", "Rsub"}}
"""What is none by itself, and what makes one of it."""
ENOUGH = 4
"""Numbers that are hardly all from 0 to 1 by chance."""
MOST_STEPS = 16


def note(
    history: History,
    func: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    place: Callable[[], Source | None],
) -> None:
    """func: one of LOSSES, as torch hands it on: what it is given first, and the target. place: where it was called."""
    if not are_readable(args):
        return
    given, target = args[:2]
    row, facts = _row(func, args, kwargs)
    if row:
        masked = is_left_out_in_part(kwargs)
        history.note("loss_input", place(), row, row=row, loss=func.__name__, masked=masked, **facts)
    if maker(target) is not None and maker(given) is not None:
        _note_learned(history, func, given, target, place)


def _row(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[str, dict[str, float]]:
    """Which row of the words says what is wrong, and its numbers; "" where nothing is."""
    with unasked(), torch.no_grad():
        if func is functional.binary_cross_entropy_with_logits and is_a_sigmoid(args[0]):
            return "sigmoid twice", {}
        if func is functional.poisson_nll_loss:
            takes_one = kwargs.get("log_input", args[2] if len(args) > 2 else True)
            return ("exponential twice" if takes_one and made_by(args[0]) == "ExpBackward0" else ""), {}
    return wrong(func, args, kwargs) or ("", {})


def are_shares(given: torch.Tensor) -> bool:
    """Whether a softmax made these, or what comes to the same: numbers from 0 to 1 that add up to 1 for each example."""
    if made_by(given) == "SoftmaxBackward0":
        return True
    if type(given) not in PLAIN or not given.is_floating_point() or not given.numel() or not has_numbers(given):
        return False
    with unasked(), torch.no_grad():
        numbers = given.detach().float()
        sums = numbers.sum(1 if given.ndim > 1 else 0)
        return bool(numbers.min() >= 0) and bool(((sums - 1).abs() < SLACK).all())


def made_by(tensor: torch.Tensor) -> str:
    """The name of the operation that made its numbers, before any other view of them was taken."""
    node = maker(tensor)
    for _ in range(MOST_VIEWS):
        if node is None or not node.name().startswith(VIEWS):
            break
        node = node.next_functions[0][0]
    return "" if node is None else node.name()


def is_a_sigmoid(given: torch.Tensor) -> bool:
    """Whether numbers from 0 to 1 come of a sigmoid, or of what writes one out: 1 / (1 + exp(-x)), (tanh(x) + 1) / 2."""
    node, met = maker(given), set[str]()
    waiting = [] if node is None else [node]
    for _ in range(MOST_STEPS):
        if not waiting:
            break
        node = waiting.pop()
        name = node.name().removesuffix("Backward0").removesuffix("Backward1")
        met.add(name)
        inner = [one for one, _ in node.next_functions if one is not None]
        if name not in SQUASHING:
            if not (name in SCALING or node.name().startswith(VIEWS)) or (len(inner) > 1 and name != "Div"):
                return False
            waiting += inner
    if waiting or not met & SQUASHING or (met & SCALING and given.numel() < ENOUGH):
        return False
    if any(one in met and not met & needed for one, needed in OF_NO_SHARE.items()):
        return False
    with unasked(), torch.no_grad():
        return bool(given.min() >= 0) and bool(given.max() <= 1)


def _note_learned(
    history: History, func: Any, given: torch.Tensor, target: torch.Tensor, place: Callable[[], Source | None]
) -> None:
    """A target made from other parameters than what is compared with it."""
    source = place()
    if any(one.source == source for one in history.of("learned_target")):
        return
    learned, compared = leaves(target), leaves(given)
    if not {*learned} & {*compared}:
        history.note("learned_target", source, loss=func.__name__, leaves=tuple(learned), names=())


def name_noted(history: History, named: Mapping[str, torch.Tensor]) -> None:
    """Gives the leaves in what was noted the names that they have once a step is over."""
    for seen in history.of("learned_target", "moving_target", "moving_advantage", "padding", "constant_term"):
        if seen.facts["leaves"]:
            names = {id(one): name for name, one in named.items()}
            found = tuple(names[one] for one in seen.facts["leaves"] if one in names)
            seen.facts = {**seen.facts, "leaves": (), "names": seen.facts["names"] or found}


def leaves(tensor: torch.Tensor) -> dict[int, None]:
    """The identities of the leaves of its graph."""
    nodes = graph.walk(graph.root(tensor))
    guard(nodes)
    found = dict.fromkeys(id(one) for one in leaves_of(nodes).values())
    graph.release(nodes)
    return found
