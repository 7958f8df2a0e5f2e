"""The words about what cuts a graph: kind of cause -> kind of finding, phase, sentence, remedy."""

from __future__ import annotations

from gradtui.findings.words.sentence import Sentence

TAKE_AWAY = "take the detach (or .data) away; where this part is not meant to learn, requires_grad_(False) says so"
NO_GRAD = "run it outside of no_grad; where this part is not meant to learn, requires_grad_(False) says so"
NEVER = "pass it through the forward pass to the loss; no fault where it is not meant to be used"
FLOATS = "stay with floating point: multiply by soft weights where an index was meant, compare with a sigmoid"
STEP = "take a soft step: torch.sigmoid((x - threshold) / width), or a straight-through estimator"
OUTSIDE = (
    "take a soft form of the choice (softmax weights), or put the loss on what goes in (cross_entropy takes logits)"
)
ONE_PART = "with torch.no_grad(): around that part alone; torch.set_grad_enabled(True) restores it, else it stays off"
ITSELF = (
    "use the tensor itself; torch.stack, torch.cat or torch.nested.as_nested_tensor for a list of tensors. requires_grad_() does "
    "not bring the graph back"
)

CUTTING: dict[str, Sentence] = {
    "cut by detach": Sentence(
        "detached",
        "forward",
        "{absent}: {event} takes the values out of the graph, so no gradient comes back through it",
        TAKE_AWAY,
    ),
    "cut by detach of itself": Sentence(
        "detached",
        "forward",
        "{absent}: {event} takes its values out of the graph, before anything is made of it: no gradient goes back to it",
        "use it itself, without detach or .data; dict(model.named_parameters()) has the weights for functional_call; "
        "where this part is not meant to learn, requires_grad_(False) says so",
    ),
    "cut by no_grad": Sentence(
        "no_grad",
        "forward",
        "{absent}: {place} ran under no_grad, so no graph was recorded",
        NO_GRAD,
    ),
    "cut by inference_mode": Sentence(
        "no_grad",
        "forward",
        "{absent}: {place} ran in inference_mode, so no graph was recorded",
        "run it outside of inference_mode",
    ),
    "cut by set_grad_enabled": Sentence(
        "no_grad",
        "forward",
        "{absent}: {place} ran after {switch} had switched gradients off, so no graph was recorded",
        ONE_PART,
    ),
    "switched off for good": Sentence(
        "no_grad",
        "forward",
        "{absent}: set_grad_enabled(False) switches gradients off in {place}, and they are still off: it stays so",
        ONE_PART,
    ),
    "switched off before": Sentence(
        "no_grad",
        "forward",
        "{absent}: gradients were switched off before this ran, and still are: set_grad_enabled(False) stays in force",
        ONE_PART,
    ),
    "cut by integer": Sentence(
        "integer",
        "forward",
        "{absent}: {event} makes whole numbers of it, which have no gradient",
        FLOATS,
    ),
    "cut by left_torch": Sentence(
        "left_torch",
        "forward",
        "{absent}: {event} takes the numbers out of torch, and what is computed from them has no graph",
        "compute the loss with tensors to the end (torch.stack for several); .item() and .numpy() only for what is printed",
    ),
    "cut by comparing": Sentence(
        "not_differentiable",
        "forward",
        "{absent}: it only enters {place}, a comparison: a step, which has no derivative",
        STEP,
    ),
    "cut by indices": Sentence(
        "not_differentiable",
        "forward",
        "{absent}: the choice of indices by {event} has no derivative",
        OUTSIDE,
    ),
    "cut by not_differentiable": Sentence(
        "not_differentiable",
        "forward",
        "{absent}: {event} has no derivative",
        OUTSIDE,
    ),
    "cut by new_leaf": Sentence(
        "new_leaf",
        "forward",
        "{absent}: {event} makes a new leaf, which has the values but not the graph that made them",
        ITSELF,
    ),
    "cut by written": Sentence(
        "new_leaf",
        "forward",
        "{absent}: {event} writes the values into another tensor outside of the graph (under no_grad, or by .data), "
        "so that they come without their history",
        "use the new values themselves where a gradient is wanted, and keep what is stored for later",
    ),
    "cut by sampled": Sentence(
        "no_grad",
        "forward",
        "{absent}: {event} draws from {what} under no_grad, so that no gradient goes back to what it is drawn from",
        "rsample() is differentiable; or put log_prob(sample), weighted by the reward, into the loss",
    ),
    "cut by drawn": Sentence(
        "not_differentiable",
        "forward",
        "{absent}: {event} draws a choice, a sample that has no derivative",
        "put log_prob(sample), weighted by the reward, into the loss; this has no rsample(), gumbel_softmax is a soft form",
    ),
    "cut by copied": Sentence(
        "new_leaf",
        "forward",
        "{absent}: {event} makes a copy with leaves of its own, and the loss is made with the copy, another module: "
        "of this one nothing is used",
        "torch.func.functional_call(model, weights, args) with weights p - rate * g (create_graph=True), instead of the copy",
    ),
    "cut by copied before": Sentence(
        "new_leaf",
        "forward",
        "{absent}: the loss is made with a copy: {event} runs another module, the weights of which are the same numbers, "
        "and of this one nothing is used",
        "make the loss with the model itself instead of the copy (deep-copied, averaged, loaded from a file); where that is the "
        "one to be trained, give that to the trace and to the optimizer",
    ),
    "cut by state_dict": Sentence(
        "new_leaf",
        "forward",
        "{absent}: {event} hands out a copy of the values without their graph, and the loss is made with that, as by "
        "another module: of this one nothing is used",
        "instead of the copy torch.func.functional_call with dict(model.named_parameters()), or with weights p - rate * g of "
        "them (create_graph=True)",
    ),
    "cut by stacked": Sentence(
        "new_leaf",
        "forward",
        "{absent}: {event} stacks copies of the parameters, which are new leaves: the gradient goes to those",
        "train the stacked parameters themselves, or torch.stack the parameters with their graph before vmap",
    ),
    "cut by checkpoint": Sentence(
        "no_grad",
        "forward",
        "{absent}: {event} is a reentrant checkpoint, and none of its inputs requires grad, so nothing in it is recorded",
        "use_reentrant=False; or let an input need a gradient: hidden.requires_grad_() (enable_input_require_grads())",
    ),
    "cut by wrapped": Sentence(
        "no_grad",
        "forward",
        "{absent}: {event} is a reentrant checkpoint, which gives a graph to tensors that are returned as such alone, "
        "and what is used of it came in a list, a dict or an object",
        "use_reentrant=False; or return the tensors themselves, a tuple of them",
    ),
    "cut by custom": Sentence(
        "no_grad",
        "forward",
        "{absent}: {what}.forward uses it without its being an input, at {event}: no gradient goes back to it",
        "hand it to {what}.apply(...) as an argument, and return its gradient from backward",
    ),
    "cut by marked": Sentence(
        "not_differentiable",
        "forward",
        "{absent}: {event} gives out a tensor without a graph: {what}.forward marks it by mark_non_differentiable, makes "
        "whole numbers of it, or keeps it beside what it returns",
        "return it without ctx.mark_non_differentiable, and its gradient from backward; whole numbers only as an index",
    ),
    "cut by reading": Sentence(
        "no_grad",
        "forward",
        "{absent}: {event} reads a gradient that backward() made without create_graph=True, so it has no graph",
        "backward(create_graph=True), or torch.autograd.grad(..., create_graph=True), where the gradient goes into the loss",
    ),
    "cut by ungraphed": Sentence(
        "no_grad",
        "forward",
        "{absent}: {event} takes a gradient without create_graph=True, so what it gives has no graph, and no second "
        "derivative",
        "torch.autograd.grad(..., create_graph=True), where what it gives goes into the loss, or is differentiated again",
    ),
    "constant output": Sentence(
        "constant",
        "forward",
        "{absent}: the output is a constant, a new tensor made on the spot by {event}, which nothing went into",
        "give it a graph: prediction.sum() * 0 instead of the constant, or skip the step for such a batch",
    ),
    "output of data": Sentence(
        "constant",
        "forward",
        "{absent}: the output is made by {event}, and whatever goes into that requires no gradient: data, or weights "
        "that were detached or copied before",
        "hand in the parameters themselves: no .detach(), .data or state_dict() of them; requires_grad_() on a leaf of your own "
        "before the forward pass",
    ),
    "frozen": Sentence(
        "frozen",
        "forward",
        "requires_grad is False, so torch computes no gradient for it",
        "requires_grad_(True) before the optimizer is made; no fault where it is meant to be frozen",
    ),
    "not traced": Sentence(
        "not_in_graph",
        "forward",
        "{absent}: never used, or cut off by detach, no_grad or the like",
        "see which: `with gradtui.trace(model):` around the forward pass records the lines",
    ),
    "compiled away": Sentence(
        "not_in_graph",
        "forward",
        "{absent}: never used, or cut off inside what is compiled, which is not looked into",
        "run it once without torch.compile: `with gradtui.trace(model):` then records the lines",
    ),
    "used before or never": Sentence(
        "unused",
        "forward",
        "{absent}: it is used nowhere, or was before it required a gradient",
        "x.requires_grad_() before the forward pass, and x itself handed in, no copy of it",
    ),
    "asked too late": Sentence(
        "unused",
        "forward",
        "{absent}: {event} comes too late: what used it before it required a gradient has no way back to it, and nothing "
        "uses it after that",
        "x.requires_grad_() before the forward pass, so that what is made of it is recorded",
    ),
    "switched on late": Sentence(
        "unused",
        "forward",
        "{absent}: {place} comes too late for what was made of it before, while it required no gradient",
        "requires_grad_(True) before the forward pass, not after it; no fault where it is meant to be frozen for that",
    ),
    "never used": Sentence("unused", "forward", "{absent}: never used", NEVER),
    "used for nothing": Sentence(
        "unused", "forward", "{absent}: never used, or what came of it did not go into the loss", NEVER
    ),
    "never ran": Sentence("unused", "forward", "{absent}: its module never ran, so that it takes no part", NEVER),
    "ran for nothing": Sentence(
        "unused",
        "forward",
        "{absent}: its module ran, but it was not used there, or what came of it did not go into the loss",
        NEVER,
    ),
}
EVIDENCE_OF_CUTS: dict[str, str] = {
    "new leaf": "{event} makes a new leaf of it, which does not bring the graph back",
}
