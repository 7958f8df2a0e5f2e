"""The words about the size of a gradient, about lost digits, and about what is in order."""

from __future__ import annotations

from gradtui.findings.words.sentence import Sentence

LOOK = "look for a register_hook on it, and for a backward hook of its module: return None there to leave it as it is"
SMALL_WEIGHTS = "larger initial weights (xavier_, kaiming_), normalised layers, residual paths x + f(x)"
SMALLER_STEPS = (
    "clip_grad_norm_, smaller or orthogonal initial weights, LSTM or GRU for a plain recurrence, normalised layers"
)
SCALE = "normalise inputs and targets, take the mean and not the sum, look at what multiplies the loss"
LARGER_GATE = "no fault where a layer is to begin as next to nothing (LayerScale); else start the factor larger"
LAYERS = "squash less often: relu or gelu inside, residual paths x + f(x), normalised operands"
LOGITS = "keep its operand small (scale, normalise, start smaller); after a sigmoid, train on its logits: logsigmoid, softplus"
FALLS = "the norm falls from {above:2} at {top} to {below:2} at {low}{each}{most}"
GROWS = "the gradient has norm {norm:2}, the parameter {size:2}: it grows "

SIZES: dict[str, Sentence] = {
    "vanishing": Sentence("vanishing", "backward", FALLS, SMALL_WEIGHTS),
    "vanishing by squashing": Sentence("vanishing", "backward", FALLS, LAYERS),
    "vanishing by data": Sentence(
        "vanishing",
        "backward",
        FALLS + ", where it is multiplied by data: they are that small, or what comes in nearly adds up to 0 over them",
        "look at the inputs: normalise them, to about 1; where only this batch has so little to learn, no fault",
    ),
    "vanishing by a factor": Sentence(
        "vanishing",
        "backward",
        FALLS + ", by a factor that learns nothing",
        "no fault where a part is to count so little; else make the factor larger, or a parameter that learns",
    ),
    "vanishing by a hook": Sentence("vanishing", "backward", FALLS, LOOK),
    "vanishing by a gate": Sentence("vanishing", "backward", FALLS + "; {gate} starts that small", LARGER_GATE),
    "vanishing at once": Sentence("saturated", "backward", FALLS, LOGITS),
    "mostly saturated": Sentence(
        "saturated",
        "backward",
        "{node}: nearly all of its elements are saturated{reach}: its derivative is {slope:2} in the mean, where {most:2} is the "
        "most, so next to nothing goes back by them",
        "keep its operand small: normalise the inputs, start with smaller weights, or put a normalised layer before it; no fault "
        "where it has learned to be so",
    ),
    "exploding": Sentence("exploding", "backward", GROWS + "most in {node}, by {factor:2}x", SCALE),
    "exploding by a tiny divisor": Sentence(
        "exploding",
        "backward",
        GROWS + "most in {node}, by {factor:2}x: it divides by as little as {least:2}",
        "such an eps keeps the divisor off 0, but not the gradient small: take a larger eps (1e-6, 1e-3), or leave out what is 0",
    ),
    "exploding next to 0": Sentence(
        "exploding",
        "backward",
        GROWS + "most in {node}, by {factor:2}x: it is steep next to 0, and gets as near as {least:2}",
        "keep it off 0: a larger eps inside, sqrt(x + 1e-6), log(x + 1e-4); or leave out what is 0",
    ),
    "exploding by a singular matrix": Sentence(
        "exploding",
        "backward",
        GROWS
        + "most in {node}, by {factor:2}x: its matrix is nearly singular, of dependent columns: its least singular value is "
        "{least:2} of the largest",
        "add a little to the diagonal, A + 1e-4 * torch.eye(n); a penalty that keeps columns apart; or fewer of them",
    ),
    "exploding by equal values": Sentence(
        "exploding",
        "backward",
        GROWS
        + "most in {node}, by {factor:2}x: its derivative divides by the differences of its singular values or eigenvalues, "
        "two of which are nearly equal: they differ by {least:2} of the largest",
        "use what does not depend on single vectors (the values, a projection, the nuclear norm); or noise that keeps them apart",
    ),
    "exploding by a hook": Sentence("exploding", "backward", GROWS + "most in {hook}{node}, by {factor:2}x", LOOK),
    "exploding in steps": Sentence(
        "exploding",
        "backward",
        GROWS + "by {factor:2}x in each of {count} {operation} on the way from the loss, {node}",
        SMALLER_STEPS,
    ),
    "rounding is left": Sentence(
        "constant",
        "backward",
        "next to nothing, norm {norm:2}: {node}: {why}; what is left is rounding",
        "{way}",
    ),
    "nearly cancels": Sentence(
        "ordinary",
        "backward",
        "next to nothing, norm {norm:2}: {node}: what comes in adds up to 0, but for rounding",
        "no fault where it cannot matter, as a bias before a normalisation; else see what cancels",
    ),
    "no gradient": Sentence("nonfinite", "backward", "no gradient: {reason}", "{way}"),
    "ordinary": Sentence(
        "ordinary",
        "backward",
        "nothing wrong is seen: its gradient has norm {norm:3}{zeros}, the parameter {size:3}",
        "nothing to do",
    ),
}
LOST_DIGITS: dict[str, Sentence] = {
    "value loses digits": Sentence("lost_digits", "forward", "{node}: {why}, so that {consequence}", "{form}{more}"),
    "gradient loses digits": Sentence(
        "lost_digits", "backward", "{node}: {why}, so that {consequence}", "{form}{more}"
    ),
}
EVIDENCE_OF_SIZES: dict[str, str] = {
    "norm of a layer": "{name}: norm {norm:2}",
    "spreads": "the elements of that gradient{reach}",
    "sends digits": "{node} sends it a gradient with {digits}",
    "sum has digits": "their sum has {digits}",
    "has digits": "{node} has {digits}",
    "value has digits": "its value has {digits}",
    "sent has digits": "what it sends has {digits}",
}
