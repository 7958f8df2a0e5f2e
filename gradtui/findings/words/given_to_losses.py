"""The words about what a loss is given and does not take, once or in a training: what is wrong -> sentence, remedy."""

from __future__ import annotations

from gradtui.snapshot.events import Misgiven

GIVEN: dict[Misgiven, tuple[str, str]] = {
    "no log probabilities": (
        "{loss} is given no log probabilities: those of one row add up to {sum} where it should be 1, so the loss is no "
        "likelihood of the classes (of logits it has no least, and falls below 0)",
        "hand the logits to cross_entropy, or take log_softmax over the classes before {loss}",
    ),
    "no log probabilities in time": (
        "{loss} is given no log probabilities: those of a row of the first step in time add up to {sum} where it should be 1, so "
        "the loss is no likelihood of the labels (of logits it has no least, and falls below 0)",
        "take log_softmax over the last axis, that of the labels, before {loss}",
    ),
    "kl_div without logarithm": (
        "{loss} is given no log probabilities as its input: there is {most} among them, where a logarithm of a probability is at "
        "most 0",
        "hand log_softmax(logits) as the input, and probabilities as the target",
    ),
    "kl_div of logarithms": (
        "{loss} is given logarithms as its target ({least}), which it takes for probabilities, 0 to 1",
        "hand probabilities as the target, or set log_target=True",
    ),
    "targets out of range": (
        "the targets of {loss} go from {least} to {most}, where it takes 0 to 1: the loss has no least, and falls below 0",
        "mark the classes by 0 and 1; several that exclude each other by cross_entropy",
    ),
    "targets of 0 and 1": (
        "the targets of {loss} are 0 and 1, where it takes -1 and 1: what is marked by 0 is no counterexample to it",
        "mark what is unlike by -1: 2*target - 1",
    ),
    "targets are no probabilities": (
        "the targets of {loss} are no probabilities: those of one row add up to {sum}, the least is {least}, where each "
        "row should add up to 1",
        "hand it class numbers, or probabilities (softmax of a teacher's logits); where several classes hold at once take "
        "binary_cross_entropy_with_logits",
    ),
}
