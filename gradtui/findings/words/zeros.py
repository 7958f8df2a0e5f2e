"""The words about gradients of 0: kind of cause -> kind of finding, phase, sentence, remedy. Why they are: rows of REASONS."""

from __future__ import annotations

from gradtui.findings.words.not_finite import LOOK_AT_HOOKS, OPENED
from gradtui.findings.words.sentence import Sentence
from gradtui.findings.words.sizes import LOGITS
from gradtui.snapshot.finding import Kind

LAYERS = "squash less often: relu or gelu inside, residual paths x + f(x), normalised operands"
OF_ZEROS: tuple[Kind, ...] = (
    "zero", "masked", "saturated", "constant", "underflow", "flat", "clamped", "dead", "ordinary",
)  # fmt: skip

ZEROS: dict[str, Sentence] = {
    "first step in reverse": Sentence(
        "zero",
        "backward",
        "{node}: the states that these weights multiply are all 0 where a gradient comes: of each sequence only the first step "
        "in reverse counts, which has read its last position alone",
        "out[:, -1] has of the reverse direction what it began with: take h_n, the last states of both, or a mean over positions",
    ),
    "first step": Sentence(
        "zero",
        "backward",
        "{node}: the states that these weights multiply are all 0 where a gradient comes: of each sequence only the first step "
        "counts",
        "look at the shape of the input, which is (sequence, batch, features) but for batch_first=True, and whether the first "
        "output is taken for the last; no fault where each sequence has one step",
    ),
    "one key": Sentence(
        "constant",
        "backward",
        "{node}: there is but a single key to attend to, so what comes out is the same whatever query and key are: of these "
        "weights the part that makes them learns nothing",
        "look at the shape of the input, which is (sequence, batch, features) but for batch_first=True: the sequence here has "
        "one position; no fault where it is to have one",
    ),
    "second derivative is 0": Sentence(
        "flat",
        "backward",
        "{node}: the loss is made of a second derivative, and that of {function} is 0: it is made of straight pieces",
        "take a smooth activation: tanh, silu, softplus, gelu",
    ),
    "second derivative is nothing": Sentence(
        "flat",
        "backward",
        "{node}: the loss is made of a second derivative, and that is 0 throughout, as it is of functions of straight pieces "
        "(relu, leaky_relu, abs)",
        "take a smooth activation: tanh, silu, softplus, gelu",
    ),
    "ways of +1 and -1": Sentence(
        "zero",
        "backward",
        "{node} goes into the loss by two ways that cancel, +1 · g and -1 · g: {one} and {other}",
        "detach one of them: x + (row - x).detach() passes the gradient straight through; else what is meant is not in the loss",
    ),
    "with itself": Sentence(
        "constant",
        "backward",
        "{node}: both of its operands are one tensor, {made}: compared with itself it gives the same, whatever it is",
        "put in what it is to be compared with: the target, the second view, the reference; where that is to have the same "
        "numbers (the old probabilities of a ratio), a copy of them, by detach()",
    ),
    "with its like": Sentence(
        "constant",
        "backward",
        "{node}: both of its operands have the same numbers, made of the same weights in the same way: compared with each other "
        "they give the same, whatever those are",
        "give one of both another input (a second view, the next state, the rejected answer), or make it by a copy of the model "
        "that stays as it is: copy.deepcopy(model).requires_grad_(False)",
    ),
    "cancels in a part": Sentence(
        "constant",
        "backward",
        "{node}: the {terms} gradients that come in, from {one} and {other}, cancel but for rounding, and there is no other way: "
        "the loss does not depend on it",
        "see whether it is divided by a sum that it is alone in, as the share of the one expert that is chosen, or compared with "
        "itself: take it as it was before that",
    ),
    "centred": Sentence(
        "zero",
        "backward",
        "{node}: {other} takes away what its elements have in common, and what comes in is the same for all of them, "
        "so nothing is left of it",
        "put the loss on single elements, or on their squares: the sum or mean of what is centred is 0 whatever it is",
    ),
    "cancels but for rounding": Sentence(
        "constant",
        "backward",
        "{node}: the {terms} gradients that come in, from {one} and {other}, cancel but for rounding, and there is no other way: "
        "the loss is constant, whatever the parameters",
        "see whether a tensor is compared with itself (two views of one input without augmentation), or measured after it was "
        "normalised; detach() one of the ways, or take the loss before the normalisation",
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
        "{node}: what it is multiplied by, {factor}, is all 0, though it has a gradient itself",
        "no fault in the first step where it starts at 0 on purpose, and learns (LoRA, a residual gate); else initialise it",
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
    "operand without gradient": "what gets no gradient there: {of}{reach}",
    "zeros go out": "the gradient that goes out is all 0",
}

DEAD = "leaky_relu keeps a slope there, elu and gelu keep one near 0; look at the bias or the step that pushed the operand there"
BOUNDS = (
    "bring the operand inside: smaller initial weights, normalised inputs, a penalty, a larger scale where it is quantised; tanh "
    "and sigmoid bound softly; clamp only what needs no gradient"
)
STRAIGHT = "pass it straight through, x + (f(x) - x).detach() in torch for such an f, or take a soft step, sigmoid(k*x)"
DRAWN = (
    "a draw that learns: rsample() where the distribution has one, a relaxed one (gumbel_softmax, straight-through), "
    "or log_prob(sample) times its reward"
)
EVEN = "put the loss on single elements (cross_entropy, log_softmax), not on their sum or mean"
TEMPERATURE = "put the loss on log_softmax, or divide the operand by a temperature"
MASK = "no fault where it is meant as a mask; else take the factor away, or make it small, not 0"
MEANT = "no fault where it is meant; a soft blend such as sigmoid(k*x) gives every operand its share"
SCALED = "scale the loss up (torch.amp.GradScaler does){other}"
NORMALISE_MORE = "normalise over more elements: take the norm away where there is one feature, or one example"
MORE_THAN_ONE = "take it over more elements: another dimension, or more than one example"
LOOKED_UP = "no fault where this batch does not need it; else look at the indices"
STARTS_AT_0 = "no fault in the first step where it starts at 0 on purpose (LoRA, a residual gate); else initialise it"
ONE_CLASS = (
    "give it as many outputs as there are classes; for one output take sigmoid, binary_cross_entropy_with_logits; attention "
    "chooses nothing where there is but one key"
)
OWN_BACKWARD = "look at its backward(): return the gradient for each input, in the order of forward()"
SUMS_UP = "no fault where it cannot matter, as a bias before a normalisation; else see what cancels"
AT_REST = "no fault: at its best point, or with weight 0, a loss has no gradient"
ANY = "look at the node, and at what its operands are"

WHY_ZEROS: dict[str, tuple[str, str]] = {
    "hook of zeros": ("a hook makes zeros of the gradient that comes in", LOOK_AT_HOOKS),
    "module hook of zeros": ("a backward hook of the module makes zeros of the gradient that comes in", LOOK_AT_HOOKS),
    "starts with 0": ("backward starts with a gradient of 0", "look at what is differentiated"),
    "adds up to 0": ("the gradients that come in add up to 0", SUMS_UP),
    "cancels": ("what comes in adds up to 0", SUMS_UP),
    "sends None": ("it sends None, no gradient at all", OWN_BACKWARD),
    "sends None itself": ("it sends None, no gradient at all", ANY),
    "nothing is selected": ("nothing is selected: it has no elements", LOOKED_UP),
    "saturated": ("saturated{made}, its derivative is {share:2}, so next to nothing goes back{to}", LOGITS),
    "adds up to 1": ("what comes in is the same for all its elements, and their sum, 1, never moves", EVEN),
    "all the weight": ("one element has all the weight, so next to nothing goes back", TEMPERATURE),
    "softmax of one": ("over one element it is the same whatever its operand", ONE_CLASS),
    "underflows": ("it underflows to 0{reach}, and its derivative with it", "stay with logarithms{deeper}"),
    "flat": ("flat between its jumps: its derivative is 0 everywhere, so no gradient goes back", STRAIGHT),
    "drawn": ("it draws at random, and torch gives such a draw a derivative of 0", DRAWN),
    "at rest": (
        "the loss does not move with this operand here",
        AT_REST,
    ),
    "operand of 0": ("its operand is all 0, where its derivative is 0", AT_REST),
    "clamped": ("{operand} is at or outside its bounds, where no gradient goes to it", BOUNDS),
    "looks outside": (
        "where it looks{reach} is outside of its input, which goes from -1 to 1: there it does not move",
        "places from -1 to 1 for its width and height, as affine_grid gives them: 2 * pixel / (size - 1) - 1",
    ),
    "dead": ("{operand} is on its flat side, so no gradient goes back", DEAD),
    "flat within": (
        "{operand} is between its bounds, where it makes 0 of it, so no gradient goes back",
        "no fault where small numbers are to become 0; else a smaller lambd, or larger operands",
    ),
    "dead below 0": ("{operand} is negative or 0, on its flat side, so no gradient goes back", DEAD),
    "to the power 0": ("to the power 0 it is 1 whatever {text}", "no fault: the derivative of a constant is 0"),
    "pruned": (
        "it is multiplied by 0, as where torch.nn.utils.prune has masked all of it: {mask} is the mask",
        "prune less: a smaller amount, below 1 or below the number of its elements; prune.remove only makes it permanent",
    ),
    "dropped": (
        "dropout drops all of it: its probability p is 1, so it is multiplied by 0",
        "a smaller p: it is the probability with which an element is dropped, not kept",
    ),
    "times 0": ("{text} is multiplied by 0, so no gradient goes back", MASK),
    "not taken there": ("{text} is not taken here, so it gets no gradient", MEANT),
    "not taken": ("where a gradient comes in, none of this operand is taken, so it gets none", MEANT),
    "only padding": ("only padding (padding_idx) is looked up, which gets no gradient", LOOKED_UP),
    "looked up for nothing": ("what comes in adds up to 0 for each element that is looked up", LOOKED_UP),
    "times a factor of 0": ("what it is multiplied by, {factor}, is all 0", STARTS_AT_0),
    "products are 0": ("what comes in, times what it is multiplied by, is 0 for each element", MASK),
    "products add up to 0": (
        "what comes in, times what it is multiplied by, adds up to 0 for each element",
        "look at both: where one is centred, or made of shares of 1, the other may not be the same throughout",
    ),
    "data of 0": (
        "the data that it is multiplied by is all 0",
        "look at what goes in: a batch, or a column of features, that is never filled",
    ),
    "times data of 0": ("it is multiplied by 0", MASK),
    "sends too little": ("what it sends is less than {dtype} holds, {least:2}, and underflows to 0", SCALED),
    "has vanished": (
        "the gradient has vanished on its way from the loss: what it sends is less than {dtype} holds, {least:2}",
        "look at what shrinks it, step after step: fewer or larger factors, orthogonal initial weights, LSTM or GRU for a plain "
        "recurrence, residual paths x + f(x), normalised layers",
    ),
    "norm with a weight of 0": ("its weight, {weight}, is all 0", STARTS_AT_0),
    "norm of one": ("it makes a constant of a single element", NORMALISE_MORE),
    "spread of a single element": ("the spread of a single element is 0 whatever it is", MORE_THAN_ONE),
    "spread of equals": ("its elements are all equal, where their spread is least", AT_REST),
    "factors cut off": (
        "two or more of the elements that it multiplies are 0, as {maker} cuts them off, so the product is still 0 whatever one "
        "of them is",
        "a loss that moves there, too: of boxes that do not overlap GIoU, or the distance of their centres",
    ),
    "factors of 0": (
        "two or more of the elements that it multiplies are 0, so the product is still 0 whatever one of them is",
        "leave out what is 0, or masked, before the product; a sum of logarithms where all are above 0",
    ),
    "norm of equals": ("it makes a constant of elements that are all equal", NORMALISE_MORE),
    "only shifts": ("what comes in would only shift or scale its operand as a whole, which it takes away again", EVEN),
    "zeros within a checkpoint": ("a gradient comes in, and what runs again within it sends zeros", OPENED),
    "own backward of zeros": ("its backward, code of its own, returns zeros", OWN_BACKWARD),
    "other parts": (
        "the gradient that comes in is 0 for this one of its parts",
        "look at what comes after: a maximum, a median or an index that takes other parts throughout",
    ),
    "other half": (
        "what comes in has no {half} part",
        "look at what comes after: .real, .imag or a cast to real numbers takes but one of both; abs() and angle() need both",
    ),
    "zeros go out": ("a gradient comes in, and zeros go out", ANY),
}
