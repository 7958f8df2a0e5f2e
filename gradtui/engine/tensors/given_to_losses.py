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
"""Targets that are hardly all 0 or 1 where others are meant to be."""
TIES = 0.2
"""Of pairs that are to be ranked: so many may be marked by 0, as neither comes first."""
WIDE = {torch.float32, torch.float64}
SLACK, SLACK_OF_NARROW = 0.02, 0.3
"""By so much the probabilities of a row may add up to another number than 1, as those do that an eps was added to, or that are
in a narrow dtype."""


def are_readable(args: Sequence[Any]) -> bool:
    """Whether something is learned by a loss, and its numbers can be read: what it is given first, and the target."""
    given = args[:2]
    if len(given) < 2 or not all(type(one) in PLAIN and one.numel() and has_numbers(one) for one in given):
        return False
    return bool(given[0].requires_grad)


def is_left_out_in_part(kwargs: Mapping[str, Any]) -> bool:
    """Whether what is wrong may be masked."""
    return kwargs.get("reduction") == "none" or kwargs.get("weight") is not None


def wrong(func: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[Misgiven, dict[str, float]] | None:
    """func: one of TAKING. What is wrong, and its numbers; None where nothing is, or it is not finite."""
    with unasked(), torch.no_grad():
        given, target = args[0].detach(), args[1].detach()
        if func is functional.nll_loss:
            if (sum_of_row := _not_1(given, 1 if given.ndim > 1 else 0)) is not None:
                return "no log probabilities", {"sum": sum_of_row}
        elif func is functional.ctc_loss:
            if (sum_of_row := _not_1(given[:1], -1)) is not None:  # beyond the length of a sequence nothing counts
                return "no log probabilities in time", {"sum": sum_of_row}
        elif func is functional.kl_div:
            most, least = float(given.max()), float(target.min())
            if most > SLACK:
                return "kl_div without logarithm", {"most": most}
            if least < -SLACK and not kwargs.get("log_target", False):
                return "kl_div of logarithms", {"least": least}
        elif func is functional.binary_cross_entropy_with_logits:
            least, most = float(target.min()), float(target.max())
            if least < -SLACK or most > 1 + SLACK:
                return "targets out of range", {"least": least, "most": most}
        elif func in OF_SIGNS:
            marks = args[OF_SIGNS[func]] if len(args) > OF_SIGNS[func] else kwargs["target"]
            zeros = marks == 0
            most = TIES * marks.numel() if func is functional.margin_ranking_loss else 0
            if marks.numel() >= ENOUGH and bool((zeros | (marks == 1)).all()) and int(zeros.sum()) > most:
                return "targets of 0 and 1", {}
        elif func is functional.cross_entropy and target.shape == given.shape and target.is_floating_point():
            return _no_probabilities(target)
    return None


def _no_probabilities(target: torch.Tensor) -> tuple[Misgiven, dict[str, float]] | None:
    sums, least = target.float().sum(1 if target.ndim > 1 else 0), float(target.min())
    far = sums[sums > 1 + SLACK]  # with less, down to 0, a row is but weighed
    if least < -SLACK or far.numel():
        sum_of_row = float((far if far.numel() else sums).flatten()[0])
        return "targets are no probabilities", {"least": least, "sum": sum_of_row}
    return None


def _not_1(logarithms: torch.Tensor, axis: int) -> float | None:
    """To what the probabilities of a row add up, where that is not 1."""
    sums = logarithms.float().exp().sum(axis)
    far = sums[(sums - 1).abs() > (SLACK if logarithms.dtype in WIDE else SLACK_OF_NARROW)]
    return float(far.flatten()[0]) if far.numel() and bool(logarithms.isfinite().any(axis).all()) else None
