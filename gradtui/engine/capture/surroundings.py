"""What an operation ran inside of, by the frames around it: what it means for a gradient that ends there."""

from __future__ import annotations

import copy
import os
from types import FrameType
from typing import Any, NamedTuple

import torch
from torch.distributions import Distribution
from torch.utils.checkpoint import CheckpointFunction

from gradtui.engine.capture.introspection import is_a
from gradtui.engine.capture.leaf_names import local_variables
from gradtui.engine.capture.places import TORCH, applied, applies
from gradtui.snapshot.events import EventKind, Switch

DISTRIBUTIONS = os.path.join(TORCH, "distributions") + os.sep
STACKING = os.path.join(TORCH, "_functorch") + os.sep
GRAD_MODE = os.path.join(TORCH, "autograd", "grad_mode.py")
MODULES = os.path.join(TORCH, "nn", "modules", "module.py")
NESTED = os.path.join(TORCH, "nested") + os.sep
NAMES = {"sample", "deepcopy", "stack_module_state", "state_dict", "nested_tensor"}


class Surroundings(NamedTuple):
    """kind: None where nothing around it says more. what: the class of the distribution, or the Function.

    frame: the call that it is part of. inputs: of a Function, its tensors.
    """

    kind: EventKind | None = None
    operation: str = ""
    what: str = ""
    frame: FrameType | None = None
    inputs: tuple[torch.Tensor, ...] = ()


def surroundings(frame: FrameType | None) -> Surroundings:
    """The outermost sample(), deepcopy() or the like; of Functions the innermost, but for those of torch's distributions."""
    found = Surroundings()
    while frame is not None:
        if (frame.f_code.co_name in NAMES or applies(frame.f_code)) and (told := _told(frame)) is not None:
            if told.kind in ("custom", "checkpoint"):
                return told
            found = told
        frame = frame.f_back
    return found


def _told(frame: FrameType) -> Surroundings | None:
    code = frame.f_code
    if applies(code):
        function, args = applied(frame)
        given = tuple(value for value in args if is_a(value, torch.Tensor))
        if function is CheckpointFunction:
            return Surroundings("checkpoint", "checkpoint", "", frame.f_back, given)
        if str(getattr(function, "__module__", "")).startswith("torch.distributions."):
            return None  # a part of the sample() around it
        return Surroundings("custom", "forward", getattr(function, "__name__", ""), frame.f_back, given)
    if code is copy.deepcopy.__code__:
        return Surroundings("copied", "deepcopy", "", frame)
    if code.co_name == "sample" and code.co_filename.startswith(DISTRIBUTIONS):
        drawn = local_variables(frame).get("self")
        return Surroundings("sampled" if _has_rsample(drawn) else "drawn", "sample", type(drawn).__name__, frame)
    if code.co_name == "state_dict" and code.co_filename == MODULES:
        return Surroundings("copied", "state_dict", "", frame)
    if code.co_name == "stack_module_state" and code.co_filename.startswith(STACKING):
        return Surroundings("stacked", "stack_module_state", "", frame)
    if code.co_name == "nested_tensor" and code.co_filename.startswith(NESTED):
        return Surroundings("new_leaf", "nested_tensor", "", frame)
    return None


def _has_rsample(distribution: Any) -> bool:
    try:
        return is_a(distribution, Distribution) and bool(distribution.has_rsample)
    except Exception:  # of a class of the person's own
        return False


def switch_of(frame: FrameType | None) -> Switch:
    """What is about to switch gradients off; "" where that only puts back how it was."""
    told: Switch = "set_grad_enabled"
    while frame is not None and frame.f_code.co_filename == GRAD_MODE:
        if frame.f_code.co_name == "__exit__":
            return ""
        if frame.f_code.co_name == "__enter__":
            told = "no_grad"
        frame = frame.f_back
    return told
