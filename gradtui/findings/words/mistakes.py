"""The words about parameters that are not what a person takes them for: kind of cause -> row."""

from __future__ import annotations

from gradtui.findings.words.given_to_losses import GIVEN
from gradtui.findings.words.sentence import Sentence
from gradtui.snapshot.numbers import UNREAD

LEAF_LAST = (
    "make the leaf last: nn.Parameter(t.to(...)), or compute first and then t.requires_grad_(); model.to(...) changes parameters "
    "in place; or retain_grad()"
)
REFILL = "capture while it is there: before its storage is freed, or where what freed it has filled it again"
CUT_TARGET = (
    "make the target under no_grad, or detach() it, or by a frozen copy of the model; no fault where both are to meet, as in a "
    "residual gradient"
)
CUT_ADVANTAGE = "weigh it by advantage.detach(), and fit the baseline by its own term alone"
ELSEWHERE = "capture where its numbers are: on a device, gathered, outside of a transform"

NOT_A_LEAF: dict[str, Sentence] = {
    "not a leaf": Sentence(
        "not_a_leaf",
        "forward",
        "not a leaf: {maker} made it{of}, so its .grad stays None and an optimizer that holds it changes nothing",
        LEAF_LAST,
    ),
    "parameter computed": Sentence(
        "not_a_leaf",
        "forward",
        "is no parameter: {maker} made it of an nn.Parameter that the model does not have, so neither is in "
        "model.parameters(), no optimizer of those trains it, and its .grad stays None",
        "wrap what comes last, self.w = nn.Parameter(t * 0.1): then it is a leaf, and in model.parameters()",
    ),
}
STRAYS: dict[str, Sentence] = {
    "not the model's": Sentence(
        "unused",
        "forward",
        "not in the graph: it is not a parameter of the model, which has another tensor in its place: it was replaced",
        "make the optimizer after the last change to the model (new weights, .to(), layers put in), of model.parameters()",
    ),
    "made in forward": Sentence(
        "unused",
        "forward",
        "{event} makes new weights each time it runs: a layer that is no part of the model, and in no optimizer",
        "make the layer once, in __init__, as an attribute: self.layer = ...; then it is in model.parameters()",
    ),
    "unregistered": Sentence(
        "unused",
        "forward",
        "has a gradient, but is not in model.parameters(), so no optimizer of those trains it: torch does not look into a "
        "plain list or dict such as {holder}",
        "hold layers in nn.ModuleList or nn.ModuleDict, weights in nn.ParameterList, a single one as an attribute",
    ),
    "held by an object": Sentence(
        "unused",
        "forward",
        "has a gradient, but is not in model.parameters(), so no optimizer of those trains it: {holder}, which holds it, is no "
        "nn.Module, and torch does not look into other objects",
        "make an nn.Module of the class of {holder}, super().__init__() first, or hold its weights on the model itself; no fault "
        "where they are given to an optimizer by themselves, or are not to be trained",
    ),
    "plain attribute": Sentence(
        "unused",
        "forward",
        "has a gradient, but is a plain tensor of the model, no nn.Parameter: it is not in model.parameters(), so no optimizer "
        "of those trains it",
        "self.{holder} = nn.Parameter(...); no fault where it is given to an optimizer by itself, or is not to be trained",
    ),
}
OF_LOSSES: dict[str, Sentence] = {
    **{
        f"given: {row}": Sentence("loss_input", "forward", "{event}: " + text, way)
        for row, (text, way) in GIVEN.items()
    },
    "sample goes on": Sentence(
        "no_grad",
        "forward",
        "{event} draws from {what} under no_grad, and a layer that the loss is made of takes the sample: by that way no gradient "
        "goes back",
        "rsample() lets it through; no fault where log_prob(sample), weighted by a reward, stands for that way",
    ),
    "draw goes on": Sentence(
        "flat",
        "forward",
        "{node} draws at random, and torch gives such a draw a derivative of 0: by that way no gradient goes back",
        "mean + std * torch.randn_like(std), or Normal(mean, std).rsample(), lets it through; no fault where the probability "
        "of the draw, weighted by a reward, stands for that way",
    ),
    "nearest goes on": Sentence(
        "not_differentiable",
        "forward",
        "{event} has no derivative, and a layer that the loss is made of takes what it chooses: by that way no gradient goes "
        "back",
        "pass it straight through, latent + (rows - latent).detach(), to what takes the rows; no fault where it is to learn by "
        "other terms of the loss alone",
    ),
    "wrapped goes on": Sentence(
        "no_grad",
        "forward",
        "{event} is a reentrant checkpoint, and what it gives out in a list, a dict or an object has no graph: it goes into the "
        "loss, and by that way no gradient goes back",
        "use_reentrant=False; or return the tensors themselves, a tuple of them; no fault where it is to count as a constant",
    ),
    "softmax twice": Sentence(
        "softmax_twice",
        "backward",
        "{node} takes a softmax of what {softmax} has already made: probabilities where it wants logits, so that of {classes} "
        "classes none gets more than {most} of the weight, and the loss cannot fall below {least}",
        "hand it the logits: cross_entropy has a softmax inside; take the softmax out of the model, or nll_loss of its logarithm",
    ),
    "sigmoid twice in a graph": Sentence(
        "softmax_twice",
        "backward",
        "{node} takes a sigmoid of what {made} has already made: probabilities where it wants logits, so that none gets below "
        "0.5 or above 0.7311",
        "hand it the logits: it has a sigmoid inside; take the sigmoid out of the model, or use binary_cross_entropy",
    ),
    "no logarithms for a loss": Sentence(
        "loss_input",
        "forward",
        "{node} is given no log probabilities: there is {most} among them, where a logarithm of a probability is at most 0, so "
        "the loss has no least and falls below 0 without learning the classes",
        "hand the logits to cross_entropy, or take log_softmax over the classes before it",
    ),
    "loss broadcast": Sentence(
        "broadcast",
        "forward",
        "{node}: {before} against {other} are broadcast to {shape}: each prediction is compared with every target",
        "give both the same shape: prediction.squeeze(-1), or target.unsqueeze(-1)",
    ),
    "loss is negated": Sentence(
        "divergence",
        "forward",
        "there is a minus before {node}: minus a loss is made small, so that the loss itself is made large",
        "take the minus away; no fault where one network plays against another, or of an attack",
    ),
    "advantage moves": Sentence(
        "learned_target",
        "backward",
        "{node} weighs a log probability by a difference whose baseline is learned, and its gradient goes back into the "
        "baseline, too: the loss of the policy moves what another term of the loss fits",
        CUT_ADVANTAGE,
    ),
    "target moves": Sentence(
        "learned_target",
        "backward",
        "{node} compares what the model gives with a target that is made of what the same weights give, times a factor plus a "
        "constant, and the gradient goes back into both: the target is moved towards the estimate, too",
        CUT_TARGET,
    ),
}
STORAGE: dict[str, Sentence] = {
    "storage freed": Sentence("freed", "forward", "its storage is freed, so what it holds cannot be read", REFILL),
}
UNREADABLE: dict[str, Sentence] = {
    f"unread: {reason}": Sentence(
        "unread",
        "backward",
        f"it has a gradient, which cannot be read: {said}",
        REFILL if reason == "freed" else ELSEWHERE,
    )
    for reason, said in UNREAD.items()
}
EVIDENCE_OF_LEAVES: dict[str, str] = {
    "gradient passes": "the gradient that passes through it has norm {norm:2}",
}
