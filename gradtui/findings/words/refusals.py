"""The words about what torch refuses: kind of cause -> kind of finding, phase, sentence, remedy."""

from __future__ import annotations

from gradtui.findings.words.sentence import Sentence

OUT_OF_PLACE = (
    "write x = x + 1 for x += 1, relu(x) for relu_(x) and torch.where(mask, 0, x) for x[mask] = 0, or change a clone()"
)
CARRY = (
    "detach() it where it goes into another loss (a GAN's fake in that of the critic) or on into the next batch (state = "
    "state.detach(), each part of a tuple); what is computed once for all batches (a table, a weight) is to be computed again "
    "inside each step"
)
NORMAL = "torch.no_grad() instead of inference_mode where the tensor is used in training; or clone() it before"

ANOTHER_WAY = {
    "bincount": "sum up with torch.zeros(n).index_add(0, index, weights), or scatter_add: they have a derivative",
    "histc": "take a soft histogram: sigmoid((x - left) / width) - sigmoid((x - right) / width), summed for each bin",
    "_cdist_backward": "for a second derivative write the distance by hand: (a[:, None] - b).pow(2).sum(-1).add(1e-12).sqrt()",
}
"""What people take instead of an operation, or of a derivative, that has no derivative."""

REFUSALS: dict[str, Sentence] = {
    "refused: overwritten": Sentence(
        "inplace",
        "backward",
        "{event} writes over {what}, which backward needs as it was",
        OUT_OF_PLACE,
    ),
    "refused: inplace": Sentence(
        "inplace",
        "backward",
        "{place} ({operation}) writes over, in place, what {kept} keeps for its backward ({saver})",
        OUT_OF_PLACE,
    ),
    "refused: inplace result": Sentence(
        "inplace",
        "backward",
        "{place} ({operation}) writes over, in place, the result of {made}, which its own backward ({saver}) needs as it was",
        OUT_OF_PLACE,
    ),
    "refused: inplace of result": Sentence(
        "inplace",
        "backward",
        "{place} ({operation}) writes over, in place, the result of {made}, which {kept} keeps for its backward ({saver})",
        OUT_OF_PLACE,
    ),
    "refused: inplace by whom": Sentence(
        "inplace",
        "backward",
        "a tensor that {kept} keeps for its backward is changed in place, and which line does it was not seen",
        OUT_OF_PLACE + "; `with gradtui.trace(model):` around the forward pass records the line",
    ),
    "refused: inplace unseen": Sentence(
        "inplace",
        "backward",
        "a tensor that backward needs as it was is changed in place",
        OUT_OF_PLACE,
    ),
    "refused: freed": Sentence(
        "freed",
        "backward",
        "{holder} comes with a graph of before, over which backward has already run, and which it has freed: {place} uses it "
        "again",
        CARRY,
    ),
    "refused: freed by whom": Sentence(
        "freed",
        "backward",
        "{place} uses what comes with a graph of before, over which backward has already run, and which it has freed",
        CARRY,
    ),
    "refused: freed unseen": Sentence(
        "freed",
        "backward",
        "backward has already run over this graph, and freed what it had saved",
        "call backward() once; retain_graph=True where it must be twice; detach() what is carried over from an earlier step",
    ),
    "refused: leaf_inplace": Sentence(
        "inplace",
        "forward",
        "{place} writes over {tensor} in place, a leaf that requires grad, while its graph is recorded",
        "with torch.no_grad(): around an update by hand (or an optimizer); elsewhere a new tensor, x = x + 1",
    ),
    "refused: view_inplace": Sentence(
        "inplace",
        "forward",
        "{place} writes over a view in place that shares its storage with others, or was made under no_grad",
        "write out of place (x = x + 1), or clone() before",
    ),
    "refused: inference": Sentence(
        "no_grad",
        "forward",
        "{made} made {tensor} in inference_mode, and {place} needs it in a graph, which torch refuses",
        NORMAL,
    ),
    "refused: inference unseen": Sentence(
        "no_grad",
        "forward",
        "{place} uses {tensor} that was made in inference_mode, and such a tensor can be in no graph",
        NORMAL,
    ),
    "refused: shape": Sentence(
        "custom",
        "backward",
        "{operation}.backward returns a gradient of shape {shape} for input {index}, whose shape is {wanted}",
        "return a gradient with the input's shape: reshape it, or sum over what was broadcast",
    ),
    "refused: count": Sentence(
        "custom",
        "backward",
        "{operation}.backward returns {count} gradients, and forward has {needed} inputs",
        "return one gradient for each argument of forward, in their order; None for what has none (numbers, flags)",
    ),
    "refused: misplaced": Sentence(
        "custom",
        "backward",
        "{operation}.backward returns a gradient in place {index}, where forward was given no tensor",
        "return one gradient for each argument of forward, in their order; None for what is no tensor (numbers, flags)",
    ),
    "refused: no_tensor": Sentence(
        "custom",
        "backward",
        "{operation}.backward returns as a gradient what is no tensor: {tensor}",
        "return a tensor of the input's shape, or None: torch.from_numpy(...) of an array, torch.full_like(x, ...) of a number",
    ),
    "refused: complex_gradient": Sentence(
        "custom",
        "backward",
        "{operation}.backward returns a complex gradient for a real input, or a real one for a complex input",
        "return what is of the input's dtype: the .real of a complex gradient; torch.complex(grad, torch.zeros_like(grad)) of a "
        "real one",
    ),
    "refused: unused": Sentence(
        "unused",
        "backward",
        "{place} asks for the gradient of {tensor}, which what is differentiated does not depend on",
        "allow_unused=True gives None for it; else use it in what is differentiated, itself and not a copy or .data of it",
    ),
    "refused: not_asked": Sentence(
        "unused",
        "backward",
        "{place} asks for the gradient of {tensor}, which does not require one: what was made of it has no way back to it",
        "x.requires_grad_() before anything is made of it, so that what is made of it is recorded; of a column of a tensor, take "
        "the gradient of the whole tensor, and then its column",
    ),
    "refused: unreduced": Sentence(
        "unused",
        "backward",
        "{place}: DistributedDataParallel still waits for the gradient of {tensor}, which the backward pass before gave none",
        "use it in every rank and in every pass, or leave it out of the model; DistributedDataParallel(..., "
        "find_unused_parameters=True) looks at each pass what goes without",
    ),
    "refused: not_scalar": Sentence(
        "constant",
        "backward",
        "{place} starts backward from a tensor of shape {shape}, which is more than one number",
        "reduce it to one: .mean() or .sum(); or backward(gradient=...) with weights of its shape",
    ),
    "refused: no_graph": Sentence(
        "not_in_graph",
        "backward",
        "{place} starts backward from a tensor that has no graph",
        "see what cut it: `with gradtui.trace(model):` around the forward pass records the lines",
    ),
    "refused: not_a_leaf": Sentence(
        "not_a_leaf",
        "forward",
        "{place} changes requires_grad of {tensor}, which was computed and is no leaf",
        "detach() takes it out of the graph; to stop a part from learning, requires_grad_(False) on its parameters",
    ),
    "refused: whole_numbers": Sentence(
        "integer",
        "forward",
        "{place} asks for gradients of whole numbers, which have none",
        "use a floating-point dtype: 1.0 instead of 1, .float(), dtype=torch.float32",
    ),
    "refused: numpy": Sentence(
        "left_torch",
        "forward",
        "{place} hands {tensor} to NumPy, which knows no graph, and {tensor} requires grad",
        "stay with torch operations; .detach().numpy() only for what is printed or drawn",
    ),
    "refused: saved": Sentence(
        "custom",
        "forward",
        "{place}: save_for_backward takes tensors alone",
        "keep other things as attributes: ctx.factor = factor",
    ),
    "refused: step": Sentence(
        "not_differentiable",
        "backward",
        "{place}: torch has no derivative for {operation}, a step: it is flat on both sides",
        "take a soft step, sigmoid(k*x), or pass it straight through: soft + (hard - soft).detach()",
    ),
    "refused: not_implemented": Sentence(
        "not_differentiable",
        "backward",
        "torch has no derivative for {operation}, which {place} asks for",
        "write it with operations that have one, or detach what needs no gradient",
    ),
    "refused: freed earlier": Sentence(
        "freed",
        "backward",
        "{earlier} has already run backward over a part of this graph, and freed what it had saved",
        "run the model again for the second loss, where weights have changed since; else add the losses and call backward() "
        "once, or retain_graph=True there, where both must run; detach() what is only carried over, as a hidden state",
    ),
    "refused: freed by grad": Sentence(
        "freed",
        "backward",
        "{earlier} takes a gradient, and frees what it ran over: {place} goes through that once more",
        "torch.autograd.grad(..., create_graph=True) where it goes into the loss itself; else retain_graph=True",
    ),
    "refused: copied": Sentence(
        "not_a_leaf",
        "forward",
        "{place} copies {tensor} by deepcopy, which was computed and is no leaf: it has a graph behind it, which is not copied",
        "take .clone(), or .detach().clone() where the copy needs no gradient; keep no computed tensor on a module to be copied",
    ),
    "refused: too_large": Sentence(
        "overflow",
        "forward",
        "{place} puts in a number that is more than {dtype} holds (65504 in float16)",
        "take torch.finfo(x.dtype).min or .max, or an infinity, instead of -1e9 or 1e9; or compute this in float32",
    ),
    "refused: not_positive": Sentence(
        "domain",
        "forward",
        "{place}: {operation} needs a positive definite matrix, and an eigenvalue of this one is 0 or negative, if by rounding",
        "add a jitter to its diagonal, matrix + 1e-6 * torch.eye(n) (more in float32), or compute it in float64",
    ),
    "refused: singular": Sentence(
        "domain",
        "forward",
        "{place}: {operation} needs a matrix that can be inverted, and this one is singular: its determinant is 0",
        "add a ridge to its diagonal, matrix + 1e-6 * torch.eye(n), or take torch.linalg.lstsq or pinv",
    ),
    "refused: phase": Sentence(
        "domain",
        "backward",
        "{place}: the loss depends on the phase of the vectors of {operation}, which may each be multiplied by any exp(i·phi): "
        "it has no derivative",
        "let only what such a factor leaves as it is go into the loss: u @ (s * v), |u|, or u.conj().mT @ u of the same columns",
    ),
    "refused: inplace by max_norm": Sentence(
        "inplace",
        "backward",
        "{place} ({operation} with max_norm) writes over rows of its weight, in place, and {kept} keeps it for its backward "
        "({saver})",
        "take weight.clone() for what else uses the table; or leave max_norm out, and bound the rows by F.normalize",
    ),
    "refused: unconverged": Sentence(
        "domain",
        "forward",
        "{place}: {operation} did not converge: the matrix is ill-conditioned, or has too many singular values or eigenvalues "
        "that are equal",
        "compute it in float64, scale the matrix to about 1, or add a little noise to it",
    ),
    "refused: once": Sentence(
        "custom",
        "backward",
        "{place}: the backward of {operation} is differentiated a second time, and it is marked once_differentiable",
        "take @once_differentiable away, and write backward with torch operations of what ctx saved; or without create_graph",
    ),
    "refused: not_real": Sentence(
        "domain",
        "backward",
        "{place} starts backward from a complex number, and only a real one has a gradient",
        "make the loss real: .abs().pow(2), or .real",
    ),
    "refused: vmap_number": Sentence(
        "left_torch",
        "forward",
        "{place} makes a Python number (.item(), bool()) of a tensor that vmap runs for all examples at once, as in an if or a "
        "while: it has no single value there",
        "torch.where(condition, one, other) instead of the if; leave .item() to what is printed outside of vmap",
    ),
    "refused: vmap_inplace": Sentence(
        "inplace",
        "forward",
        "{place} writes in place into a tensor that is the same for all examples, what vmap runs for each of them",
        "write out of place (x = x + y), or make the tensor from one that is batched: x.new_zeros(...), torch.zeros_like(x)",
    ),
    "refused: vmap_random": Sentence(
        "not_differentiable",
        "forward",
        "{place} draws random numbers inside of vmap, and it was not said whether they are to be the same for all examples",
        "vmap(..., randomness='different') draws for each example (dropout), 'same' once for all",
    ),
    "refused: transformed": Sentence(
        "not_a_leaf",
        "forward",
        "{place} calls requires_grad_() inside of a transform of torch.func (grad, vmap), which follows its inputs by itself",
        "take it away, and take derivatives by torch.func.grad or jacrev; or call it before, outside of the transform",
    ),
    "refused: recomputed": Sentence(
        "custom",
        "backward",
        "{operation}, which a checkpoint runs a second time in backward, made other tensors than in the forward pass ({place})",
        "have it do the same both times: no counter, cache or random numbers of Python's that change between, no module whose "
        "mode or buffers change; torch's own random numbers are kept (preserve_rng_state=True)",
    ),
    "refused: one_value": Sentence(
        "domain",
        "forward",
        "{place} normalises an input{of_shape} over the batch, and that is one value for each channel, without spread",
        "a larger batch (DataLoader(drop_last=True) for the last one), eval() where nothing is trained, LayerNorm or GroupNorm",
    ),
    "refused: nothing_to_clip": Sentence(
        "clipping",
        "backward",
        "{place} finds no gradient to clip: of the parameters that it is given none has one",
        "clip after backward(), what learns; where that is so, nothing of the loss reaches these: see what cuts it off (detach)",
    ),
    "refused: one_pixel": Sentence(
        "domain",
        "forward",
        "{place} normalises an input{of_shape} for each channel of each example, and that is one value, without spread",
        "a larger picture, or less pooling and smaller strides before it; where it has come to 1x1 no norm, or GroupNorm of "
        "several channels a group; a larger batch does not help",
    ),
    "refused: not_probabilities": Sentence(
        "domain",
        "forward",
        "{place}: {operation} takes probabilities from 0 to 1, and {tensor} has numbers beyond them, as raw scores have, "
        "or a sum that was rounded",
        "of raw scores binary_cross_entropy_with_logits(scores, target), or torch.sigmoid(scores) before; of probabilities that "
        "rounding took beyond 0 or 1 clamp(0, 1)",
    ),
    "refused: bad_values": Sentence(
        "nonfinite",
        "forward",
        "{place} refuses nan or infinity",
        "see where they come from: torch.isfinite(x).all() before; `with gradtui.trace(model):` records where they begin",
    ),
} | {
    f"refused: {name}": Sentence(
        "not_differentiable",
        "backward",
        "torch has no derivative for {operation}, which {place} asks for",
        way,
    )
    for name, way in ANOTHER_WAY.items()
}
CONSTRAINTS = {
    "positive": (
        "which has to be positive, above 0, and a negative number or 0 is in it",
        "make it positive: softplus(x) + 1e-4, or exp() of what is then its logarithm (log_std.exp())",
    ),
    "interval": (
        "which has to be a probability from 0 to 1, or within other bounds, and a number in it is not",
        "torch.sigmoid(x) before, or hand it over as logits=x",
    ),
    "simplex": (
        "which have to be probabilities that add up to 1, and do not",
        "softmax(x, dim=-1) before, or hand them over as logits=x",
    ),
    "constraint": ("which does not satisfy what that has to be", "bring it into range before"),
}
REFUSALS |= {
    f"refused: {name}": Sentence("domain", "forward", "{place} gives {operation} its {tensor}, " + why, way)
    for name, (why, way) in CONSTRAINTS.items()
}
EVIDENCE_OF_REFUSALS: dict[str, str] = {
    "also": "also {event}",
    "led there": "what was refused is made of it, and each value on the way was seen to be bad",
    "not followed there": "it is the first that went bad in this step; whether what was refused is made of it was not seen",
    "torch says": "torch says: {message}",
    "backward ran": "backward ran before, at {place}",
    "applied": "it is applied at {place}",
}
