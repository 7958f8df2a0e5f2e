"""The words about custom autograd.Functions: kind of cause -> kind of finding, phase, sentence, remedy."""

from __future__ import annotations

from gradtui.findings.words.sentence import Sentence

CHECK = "torch.autograd.gradcheck({function}.apply, inputs) in float64 shows each element"

OF_FUNCTIONS: dict[str, Sentence] = {
    "backward is another by a factor": Sentence(
        "custom",
        "backward",
        "{function}.backward returns for {input} {factor} times the derivative of {function}.forward",
        "multiply by {inverse} what it returns for {input}; " + CHECK,
    ),
    "backward is another": Sentence(
        "custom",
        "backward",
        "{function}.backward returns for {input} what is not the derivative of {function}.forward: {sent} for {true}{there}",
        CHECK + "; no fault where it is meant to be another",
    ),
    "backward ignores what comes in": Sentence(
        "custom",
        "backward",
        "{function}.backward returns for {input} the same whatever gradient comes in",
        "multiply by grad_output, which comes in, what it returns for {input}; " + CHECK,
    ),
    "backward is a stand-in": Sentence(
        "custom",
        "backward",
        "{function}.backward returns for {input} what is not the derivative of {function}.forward: {sent} for {true}{there}",
        "no fault where it is meant: straight through a step, a reversed or clipped gradient; else " + CHECK,
    ),
}
EVIDENCE_OF_FUNCTIONS: dict[str, str] = {
    "backward of": "it is applied in {node}",
    "slopes": "for a gradient drawn at random it sends {sent}{there}, and differences of forward in float64 give {true}",
}
