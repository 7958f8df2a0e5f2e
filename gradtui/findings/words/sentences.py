"""kind of cause -> what is said of it and what people do about it: the only place with words."""

from __future__ import annotations

import string
from typing import Literal, NamedTuple

from gradtui.findings.cause import Cause, Fact
from gradtui.findings.words.cutting import CUTTING, EVIDENCE_OF_CUTS
from gradtui.findings.words.functions import EVIDENCE_OF_FUNCTIONS, OF_FUNCTIONS
from gradtui.findings.words.refusals import EVIDENCE_OF_REFUSALS, REFUSALS
from gradtui.findings.words.whereabouts import gathered, where, where_done
from gradtui.snapshot.finding import Finding, Kind
from gradtui.snapshot.model import Event, Node, Snapshot
from gradtui.snapshot.numbers import number


class Sentence(NamedTuple):
    """kind, phase: of the Finding. text, remedy: with the names of facts in braces."""

    kind: Kind
    phase: Literal["forward", "backward"]
    text: str
    remedy: str


SYMPTOMS: dict[str, str] = {
    "nan": "the output is nan; it begins with ",
    "infinite": "the output is infinite; it begins with ",
    "gradient": "the gradient is not finite; it begins with ",
    "raised": "nan or infinity comes in where it is refused; it begins with ",
    "zero": "0 on every path: ",
}
"""What stands in front where a place is but the begin of what is seen."""

NOT_TAKEN = ", in a branch that {branch} does not take; its gradient there is 0, and 0 times that is nan"
DOUBLE_WHERE = "the double where: give the branch a safe operand where it is not taken, f(where(condition, x, 1))"
HALF = "use bfloat16 or float32 for it, or scale the numbers down before"
CLEAN = "look at the data before the model: isfinite().all(), fill or mask what is missing"
UNMASK = "leave one element in each row, mask with a large finite number, or leave those rows out before it, not after"
MASK_FINITE = "mask with a large finite number, torch.finfo(x.dtype).min, or take torch.special.entr(p) for -p*log p"
SPECTRUM = "use the singular values alone, add a little noise or a ridge to the matrix, or take a form without U and V"

SENTENCES: dict[str, Sentence] = {
    "storage freed": Sentence(
        "freed",
        "forward",
        "its storage is freed, so what it holds cannot be read",
        "capture while it is there: before its storage is freed, or where what freed it has filled it again",
    ),
    "softmax of a masked row": Sentence(
        "masked",
        "forward",
        "{node}: {rows} of its {all} rows are masked with -inf throughout, and softmax of such a row is 0/0",
        UNMASK,
    ),
    "softmax of a row masked by": Sentence(
        "masked",
        "forward",
        "{mask}: a row is masked with -inf throughout ({rows} of {all}), and {node} of it is 0/0",
        UNMASK,
    ),
    "0 times inf": Sentence(
        "zero_times_inf",
        "forward",
        "{node}: {a} times {b} at {index}: 0 times an infinite number is nan",
        "keep both factors finite: clamp them, or xlogy(x, y) for x*log(y), which is 0 where x is 0",
    ),
    "0 times a mask": Sentence(
        "zero_times_inf",
        "forward",
        "{node}: {a} times {b} at {index}: 0 times an infinite number is nan, and -inf came in as a mask",
        MASK_FINITE,
    ),
    "bad data": Sentence(
        "input",
        "forward",
        "{node}: a tensor without a gradient brings in {what}, {count} of its {of} elements: the data, or what was made of them",
        CLEAN,
    ),
    "bad data by name": Sentence(
        "input",
        "forward",
        "{node}: {name} holds {what} before the model: {count} of its {of} elements, so the data that come in are bad",
        CLEAN,
    ),
    "constant lost in half": Sentence(
        "zero_by_zero",
        "forward",
        "{node}: its operand is 0: the constant {constant} that should keep it off 0 is less than {dtype} holds, and is 0 in it",
        "take a larger constant (1e-4 in float16), or compute this in float32",
    ),
    "value: domain": Sentence("domain", "forward", "{node}: {why}", "{way}"),
    "power of a negative number": Sentence(
        "domain",
        "forward",
        "{node}: there is no real power {b} of {a}, a number below 0",
        "for an odd root write sign(x)*abs(x)^p; else keep the base at 0 or above",
    ),
    "value: pole": Sentence("pole", "forward", "{node}: {why}", "{way}"),
    "value: zero_by_zero": Sentence(
        "zero_by_zero",
        "forward",
        "{node}: 0/0: what it is divided by is 0 too",
        "keep the divisor off 0: mask.sum().clamp(min=1) where it counts something; or leave out what is empty",
    ),
    "spread of one": Sentence(
        "domain",
        "forward",
        "{node}: the spread of a single element is 0/0",
        "give it more than one element, or take unbiased=False",
    ),
    "mean of nothing": Sentence(
        "zero_by_zero",
        "forward",
        "{node}: the mean of no elements is 0/0",
        "leave out what selects nothing: check numel() before mean()",
    ),
    "no label": Sentence(
        "zero_by_zero",
        "forward",
        "{node}: the mean over no label at all is 0/0: all of them are ignored, or weigh 0",
        "leave out the batch where all labels are ignored, or divide the sum by max(count, 1)",
    ),
    "no alignment": Sentence(
        "pole",
        "forward",
        "{node}: a sequence of length {sound} cannot be aligned with a target of length {words} (a repeated label needs one "
        "more): the target is too long for it, or it too short, and minus the logarithm of 0 is infinite",
        "zero_infinity=True leaves such a sequence out; else drop it from the data, or shrink the sequence less before",
    ),
    "determinant of 0": Sentence(
        "pole",
        "forward",
        "{node}: the determinant is 0, or rounds to it: the matrix is singular, and the logarithm of 0 is -inf",
        "add a jitter to its diagonal, matrix + 1e-6 * torch.eye(n), or compute it in float64",
    ),
    "became infinite": Sentence(
        "domain",
        "forward",
        "{node}: {bad} of its {elements} elements became infinite of finite numbers",
        "look at its operands there: it has a pole at them, or the result is more than {dtype} holds",
    ),
    "weight norm of a row of zeros": Sentence(
        "zero_by_zero",
        "forward",
        "{node}: weight norm divides each row of the weight by its norm, and a row is all 0: 0/0, at {index}",
        "do not start a row at 0; initialise the weight before weight_norm, or leave weight_norm out there",
    ),
    "inf minus inf": Sentence(
        "domain",
        "forward",
        "{node}: inf - inf at {index}, which has no value",
        "keep both finite: see which grew so large, clamp it, or stay with logarithms",
    ),
    "exponential overflows": Sentence(
        "overflow", "forward", "{node}: {operation} overflowed at {a}: more than {dtype} holds", "{way}"
    ),
    "exponential overflows in half": Sentence(
        "overflow",
        "forward",
        "{node}: {operation} overflowed at {a}: more than {dtype} holds",
        "{way}; or use bfloat16 or float32 for it",
    ),
    "overflow in half": Sentence(
        "overflow", "forward", "{node}: {bad} of its {elements} elements overflowed: more than {dtype} holds", HALF
    ),
    "grows to overflow": Sentence(
        "overflow",
        "forward",
        "{node} overflowed, more than {dtype} holds: {by} grows {factor} times larger in each of {times} rounds",
        "take smaller steps (a smaller step size) or an implicit method; else normalise, or clip what is multiplied",
    ),
    "overflows": Sentence(
        "overflow", "forward", "{node}: {bad} of its {elements} elements overflowed: more than {dtype} holds", "{way}"
    ),
    "became nan": Sentence(
        "domain",
        "forward",
        "{node}: {bad} of its {elements} elements became nan of finite numbers",
        "look at its operands there: it has no value at them",
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
    "slope: vertical": Sentence("vertical", "backward", "{node}: {why}, a vertical tangent", "{way}"),
    "slope: pole": Sentence("pole", "backward", "{node}: {why}", "{way}"),
    "slope: domain": Sentence("domain", "backward", "{node}: {why}", "{way}"),
    "slope: corner": Sentence("corner", "backward", "{node}: {why}", "{way}"),
    "slope: zero_by_zero": Sentence("zero_by_zero", "backward", "{node}: {why}", "{way}"),
    "branch not taken": Sentence(
        "branch",
        "backward",
        "{branch}: the branch not taken gets a gradient of 0, but in {node} {why}, and 0 times that is nan",
        "{way}",
    ),
    "0 times slope by": Sentence(
        "zero_times_inf",
        "backward",
        "{node}: a gradient of 0 comes in from {sender}, but {why}, and 0 times that is nan",
        "{way}",
    ),
    "0 times slope": Sentence(
        "zero_times_inf", "backward", "{node}: a gradient of 0 comes in, but {why}, and 0 times that is nan", "{way}"
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
    "second derivative is 0": Sentence(
        "flat",
        "backward",
        "{node}: the loss is made of a second derivative, and that of {function} is 0: it is made of straight pieces",
        "take a smooth activation: tanh, silu, softplus, gelu",
    ),
    "gradient overflows in half": Sentence(
        "overflow", "backward", "{node}: what it sends is more than {dtype} holds", HALF
    ),
}
REMEDIES: dict[str, str] = {}
EVIDENCE: dict[str, str] = {
    "bad elements": "{bad} elements of what it made are not finite, the first at {index}",
    "sent bad": "{bad} elements of the gradient that it sends are not finite, the first at {index}",
    "number there": "{name} is {number} there",
    "operand there": "its operand is {number} there",
    "second there": "its second operand is {number} there",
}

SENTENCES |= {kind: Sentence(*row) for kind, row in (CUTTING | REFUSALS | OF_FUNCTIONS).items()}  # type: ignore[arg-type]
EVIDENCE |= EVIDENCE_OF_CUTS | EVIDENCE_OF_REFUSALS | EVIDENCE_OF_FUNCTIONS


def told(cause: Cause, snapshot: Snapshot) -> Finding:
    """The Finding: what it is about, the sentence with its facts, the remedy, the evidence."""
    row = SENTENCES[cause.kind]
    text = SYMPTOMS.get(str(cause.facts.get("symptom")), "") + filled(row.text, cause.facts)
    if cause.about:
        text = f"{gathered(cause.about, snapshot.parameters or cause.about)}: {text}"
    branch = cause.facts.get("branch") if row.phase == "forward" else None
    if branch is not None:
        text += filled(NOT_TAKEN, {"branch": branch})
    remedy = filled(row.remedy if cause.remedy is None else REMEDIES[cause.remedy], cause.facts)
    if branch is not None:
        remedy = f"{DOUBLE_WHERE}; or {remedy}"
    evidence = tuple(filled(EVIDENCE[name], facts) for name, facts in cause.evidence)
    about, node = next(iter(cause.about), None), cause.place.node
    source = cause.place.source or (snapshot.graph.nodes[node].source if node is not None else None)
    if source is not None and source.file is None:
        source = None  # a piece of the expression is shown by its node
    return Finding(row.kind, row.phase, node, text, remedy, about, source, evidence, cause.certainty)


def filled(sentence: str, facts: object) -> str:
    """With the facts put in."""
    return _Sentences().vformat(sentence, (), {name: _said(fact) for name, fact in dict(facts).items()})  # type: ignore[call-overload]


class _Sentences(string.Formatter):
    """Of fields in braces names alone are taken, nothing of what they name."""

    def get_field(self, field_name: str, args: object, kwargs: object) -> tuple[object, str]:
        return kwargs[field_name], field_name  # type: ignore[index]


def _said(fact: Fact) -> str:
    if isinstance(fact, Node):
        return where(fact)
    if isinstance(fact, Event):
        return where_done(fact)
    if isinstance(fact, float | int):
        return number(fact, 4)
    return fact or ""
