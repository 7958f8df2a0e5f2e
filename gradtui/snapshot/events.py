"""What user code did to gradients, and what torch refused to do, as facts."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from gradtui.snapshot.source import Source

EventKind = Literal[
    "detach",
    "no_grad",
    "integer",
    "left_torch",
    "not_differentiable",
    "new_leaf",
    "inplace",
    "moved",
    "written",
    "sampled",
    "drawn",
    "copied",
    "stacked",
    "checkpoint",
    "custom",
    "marked",
    "wrapped",
    "born",
    "fresh",
    "ungraphed",
    "late",
    "hooked",
    "misgiven",
]
"""What user code did to a tensor that carries a gradient.

detach: `.detach()`, `.data`. no_grad: computed under no_grad or inference_mode. integer: cast to an integer or boolean dtype.
left_torch: `.item()`, `.tolist()`, `.numpy()`. not_differentiable: argmax and the like. new_leaf: `torch.tensor(t)`,
`nn.Parameter(t)`, `Variable(t)`, `requires_grad_()` on what was cut off. inplace: written over. moved: `.to()` made a non-
leaf of a leaf. written: its numbers were put into another tensor, by `copy_` under no_grad or `.data =`. sampled: by
`.sample()` of a distribution that has `rsample`; drawn: of one that has none, or by multinomial. copied: by deepcopy;
without an operation before anybody watched, seen by numbers that are the same.
stacked: by `torch.func.stack_module_state`. checkpoint: run by a reentrant checkpoint no input of which requires grad.
custom: used in the forward of a custom autograd.Function without being an input of it; marked: what came out of one without a
graph; wrapped: out of a reentrant checkpoint, in a list, a dict or an object. born: an nn.Parameter was made, of
nothing that has a gradient. fresh: made of nothing that has one, and the output itself. ungraphed: a gradient, by
`torch.autograd.grad` without create_graph, or a `.grad` that backward left without it. late: a leaf was asked for its gradient,
and nothing used it since. hooked: a hook was put on a tensor, or on a module.
misgiven: a loss was given numbers that it does not take.
"""
Misgiven = Literal[
    "no log probabilities", "no log probabilities in time", "kl_div without logarithm", "kl_div of logarithms",
    "targets out of range", "targets are no probabilities", "targets of 0 and 1",
]  # fmt: skip
"""What is wrong with what a loss was given."""
Switch = Literal["", "no_grad", "inference_mode", "set_grad_enabled", "before"]
"""What had switched gradients off: a block or decorator; a call of `set_grad_enabled(False)`; what ran before the trace began."""


class Event(Struct, frozen=True):
    """Something that user code did, as seen by a trace, that explains why a gradient ends or why backward fails.

    operation: as torch calls it (`detach`, `add_`). leaves: names of the parameters and leaves whose gradient ends there; of
    `inplace` those whose values went into what is written over. node: the node concerned, where there is one in the graph.
    reached: whether what came of it went into the output; None where that is not known, as of what left torch. alone: whether
    nothing else cuts the way from there to the output; of `fresh`, whether nothing that had left torch can be in it.
    returned: whether, after it had left torch as an array, another array came in and went into the output. switch: of
    `no_grad`; switched: where; still: whether it was so at the end. what: the class of a distribution, a Function. given: of
    `misgiven` what is wrong, with which numbers. fed: of a sample or a choice that goes on into a layer, the leaves to which
    no gradient goes back from there. of_gradient: of a `detach`, whether it is of what a backward pass made with a graph;
    itself: whether it is of a leaf itself.
    """

    kind: EventKind
    operation: str
    source: Source | None = None
    module: str = ""
    leaves: tuple[str, ...] = ()
    node: int | None = None
    reached: bool | None = None
    alone: bool = True
    switch: Switch = ""
    switched: Source | None = None
    still: bool = False
    what: str = ""
    returned: bool = False
    of_gradient: bool = False
    itself: bool = False
    fed: tuple[str, ...] = ()
    given: Misgiven | Literal[""] = ""
    numbers: tuple[tuple[str, float], ...] = ()


class Mismatch(Struct, frozen=True):
    """The backward of a custom autograd.Function sends an input what is not the derivative of its forward.

    node: that it made. function: its class. input: which argument of forward, and its name. factor: by which all that was
    looked at is too large; None where that is not the same everywhere. index, sent, true: where it is the furthest off, what is
    sent there, and what differences of the forward say, for a gradient that comes in drawn at random. ignored: whether the
    same is sent for twice the gradient that comes in. meant: whether it is a stand-in for a derivative of 0, or the forward
    hands on its input as it is. defined: where backward is.
    edge: of the node, by which it is sent.
    """

    node: int
    function: str
    input: int
    name: str
    factor: float | None
    index: tuple[int, ...]
    sent: float
    true: float
    ignored: bool = False
    meant: bool = False
    defined: Source | None = None
    edge: int | None = None


Refusal = Literal[
    "inplace",
    "freed",
    "leaf_inplace",
    "view_inplace",
    "inference",
    "shape",
    "count",
    "misplaced",
    "no_tensor",
    "complex_gradient",
    "unused",
    "not_asked",
    "not_scalar",
    "no_graph",
    "not_a_leaf",
    "whole_numbers",
    "numpy",
    "saved",
    "not_implemented",
    "copied",
    "too_large",
    "not_positive",
    "singular",
    "unconverged",
    "phase",
    "once",
    "not_real",
    "vmap_number",
    "vmap_inplace",
    "vmap_random",
    "transformed",
    "constraint",
    "recomputed",
    "one_value",
    "one_pixel",
    "not_probabilities",
    "no_class",
    "target_shape",
    "target_dtype",
    "two_dtypes",
    "devices",
    "features",
    "sizes_apart",
    "examples_apart",
    "no_row",
    "no_element",
    "index_dtype",
    "whole_result",
    "no_view",
    "strides",
    "joined",
    "ambiguous",
    "dimensions",
    "too_small",
    "state_size",
    "classes_apart",
    "other_weights",
    "unreduced",
    "nothing_to_clip",
    "bad_values",
]
"""What torch refuses. inplace: backward, as a tensor it needs was written over. freed: backward over a graph that it has run
over. leaf_inplace: writing over a leaf, or a view of one. view_inplace: over one of several views, or one made under no_grad.
inference: a tensor of inference_mode in a graph. shape, count: of the gradients that a custom backward returned; misplaced:
one of them is of an input that was no tensor; no_tensor: it is none itself; complex_gradient: it is complex and the input is
not, or the other way round. unused: `autograd.grad` by what the output does not depend on; not_asked: by what requires none.
not_scalar: backward of more than one number. no_graph: of none. not_a_leaf: requires_grad of what was computed. whole_numbers:
requires_grad of an integer tensor. numpy: of what requires grad. saved: a custom Function saves what is no tensor.
not_implemented: an operation without derivative. copied: deepcopy of what was computed. too_large: a number that the dtype does
not hold. not_positive, singular: a matrix that is no such. unconverged: a decomposition. phase: a loss of what a complex
decomposition leaves open. once: the backward of a Function that is once_differentiable is differentiated. not_real: backward of
a complex number. vmap_number: of what vmap runs for each example, a Python number, or a branch by one. vmap_inplace, vmap_random:
there, writing into what is not batched, drawing at random. transformed: requires_grad_() inside of a transform of torch.func.
constraint: a parameter of a distribution that is none. recomputed: a checkpoint that ran again in backward made other tensors.
one_value: a normalisation over the batch, of a single value; one_pixel: over a picture. not_probabilities: a binary cross
entropy of what is not from 0 to 1. no_class: a target that is no class. target_shape, target_dtype: one that a loss does not
take. two_dtypes, devices: of operands. features: a layer, or a matrix, takes another number of them. sizes_apart: operands that
are not stretched to each other; examples_apart: scores and targets; joined: what is put together. no_row: of a table; no_element:
of a dimension. index_dtype: indices that are no whole numbers. whole_result: numbers with fractions that are to be put into whole
ones. no_view: another number of elements; strides: they do not lie in that order. ambiguous: one truth of several.
dimensions: another number of them than a layer takes; too_small: less than a kernel reaches over. state_size: a hidden state of
another batch. classes_apart: scores whose classes are not in dimension 1. other_weights: those of a file. unreduced: a forward
pass of DistributedDataParallel, which waits for gradients of the one before.
nothing_to_clip: of parameters of which none has a gradient. bad_values: nan or infinity where they may not be.
"""


class Raised(Struct, frozen=True):
    """What torch refused, as facts; each where it is known.

    operation: what was refused, or wrote over the tensor (`add_`), or the class of a custom Function; source: where. tensor:
    its name. shape: its shape, or that of a gradient; wanted: the one it should have; place: which input, gradient or dimension.
    count, needed: of gradients, features or examples; an index, and how many there are. maker, made: the operation that made the
    tensor, and where. saver, kept: the operation whose
    backward needs it, and where. holder: the attribute or variable that carried it over from before (`memory`). earlier:
    where backward ran before. node: of the graph, the one concerned. defined: where a custom backward is.
    rule: torch's name of what a parameter of a distribution has to be (`GreaterThan`).
    """

    how: Refusal
    operation: str = ""
    source: Source | None = None
    tensor: str = ""
    shape: tuple[int, ...] | None = None
    wanted: tuple[int, ...] | None = None
    place: int | None = None
    count: int | None = None
    needed: int | None = None
    maker: str = ""
    made: Source | None = None
    saver: str = ""
    kept: Source | None = None
    holder: str = ""
    earlier: Source | None = None
    node: int | None = None
    defined: Source | None = None
    rule: str = ""
