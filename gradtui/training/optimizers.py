"""The optimizers of torch.optim that move single numbers and vectors, each with its settings: one row a setting.

A test holds names and defaults against torch's own signatures.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from gradtui.snapshot.training import Optimizer, Setting

Range = Literal[
    "any", "positive", "not negative", "below 1", "flag", "optional flag", "count", "optional count", "search"
]
"""What a setting may be. below 1: from 0 up to, and not, 1. Where `pair` is set, two of them."""


class Row(NamedTuple):
    """A setting: its name and default in torch, what it may be, and what it does, as a part of a sentence."""

    name: str
    default: Setting
    range: Range
    means: str
    pair: bool = False


def _lr(default: float) -> Row:
    return Row("lr", default, "not negative", "the learning rate: how far one update goes")


DECAY = "weight_decay"
DECAYING = "how strongly each update also pulls the variable towards 0"
WEIGHT_DECAY = Row(DECAY, 0, "not negative", DECAYING)
MAXIMIZE = Row("maximize", False, "flag", "whether f is made larger instead of smaller")
DECOUPLED = Row("decoupled_weight_decay", False, "flag", "whether weight decay goes around the gradient, as in AdamW")
BETAS = Row(
    "betas", (0.9, 0.999), "below 1", "how much is kept of the mean of gradients, and of that of their squares", True
)
EPS = Row("eps", 1e-08, "not negative", "a small number that is added to what is divided by")
HOW = (
    Row("foreach", None, "optional flag", "how torch computes the update, not what it is"),
    Row("differentiable", False, "flag", "whether autograd records the update itself"),
)
FUSED = Row("fused", None, "optional flag", "how torch computes the update, not what it is")
CAPTURABLE = Row("capturable", False, "flag", "whether the update can be captured in a CUDA graph")
AMSGRAD = Row("amsgrad", False, "flag", "whether the largest mean of squares so far is divided by, not the last")

OPTIMIZERS: dict[str, tuple[Row, ...]] = {
    "SGD": (
        _lr(1e-3),
        Row("momentum", 0, "not negative", "how much is kept of the steps before"),
        Row("dampening", 0, "any", "how much of the gradient is left out where it is added to the momentum"),
        WEIGHT_DECAY,
        Row("nesterov", False, "flag", "whether the gradient is looked at one step of the momentum further on"),
        MAXIMIZE,
        *HOW,
        FUSED,
    ),
    "Adam": (_lr(1e-3), BETAS, EPS, WEIGHT_DECAY, AMSGRAD, *HOW, MAXIMIZE, CAPTURABLE, FUSED, DECOUPLED),
    "AdamW": (
        _lr(1e-3),
        BETAS,
        EPS,
        Row(DECAY, 0.01, "not negative", DECAYING),
        AMSGRAD,
        MAXIMIZE,
        *HOW,
        CAPTURABLE,
        FUSED,
    ),
    "NAdam": (
        _lr(2e-3),
        BETAS,
        EPS,
        WEIGHT_DECAY,
        Row("momentum_decay", 4e-3, "not negative", "how fast the momentum of NAdam comes to its full strength"),
        DECOUPLED,
        *HOW,
        MAXIMIZE,
        CAPTURABLE,
    ),
    "RAdam": (_lr(1e-3), BETAS, EPS, WEIGHT_DECAY, DECOUPLED, *HOW, MAXIMIZE, CAPTURABLE),
    "Adagrad": (
        _lr(1e-2),
        Row("lr_decay", 0, "not negative", "how fast the learning rate shrinks from update to update"),
        WEIGHT_DECAY,
        Row("initial_accumulator_value", 0, "not negative", "what the sum of squared gradients starts with"),
        Row("eps", 1e-10, "not negative", EPS.means),
        *HOW,
        MAXIMIZE,
        FUSED,
    ),
    "Adadelta": (
        _lr(1.0),
        Row("rho", 0.9, "below 1", "how much is kept of the means of squares"),
        Row("eps", 1e-06, "not negative", EPS.means),
        WEIGHT_DECAY,
        *HOW,
        CAPTURABLE,
        MAXIMIZE,
    ),
    "RMSprop": (
        _lr(1e-2),
        Row("alpha", 0.99, "not negative", "how much is kept of the mean of squared gradients"),
        EPS,
        WEIGHT_DECAY,
        Row("momentum", 0, "not negative", "how much is kept of the steps before"),
        Row("centered", False, "flag", "whether the mean gradient, squared, is taken off the mean of squares"),
        CAPTURABLE,
        *HOW,
        MAXIMIZE,
    ),
    "Rprop": (
        _lr(1e-2),
        Row(
            "etas",
            (0.5, 1.2),
            "positive",
            "by what a step shrinks where the gradient's sign changes, and grows where not",
            True,
        ),
        Row("step_sizes", (1e-06, 50), "not negative", "the smallest and the largest step", True),
        CAPTURABLE,
        *HOW,
        MAXIMIZE,
    ),
    "Adamax": (_lr(2e-3), BETAS, EPS, WEIGHT_DECAY, *HOW, MAXIMIZE, CAPTURABLE),
    "ASGD": (
        _lr(1e-2),
        Row("lambd", 1e-4, "any", "how strongly each update pulls the variable towards 0"),
        Row("alpha", 0.75, "any", "the power by which the learning rate shrinks"),
        Row("t0", 1e6, "any", "the update from which the places are averaged"),
        WEIGHT_DECAY,
        *HOW,
        MAXIMIZE,
        CAPTURABLE,
    ),
    "LBFGS": (
        _lr(1),
        Row("max_iter", 20, "count", "how many steps one update makes at most"),
        Row("max_eval", None, "optional count", "how often one update evaluates f at most"),
        Row("tolerance_grad", 1e-07, "not negative", "the gradient that is small enough to stop at"),
        Row("tolerance_change", 1e-09, "not negative", "the change that is small enough to stop at"),
        Row("history_size", 100, "count", "how many steps are remembered"),
        Row("line_search_fn", None, "search", "how the length of a step is looked for: None or 'strong_wolfe'"),
        MAXIMIZE,
    ),
}

ELSEWHERE = {
    "SparseAdam": "SparseAdam takes sparse gradients only, and those of a typed function are dense",
    "Adafactor": "Adafactor, for large matrices, is not told here: gradtui train.py watches a script that uses it",
    "Muon": "Muon moves matrices only, and is not told here: gradtui train.py watches a script that uses it",
}
"""Of torch.optim too, and why they are not here."""

RANGES: dict[Range, str] = {
    "any": "a number",
    "positive": "a number above 0",
    "not negative": "a number that is not below 0",
    "below 1": "a number from 0 up to, and not, 1",
    "flag": "True or False",
    "optional flag": "True, False or None",
    "count": "a whole number above 0",
    "optional count": "a whole number above 0, or None",
    "search": "None or 'strong_wolfe'",
}

DEFAULT = Optimizer("SGD", {"lr": 0.1})
"""What the first `g` takes, where nobody has chosen."""


def settings(optimizer: Optimizer) -> dict[str, Setting]:
    """All of them, those that were not given at torch's defaults."""
    return {row.name: row.default for row in OPTIMIZERS[optimizer.name]} | optimizer.settings
