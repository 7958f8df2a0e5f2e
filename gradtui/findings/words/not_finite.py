"""The words about what is not finite: kind of cause -> kind of finding, phase, sentence, remedy. Why it is: rows of REASONS."""

from __future__ import annotations

from gradtui.findings.words.sentence import Sentence
from gradtui.findings.words.sizes import LOOK
from gradtui.snapshot.finding import Kind

TRACE = "see which operation: `with gradtui.trace(model):` around the forward pass records the values"
SPECTRUM = "use the singular values alone, add a little noise or a ridge to the matrix, or take a form without U and V"
HALF = "{wider}, or scale the numbers down before"
OF_VALUES: tuple[Kind, ...] = ("input", "domain", "pole", "zero_by_zero", "overflow", "zero_times_inf", "masked")
OF_SLOPES: tuple[Kind, ...] = (*OF_VALUES, "vertical", "corner", "nonfinite")

BAD_VALUES: dict[str, Sentence] = {
    "bad value unseen": Sentence(
        "nonfinite", "forward", "the output is {output}; which operation made it was not seen", TRACE
    ),
    "beside a pole": Sentence(
        "pole",
        "forward",
        "{node}: its pole is nearer than the next float, so this large number is an accident of rounding",
        "stay clear of the pole: cos(x) is 0 there up to rounding",
    ),
} | {f"value: {kind}": Sentence(kind, "forward", "{node}{at}: {why}", "{way}") for kind in OF_VALUES}

BAD_GRADIENTS: dict[str, Sentence] = {
    "bad gradient unseen": Sentence(
        "nonfinite", "backward", "its gradient is not finite", "capture once more where backward runs through"
    ),
    "slope: vertical": Sentence("vertical", "backward", "{node}{at}: {why}, a vertical tangent", "{way}"),
    "hook makes it bad": Sentence("nonfinite", "backward", "{node}: a hook makes that of a finite gradient", LOOK),
    "sum overflows": Sentence(
        "overflow",
        "backward",
        "{node}{at}: the gradients that come in add up to more than {dtype} holds",
        "scale the numbers down, or {wider}",
    ),
    "bad gradient of compiled code": Sentence(
        "nonfinite",
        "backward",
        "{node}: a finite gradient comes in, and nan or infinity goes out: what was compiled is not looked into",
        "run it once without torch.compile, which shows the operation",
    ),
    "equal singular values": Sentence(
        "vertical",
        "backward",
        "{node}: {equal} singular values are equal ({zero} are 0), and the derivative of U and V divides by their difference",
        SPECTRUM,
    ),
    "equal eigenvalues": Sentence(
        "vertical",
        "backward",
        "{node}: {equal} eigenvalues are equal ({zero} are 0); the derivative of the eigenvectors divides by their difference",
        "use the eigenvalues alone, or add a little noise to the matrix",
    ),
    "logsumexp of a masked row": Sentence(
        "masked",
        "backward",
        "{node}: {rows} of its {all} rows are -inf throughout, as by a mask: logsumexp of such a row is -inf, and its "
        "derivative, the softmax of it, is 0/0",
        "leave one element in each row, or mask with a large finite number, torch.finfo(x.dtype).min",
    ),
    "gradient overflows in half": Sentence(
        "overflow", "backward", "{node}: what it sends is more than {dtype} holds", HALF
    ),
    "branch not taken": Sentence(
        "branch",
        "backward",
        "{branch}: the branch{which} is not taken and gets a gradient of 0, but in {node} {why}, and 0 times that is nan",
        "{way}",
    ),
    "0 times slope by": Sentence(
        "zero_times_inf",
        "backward",
        "{node}: a gradient of 0 comes in from {sender}, but {why}, and 0 times that is nan",
        "{way}",
    ),
    "sum of 0 times slope": Sentence(
        "zero_times_inf",
        "backward",
        "{node}{at}: what comes in adds up to 0, but {why}, and 0 times that is nan",
        "{way}",
    ),
    "0 times slope": Sentence(
        "zero_times_inf", "backward", "{node}: a gradient of 0 comes in, but {why}, and 0 times that is nan", "{way}"
    ),
    "convention": Sentence("convention", "backward", "{node}: {why}", "{way}"),
} | {
    f"slope: {kind}": Sentence(kind, "backward", "{node}{at}: {why}", "{way}")
    for kind in OF_SLOPES
    if kind != "vertical"
}
EVIDENCE_OF_BAD: dict[str, str] = {
    "bad elements": "{bad} elements of what it made are not finite, the first at {index}",
    "bound lost": "{clamp} keeps nothing off: its bound {bound} is {end} in {dtype}",
    "softmax of it": "{softmax} makes nan of {rows} of its {all} rows, which are -inf throughout",
    "bad number": "the number that it made is not finite",
    "sent bad": "{bad} elements of the gradient that it sends are not finite, the first at {index}",
    "sent bad number": "the gradient that it sends, a number, is not finite",
    "sent bad of": "{bad} of the {of} elements that it sends are not finite",
    "number there": "{name} is {number} there",
    "operand there": "its operand is {number} there",
    "second there": "its second operand is {number} there",
    "operand counted": "its operand: {of}{reach}{zeros}{nan}{inf}",
    "second counted": "its second operand: {of}{reach}{zeros}{nan}{inf}",
    "value counted": "its value: {of}{reach}{zeros}{nan}{inf}",
}

EARLIER = (
    "it went bad in an earlier step: look there, at its gradient and at the learning rate, and stop at the first nan"
)
CLEAN = "look at the data before the model: isfinite().all(), fill or mask what is missing"
DATA = "look at the data: x.isfinite().all(); one bad element of a batch is enough"
UNMASK = "leave one element in each row, mask with a large finite number, or leave those rows out before it, not after"
MASK_FINITE = "mask with a large finite number, torch.finfo(x.dtype).min, or take torch.special.entr(p) for -p*log p"
OFF_0 = (
    "keep the divisor off 0: mask.sum().clamp(min=1) where it counts something, x.std() + eps where it is a spread or a norm; or "
    "leave out what is empty, or the same throughout"
)
NOT_0 = "divide by what cannot be 0: add a small number where the sign is known, or where(x == 0, 1, x)"
ODD_ROOT = "for an odd root write sign(x)*abs(x)^p; else keep the base at 0 or above"
DEFINED = "keep its operands where it is defined"
TAME = "lower the learning rate, clip the gradients, normalise the inputs; look at what grew before this step"
ANY_DERIVATIVE = "keep its operands away from where its derivative has no value"
OPENED = (
    "look into it: with use_reentrant=False, or without the checkpoint, what is within it is in the graph and is told"
)
LOOK_AT_HOOKS = (
    "look for a register_hook on it, and for a backward hook of its module: return None there to leave it as it is"
)
MORE_THAN_HOLDS = "{many} overflowed: more than {dtype} holds"

WHY_VALUES: dict[str, tuple[str, str]] = {
    "by the table": ("{said}", DEFINED),
    "bad variable": ("it is not finite itself", "give it a finite number"),
    "bad leaf": ("{many}: not finite even before the forward pass", EARLIER),
    "bad constant": ("the constant {constant} in it is not finite", "write a finite number for it"),
    "no value there": ("it has no value there", DEFINED),
    "it overflows": ("it overflows, more than {dtype} holds", TAME),
    "overflowed": ("{many} overflowed: more than {dtype} holds, {most}", HALF),
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
        "{a} times {b}{there}: 0 times an infinite number is nan",
        "keep both factors finite: clamp them, or xlogy(x, y) for x*log(y), which is 0 where x is 0",
    ),
    "0 times a mask": (
        "{a} times {b}{there}: 0 times an infinite number is nan, and -inf came in as data, or as a mask",
        MASK_FINITE,
    ),
    "bad data": (
        "a tensor without a gradient brings in {what}{share}: the data, or what was made of them",
        CLEAN,
    ),
    "bad data by name": (
        "{name} holds {what}{share}, and no gradient goes through it: it is bad as it comes in",
        CLEAN,
    ),
    "unseen data": ("{many} became nan of finite operands, so a tensor without a gradient brought it in", DATA),
    "unseen data infinite": (
        "{many} became infinite, and what is known of its operands is small: a tensor without a gradient brought it in, or "
        "holds numbers as large",
        DATA,
    ),
    "constant lost in half": (
        "its operand is 0: the constant {constant} that should keep it off 0 is less than {dtype} holds, and is 0 in it",
        "take a larger constant (1e-4 in float16), or compute this in float32",
    ),
    "power of a negative number unseen": ("there is no real power with a fraction of a number below 0", ODD_ROOT),
    "0/0": ("0/0: what it is divided by is 0 too", OFF_0),
    "0/0 by what is not known": ("0/0: what it is divided by is 0 too", OFF_0),
    "division by what is not known": ("{many} became infinite: what it is divided by, which was not seen, is 0", NOT_0),
    "spread of one": (
        "the spread of a single element is 0/0",
        "give it more than one element, or take unbiased=False, which makes it 0",
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
    "determinant below 0": (
        "the determinant is negative, and a negative number has no real logarithm",
        "torch.linalg.slogdet(matrix) gives the logarithm of its size, and its sign; where it must be positive, make the matrix "
        "so: L @ L.T, or triangular with exp() on the diagonal",
    ),
    "became infinite": (
        "{many} became infinite of finite numbers",
        "look at its operands there: it has a pole at them, or the result is more than {dtype} holds",
    ),
    "weight norm of a row of zeros": (
        "weight norm divides each row of the weight by its norm, and a row is all 0: 0/0, at {index}",
        "do not start a row at 0; initialise the weight before weight_norm, or leave weight_norm out there",
    ),
    "inf minus a mask": (
        "-inf - -inf{there}, which has no value, and -inf came in as data, or as a mask",
        "leave out what is masked throughout before it, or mask with a large finite number, torch.finfo(x.dtype).min",
    ),
    "inf minus inf": (
        "inf - inf{there}, which has no value",
        "keep both finite: see which grew so large, clamp it, or stay with logarithms",
    ),
    "exponential overflows": ("{operation} overflowed at {a}: more than {dtype} holds", "{form}"),
    "exponential overflows in half": (
        "{operation} overflowed at {a}: more than {dtype} holds",
        "{form}; or {wider}",
    ),
    "overflow in half": (MORE_THAN_HOLDS, HALF),
    "grows to overflow": (
        "it overflowed, more than {dtype} holds: {by} grows {factor} times larger in each of {times} rounds",
        "take smaller steps (a smaller step size) or an implicit method; else normalise, or clip what is multiplied",
    ),
    "overflows": (MORE_THAN_HOLDS, TAME),
    "sum overflows": (
        "{many} became nan: its sum overflowed on the way to inf and to -inf, more than {dtype} holds",
        TAME,
    ),
    "became nan": (
        "{many} became nan of finite numbers",
        "look at its operands there: it has no value at them",
    ),
    "became nan unseen": ("{many} became nan: it has no value there", DEFINED),
}
WHY_SLOPES: dict[str, tuple[str, str]] = {
    "the other factor": ("its derivative is the other factor, {other}, which is {value}", ANY_DERIVATIVE),
    "value and derivative": ("its value is {value}, and its derivative is not finite either", ANY_DERIVATIVE),
    "already its operand": ("already its operand is not finite, so that its derivative is not either", ANY_DERIVATIVE),
    "already its value": ("already its value is not finite: {value}", ANY_DERIVATIVE),
    "sends too much": ("what it sends is more than {dtype} holds", TAME),
    "sends too much in half": ("what it sends is more than {dtype} holds{most}", HALF),
    "power of 0": ("the derivative of a power below 1 is infinite at 0", ANY_DERIVATIVE),
    "divides by what is not known": ("its derivative divides by what was not seen, which is 0", NOT_0),
    "other factor is bad": ("the other factor in its derivative is not finite", ANY_DERIVATIVE),
    "module hook": ("a backward hook of the module makes that of a finite gradient", LOOK_AT_HOOKS),
    "bad within a checkpoint": ("what runs again within it sends that of a finite gradient", OPENED),
    "derivative is bad": ("its derivative is not finite there", ANY_DERIVATIVE),
}
