"""The words about gradients of 0: kind of cause -> kind of finding, phase, sentence, remedy."""

from __future__ import annotations

from gradtui.findings.words.sentence import Sentence
from gradtui.snapshot.finding import Kind

LAYERS = "squash less often: relu or gelu inside, residual paths x + f(x), normalised operands"
OF_ZEROS: tuple[Kind, ...] = (
    "zero", "masked", "saturated", "constant", "underflow", "flat", "clamped", "dead", "ordinary",
)  # fmt: skip

ZEROS: dict[str, Sentence] = {
    "second derivative is 0": Sentence(
        "flat",
        "backward",
        "{node}: the loss is made of a second derivative, and that of {function} is 0: it is made of straight pieces",
        "take a smooth activation: tanh, silu, softplus, gelu",
    ),
    "ways of +1 and -1": Sentence(
        "zero",
        "backward",
        "{node} goes into the loss by two ways that cancel, +1 · g and -1 · g: {one} and {other}",
        "detach one of them: x + (row - x).detach() passes the gradient straight through; else what is meant is not in the loss",
    ),
    "gradients cancel": Sentence(
        "zero",
        "backward",
        "{node}: the {terms} gradients that come in cancel, they add up to 0: from {one} and {other}",
        "detach() the part through which no gradient is meant to go; no fault where it cannot matter",
    ),
    "cancels at a leaf": Sentence(
        "zero",
        "backward",
        "{node}: the {terms} gradients that come in add up to 0: from {one} and {other}",
        "no fault where it cannot matter, as a bias before a normalisation, or in a difference; else see what cancels",
    ),
    "both factors are 0": Sentence(
        "zero",
        "backward",
        "{node}: both factors are all 0, {one} and {other}: neither ever gets a gradient, and they stay so",
        "let only one of them start at 0, and initialise the other",
    ),
    "factor starts at 0": Sentence(
        "masked",
        "backward",
        "{node}: what it is multiplied by, {factor}, is all 0, though it has a gradient itself and will move",
        "no fault in the first step where it starts at 0 on purpose (LoRA, a residual gate); else initialise it",
    ),
    "factor is 0": Sentence(
        "masked",
        "backward",
        "{node}: what it is multiplied by, {factor}, is all 0",
        "see why it is 0: initialise it, or take the factor away",
    ),
    "nearest": Sentence(
        "flat",
        "backward",
        "{node}: it takes the nearest element, so it is flat between its jumps, and its derivative is 0",
        "take mode='bilinear', which moves with where it looks",
    ),
    "shrinking": Sentence(
        "shrinking",
        "backward",
        "{node}: {count} squashing functions in a row leave {factors}{more} = {product:2} of the gradient; "
        "it falls most here, by {least:2}",
        LAYERS,
    ),
} | {f"zero: {kind}": Sentence(kind, "backward", "{node}{at}: {why}", "{way}") for kind in OF_ZEROS}
EVIDENCE_OF_ZEROS: dict[str, str] = {
    "gradient comes in": "a gradient of norm {norm:3} comes in",
    "zeros go out": "the gradient that goes out is all 0",
}
