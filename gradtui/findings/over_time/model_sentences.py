"""Words on what a loss is given, on shapes and modes, on what a model is made of, on leaps, on scalers, on narrow dtypes, and on
updates by hand."""

from __future__ import annotations

from gradtui.findings.over_time.sentence import Sentence
from gradtui.findings.words.custom_functions import OF_FUNCTIONS
from gradtui.findings.words.cutting import ONE_PART
from gradtui.findings.words.given_to_losses import GIVEN
from gradtui.findings.words.mistakes import CUT_ADVANTAGE, CUT_TARGET

IN_THE_CLOSURE = (
    "in the closure: optimizer.zero_grad(), the loss, backward(), and return the loss; then optimizer.step(closure)"
)
OTHER_LAYERS = (
    "put relu or gelu in place of sigmoid and tanh, or add residual connections, normalization, a fitting init; of a long "
    "sequence an LSTM or GRU"
)
OF_THE_BRANCH = (
    "look at what multiplies it before it is added to the rest, a layer scale or a gate: one that begins next to 0 has to grow "
    "first, which is often meant; Adam moves them all the same"
)

INTO_THE_WEIGHT = (
    "write into the weight itself, under torch.no_grad(): p -= lr * p.grad, and p.grad = None; for a new one in its place take "
    "p = (p - lr * p.grad).detach().requires_grad_()"
)

OF_THE_MODEL: dict[str, Sentence] = {
    **{row: Sentence("loss_input", text, remedy) for row, (text, remedy) in GIVEN.items()},
    **{row: Sentence(one.kind, one.text, one.remedy) for row, one in OF_FUNCTIONS.items()},
    "backward ends at a new leaf": Sentence(
        "new_leaf",
        "no parameter of {optimizer} has a gradient in any of its {steps} steps, though backward runs: it ends at a new leaf, "
        "for which the numbers are taken out of their graph here",
        "use the tensor itself: torch.stack for a list of tensors in place of torch.tensor, no detach() or .data; for weights "
        "that are stepped within the loss torch.func.functional_call with p - rate * g (create_graph=True) in place of a copy",
    ),
    "nothing has a gradient": Sentence(
        "unused",
        "no parameter of {optimizer} has a gradient in any of its {steps} steps, though backward runs: the loss does not go back "
        "to them",
        "look for what cuts the loss off from them (detach, .data, no_grad, NumPy, a copy), and whether the optimizer has the "
        "parameters of the model that runs",
    ),
    "closure makes no gradient": Sentence(
        "step_order",
        "the closure that step is given calls no backward(): in each of {steps} steps of {optimizer} no parameter has a gradient",
        IN_THE_CLOSURE,
    ),
    "closure makes none anew": Sentence(
        "step_order",
        "the closure that step is given calls no backward(): {optimizer} evaluates it several times in a step, at other weights "
        "each time, with the gradient that there was before the step",
        IN_THE_CLOSURE,
    ),
    "update is lost": Sentence(
        "lost_update",
        "{names}: what is made here of it and its gradient is a new tensor, and the weight stays as it was, through {count} "
        "backward passes: p = p - lr * p.grad gives another tensor the name p",
        "write into the weight, under torch.no_grad(): p -= lr * p.grad, or p.sub_(lr * p.grad)",
    ),
    "inputs are alike": Sentence(
        "lost_digits",
        "column {column} of what {model} is given is about {size}, and its numbers differ by {spread} at most: of the {digits} "
        "digits of {dtype} about {left} are left to tell its rows apart",
        "take off what they have in common before they are made {dtype}, in float64: (x - x.mean(0)) / x.std(0); of times, "
        "seconds since the first one",
    ),
    "update is no leaf": Sentence(
        "not_a_leaf",
        "{names}: a new tensor takes its place here, which an operation makes of it and its gradient: that is no leaf, so no "
        "backward gives it a .grad, which is None from then on",
        INTO_THE_WEIGHT,
    ),
    "update needs no gradient": Sentence(
        "not_a_leaf",
        "{names}: a new tensor takes its place here, which is made of it and its gradient without a graph, as under "
        "torch.no_grad(): its requires_grad is False, so no backward reaches it or gives it a .grad",
        INTO_THE_WEIGHT,
    ),
    "gradients stay off": Sentence(
        "no_grad",
        "gradients are switched off here and stay off to the end: the lines that made the loss before go on to run, {count} "
        "times, without a graph, and there are no more updates",
        f"{ONE_PART}; no fault where the training was over",
    ),
    "left out by hand": Sentence(
        "not_in_optimizer",
        "{names}: has a gradient, and none of {count} updates by hand changes it",
        "subtract lr * grad from it too; no fault where its gradient is wanted for itself; in a narrow dtype look whether the "
        "change is lost by rounding",
    ),
    "rate comes to 0 by a schedule": Sentence(
        "learning_rate",
        "the learning rate of {optimizer} is 0 for {steps} steps: its scheduler has come down to 0 before the end, so no "
        "parameter there moves any more",
        "give the scheduler as many steps as it is stepped (T_max, total_iters, milestones), once for each epoch or for each "
        "update as its numbers are meant, a factor above 0 (gamma), or a last rate above 0 (eta_min)",
    ),
    "loss leaps": Sentence(
        "divergence",
        "the loss leaps from {begin} to {end}, and never comes below {least} again: the step before changes the weights by "
        "{moved} times their norm, which is far too large (learning rate {rate})",
        "take a far smaller learning rate, by powers of 10: Adam moves each weight by about as much as that, at each step",
    ),
    "loss leaps for nothing": Sentence(
        "divergence",
        "the loss leaps from {begin} to {end}, and at the end it is {last}, no better than before: a step changes the weights by "
        "{moved} times their norm, which is far too large (learning rate {rate})",
        "take a far smaller learning rate, by powers of 10: Adam moves each weight by about as much as that, at each step",
    ),
    "loss does not fall": Sentence(
        "divergence",
        "the loss is {begin} at first, and {end} in the last third of {steps} updates: a step changes the weights by {moved} "
        "times their norm, which is too large for a loss to fall (learning rate {rate})",
        "take a far smaller learning rate, by powers of 10, or clip the gradients (clip_grad_norm_)",
    ),
    "loss is made large": Sentence(
        "divergence",
        "the loss grows from {begin} to {end}, by a factor of {each} an update on average: the optimizer has maximize=True, and "
        "makes it large",
        "no fault of an attack, or of a reward; else leave maximize out: a loss is to become small",
    ),
    "loss is climbed": Sentence(
        "divergence",
        "the loss grows from {begin} to {end} in {steps} updates: {optimizer} has maximize=True, and makes it large",
        "no fault of an attack, or of a reward; else leave maximize out: a loss is to become small",
    ),
    "steps go along the gradient": Sentence(
        "divergence",
        "the loss grows from {begin} to {end} in {steps} updates, each time by about as much as a step along the gradient makes "
        "it grow: the gradient seems to be added, where it is to be subtracted",
        "w -= lr * w.grad makes a loss small; no fault of an attack, or of a reward, which is to become large",
    ),
    "loss is negated": Sentence(
        "divergence",
        "there is a minus before {loss}: minus a loss is made small, so that the loss itself is made large",
        "take the minus away; no fault where one network plays against another, or of an attack",
    ),
    "weights are thrown away": Sentence(
        "divergence",
        "the step of update {last} changes the weights by {moved} times their norm, which is far too large (learning rate "
        "{rate}); then {cause}",
        "take a far smaller learning rate, by powers of 10, or clip the gradients (clip_grad_norm_)",
    ),
    "nothing moves after a far step": Sentence(
        "divergence",
        "the step of update {last} changes the weights by {moved} times their norm, which is far too large (learning rate "
        "{rate}); after it {names} move no more: what is to be added is smaller than the last digit of what they are now",
        "take a far smaller learning rate, by powers of 10, or clip the gradients (clip_grad_norm_)",
    ),
    "broadcast": Sentence(
        "broadcast",
        "shapes {a} and {b} broadcast to {made}: each prediction is compared with every target, so the model learns their mean",
        "give both the same shape: squeeze(-1) the one, or unsqueeze(-1) the other",
    ),
    "broadcast in a product": Sentence(
        "broadcast",
        "shapes {a} and {b} broadcast to {made}: each element of the one is multiplied by every one of the other",
        "no fault where all pairs are wanted; else give both the same shape: squeeze(-1) the one, or unsqueeze(-1) the other",
    ),
    "eval mode stays": Sentence(
        "eval_mode",
        "the model trains in eval mode from here on: eval() was called, and it never runs in train mode again, as is seen of "
        "{modules}: dropout is off, batch norm keeps its running statistics",
        "call model.train() after each evaluation, at the begin of each epoch",
    ),
    "eval mode comes again": Sentence(
        "eval_mode",
        "{count} of {of} updates are made in eval mode, as is seen of {modules}: eval() is called in the middle of the training, "
        "and train() only later on; there dropout is off, and batch norm keeps its running statistics",
        "call model.train() right after each evaluation; no fault where another model learns meanwhile",
    ),
    "never in train mode": Sentence(
        "eval_mode",
        "the model learns in eval mode from the start: it never runs in train mode, as is seen of {modules}: dropout is off, "
        "batch norm keeps its running statistics",
        "call model.train() before the loop, and after what calls eval() within it; no fault where a fine-tuning is to keep "
        "these as they are",
    ),
    "padding is a real index": Sentence(
        "padding",
        "{names}: row {index} never gets a gradient, as padding_idx={index}, but index {index} stands where no padding stands: "
        "it is a real one",
        "begin the numbering at 1 and keep {index} for padding, or leave padding_idx away",
    ),
    "padding may be a real index": Sentence(
        "padding",
        "{names}: row {index} never gets a gradient, as padding_idx={index}, and index {index} is looked up where no padding "
        "needs to stand",
        "no fault where it stands for nothing; else begin the numbering at 1 and keep {index} for padding, or leave padding_idx "
        "away",
    ),
    "kl_div of logarithms is nan": Sentence(
        "loss_input",
        "the loss is nan from here on: {loss} is given logarithms as its target ({least}), which it takes for probabilities, 0 "
        "to 1, and has no logarithm of what is below 0",
        "hand probabilities as the target, or set log_target=True",
    ),
    "exponential twice": Sentence(
        "loss_input",
        "{loss} is given what exp has made, and takes an exponential of that itself (log_input=True): its rate is exp(exp(x))",
        "hand it what stood before the exp, or set log_input=False",
    ),
    "sigmoid twice": Sentence(
        "softmax_twice",
        "{loss} takes a sigmoid of what a sigmoid has already made: probabilities where it wants logits, so that none gets "
        "below 0.5 or above 0.7311",
        "hand it the logits: it has a sigmoid inside; take the sigmoid out of the model, or use binary_cross_entropy",
    ),
    "target is learned": Sentence(
        "learned_target",
        "{names}: the target of {loss} is learned too: its gradient goes into these, and the optimizer moves them towards what "
        "they are compared with",
        "detach() the target, or make it under no_grad, and leave these out of the optimizer; no fault where both are to meet",
    ),
    "advantage moves": Sentence(
        "learned_target",
        "{names}: a loss weighs a log probability by a difference that is made of what these give, and fits that elsewhere: the "
        "loss of the policy moves the baseline, too",
        CUT_ADVANTAGE,
    ),
    "target moves": Sentence(
        "learned_target",
        "{names}: a loss compares what these give with a target that is made of what they give, too, times a factor plus a "
        "constant, and the gradient goes back into both: the target is moved towards the estimate, too",
        CUT_TARGET,
    ),
    "rows are shuffled apart": Sentence(
        "row_order",
        "inputs and targets of {rows} rows are shuffled by two permutations, each by one of its own: rows of one do not belong "
        "to those of the other any more",
        "draw one permutation and index both with it; no fault where they are no pairs",
    ),
    "rows of one are shuffled": Sentence(
        "row_order",
        "of inputs and targets of {rows} rows only one is shuffled, by a permutation, and the other stands in the order it had: "
        "its rows do not belong to those of the other any more",
        "index both with the same permutation; no fault where they are no pairs",
    ),
    "one module in several places": Sentence(
        "shared_module",
        "{first} is one and the same as {others}: it is shared by {count} places, which have one set of weights between them",
        "make each anew: [Block() for _ in range(n)], or copy.deepcopy, where [block] * n holds one n times; no fault where "
        "sharing is meant",
    ),
    "all units are one": Sentence(
        "symmetry",
        "{names}: all rows (up to {rows}) are the same numbers after {count} updates: units that begin alike get one gradient "
        "and stay one unit",
        "begin with random weights (nn.init.xavier_uniform_, kaiming_uniform_, or what nn.Linear does by itself), not a constant",
    ),
    "in another thread": Sentence(
        "unwatched",
        "{steps} steps that another thread made at the same time are not watched, nor is its backward: what is told here is of "
        "the thread that began first",
        "train in one thread after the other, or each in a process of its own, to see all of them",
    ),
    "normalises one element": Sentence(
        "constant",
        "{norm} normalises a single element at a time here (of {sizes}), and makes 0 of it, whatever it is: what comes out is "
        "its bias alone, and what made the element learns nothing by this way",
        "normalise over more than one element: the features (LayerNorm(hidden)) before the last layer, not its one output",
    ),
    "normalises one element by its size": Sentence(
        "constant",
        "{norm} normalises a single element at a time here (of {sizes}), and leaves its sign alone: by how much is lost, and "
        "what made the element learns next to nothing by this way",
        "normalise over more than one element: the features (RMSNorm(hidden)) before the last layer, not its one output",
    ),
    "derivative is 0": Sentence(
        "flat",
        "what torch.autograd.grad gives here is 0 throughout in each of the first {count} updates: {cause}",
        "{remedy}",
    ),
    "term has no graph": Sentence(
        "no_grad",
        "what is added here is made of a gradient that torch.autograd.grad took without create_graph=True: it has no graph, and "
        "counts as a constant in the loss, of which nothing learns",
        "torch.autograd.grad(..., create_graph=True) where it is a penalty; no fault where it is only looked at",
    ),
    "term is of inputs": Sentence(
        "no_grad",
        "what is added here is made of a gradient that torch.autograd.grad took without create_graph=True: its graph leads to "
        "what that gradient was taken of, and to nothing that learns, so it counts as a constant in the loss",
        "torch.autograd.grad(..., create_graph=True) where the model is to learn of it (the residual of a differential "
        "equation, forces, a penalty)",
    ),
    "term is cut": Sentence(
        "detached",
        "what is added here is made of a gradient whose graph was cut off (detach, .data, no_grad): it counts as a constant in "
        "the loss, of which nothing learns",
        "leave out the detach where it is a penalty; no fault where it is only looked at",
    ),
    "by torch.func": Sentence(
        "unwatched",
        "what is trained by the gradients that torch.func takes here is not watched: none of its updates is told of",
        "to see it, take them by torch.autograd.grad(loss, weights), of weights that require grad, or by loss.backward()",
    ),
    "weights are made anew": Sentence(
        "not_in_optimizer",
        "weights are made anew here for each update, as of a layer that is made in the forward pass: no optimizer has them, and "
        "what they would learn is lost",
        "make the layer once, in __init__, as an attribute: self.layer = ...; then it is in model.parameters(). No fault where "
        "they are a copy whose gradients are handed on",
    ),
    "module is frozen in name": Sentence(
        "frozen",
        "{names}: {module}.requires_grad = False gives the module an attribute and freezes nothing: these go on to learn",
        "call requires_grad_(False) of the module, which sets that of each of its parameters",
    ),
    "frozen from the start": Sentence(
        "frozen",
        "{names}: {optimizer} has it, but requires_grad is False from the start: it is frozen, and never moves",
        "if that is meant, all is well; else set requires_grad_(True), and look at the names that were chosen to be frozen",
    ),
    "scaler skips what is not finite": Sentence(
        "skipped",
        "the GradScaler skips {skips} of {tries} steps, as gradients are not finite at any scale, from {scale} down to {last}: "
        "{cause}",
        "{remedy}",
    ),
    "change by the gradient is lost in a narrow dtype": Sentence(
        "lost_update",
        "{names}: has a gradient, and yet no step of {optimizer} changes it: it is {dtype}, and what a step takes off, which "
        "goes with the gradient, is below half of what separates its numbers, so it is lost by rounding ({count} steps)",
        "see whether its gradient is so small on purpose; else keep the weights in float32 and use autocast, or take a larger "
        "learning rate",
    ),
    "gradient is next to nothing": Sentence(
        "lost_update",
        "{names}: has a gradient of {gradient} at most, next to nothing beside its norm of {size}, and no step of {optimizer} "
        "changes it ({count} steps)",
        "no fault where the loss is at its least from the start; else look at what scales the loss, or the gradient, down",
    ),
    "gradient vanishes": Sentence(
        "vanishing",
        "{names}: the gradient is {gradient} at most, where that of {nearest} is {largest}: it vanishes on its way back, and no "
        "step of {optimizer} changes them ({count} steps)",
        OTHER_LAYERS,
    ),
    "gradient vanishes, unfelt": Sentence(
        "vanishing",
        "{names}: the gradient is {gradient} at most, where that of {nearest} is {largest}: it vanishes on its way back, and has "
        "hardly a part in what the steps of {optimizer} change ({count} steps), beside weight decay, or the eps it is divided by",
        OTHER_LAYERS,
    ),
    "gradient of a branch": Sentence(
        "vanishing",
        "{names}: the gradient is {gradient} at most, where that of {nearest} is {largest}: what these make "
        "hardly counts in the loss, and no step of {optimizer} changes them ({count} steps)",
        OF_THE_BRANCH,
    ),
    "gradient of a branch, unfelt": Sentence(
        "vanishing",
        "{names}: the gradient is {gradient} at most, where that of {nearest} is {largest}: what these make "
        "hardly counts in the loss, and it has hardly a part in what the steps of {optimizer} change ({count} steps)",
        OF_THE_BRANCH,
    ),
}
