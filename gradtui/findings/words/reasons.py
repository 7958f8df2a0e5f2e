"""Why a node did what it did, and what people do about it: name of a reason -> piece of a sentence, remedy."""

from __future__ import annotations

EARLIER = (
    "it went bad in an earlier step: look there, at its gradient and at the learning rate, and stop at the first nan"
)
CLEAN = "look at the data before the model: isfinite().all(), fill or mask what is missing"
DATA = "look at the data: x.isfinite().all(); a nan in one element of a batch is enough"
UNMASK = "leave one element in each row, mask with a large finite number, or leave those rows out before it, not after"
MASK_FINITE = "mask with a large finite number, torch.finfo(x.dtype).min, or take torch.special.entr(p) for -p*log p"
OFF_0 = "keep the divisor off 0: mask.sum().clamp(min=1) where it counts something; or leave out what is empty"
NOT_0 = "divide by what cannot be 0: add a small number where the sign is known, or where(x == 0, 1, x)"
ODD_ROOT = "for an odd root write sign(x)*abs(x)^p; else keep the base at 0 or above"
DEFINED = "keep its operands where it is defined"
WIDER = "use bfloat16 or float32 for it, or scale the numbers down before"
TAME = "lower the learning rate, clip the gradients, normalise the inputs; look at what grew before this step"
ANY_DERIVATIVE = "keep its operands away from where its derivative has no value"
OPENED = (
    "look into it: with use_reentrant=False, or without the checkpoint, what is within it is in the graph and is told"
)
LOOK = "look for a register_hook on it, and for a backward hook of its module: return None there to leave it as it is"
MORE_THAN_HOLDS = "{bad} of its {elements} elements overflowed: more than {dtype} holds"

VALUES: dict[str, tuple[str, str]] = {
    "by the table": ("{said}", DEFINED),
    "bad variable": ("it is not finite itself", "give it a finite number"),
    "bad leaf": ("{many}: not finite even before the forward pass", EARLIER),
    "bad constant": ("the constant {constant} in it is not finite", "write a finite number for it"),
    "no value there": ("it has no value there", DEFINED),
    "it overflows": ("it overflows, more than {dtype} holds", TAME),
    "overflowed": ("{many} overflowed: more than {dtype} holds, {most}", WIDER),
    "overflowed in training": ("{many} overflowed: more than {dtype} holds, {most}", TAME),
    "softmax of a masked row": (
        "{rows} of its {all} rows are masked with -inf throughout, and softmax of such a row is 0/0",
        UNMASK,
    ),
    "softmax of a row masked by": (
        "a row is masked with -inf throughout ({rows} of {all}), and {softmax} of it is 0/0",
        UNMASK,
    ),
    "rows of nan behind a mask": (
        "it brings in infinities of finite numbers, and {softmax} is nan in {rows} rows, as of one that is -inf throughout",
        UNMASK,
    ),
    "hidden softmax": (
        "{many} became nan inside, where {softmax} was not seen: 0/0 of a row masked throughout",
        UNMASK,
    ),
    "infinite by a constant": ("{many} are infinite by a constant, as of a mask", UNMASK),
    "infinite inside": (
        "{many} became infinite of finite numbers inside a larger function: it has a pole there",
        DEFINED,
    ),
    "0 times inf": (
        "{a} times {b} at {index}: 0 times an infinite number is nan",
        "keep both factors finite: clamp them, or xlogy(x, y) for x*log(y), which is 0 where x is 0",
    ),
    "0 times a mask": (
        "{a} times {b} at {index}: 0 times an infinite number is nan, and -inf came in as a mask",
        MASK_FINITE,
    ),
    "bad data": (
        "a tensor without a gradient brings in {what}, {count} of its {of} elements: the data, or what was made of them",
        CLEAN,
    ),
    "bad data by name": (
        "{name} holds {what} before the model: {count} of its {of} elements, so the data that come in are bad",
        CLEAN,
    ),
    "unseen data": ("{many} became nan of finite operands, so a tensor without a gradient brought it in", DATA),
    "constant lost in half": (
        "its operand is 0: the constant {constant} that should keep it off 0 is less than {dtype} holds, and is 0 in it",
        "take a larger constant (1e-4 in float16), or compute this in float32",
    ),
    "power of a negative number": ("there is no real power {b} of {a}, a number below 0", ODD_ROOT),
    "power of a negative number unseen": ("there is no real power with a fraction of a number below 0", ODD_ROOT),
    "0/0": ("0/0: what it is divided by is 0 too", OFF_0),
    "0/0 by what is not known": ("0/0: what it is divided by is 0 too", OFF_0),
    "division by what is not known": ("{many} became infinite: what it is divided by, which was not seen, is 0", NOT_0),
    "spread of one": (
        "the spread of a single element is 0/0",
        "give it more than one element, or take unbiased=False",
    ),
    "mean of nothing": (
        "the mean of no elements is 0/0",
        "leave out what selects nothing: check numel() before mean()",
    ),
    "no label": (
        "the mean over no label at all is 0/0: all of them are ignored, or weigh 0",
        "leave out the batch where all labels are ignored, or divide the sum by max(count, 1)",
    ),
    "no alignment": (
        "a sequence of length {sound} cannot be aligned with a target of length {words} (a repeated label needs one "
        "more): the target is too long for it, or it too short, and minus the logarithm of 0 is infinite",
        "zero_infinity=True leaves such a sequence out; else drop it from the data, or shrink the sequence less before",
    ),
    "determinant of 0": (
        "the determinant is 0, or rounds to it: the matrix is singular, and the logarithm of 0 is -inf",
        "add a jitter to its diagonal, matrix + 1e-6 * torch.eye(n), or compute it in float64",
    ),
    "became infinite": (
        "{bad} of its {elements} elements became infinite of finite numbers",
        "look at its operands there: it has a pole at them, or the result is more than {dtype} holds",
    ),
    "weight norm of a row of zeros": (
        "weight norm divides each row of the weight by its norm, and a row is all 0: 0/0, at {index}",
        "do not start a row at 0; initialise the weight before weight_norm, or leave weight_norm out there",
    ),
    "inf minus inf": (
        "inf - inf at {index}, which has no value",
        "keep both finite: see which grew so large, clamp it, or stay with logarithms",
    ),
    "exponential overflows": ("{operation} overflowed at {a}: more than {dtype} holds", "{form}"),
    "exponential overflows in half": (
        "{operation} overflowed at {a}: more than {dtype} holds",
        "{form}; or use bfloat16 or float32 for it",
    ),
    "overflow in half": (MORE_THAN_HOLDS, WIDER),
    "grows to overflow": (
        "it overflowed, more than {dtype} holds: {by} grows {factor} times larger in each of {times} rounds",
        "take smaller steps (a smaller step size) or an implicit method; else normalise, or clip what is multiplied",
    ),
    "overflows": (MORE_THAN_HOLDS, TAME),
    "became nan": (
        "{bad} of its {elements} elements became nan of finite numbers",
        "look at its operands there: it has no value at them",
    ),
    "became nan unseen": ("{many} became nan: it has no value there", DEFINED),
}
SLOPES: dict[str, tuple[str, str]] = {
    "the other factor": ("its derivative is the other factor, {other}, which is {value}", ANY_DERIVATIVE),
    "value and derivative": ("its value is {value}, and its derivative is not finite either", ANY_DERIVATIVE),
    "already its value": ("already its value is not finite: {value}", ANY_DERIVATIVE),
    "sends too much": ("what it sends is more than {dtype} holds", TAME),
    "sends too much in half": ("what it sends is more than {dtype} holds{most}", WIDER),
    "power of 0": ("the derivative of a power below 1 is infinite at 0", "add a little to the base: (x + 1e-12)^p"),
    "divides by what is not known": ("its derivative divides by what was not seen, which is 0", NOT_0),
    "other factor is bad": ("the other factor in its derivative is not finite", ANY_DERIVATIVE),
    "module hook": ("a backward hook of the module makes that of a finite gradient", LOOK),
    "bad within a checkpoint": ("what runs again within it sends that of a finite gradient", OPENED),
    "derivative is bad": ("its derivative is not finite there", ANY_DERIVATIVE),
}
DEAD = "leaky_relu, elu and gelu keep a slope there; look at the bias or the step that pushed the operand there"
BOUNDS = "clamp only what needs no gradient; tanh and sigmoid bound softly, a penalty brings the operand back"
STRAIGHT = "pass it straight through, x + (floor(x) - x).detach() in torch, or take a soft step, sigmoid(k*x)"
DRAWN = (
    "a draw that learns: rsample() where the distribution has one, a relaxed one (gumbel_softmax, straight-through), "
    "or log_prob(sample) times its reward"
)
EVEN = "put the loss on single elements (cross_entropy, log_softmax), not on their sum or mean"
LOGITS = "keep its operand small (scale, normalise, start smaller), or train on logits: logsigmoid, softplus"
TEMPERATURE = "put the loss on log_softmax, or divide the operand by a temperature"
MASK = "no fault where it is meant as a mask; else take the factor away, or make it small, not 0"
MEANT = "no fault where it is meant; a soft blend such as sigmoid(k*x) gives every operand its share"
SCALED = "scale the loss up (torch.amp.GradScaler does), or use bfloat16"
NORMALISE_MORE = "normalise over more elements: take the norm away where there is one feature, or one example"
LOOKED_UP = "no fault where this batch does not need it; else look at the indices"
STARTS_AT_0 = "no fault in the first step where it starts at 0 on purpose (LoRA, a residual gate); else initialise it"
ONE_CLASS = (
    "give it as many outputs as there are classes; for one output take sigmoid, binary_cross_entropy_with_logits"
)
OWN_BACKWARD = "look at its backward(): return the gradient for each input, in the order of forward()"
SUMS_UP = "no fault where it cannot matter, as a bias before a normalisation; else see what cancels"
AT_REST = "no fault: at its best point, or with weight 0, a loss has no gradient"
ANY = "look at the node, and at what its operands are"

ZEROS: dict[str, tuple[str, str]] = {
    "hook of zeros": ("a hook makes zeros of the gradient that comes in", LOOK),
    "module hook of zeros": ("a backward hook of the module makes zeros of the gradient that comes in", LOOK),
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
    "underflows": ("it underflows to 0{reach}, and its derivative with it", "stay with logarithms, or use float64"),
    "flat": ("flat between its jumps: its derivative is 0 everywhere, so no gradient goes back", STRAIGHT),
    "drawn": ("it draws at random, and torch gives such a draw a derivative of 0", DRAWN),
    "at rest": (
        "the loss does not move with this operand here",
        AT_REST,
    ),
    "operand of 0": ("its operand is all 0, where its derivative is 0", AT_REST),
    "clamped": ("{operand} is at or outside its bounds, where no gradient goes to it", BOUNDS),
    "dead": ("{operand} is on its flat side, so no gradient goes back", DEAD),
    "to the power 0": ("to the power 0 it is 1 whatever {text}", "no fault: the derivative of a constant is 0"),
    "times 0": ("{text} is multiplied by 0, so no gradient goes back", MASK),
    "not taken there": ("{text} is not taken here, so it gets no gradient", MEANT),
    "not taken": ("where a gradient comes in, none of this operand is taken, so it gets none", MEANT),
    "only padding": ("only padding (padding_idx) is looked up, which gets no gradient", LOOKED_UP),
    "looked up for nothing": ("what comes in adds up to 0 for each element that is looked up", LOOKED_UP),
    "times a factor of 0": ("what it is multiplied by, {factor}, is all 0", STARTS_AT_0),
    "products are 0": ("what comes in, times what it is multiplied by, is 0 for each element", MASK),
    "data of 0": (
        "the data that it is multiplied by is all 0",
        "look at what goes in: a batch, or a column of features, that is never filled",
    ),
    "times data of 0": ("it is multiplied by 0", MASK),
    "sends too little": ("what it sends is less than {dtype} holds, {least}, and becomes 0", SCALED),
    "norm with a weight of 0": ("its weight, {weight}, is all 0", STARTS_AT_0),
    "norm of one": ("it makes a constant of a single element", NORMALISE_MORE),
    "norm of equals": ("it makes a constant of elements that are all equal", NORMALISE_MORE),
    "only shifts": ("what comes in would only shift or scale its operand as a whole, which it takes away again", EVEN),
    "zeros within a checkpoint": ("a gradient comes in, and what runs again within it sends zeros", OPENED),
    "own backward of zeros": ("its backward, code of its own, returns zeros", OWN_BACKWARD),
    "zeros go out": ("a gradient comes in, and zeros go out", ANY),
}
REASONS: dict[str, tuple[str, str]] = VALUES | SLOPES | ZEROS
