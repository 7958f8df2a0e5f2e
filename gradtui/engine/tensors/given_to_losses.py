"""Whether a loss of torch is given numbers that it does not take: no log probabilities, targets out of its range."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from gradtui.engine.tensors.readable_tensors import has_numbers
from gradtui.engine.tensors.values import PLAIN
from gradtui.engine.torch_private import unasked
from gradtui.snapshot.events import Misgiven

functional = torch.nn.functional
TAKING = {
    functional.nll_loss, functional.kl_div, functional.binary_cross_entropy_with_logits, functional.cross_entropy,
    functional.ctc_loss, functional.poisson_nll_loss, functional.cosine_embedding_loss, functional.hinge_embedding_loss,
    functional.soft_margin_loss, functional.margin_ranking_loss,
}  # fmt: skip
"""Losses that take numbers of a certain kind alone."""
OF_SIGNS = {
    functional.cosine_embedding_loss: 2, functional.hinge_embedding_loss: 1, functional.soft_margin_loss: 1,
    functional.margin_ranking_loss: 2,
}  # fmt: skip
"""Those whose targets are -1 and 1, and the place of these."""
ENOUGH = 4
"""With fewer targets it may be chance that all of them are 0 or 1."""
TIES = 0.2
"""The share of pairs to be ranked that may be marked by 0, since neither comes first."""
WIDE = {torch.float32, torch.float64}
SLACK, SLACK_OF_NARROW = 0.02, 0.3
"""How far from 1 the probabilities of a row may add up to: an eps may have been added to them, or their dtype is narrow."""

Wrong = tuple[Misgiven, dict[str, float]]
"""What is wrong, and its numbers."""


def are_readable(args: Sequence[Any]) -> bool:
    """Whether something is learned by a loss, and its numbers can be read: what it is given first, and the target."""
    given = args[:2]
    if len(given) < 2 or not all(type(one) in PLAIN and one.numel() and has_numbers(one) for one in given):
        return False
    return bool(given[0].requires_grad)


def is_left_out_in_part(kwargs: Mapping[str, Any]) -> bool:
    """Whether what is wrong may be masked."""
    return kwargs.get("reduction") == "none" or kwargs.get("weight") is not None


def wrong(func: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Wrong | None:
    """What is wrong with what a loss, one of TAKING, is given; None where nothing is, or it is not finite."""
    with unasked(), torch.no_grad():
        given, target = args[0].detach(), args[1].detach()
        if func is functional.nll_loss:
            return _no_log_probabilities("no log probabilities", given, 1 if given.ndim > 1 else 0)
        if func is functional.ctc_loss:  # beyond the length of a sequence nothing counts
            return _no_log_probabilities("no log probabilities in time", given[:1], -1)
        if func is functional.kl_div:
            return _of_kl_div(given, target, kwargs.get("log_target", False))
        if func is functional.binary_cross_entropy_with_logits:
            return _out_of_range(target)
        if func in OF_SIGNS:
            marks = args[OF_SIGNS[func]] if len(args) > OF_SIGNS[func] else kwargs["target"]
            return _without_signs(marks, TIES if func is functional.margin_ranking_loss else 0)
        if func is functional.cross_entropy and target.shape == given.shape and target.is_floating_point():
            return _no_probabilities(target)
    return None


def _of_kl_div(given: torch.Tensor, target: torch.Tensor, is_log_target: bool) -> Wrong | None:
    most, least = float(given.max()), float(target.min())
    if most > SLACK:
        return "kl_div without logarithm", {"most": most}
    if least < -SLACK and not is_log_target:
        return "kl_div of logarithms", {"least": least}
    return None


def _out_of_range(target: torch.Tensor) -> Wrong | None:
    least, most = float(target.min()), float(target.max())
    return ("targets out of range", {"least": least, "most": most}) if least < -SLACK or most > 1 + SLACK else None


def _without_signs(marks: torch.Tensor, ties: float) -> Wrong | None:
    """ties: the share of marks that may be 0."""
    zeros = marks == 0
    is_binary = marks.numel() >= ENOUGH and bool((zeros | (marks == 1)).all())
    return ("targets of 0 and 1", {}) if is_binary and int(zeros.sum()) > ties * marks.numel() else None


def _no_probabilities(target: torch.Tensor) -> Wrong | None:
    sums, least = target.float().sum(1 if target.ndim > 1 else 0), float(target.min())
    far = sums[sums > 1 + SLACK]  # with less, down to 0, a row is but weighed
    if least < -SLACK or far.numel():
        sum_of_row = float((far if far.numel() else sums).flatten()[0])
        return "targets are no probabilities", {"least": least, "sum": sum_of_row}
    return None


def _no_log_probabilities(what: Misgiven, logarithms: torch.Tensor, axis: int) -> Wrong | None:
    """`what`, with the sum of the probabilities of a row, where that is not 1."""
    sums = logarithms.float().exp().sum(axis)
    far = sums[(sums - 1).abs() > (SLACK if logarithms.dtype in WIDE else SLACK_OF_NARROW)]
    if far.numel() and bool(logarithms.isfinite().any(axis).all()):
        return what, {"sum": float(far.flatten()[0])}
    return None
