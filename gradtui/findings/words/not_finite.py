"""The words about what is not finite: kind of cause -> kind of finding, phase, sentence, remedy."""

from __future__ import annotations

from gradtui.findings.words.sentence import Sentence
from gradtui.findings.words.sizes import LOOK
from gradtui.snapshot.finding import Kind

TRACE = "see which operation: `with gradtui.trace(model):` around the forward pass records the values"
SPECTRUM = "use the singular values alone, add a little noise or a ridge to the matrix, or take a form without U and V"
HALF = "use bfloat16 or float32 for it, or scale the numbers down before"
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
        "scale the numbers down, or use a wider dtype (bfloat16 or float32 for float16, float64 for float32)",
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
    "bad number": "the number that it made is not finite",
    "sent bad": "{bad} elements of the gradient that it sends are not finite, the first at {index}",
    "sent bad number": "the gradient that it sends, a number, is not finite",
    "sent bad of": "{bad} of the {of} elements that it sends are not finite",
    "number there": "{name} is {number} there",
    "operand there": "its operand is {number} there",
    "second there": "its second operand is {number} there",
    "operand counted": "its operand: {of} elements{reach}{zeros}{nan}{inf}",
    "second counted": "its second operand: {of} elements{reach}{zeros}{nan}{inf}",
    "value counted": "its value: {of} elements{reach}{zeros}{nan}{inf}",
}
