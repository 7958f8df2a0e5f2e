"""What is wrong, where, why, and what people do about it: what gradtui.findings gives."""

from __future__ import annotations

from typing import Literal, get_args

from msgspec import Struct

from gradtui.snapshot.model import Source

Kind = Literal[
    "input",
    "domain",
    "pole",
    "zero_by_zero",
    "overflow",
    "vertical",
    "corner",
    "convention",
    "zero_times_inf",
    "branch",
    "lost_digits",
    "saturated",
    "shrinking",
    "softmax_twice",
    "underflow",
    "flat",
    "dead",
    "clamped",
    "masked",
    "constant",
    "not_in_graph",
    "detached",
    "no_grad",
    "integer",
    "left_torch",
    "not_differentiable",
    "new_leaf",
    "unused",
    "frozen",
    "not_a_leaf",
    "inplace",
    "custom",
    "broadcast",
    "zero",
    "nonfinite",
    "vanishing",
    "exploding",
    "freed",
    "refused",
    "unread",
    "ordinary",
    "divergence",
    "step_order",
    "learning_rate",
    "skipped",
    "zero_grad",
    "late_gradient",
    "accumulation",
    "old_graph",
    "graph_kept",
    "not_in_optimizer",
    "lost_update",
    "decay",
    "eval_mode",
    "padding",
    "optimizer_anew",
    "stepped_twice",
    "loss_input",
    "learned_target",
    "row_order",
    "shared_module",
    "symmetry",
    "clipping",
    "overwritten",
    "unwatched",
    "ranks",
    "unfinished",
]
"""What went wrong. The first eight are of a single operation, the next two of 0·inf in the backward pass; `lost_digits` is
of finite numbers that rounding has spoilt.

In the others the gradient dies: squashed functions, products of small factors, steps, dead sides, what is not taken,
what does not depend on the variable at all. From `not_in_graph` on they are of the parameters of user code;
`ordinary` where nothing is wrong. Those after it are of a whole training; `unwatched` of what
was not seen of it, `ranks` of what differs between processes that train together. `unfinished`: an error within gradtui
ended the look for some of them.
"""


Certainty = Literal["proved", "likely", "perhaps"]
"""proved: what was seen excludes other causes. likely: what was seen fits, and not all of it was. perhaps: often meant so."""
CERTAINTIES: tuple[Certainty, ...] = get_args(Certainty)


class Finding(Struct, frozen=True):
    """A place that explains what is on the screen.

    node: where to look; None where there is none. text: one sentence that says why. remedy: one on what people do.
    parameter: the one it explains. source: where to look in the user's code. evidence: what was seen that shows it.
    update: of a whole training, at which it began.
    """

    kind: Kind
    phase: Literal["forward", "backward"]
    node: int | None
    text: str
    remedy: str
    parameter: str | None = None
    source: Source | None = None
    evidence: tuple[str, ...] = ()
    certainty: Certainty = "likely"
    update: int | None = None


NONE_FOUND = "no fault found"
"""What is said where there is none."""

CUT_OFF: frozenset[Kind] = frozenset(
    {
        "frozen",
        "unused",
        "not_in_graph",
        "detached",
        "no_grad",
        "integer",
        "left_torch",
        "not_differentiable",
        "new_leaf",
    }
)
"""Kinds of a parameter that is not in the graph."""
NOT_FINITE: frozenset[Kind] = frozenset(
    {
        "input", "domain", "pole", "zero_by_zero", "overflow", "vertical", "corner", "zero_times_inf", "branch", "nonfinite",
        "masked",
    }
)  # fmt: skip
"""Kinds of what makes nan or infinity; `masked` also of what makes 0."""
