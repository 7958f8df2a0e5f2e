"""The words about derivatives of higher order: kind of cause -> kind of finding, phase, sentence, remedy."""

from __future__ import annotations

from gradtui.findings.words.sentence import Sentence

SMOOTH = "take a smooth function in its place: softplus, silu, gelu or tanh have a second derivative"

FURTHER: dict[str, Sentence] = {
    "further: straight": Sentence(
        "flat",
        "backward",
        "{called} is 0: {node} is {function}, which is made of straight pieces, and the second derivative of these is 0",
        SMOOTH,
    ),
    "further: corner": Sentence(
        "corner",
        "backward",
        "{called} is not there: {before} has a corner here, its slope is {left} on the left and {right} on the right; "
        "torch gives {number}, by agreement",
        "beside this place it is right; a smooth function in its place has one here too",
    ),
    "further: jump": Sentence(
        "corner",
        "backward",
        "{called} is not there: {before} jumps here, or is infinitely steep; torch gives {number}, by agreement",
        "beside this place it is right; " + SMOOTH,
    ),
    "further: infinite": Sentence(
        "vertical",
        "backward",
        "{called} is {number}, where {before} is finite: {before} has a vertical tangent or a corner here",
        "keep away from this place: add a small number under a root, or to a base; clamp(min=eps)",
    ),
    "further: not implemented": Sentence(
        "not_differentiable",
        "backward",
        "there is no derivative of order {order}: torch says: {message}",
        "write it of operations that torch differentiates again, or take a smooth function in its place",
    ),
    "further: once": Sentence(
        "not_differentiable",
        "backward",
        "there is no derivative of order {order}: the backward of {node} is marked once_differentiable",
        "take @once_differentiable away, and write backward with torch operations of what ctx saved",
    ),
    "further: cut off": Sentence(
        "detached",
        "backward",
        "{called} is {number} by autograd, and {true} by differences of {before}: a part of what the backward of {node} "
        "returns has no graph",
        "write its backward with torch operations of what ctx.save_for_backward kept: without detach(), .data, item()",
    ),
    "further: another": Sentence(
        "detached",
        "backward",
        "{called} is {number} by autograd, and {true} by differences of {before}: a part of {before} has no graph",
        "see where it is detached, or made under no_grad",
    ),
    "further: ordinary": Sentence(
        "ordinary",
        "backward",
        "nothing wrong is seen in the graph of {before}: its derivative by {name} is {ways}",
        "nothing to do",
    ),
    "further: same everywhere": Sentence(
        "constant",
        "backward",
        "{before} is the same everywhere: it has no graph, and its derivative by {name} is 0",
        "nothing to do: f has no powers of {name} above the first",
    ),
    "further: without it": Sentence(
        "constant",
        "backward",
        "no way in the graph of {before} leads to {name}: its derivative by {name} is 0",
        "nothing to do, where {before} does not change with {name}; else see where a part of it has no graph",
    ),
    "gradient without a graph": Sentence(
        "no_grad",
        "backward",
        "{event} takes a gradient without create_graph=True, and it goes into f: it counts as a constant there",
        "torch.autograd.grad(..., create_graph=True); no fault where it is meant as a constant, as in first-order MAML",
    ),
    "gradient read without a graph": Sentence(
        "no_grad",
        "backward",
        "{event} reads a gradient that backward() made without create_graph=True, and it goes into f: it has no graph and counts "
        "as a constant there",
        "torch.autograd.grad(..., create_graph=True) instead of backward(); no fault where it is meant as a constant",
    ),
    "gradient detached": Sentence(
        "detached",
        "backward",
        "{event} is of a gradient, which create_graph=True gave a graph, and it goes into f: it counts as a constant there",
        "leave the detach out, or the .data, so that f is differentiated through it; no fault where a constant is meant",
    ),
    "penalty of nothing": Sentence(
        "flat",
        "backward",
        "{node}: a loss of gradients is made of a second derivative that is 0 throughout, as it is of functions of straight "
        "pieces (relu, leaky_relu, abs): no gradient goes on that way",
        f"{SMOOTH}; no fault where the other ways are enough",
    ),
    "penalty through straight pieces": Sentence(
        "flat",
        "backward",
        "{node}: a loss of gradients goes through {function}, whose second derivative is 0: no gradient goes on that way",
        SMOOTH + "; no fault where the other ways are enough",
    ),
}
EVIDENCE_OF_FURTHER: dict[str, str] = {
    "by differences": "the gradient by {name} is {number} by autograd, and {true} by differences",
}
